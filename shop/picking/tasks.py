from celery import shared_task
from django.utils import timezone

from shop.picking.services import build_waves, drop_stale


@shared_task
def open_waves() -> None:
    """Every minute; again adds only what came since, and takes out what ended."""
    now = timezone.now()
    build_waves(now=now)
    drop_stale(now=now)
