"""Reads of claims: what of an order may be reported, whose article somebody else received, who reports how often."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DurationField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone

from delivery.slots.models import Slot
from delivery.slots.queries import next_free_slot
from delivery.slots.rules import local_date, local_midnight
from delivery.tracking.models import Visit
from shop.catalogue.models import Product, Temperature
from shop.catalogue.rules import normalised_ean, sort_name
from shop.claims import wording
from shop.claims.models import OCCASION, Claim, Claimant, ClaimLimits, ClaimLine
from shop.claims.rules import REPORTED_WITHIN, Limits
from shop.orders.letters import addressed
from shop.orders.models import Order, OrderLine
from shop.orders.queries import is_received
from shop.orders.refund_rules import Charged
from shop.orders.refunds import is_closed, ledger_of
from shop.orders.withdrawals import waiting_quantities
from shop.pricing.rules import NOTHING

Kind, State, Search = Claim.Kind, Claim.State, Claim.Search
_FRESH = {Temperature.CHILLED, Temperature.FROZEN}
CANDIDATES_SHOWN = 20
WORDS_READ = 6


# Until somebody writes any, everybody is called.
NO_LIMITS = Limits(
    amount=NOTHING, number=0, days=1, newcomer_amount=NOTHING, newcomer_number=0, photo_from=NOTHING
)


def limits_in_force() -> Limits:
    """One query."""
    found = ClaimLimits.objects.order_by("-pk").first()
    return found.terms if found else NO_LIMITS


def lock_order(reference: str) -> Order:
    """The order, its row locked, then read with its slot and zone, which are not. Raises Order.DoesNotExist. Two queries."""
    own = Order.objects.select_for_update().filter(reference=reference).values_list("pk", flat=True)
    if (pk := next(iter(own), None)) is None:
        raise Order.DoesNotExist(reference)
    return Order.objects.select_related("slot", "zone", "customer").get(pk=pk)


# --- what may be reported -------------------------------------------------------------------------


def received_at(order: Order) -> datetime:
    """No query: needs its slot."""
    return order.delivered_at or order.slot.ends_at


def may_report(order: Order) -> bool:
    """Whether it came, was billed, and not too long ago for this page. No query: needs its slot and zone."""
    is_recent = timezone.now() <= received_at(order) + REPORTED_WITHIN
    return is_recent and is_received(order) and is_closed(order)


@dataclass(frozen=True, slots=True)
class Claimable:
    """A line of which ``left`` pieces or grams may still be reported."""

    line: OrderLine
    charged: Charged
    left: int
    is_fresh: bool

    def worth(self, quantity: int) -> Decimal:
        """What was paid for so many of those, deposits included."""
        return sum(self.charged.refund_of(quantity), NOTHING)


def claimable(order: Order) -> list[Claimable]:
    """What was delivered and billed and is neither given back, nor delivered once more, nor reported and open.

    Nine queries, however many lines.
    """
    ledger = ledger_of(order)
    if ledger is None:
        return []
    taken = Counter(_reported(order)) + Counter(waiting_quantities(order))
    again = _delivered_again(order)
    fresh = _fresh_products({line.product_id for line in ledger.lines.values() if line.product_id})
    found = [
        Claimable(
            line,
            ledger.charged[pk],
            ledger.charged[pk].left
            - taken[pk]
            - max(0, again.get(line.ean, 0) - line.missing - line.dropped),
            line.product_id in fresh,
        )
        for pk, line in ledger.lines.items()
    ]
    return [one for one in found if one.left > 0]


def _reported(order: Order) -> dict[int, int]:
    """Line → what is reported and still open. One query."""
    found = ClaimLine.objects.filter(claim__in=Claim.objects.pending().filter(order=order)).order_by()
    return dict(found.values_list("line_id").annotate(Sum("quantity")))


def _delivered_again(order: Order) -> dict[str, int]:
    """Bar code → what was delivered once more at no cost, or will be; what had never come is made up for first. One
    query.
    """
    again = OrderLine.objects.filter(order__makes_good=order).exclude(order__status=Order.Status.CANCELLED)
    return dict(again.order_by().values_list("ean").annotate(Sum("quantity")))


def _fresh_products(product_ids: Collection[int]) -> set[int]:
    """Those that are chilled or frozen. One query."""
    found = Product.objects.filter(pk__in=product_ids, shelf__temperature__in=_FRESH)
    return set(found.values_list("pk", flat=True))


def replacement_slot(order: Order) -> Slot | None:
    """When what came broken could come once more. One query."""
    return next_free_slot(order.zone)


def claim_of(claim_id: int) -> Claim | None:
    """One, with its order. One query."""
    return Claim.objects.select_related("order").filter(pk=claim_id).first()


def claims_named(occasions: Collection[str]) -> list[Claim]:
    """Those that these occasions name, the latest first; one query."""
    numbers = [one.removeprefix(OCCASION) for one in occasions if one.startswith(OCCASION)]
    return list(Claim.objects.filter(pk__in=[int(one) for one in numbers if one.isdecimal()]).order_by("-pk"))


def claims_of(order: Order) -> QuerySet[Claim]:
    """What was reported of an order, the latest first, with what an answer says. Two queries when read."""
    found = Claim.objects.filter(order=order).select_related("order", "refund", "replacement__slot")
    return found.prefetch_related("lines__line")


def told(claim_id: int) -> Claim:
    """One, with what its letter says. Raises Claim.DoesNotExist. Two queries."""
    found = Claim.objects.select_related("order__slot", "order__zone", "refund", "replacement__slot")
    return found.prefetch_related("lines__line").get(pk=claim_id)


def answer_letter(claim_id: int) -> dict[str, Any] | None:
    """What the letter about an answer says, as it stands; None for what its page alone tells: money on its way, and
    what was found by another's report, which has a letter of its own until staff answer. Two queries.
    """
    claim = told(claim_id)
    if claim.state == State.RECEIVED or (claim.told_by_id and claim.by_id is None):
        return None
    return {
        **addressed(claim.order),
        "state": claim.state,
        "headed": wording.headed(claim),
        "sentence": wording.sentence(claim),
        "parts": wording.parts(claim),
        "claims_path": reverse("claims_as_guest", args=[claim.order.tracking_token]),
    }


def repair_letter(claim_id: int) -> dict[str, Any]:
    """What the letter to whoever was robbed says. Two queries."""
    claim = told(claim_id)
    return {
        **addressed(claim.order),
        "headed": wording.repaired(claim),
        "sentence": wording.sentence(claim),
        "parts": wording.parts(claim),
        "claims_path": reverse("claims_as_guest", args=[claim.order.tracking_token]),
    }


# --- who counts -----------------------------------------------------------------------------------


def lock_claimant(customer_id: int) -> None:
    """Nobody else counts the claims of this party until our transaction ends. Three statements at most."""
    if not Claimant.objects.filter(pk=customer_id).exists():
        Claimant.objects.bulk_create([Claimant(customer_id=customer_id)], ignore_conflicts=True)
    next(iter(Claimant.objects.select_for_update().filter(pk=customer_id)))


def claims_by(customer_id: int, since: datetime) -> QuerySet[Claim]:
    """What a party reported itself and asks something for: no query by itself."""
    mine = Q(customer=customer_id) | Q(customer__merged_into=customer_id)
    own = Claim.objects.filter(mine, created_at__gt=since, told_by=None)
    return own.exclude(kind=Kind.NOT_MINE)


# --- whose it was ---------------------------------------------------------------------------------


def product_told(words: str) -> Product | None:
    """The product of this bar code, or the one on sale of this whole name; None where it may be any of several, or one of
    which these are a few words. One query.
    """
    if ean := normalised_ean(words):
        return Product.objects.filter(ean=ean).first()
    same = list(Product.objects.filter(sort_name=sort_name(words), is_published=True)[:2])
    return same[0] if len(same) == 1 else None


def _holding(words: str, field: str) -> Q | None:
    """A name without its accents that holds each of the words, whatever their order; None of none."""
    parts = [part for part in sort_name(words).split() if len(part) > 2][:WORDS_READ]
    return Q(*((f"{field}__contains", part) for part in parts)) if parts else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line of another order that day which may lack what was reported. ``is_near``: same van, or same slot."""

    line: OrderLine
    order: Order
    is_near: bool


def candidates(claim: Claim) -> list[Candidate]:
    """Orders of the same depot and day that hold the product, or something of such a name, had their hour, and of which
    that line is neither reported nor given back; the same round first, then the nearest slots. Needs the claim's order
    and slot. Two queries.
    """
    had_their_hour = Q(order__status=Order.Status.DELIVERED) | Q(order__slot__ends_at__lte=timezone.now())
    open_ = _lines_that_day(claim).filter(had_their_hour, claims=None, refunds=None)
    starts_at, at = F("order__slot__starts_at"), Value(claim.order.slot.starts_at)
    away = Greatest(starts_at - at, at - starts_at, output_field=DurationField())
    found = open_.alias(away=away).order_by("-is_near", "away", "pk")[:CANDIDATES_SHOWN]
    return [Candidate(line, line.order, line.is_near) for line in found]


def only_near(claim: Claim) -> OrderLine | None:
    """The line that holds the product in the same van or slot where there is no other, whether or not it was reported,
    given back, or is still under way: whoever lacks it may be any of them. Two queries.
    """
    near = list(_lines_that_day(claim).filter(is_near=True)[:2])
    return near[0] if len(near) == 1 else None


def order_of_line(line_id: int) -> str | None:
    """The reference of a line's order. One query."""
    return OrderLine.objects.filter(pk=line_id).values_list("order__reference", flat=True).first()


def not_mine_before(claim: Claim) -> int:
    """How often its order told of what was not theirs before. One query."""
    return Claim.objects.filter(order=claim.order_id, kind=Kind.NOT_MINE, pk__lt=claim.pk).count()


def _lines_that_day(claim: Claim) -> QuerySet[Any]:
    """With their order, its slot, and ``is_near``. One query before it is read."""
    order = claim.order
    day = local_midnight(local_date(order.slot.starts_at))
    that_day = OrderLine.objects.filter(
        _told_of(claim),
        order__depot=order.depot_id,
        order__status__in=[Order.Status.PACKED, Order.Status.DELIVERED],
        order__slot__starts_at__gte=day,
        order__slot__starts_at__lt=day + timedelta(days=1),
        picked__gt=0,
    )
    others = that_day.exclude(order=order.pk).exclude(order__customer=order.customer_id)
    carried = Visit.objects.exclude(state=Visit.State.HANDED_ON)
    own = carried.filter(drop__order_reference=order.reference).values_list("run_id", flat=True).first()
    run = Subquery(carried.filter(drop__order_reference=OuterRef("order__reference")).values("run_id")[:1])
    is_near = Q(order__slot__starts_at=order.slot.starts_at)
    if own is not None:
        is_near = Q(run=own) | Q(is_near, run=None)
    return others.alias(run=run).annotate(is_near=Q(is_near)).select_related("order__slot")


def _told_of(claim: Claim) -> Q:
    if claim.product_id:
        return Q(product=claim.product_id)
    return _holding(claim.words, "product__sort_name") or Q(pk=None)


# --- what waits -----------------------------------------------------------------------------------


def under_way(limit: int) -> list[int]:
    """Decided, and their money not given back yet; the longest waiting first. One query."""
    found = Claim.objects.filter(state=State.RECEIVED).order_by("created_at", "pk")
    return list(found.values_list("pk", flat=True)[:limit])


def waiting_claims() -> QuerySet[Claim]:
    """What asks for somebody. One query when read."""
    return Claim.objects.waiting()


def late_claims(now: datetime) -> QuerySet[Claim]:
    """Whoever was promised a call and did not get it in time, and searches that nobody took up for an hour. One query."""
    return Claim.objects.filter(_is_late(now))


def waiting_figures(now: datetime) -> tuple[int, int]:
    """How many ask for somebody, and of how many of those the hour has passed. One query."""
    found = waiting_claims().aggregate(number=Count("pk"), late=Count("pk", filter=_is_late(now)))
    return found["number"], found["late"]


def _is_late(now: datetime) -> Q:
    an_hour_ago = now - timedelta(hours=1)
    return Q(state=State.TO_CALL, call_by__lt=now) | Q(search=Search.STAFF, created_at__lt=an_hour_ago)


def with_old_photo(before: datetime, limit: int) -> list[Claim]:
    """One query."""
    old = Claim.objects.filter(created_at__lt=before).exclude(photo="").exclude(state=State.TO_CALL)
    return list(old.order_by("pk")[:limit])
