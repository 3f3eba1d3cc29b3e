import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from delivery.promise.queries import undecided
from delivery.promise.services import count_weeks, decide

logger = logging.getLogger(__name__)
# So many in one run; the next ones follow with the next.
AT_ONCE = 300
# The relay is quicker where it is well.
LEFT_TO_RELAY = timedelta(minutes=2)


@shared_task
def decide_due() -> None:
    """Judge what nobody judged: slots long over of which nothing was heard, and what a crash left. Each order alone:
    one that fails is logged, and the next ones are judged all the same.
    """
    for reference in undecided(timezone.now() - LEFT_TO_RELAY, limit=AT_ONCE):
        try:
            decide(order_reference=reference)
        except Exception as fault:
            # The type alone: a message of the database may quote a customer's data.
            logger.error("promise of order %s not judged: %s", reference, type(fault).__name__)


@shared_task
def count_record() -> None:
    """Every quarter of an hour; again does no harm."""
    count_weeks(now=timezone.now())
