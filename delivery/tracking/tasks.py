import logging

from celery import shared_task
from django.utils import timezone

from config.media import sweep_private
from delivery.tracking import services
from delivery.tracking.models import Visit
from delivery.tracking.queries import runs_out

logger = logging.getLogger(__name__)


@shared_task
def tick() -> None:
    """Each minute. Each run alone: one that fails is logged, and the next ones are estimated all the same."""
    now = timezone.now()
    for run_id in runs_out():
        try:
            services.tick(run_id=run_id, now=now)
        except Exception as fault:
            logger.error("estimate of run %s failed: %s", run_id, type(fault).__name__)
    services.warn_unplanned(now=now)


@shared_task
def forget() -> None:
    """Each night."""
    now = timezone.now()
    services.forget_positions(now=now)
    services.forget_receivers(now=now)
    sweep_private(Visit._meta.get_field("photo"), now=now)
