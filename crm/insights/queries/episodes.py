"""Orders as the recovery statistic sees them: what became of each, and what its customer did next."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from crm.insights.recovery.episodes import Cost, Episode, Kind, own_rhythm
from delivery.promise.models import Compensation, Outcome, RuleVersion
from delivery.promise.rules import Facts
from delivery.slots.rules import local_midnight
from shop.orders.models import Order, OrderLine, Refund

# How far back the rhythm of a customer is read, and what the shop earns on a basket.
RHYTHM_READ, MARGIN_READ = timedelta(days=400), timedelta(days=60)
_OURS = ("missing", "damaged", "late", "mistake", "substitute")
# Money that a rule gives back, beside what it offers.
_GIVEN_BACK = {RuleVersion.Remedy.DELIVERY_REFUND, RuleVersion.Remedy.ARTICLES_REFUND}


@dataclass(slots=True)
class _Read:
    """An order and what is known of it."""

    reference: str
    placed_at: datetime
    total: Decimal
    zone: str
    is_cancelled: bool
    came_at: datetime | None = None
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    costs: list[Cost] = field(default_factory=list)


def recovery_episodes(since: date, until: date) -> list[Episode]:
    """Every order that arrived, or was given up, from ``since`` on and before ``until``, with what was seen by then.

    Six queries, however many orders; rows of all orders of the last two years.
    """
    begins, ends = local_midnight(since), local_midnight(until)
    histories = _histories(begins - RHYTHM_READ, ends)
    every = {one.reference: one for history in histories.values() for one in history}
    _tell_what_happened(every, begins - RHYTHM_READ, ends)
    _tell_what_was_given(every)
    margin = margin_of_a_euro(ends)
    return [
        episode
        for customer_id, history in histories.items()
        for episode in _of_customer(
            customer_id, [one for one in history if one.causes or not one.is_cancelled], begins, ends, margin
        )
    ]


def _histories(since: datetime, until: datetime) -> dict[int, list[_Read]]:
    """Customer, guests merged into them, → their orders in the order in which they were placed. One query.

    What was delivered once more at no cost is no order of theirs; what they called off in time neither, which only its
    outcome tells.
    """
    found = Order.objects.filter(placed_at__gte=since, placed_at__lt=until, makes_good=None)
    rows = (
        found.exclude(status=Order.Status.ABANDONED)
        .annotate(
            owner=Coalesce("customer__merged_into", "customer"),
            is_cancelled=Q(status=Order.Status.CANCELLED),
        )
        .order_by("owner", "placed_at")
        .values_list("owner", "reference", "placed_at", "total", "zone__name", "is_cancelled")
    )
    histories: dict[int, list[_Read]] = defaultdict(list)
    for owner, *order in rows.iterator(chunk_size=5000):
        histories[owner].append(_Read(*order))
    return histories


def _tell_what_happened(every: dict[str, _Read], since: datetime, until: datetime) -> None:
    """One query."""
    rows = Outcome.objects.filter(slot_starts_at__gte=since, slot_starts_at__lt=until).values_list(
        "order_reference", "is_collect", "slot_starts_at", "slot_ends_at", "ready_at", "arrived_at", "units_missing",
        "damaged_units", "life_broken_units", "is_our_doing", "cancelled_at", named=True,
    )  # fmt: skip
    for row in rows.iterator(chunk_size=5000):
        if order := every.get(row.order_reference):
            order.came_at = row.cancelled_at or (row.ready_at if row.is_collect else row.arrived_at)
            order.causes = tuple(_causes(row))


def _causes(row: Any) -> Iterator[str]:
    if row.is_our_doing:
        yield _("commande annulée de notre fait")
    if (Facts.seconds_late_of(row) or 0) > 0:
        yield _("retard")
    if row.units_missing:
        yield _("articles manquants")
    if row.damaged_units:
        yield _("articles abîmés")
    if row.life_broken_units:
        yield _("conservation trop courte")


def _tell_what_was_given(every: dict[str, _Read]) -> None:
    """Compensations, refunds that are our doing, and deliveries made once more. Three queries."""
    remedies: dict[str, list[str]] = defaultdict(list)
    hurt = [reference for reference, order in every.items() if order.causes]
    given = Compensation.objects.filter(order_reference__in=hurt, state__in=Compensation.GIVEN)
    for reference, remedy, cents in given.values_list("order_reference", "remedy", "amount_cents"):
        remedies[reference].append(str(RuleVersion.Remedy(remedy).label))
        kind = Kind.REFUND if remedy in _GIVEN_BACK else Kind.GESTURE
        _cost(every[reference], kind, Decimal(cents) / 100)
    for reference, said in remedies.items():
        every[reference].remedies = tuple(dict.fromkeys(said))
    refunds = Refund.objects.filter(order__reference__in=hurt, reason__in=_OURS).exclude(
        occasion__startswith="compensation-"
    )
    for reference, amount in refunds.values_list("order__reference", "amount"):
        _cost(every[reference], Kind.REFUND, amount)
    again = Order.objects.filter(makes_good__reference__in=hurt).exclude(status=Order.Status.CANCELLED)
    goods = again.annotate(worth=Sum(F("lines__unit_cost") * F("lines__quantity"))).values_list(
        "makes_good__reference", "worth", "slot__price"
    )
    for reference, worth, trip in goods:
        _cost(every[reference], Kind.REPLACEMENT, (worth or Decimal(0)).quantize(Decimal("0.01")))
        _cost(every[reference], Kind.TRIP, trip)


def _cost(order: _Read, kind: Kind, amount: Decimal) -> None:
    """Of the first cause: what several broke at once is paid once."""
    if amount and order.causes:
        order.costs.append(Cost(order.causes[0], kind, amount))


def margin_of_a_euro(until: datetime) -> Decimal:
    """What is earned on a euro of goods, VAT included, over the last two months; nothing where nothing was sold. One query."""
    sold = OrderLine.objects.filter(
        Q(order__placed_at__gte=until - MARGIN_READ, order__placed_at__lt=until),
        order__status__in=Order.STANDING,
        sold_by="piece",
    ).aggregate(paid=Sum("total"), vat=Sum("vat_amount"), cost=Sum(F("unit_cost") * F("quantity")))
    if not sold["paid"]:
        return Decimal(0)
    return Decimal(max(Decimal(0), sold["paid"] - sold["vat"] - sold["cost"]) / sold["paid"])


def _of_customer(
    customer_id: int, history: Sequence[_Read], begins: datetime, ends: datetime, margin: Decimal
) -> Iterator[Episode]:
    gaps = [(later.placed_at - one.placed_at).days for one, later in pairwise(history)]
    for place, order in enumerate(history):
        came = order.came_at
        if came is None or not begins <= came < ends:
            continue
        usual = sum((one.total for one in history[: place + 1]), Decimal(0)) / (place + 1)
        yield Episode(
            customer_id=customer_id,
            orders_so_far=place + 1,
            rhythm_days=own_rhythm(gaps[:place]),
            zone=order.zone,
            basket=order.total,
            observed_days=(ends - came).days,
            returned_after_days=_days_until((one.placed_at for one in history[place + 1 :]), came),
            causes=order.causes,
            remedies=order.remedies if order.causes else (),
            costs=tuple(order.costs),
            usual_margin=(usual * margin).quantize(Decimal("0.01")) if margin else None,
            days_since_incident=_days_since(history[:place], came),
            next_incident_after_days=_days_until(
                (one.came_at for one in history[place + 1 :] if one.causes and one.came_at), came, before=ends
            ),
        )


def _days_until(instants: Iterator[datetime], came: datetime, before: datetime | None = None) -> int | None:
    """Whole days to the first of these after that moment."""
    later = [at for at in instants if at > came and (before is None or at < before)]
    return (min(later) - came).days if later else None


def _days_since(earlier: Sequence[_Read], came: datetime) -> int | None:
    hurt = [one.came_at for one in earlier if one.causes and one.came_at and one.came_at <= came]
    return (came - max(hurt)).days if hurt else None
