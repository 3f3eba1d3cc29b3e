from celery import shared_task
from django.utils import timezone

from shop.pricing import services


@shared_task
def apply_due() -> None:
    """May run twice at once: a plan is applied by whoever locks it first."""
    services.apply_due_prices(now=timezone.now())
