import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, cast

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from config.jobs import first_run
from delivery.promise.queries import undone
from shop.orders import popularity
from shop.orders.models import ShortageQuestion
from shop.orders.pickups import due_for_reminder
from shop.orders.queries import (
    left_unsaid,
    overdue_amendments,
    overdue_references,
    uncharged,
    unsecured_near_cutoff,
)
from shop.orders.questions import past_deadline
from shop.orders.services import (
    REMEDIES,
    abandon_order,
    ask_before_cutoff,
    charge,
    make_good,
    remind,
    settle_at_cutoff,
    settle_overdue,
    settle_unanswered,
    take_off_shelf,
    tell_shortage,
)
from shop.orders.shortages import missing_lines, to_tell

logger = logging.getLogger(__name__)
# A task lasts a minute at most and a silent provider costs its timeout each time: stop asking early.
SILENCES_ALLOWED = 2
# So many are told or settled in one run; the next ones follow with the next.
SHORTAGES_AT_ONCE = 200
CHARGES_AT_ONCE = 100
# Until then the worker is still about what was asked as the crates were closed.
CHARGE_AGAIN_AFTER = timedelta(minutes=15)
MADE_GOOD_AGAIN_AFTER = timedelta(minutes=5)


@shared_task
def expire_unpaid() -> None:
    """Settle what reached its cut-off unpaid, warn what comes near it, give up what was never paid, amendments too.

    Each order alone: one that fails is logged, and the next ones are done all the same.
    """
    now = timezone.now()
    silences = 0
    for job in [
        *(partial(settle_overdue, reference=one) for one in overdue_amendments(now)),
        *(partial(settle_at_cutoff, reference=one) for one in unsecured_near_cutoff(now, has_come=True)),
        *(partial(abandon_order, reference=one) for one in overdue_references(now)),
        *(partial(ask_before_cutoff, reference=one) for one in unsecured_near_cutoff(now, has_come=False)),
    ]:
        silences += _outcome(job) == "unknown"
        if silences >= SILENCES_ALLOWED:
            logger.warning("payment provider silent: expiry stops until the next run")
            return


@shared_task
def remind_pickups() -> None:
    """Tell who fetches an order today. Each order alone and once, like `expire_unpaid`."""
    for reference in due_for_reminder(timezone.now()):
        _outcome(partial(remind, reference=reference))


@shared_task
def take_off_shelves() -> None:
    """What left without a word of the picker lies on no shelf any more. Each order alone, like `expire_unpaid`."""
    for reference in left_unsaid(timezone.now()):
        _outcome(partial(take_off_shelf, reference=reference))


@shared_task
def charge_packed() -> None:
    """Ask again for what could not be taken when crates were closed. Each order alone, like `expire_unpaid`."""
    now = timezone.now()
    late = uncharged(now).filter(packed_at__lt=now - CHARGE_AGAIN_AFTER)
    for reference in late.values_list("reference", flat=True)[:CHARGES_AT_ONCE]:
        _outcome(partial(charge, reference=reference))


@shared_task
def make_good_due() -> None:
    """Carry out what was granted and could not be: its money was not taken yet. Each alone, like `expire_unpaid`."""
    before = timezone.now() - MADE_GOOD_AGAIN_AFTER
    waiting = undone(REMEDIES, before).values_list("order_reference", "pk")
    for reference, compensation_id in waiting[:CHARGES_AT_ONCE]:
        _outcome(partial(_make_good_one, reference=reference, compensation_id=compensation_id))


def _make_good_one(*, reference: str, compensation_id: int) -> str:
    return make_good(compensation_id=compensation_id)


@shared_task
def tell_shortages() -> None:
    """Tell what stock will not cover in the next two days. Each line alone, like `expire_unpaid`; again is once."""
    for line in to_tell(missing_lines(), timezone.now())[:SHORTAGES_AT_ONCE]:
        _outcome(
            partial(
                tell_shortage,
                reference=line.order_reference,
                line_id=cast(int, line.line_id),
                missing=line.missing,
                cause=ShortageQuestion.Cause.FORECAST,
            )
        )


@shared_task
def settle_shortages() -> None:
    """Do what was announced where no answer came in time. Each question alone, like `expire_unpaid`; again is once."""
    for reference, question_id in past_deadline(timezone.now(), limit=SHORTAGES_AT_ONCE):
        _outcome(partial(_settle_one, reference=reference, question_id=question_id))


def _settle_one(*, reference: str, question_id: int) -> str:
    return settle_unanswered(question_id=question_id, is_back=_is_back)


def _is_back(question: ShortageQuestion) -> bool:
    """Asked of the stock as it is now: the question settled before may have given back what this one lacks."""
    return all(line.line_id != question.line_id for line in missing_lines())


@shared_task
def note_sales() -> None:
    """Once a day; again does no harm."""
    popularity.note_sales(now=timezone.now())


@shared_task
def count_popularity() -> None:
    """Once a day. Claim and figures commit together, so a run that failed may be run again."""
    now = timezone.now()
    with transaction.atomic():
        if first_run("orders.count_popularity", timezone.localdate(now).isoformat()):
            popularity.count_popularity(now=now)


def _outcome(job: "partial[Any]") -> Any:
    step: Callable[..., Any] = job.func
    try:
        return job()
    except Exception as fault:
        # The type alone: a message of the database may quote a customer's data.
        logger.error(
            "%s of order %s failed: %s", step.__name__, job.keywords["reference"], type(fault).__name__
        )
        return "failed"
