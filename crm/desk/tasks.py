from celery import shared_task
from django.utils import timezone

from crm.desk.services.phone_orders import end_lapsed_phone_orders
from crm.desk.services.retention import forget_cuts, forget_old_conversations


@shared_task
def forget_old() -> None:
    """What a run leaves is for the next night's."""
    now = timezone.now()
    forget_old_conversations(now)
    forget_cuts(now)


@shared_task
def end_phone_orders() -> None:
    end_lapsed_phone_orders()
