from celery import shared_task
from django.utils import timezone

from shop.orders.queries import overdue_references, unpaid_at_cutoff
from shop.orders.services import abandon_order, cancel_unpaid


@shared_task
def expire_unpaid() -> None:
    now = timezone.now()
    for reference in overdue_references(now):
        abandon_order(reference=reference)
    for reference in unpaid_at_cutoff(now):
        cancel_unpaid(reference=reference)
