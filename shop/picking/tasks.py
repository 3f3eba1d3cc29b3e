from celery import shared_task
from django.utils import timezone

from shop.picking.services import build_waves


@shared_task
def open_waves() -> None:
    """Every minute; again adds only what came since."""
    build_waves(now=timezone.now())
