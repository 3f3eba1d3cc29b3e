"""« Promis / tenu »: what each order was promised and what became of it, in two lines, and a year of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.cabas import first_of_month, hour
from delivery.promise.models import Outcome
from delivery.promise.queries import compensations_of, outcome_of, outcomes_of_year, years_of
from delivery.promise.wording import lasting
from delivery.slots.rules import local_midnight
from shop.orders.letters import addressed
from shop.orders.models import Order


@dataclass(frozen=True, slots=True)
class TwoLines:
    """« Promis : jeudi 26 novembre, de 19 h à 20 h, 24 articles. » « Tenu : 19 h 42, 24 articles sur 24. »"""

    promised: str
    kept: str
    is_kept: bool


def two_lines(order_reference: str) -> TwoLines | None:
    """None before it has come, or where nothing was promised. One query."""
    outcome = outcome_of(order_reference)
    return _lines(outcome) if outcome and _has_come(outcome) else None


def kept_of(order: Order) -> TwoLines | None:
    """For the pages of an order: once it was handed over, or given back. One query then, else none."""
    over = {Order.Status.DELIVERED, Order.Status.RETURNED}
    return two_lines(order.reference) if order.status in over else None


def _has_come(outcome: Outcome) -> bool:
    return (
        outcome.is_our_doing or (outcome.ready_at if outcome.is_collect else outcome.arrived_at) is not None
    )


def _lines(outcome: Outcome) -> TwoLines:
    units = ngettext("%(n)d article", "%(n)d articles", outcome.units_ordered) % {"n": outcome.units_ordered}
    day = first_of_month(date_format(timezone.localtime(outcome.slot_starts_at), "l j F").lower())
    if outcome.is_collect:
        promised = _("%(day)s, prête à %(start)s, %(units)s")
    else:
        promised = _("%(day)s, de %(start)s à %(end)s, %(units)s")
    told = {
        "day": day,
        "start": hour(outcome.slot_starts_at),
        "end": hour(outcome.slot_ends_at),
        "units": units,
    }
    return TwoLines(promised % told, _kept(outcome), bool(outcome.is_kept) and not outcome.is_our_doing)


def _kept(outcome: Outcome) -> str:
    if outcome.is_our_doing:
        return _("commande annulée de notre fait, remboursée")
    there = outcome.units_ordered - outcome.units_missing - outcome.units_told
    told = {"there": there, "all": outcome.units_ordered, "when": _when(outcome)}
    said = (
        ngettext("%(when)s, %(there)d article sur %(all)d", "%(when)s, %(there)d articles sur %(all)d", there)
        % told
    )
    if outcome.units_told:
        more = ngettext("%(n)d annoncé ou remplacé", "%(n)d annoncés ou remplacés", outcome.units_told) % {
            "n": outcome.units_told
        }
        said = f"{said} ({more})"
    return said


def _when(outcome: Outcome) -> str:
    came = outcome.ready_at if outcome.is_collect else outcome.arrived_at
    late = outcome.seconds_late or 0
    if came is None:
        return _("jamais arrivée")
    promised = outcome.slot_starts_at if outcome.is_collect else outcome.slot_ends_at
    said = hour(came)
    if timezone.localdate(came) != timezone.localdate(promised):
        said = f"{first_of_month(date_format(timezone.localtime(came), 'l j F').lower())}, {said}"
    if late > 0:
        return _("%(at)s, %(late)s de retard") % {"at": said, "late": lasting(late)}
    return said


@dataclass(frozen=True, slots=True)
class Statement:
    """A year of a customer: how many promises, how many kept, what was given for the others."""

    year: int
    years: Sequence[int]
    rows: Sequence[tuple[str, TwoLines]]
    kept: int
    given: Decimal

    @property
    def promised(self) -> int:
        return len(self.rows)


def statement(customer_ids: Collection[int], year: int | None) -> Statement:
    """The year asked for, else the latest with an order. Three queries."""
    years = years_of(customer_ids) or [timezone.localdate().year]
    chosen = year if year in years else years[0]
    since, until = (local_midnight(date(one, 1, 1)) for one in (chosen, chosen + 1))
    found = [one for one in outcomes_of_year(customer_ids, since, until) if _has_come(one)]
    rows = [(one.order_reference, _lines(one)) for one in found]
    given = sum(
        one.amount_cents
        for one in compensations_of(customer_ids).filter(order_reference__in=[name for name, _two in rows])
    )
    return Statement(chosen, years, rows, sum(two.is_kept for _name, two in rows), Decimal(given) / 100)


def kept_letter(order_reference: str) -> dict[str, Any] | None:
    """What the letter says once an order was handed over; None where nothing was promised. Two queries."""
    lines = two_lines(order_reference)
    if lines is None:
        return None
    order = Order.objects.select_related("slot", "zone").get(reference=order_reference)
    return {
        **addressed(order),
        "promised": lines.promised,
        "kept": lines.kept,
        "is_kept": lines.is_kept,
        "is_collect": order.is_collect,
        "tracking_path": reverse("tracking", args=[order.tracking_token]),
    }
