from celery import shared_task
from django.db import transaction
from django.utils import timezone

from config.jobs import first_run
from delivery.slots import services, waitlist

BATCH = 500
BATCHES_AT_MOST = 20
HOURS_PER_PERIOD = 6


@shared_task
def generate() -> None:
    """Once per quarter of a day. Claim and slots commit together, so a run that failed may be run again."""
    now = timezone.now()
    period = f"{now:%Y-%m-%d}/{now.hour // HOURS_PER_PERIOD}"
    with transaction.atomic():
        if first_run("slots.generate", period):
            services.generate_slots(now=now)


@shared_task
def release_expired() -> None:
    """Bounded, to stay far below a minute; the next run takes the rest."""
    for _batch in range(BATCHES_AT_MOST):
        if services.release_expired_holds(limit=BATCH) < BATCH:
            return


@shared_task
def work_waitlists() -> None:
    """Close what is over, then offer what is free. Bounded; the next run takes the rest."""
    waitlist.end_offers()
    waitlist.close_waitlists()
    waitlist.offer_places()


@shared_task
def forget_past_waits() -> None:
    waitlist.forget_past_waits()
