from celery import shared_task
from django.utils import timezone

from shop.reviews.services import forget_old_reviews


@shared_task
def forget_old() -> None:
    forget_old_reviews(timezone.now())
