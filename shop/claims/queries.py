"""Reads of claims: what of an order may be reported, whose article somebody else received, who reports how often."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from delivery.slots.models import Slot
from delivery.slots.queries import next_free_slot
from delivery.tracking.models import Visit
from shop.catalogue.models import Product, Temperature
from shop.catalogue.rules import normalised_ean, sort_name
from shop.claims import wording
from shop.claims.models import Claim, Claimant, ClaimLimits, ClaimLine
from shop.claims.rules import REPORTED_WITHIN, Limits
from shop.customers.models import Customer
from shop.orders.letters import addressed
from shop.orders.models import Order, OrderLine
from shop.orders.queries import is_received
from shop.orders.refund_rules import Charged
from shop.orders.refunds import is_closed, ledger_of
from shop.orders.withdrawals import waiting_quantities
from shop.pricing.rules import NOTHING

Kind, State, Search = Claim.Kind, Claim.State, Claim.Search
_FRESH = {Temperature.CHILLED, Temperature.FROZEN}
# As many products as fit on a telephone.
PRODUCTS_SHOWN = 6
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


def party_of(customer: Customer) -> int:
    """Whoever this customer is today. No query."""
    return customer.merged_into_id or customer.pk


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


def products_told(words: str) -> list[Product]:
    """Products by a bar code or words of their name: the very one alone, else those whose names hold all the words.

    Two queries at most.
    """
    if ean := normalised_ean(words):
        return list(Product.objects.filter(ean=ean))
    named = _holding(words, "sort_name")
    if named is None:
        return []
    on_sale = Product.objects.filter(named, is_published=True)
    same = list(on_sale.filter(sort_name=sort_name(words))[:2])
    return same if len(same) == 1 else list(on_sale.order_by("sort_name", "pk")[:PRODUCTS_SHOWN])


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
    """Orders of the same depot and day that hold the product, or something of such a name, and of which that line is
    neither reported nor given back; the same round first, then the nearest slots. Needs the claim's order and slot.
    Four queries.
    """
    order = claim.order
    lines = _lines_that_day(order).filter(_told_of(claim))
    found = list(lines.select_related("order__slot").order_by("pk")[:CANDIDATES_SHOWN])
    rounds = _rounds_of([order.reference, *(line.order.reference for line in found)])
    own = rounds.get(order.reference)

    def is_near(other: Order) -> bool:
        here = rounds.get(other.reference)
        if own is not None and here is not None:
            return own == here
        return other.slot.starts_at == order.slot.starts_at

    def away(other: Order) -> timedelta:
        return abs(other.slot.starts_at - order.slot.starts_at)

    ordered = sorted(found, key=lambda line: (not is_near(line.order), away(line.order), line.pk))
    return [Candidate(line, line.order, is_near(line.order)) for line in ordered]


def order_of_line(line_id: int) -> str | None:
    """The reference of a line's order. One query."""
    return OrderLine.objects.filter(pk=line_id).values_list("order__reference", flat=True).first()


def not_mine_before(claim: Claim) -> int:
    """How often its order told of what was not theirs before. One query."""
    return Claim.objects.filter(order=claim.order_id, kind=Kind.NOT_MINE, pk__lt=claim.pk).count()


def _lines_that_day(order: Order) -> QuerySet[OrderLine]:
    day = timezone.localtime(order.slot.starts_at).replace(hour=0, minute=0, second=0, microsecond=0)
    that_day = OrderLine.objects.filter(
        order__depot=order.depot_id,
        order__status__in=[Order.Status.PACKED, Order.Status.DELIVERED],
        order__slot__starts_at__gte=day,
        order__slot__starts_at__lt=day + timedelta(days=1),
        order__slot__ends_at__lte=timezone.now(),
        picked__gt=0,
        claims=None,
        refunds=None,
    )
    return that_day.exclude(order=order.pk).exclude(order__customer=order.customer_id)


def _told_of(claim: Claim) -> Q:
    if claim.product_id:
        return Q(product=claim.product_id)
    return _holding(claim.words, "product__sort_name") or Q(pk=None)


def _rounds_of(references: Sequence[str]) -> dict[str, int]:
    """Order → the run that carried it. One query."""
    found = Visit.objects.filter(drop__order_reference__in=references).exclude(state=Visit.State.HANDED_ON)
    return dict(found.values_list("drop__order_reference", "run_id"))


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
    an_hour_ago = now - timedelta(hours=1)
    return Claim.objects.filter(
        Q(state=State.TO_CALL, call_by__lt=now) | Q(search=Search.STAFF, created_at__lt=an_hour_ago)
    )


def with_old_photo(before: datetime, limit: int) -> list[Claim]:
    """One query."""
    old = Claim.objects.filter(created_at__lt=before).exclude(photo="").exclude(state=State.TO_CALL)
    return list(old.order_by("pk")[:limit])
