from celery import shared_task
from django.utils import timezone

from shop.orders.queries import overdue_references
from shop.orders.services import abandon_order


@shared_task
def expire_unpaid() -> None:
    for reference in overdue_references(timezone.now()):
        abandon_order(reference=reference)
