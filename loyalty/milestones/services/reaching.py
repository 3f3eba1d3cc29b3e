"""What an order means for its customer's milestones: reached, announced, handed over, or put off with it.

Orders say whole where they stand, under their lock: any of it may come twice, late and out of order.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from config.facts import publish
from loyalty.milestones.events import GiftAnnounced
from loyalty.milestones.models import Due, Milestone, MilestoneItem, SampleDraw
from loyalty.milestones.queries import had_sample_lately, running, samples, tried
from loyalty.milestones.rules import CAUGHT_UP, is_held_out, sample_for
from loyalty.rewards import services as rewards
from loyalty.rewards.events import PresentDue
from loyalty.rewards.models import Present
from loyalty.rewards.queries import promised_for
from loyalty.rewards.rules import OutOfStock, TooLate
from shop.customers.queries import of_party

logger = logging.getLogger(__name__)
Kind, Trigger = Milestone.Kind, Milestone.Trigger
ONCE = 0


@transaction.atomic
def note_placed(
    *, order_reference: str, customer_id: int, rank: int, is_known: bool, bought: Collection[int],
    takes_along: bool = True, now: datetime | None = None,
) -> None:  # fmt: skip
    """An order is firm, the ``rank``-th of its customer: what it reaches is due, and goes with it where it ``takes_along``.

    ``is_known``: somebody of the same address ordered before, as a guest say: no second welcome, nor anything to try again.
    ``bought``: the shelves of all this party ever bought, this order included. Locks what waits for this customer, then
    articles; some ten queries, and ten for what it reaches.
    """
    now = now or timezone.now()
    rewards.hold(customer_id)
    reached = [one for one in _of_rank(rank, now) if one.kind != Kind.WELCOME or not is_known]
    rewards.lock_items(_articles(reached))
    _reach_announced(customer_id, rank, now)
    for milestone in reached:
        _reach(milestone, customer_id, ONCE, now)
    if takes_along:
        if not is_known:
            _draw_sample(customer_id, order_reference, rank, bought, now)
        rewards.attach(customer_id=customer_id, order_reference=order_reference)


def _of_rank(rank: int, now: datetime) -> list[Milestone]:
    """Those of this very order, and gifts of the last few that nobody had. One query."""
    passed = Q(kind=Kind.GIFT, threshold__gt=rank - CAUGHT_UP, threshold__lt=rank)
    of_orders = running(now).filter(Q(threshold=rank) | passed, trigger=Trigger.ORDERS)
    return list(of_orders.select_related("replaces").order_by("threshold", "pk"))


def _articles(milestones: Collection[Milestone]) -> set[int]:
    """What is taken off its stock as these are reached; a gift only as it is chosen. One query."""
    given = [one.pk for one in milestones if one.kind != Kind.GIFT]
    return set(MilestoneItem.objects.filter(milestone__in=given).values_list("item_id", flat=True))


@transaction.atomic
def note_delivered(
    *,
    order_reference: str,
    customer_id: int,
    next_rank: int,
    spent: Decimal,
    year: int,
    now: datetime | None = None,
) -> None:
    """An order is with its customer, what went with it too. What the next one reaches is announced; so is what was ``spent`` in
    the ``year`` of its delivery, which goes with the next order. Locks what waits for this customer; some nine queries, and
    seven an announcement.
    """
    now = now or timezone.now()
    rewards.hold(customer_id)
    rewards.hand_over(order_reference=order_reference)
    for milestone in _of_rank(next_rank, now):
        if milestone.kind == Kind.GIFT:
            _announce(milestone, customer_id, ONCE, now)
    for milestone in running(now).filter(trigger=Trigger.YEAR_SPEND, threshold__lte=spent):
        _announce(milestone, customer_id, year, now, is_reached=True)


@transaction.atomic
def note_fell_through(*, order_reference: str) -> None:
    """An order came to nothing: what went with it goes with the next one. Five queries."""
    rewards.loose(order_reference=order_reference)


@transaction.atomic
def celebrate(*, customer_id: int, years: int, now: datetime | None = None) -> None:
    """So many years ago today was their first delivery. Nine queries where there is something to give."""
    now = now or timezone.now()
    for milestone in running(now).filter(trigger=Trigger.ANNIVERSARY, threshold=years):
        _announce(milestone, customer_id, years, now, is_reached=True)


@transaction.atomic
def gather(*, customer_id: int, guest_ids: Collection[int]) -> None:
    """Guests turned out to be this customer: of what more than one of them was promised for the same, the first stands, and what
    nobody prepares yet of the others is called off. Again is the same. Two queries, and some eight for each double.
    """
    party = of_party(customer_id) | Q(customer__in=guest_ids)
    kept: set[tuple[int, int]] = set()
    for due in Due.objects.filter(party).order_by("pk"):
        if (due.line_id, due.occasion) in kept:
            for present in promised_for(f"due-{due.pk}"):
                _call_off(present)
        kept.add((due.line_id, due.occasion))


def _call_off(present_id: int) -> None:
    try:
        rewards.take_back(present_id=present_id)
    except TooLate:
        logger.info("present %s of a guest was being prepared", present_id)


def _reach_announced(customer_id: int, rank: int, now: datetime) -> None:
    """What was told ahead of this order may go along now, whether or not its milestone is still in force."""
    ahead = Due.objects.filter(of_party(customer_id), reached_at=None, milestone__trigger=Trigger.ORDERS)
    come = list(ahead.filter(milestone__threshold__lte=rank).values_list("pk", "present"))
    Due.objects.filter(pk__in=[pk for pk, _present in come]).update(reached_at=now)
    rewards.reach(present_ids=[present for _pk, present in come if present])


def _reach(milestone: Milestone, customer_id: int, occasion: int, now: datetime) -> None:
    """Due now, unless it was announced before or given already."""
    due, is_new = _due(milestone, customer_id, occasion, reached_at=now)
    if due and is_new:
        _promise(milestone, due)


def _announce(
    milestone: Milestone, customer_id: int, occasion: int, now: datetime, *, is_reached: bool = False
) -> None:
    due, is_new = _due(
        milestone, customer_id, occasion, announced_at=now, reached_at=now if is_reached else None
    )
    if due and is_new:
        _promise(milestone, due, is_ahead=not is_reached)
        publish(GiftAnnounced(customer_id, due.pk))
        if is_reached:
            # An order that is open already may take it along.
            publish(PresentDue(customer_id))


def _due(
    milestone: Milestone, customer_id: int, occasion: int, **fields: datetime | None
) -> tuple[Due | None, bool]:
    """The row, made here or before; None where a guest of this customer had it before they had an account."""
    line = milestone.first.pk
    if Due.objects.filter(customer__merged_into=customer_id, line=line, occasion=occasion).exists():
        return None, False
    return Due.objects.get_or_create(
        line_id=line, customer_id=customer_id, occasion=occasion, defaults={"milestone": milestone, **fields}
    )


def _promise(milestone: Milestone, due: Due, *, is_ahead: bool = False) -> None:
    """A gift is one thing to be chosen; a welcome or an attention is all that there is of its articles, and a letter."""
    if milestone.kind == Kind.GIFT:
        due.present = rewards.promise(
            customer_id=due.customer_id, kind=Present.Kind.GIFT, name=milestone.name, source=f"due-{due.pk}",
            is_ahead=is_ahead,
        )  # fmt: skip
        due.save(update_fields=["present"])
        return
    if milestone.has_letter:
        due.present = rewards.promise(
            customer_id=due.customer_id, kind=milestone.kind, name=_("Lettre et fiches de bienvenue"),
            source=f"due-{due.pk}", is_paper=True,
        )  # fmt: skip
        due.save(update_fields=["present"])
    for part in milestone.parts.select_related("item"):
        try:
            rewards.promise(
                customer_id=due.customer_id, kind=milestone.kind, name=part.item.name,
                source=f"due-{due.pk}:{part.item_id}", item_id=part.item_id,
            )  # fmt: skip
        except OutOfStock:
            logger.warning("milestone %s: item %s is out of stock", milestone.pk, part.item_id)


def _draw_sample(
    customer_id: int, order_reference: str, rank: int, bought: Collection[int], now: datetime
) -> None:
    """At most one with an order and one a month, of a shelf never bought from. One in five is held out to compare with; never
    on a first order, which gets all that there is.
    """
    known = SampleDraw.objects.filter(order_reference=order_reference).exists()
    if known or had_sample_lately(customer_id, now):
        return
    sample = sample_for(samples(), bought=bought, tried=tried(customer_id))
    if sample is None:
        return
    held_out = rank > 1 and is_held_out(customer_id, sample.item_id)
    draw = SampleDraw(
        customer_id=customer_id, item_id=sample.item_id, order_reference=order_reference, is_held_out=held_out
    )
    SampleDraw.objects.bulk_create([draw], ignore_conflicts=True)
    if held_out or not SampleDraw.objects.filter(order_reference=order_reference).exists():
        return
    try:
        rewards.promise(
            customer_id=customer_id, kind=Present.Kind.SAMPLE, name=sample.name, source=f"sample-{order_reference}",
            item_id=sample.item_id,
        )  # fmt: skip
    except OutOfStock:
        logger.warning("sample %s was given away meanwhile", sample.item_id)
