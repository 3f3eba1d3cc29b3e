"""Every order past a promised step of which its customer heard nothing. Read only: staff act on what they see.

Each step has a grace: what the next run of a task will do by itself is no news.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shop.orders.compensations import left_undone
from shop.orders.models import Order, ShortageQuestion
from shop.orders.ports import Late, stuck_letters
from shop.orders.queries import LEFT_FOR_SURE, uncharged
from shop.orders.shortages import TOLD_AHEAD, missing_lines

Status = Order.Status
TELLING_TAKES = timedelta(minutes=20)
SETTLING_TAKES = timedelta(minutes=5)
PACKED_BEFORE = timedelta(hours=1)
MONEY_TAKES = timedelta(minutes=15)
MAKING_GOOD_TAKES = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """One promised step, and the orders that are past it."""

    key: str
    title: str | Promise
    late: Sequence[Late]


def watched() -> list[Watched]:
    """Every step, those that nobody is late at too. At most two queries a step."""
    now = timezone.now()
    return [Watched(key, title, late(now)) for key, title, late in _STEPS]


def untold(now: datetime) -> list[Late]:
    """Articles that stock will not cover in time, and nobody said so. One query."""
    return [
        Late(line.order_reference, line.order_id, line.slot_starts_at, line.product, since)
        for line in missing_lines()
        if line.status == Status.PLACED
        and not line.is_told
        and now < line.slot_starts_at <= now + TOLD_AHEAD
        and (since := max(line.short_since, line.slot_starts_at - TOLD_AHEAD)) < now - TELLING_TAKES
    ]


def unsettled(now: datetime) -> list[Late]:
    """Questions past their deadline where nothing was done. One query."""
    found = (
        ShortageQuestion.objects.filter(answer="", answer_by__lt=now - SETTLING_TAKES)
        .order_by("answer_by", "pk")
        .values_list(
            "order__reference", "order_id", "order__slot__starts_at", "line__name", "answer_by", "pk"
        )
    )
    return [Late(*row) for row in found]


def unpacked(now: datetime) -> list[Late]:
    """Orders whose slot starts within the hour, or has, and whose crates are not closed. One query."""
    found = (
        Order.objects.filter(
            status__in=[Status.PLACED, Status.PICKING],
            slot__starts_at__lte=now + PACKED_BEFORE,
            slot__ends_at__gt=now - LEFT_FOR_SURE,
        )
        .select_related("slot")
        .order_by("slot__starts_at", "pk")
    )
    return [_late(order, order.get_status_display(), order.slot.starts_at - PACKED_BEFORE) for order in found]


def unpaid(now: datetime) -> list[Late]:
    """Closed crates whose money was not taken. One query."""
    found = uncharged(now).filter(packed_at__lt=now - MONEY_TAKES).select_related("slot")
    return [_late(order, order.get_status_display(), order.packed_at or now) for order in found]


def ungiven(now: datetime) -> list[Late]:
    """Compensations that were granted, and are not carried out: money that was never taken cannot go back. Two
    queries.
    """
    found = left_undone(now, MAKING_GOOD_TAKES)
    return [_late(order, title, since) for order, title, since in found]


def _late(order: Order, what: str, since: datetime) -> Late:
    return Late(order.reference, order.pk, order.slot.starts_at, what, since)


def _unsent(_now: datetime) -> Sequence[Late]:
    return stuck_letters()


_STEPS: list[tuple[str, str | Promise, Callable[[datetime], Sequence[Late]]]] = [
    ("non-dits", _("Un article manquera, et le client ne le sait pas"), untold),
    ("sans-suite", _("Le délai de réponse est passé, et rien n’est fait"), unsettled),
    ("pas-prets", _("Le créneau commence dans l’heure, et la commande n’est pas prête"), unpacked),
    ("pas-debites", _("La commande est prête, et l’argent n’est pas pris"), unpaid),
    ("compensations", _("Une compensation est accordée, et n’est pas faite"), ungiven),
    ("lettres", _("Une lettre n’est pas partie, ou peut-être pas"), _unsent),
]
