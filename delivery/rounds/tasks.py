import logging
import time

from celery import shared_task
from django.utils import timezone

from delivery.rounds import services

logger = logging.getLogger(__name__)
# A task lasts a minute at most; the next run takes the rest.
SECONDS = 40


@shared_task
def plan_due() -> None:
    """Plan what changed. Each half-day alone: one that fails is logged, and the next ones are planned all the same."""
    until = time.monotonic() + SECONDS
    for planning_id in services.due_for_plan(now=timezone.now()):
        try:
            services.plan_half_day(planning_id=planning_id)
        except services.PlanStale:
            logger.info("half-day %s goes on changing: planned with the next run", planning_id)
        except Exception as fault:
            logger.error("planning of half-day %s failed: %s", planning_id, type(fault).__name__)
        if time.monotonic() > until:
            return


@shared_task
def plan_now(planning_id: int) -> None:
    """Staff asked for it."""
    services.plan_half_day(planning_id=planning_id)


@shared_task
def forget_addresses() -> None:
    services.forget_addresses(now=timezone.now())
