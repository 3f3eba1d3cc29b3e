"""What things cost: line totals, fees, thresholds and VAT. Pure arithmetic on Decimal euros including VAT.

A quantity is a number of pieces, or grams for a product sold by weight, whose price is per kilogram.
Rounding is half up, to the cent, once per line and once per VAT rate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from shop.catalogue.rules import CENT, to_cents

NOTHING = Decimal("0.00")
BY_WEIGHT = "weight"
GRAMS_PER_KILO = 1000
DELIVERY_VAT_RATE = Decimal("20.0")


@dataclass(frozen=True, slots=True)
class PricedLine:
    """An article and how much of it; ``deposit`` is per piece and outside VAT, ``discount`` what promotions take off."""

    unit_price: Decimal
    sold_by: str
    quantity: int
    vat_rate: Decimal
    deposit: Decimal = NOTHING
    discount: Decimal = NOTHING

    @property
    def gross(self) -> Decimal:
        """Before promotions."""
        return line_total(self.unit_price, self.sold_by, self.quantity)

    @property
    def total(self) -> Decimal:
        """What the goods cost after promotions, deposit excluded."""
        return self.gross - self.discount

    @property
    def deposit_total(self) -> Decimal:
        return deposit_total(self.deposit, self.sold_by, self.quantity)


@dataclass(frozen=True, slots=True)
class BasketTotals:
    """What a basket comes to. Thresholds look at ``goods`` alone, after promotions, never at deposits or the fee."""

    goods: Decimal
    deposits: Decimal
    delivery: Decimal
    to_minimum: Decimal
    to_free_delivery: Decimal
    discount: Decimal = NOTHING
    free_delivery_from: Decimal = NOTHING
    # The promotion that offers the delivery, where the zone would not.
    delivery_label: str = ""

    @property
    def total(self) -> Decimal:
        return self.goods + self.deposits + self.delivery

    @property
    def reaches_minimum(self) -> bool:
        return self.to_minimum == 0


@dataclass(frozen=True, slots=True)
class DeliveryOffer:
    """A promotion that offers delivery from an amount of goods, after reductions."""

    promotion_id: int
    label: str
    free_from: Decimal


@dataclass(frozen=True, slots=True)
class VatTotal:
    """All that is sold at one rate."""

    rate: Decimal
    gross: Decimal
    vat: Decimal

    @property
    def net(self) -> Decimal:
        return self.gross - self.vat


def line_total(unit_price: Decimal, sold_by: str, quantity: int) -> Decimal:
    """Price of pieces, or of grams at a price per kilogram. Raises ValueError on a negative quantity."""
    if quantity < 0:
        raise ValueError("a quantity is never negative")
    if sold_by == BY_WEIGHT:
        return to_cents(unit_price * quantity / GRAMS_PER_KILO)
    return to_cents(unit_price * quantity)


def deposit_total(deposit: Decimal, sold_by: str, quantity: int) -> Decimal:
    """Deposits are paid per container: none on what is weighed."""
    return NOTHING if sold_by == BY_WEIGHT else to_cents(deposit * quantity)


def goods_total(lines: Iterable[PricedLine]) -> Decimal:
    return sum((line.total for line in lines), NOTHING)


def discounts_total(lines: Iterable[PricedLine]) -> Decimal:
    return sum((line.discount for line in lines), NOTHING)


def deposits_total(lines: Iterable[PricedLine]) -> Decimal:
    return sum((line.deposit_total for line in lines), NOTHING)


def delivery_fee(goods: Decimal, slot_price: Decimal, free_delivery_from: Decimal) -> Decimal:
    """The slot's price, or nothing from the threshold on."""
    return NOTHING if goods >= free_delivery_from else to_cents(slot_price)


def amount_to_minimum(goods: Decimal, minimum_order: Decimal) -> Decimal:
    """What is still missing before an order is accepted."""
    return max(NOTHING, to_cents(minimum_order) - goods)


def amount_to_free_delivery(goods: Decimal, free_delivery_from: Decimal) -> Decimal:
    """What is still missing before delivery is offered."""
    return max(NOTHING, to_cents(free_delivery_from) - goods)


def basket_totals(
    lines: Sequence[PricedLine], *, slot_price: Decimal, minimum_order: Decimal, free_delivery_from: Decimal,
    offer: DeliveryOffer | None = None,
) -> BasketTotals:  # fmt: skip
    """Everything a basket page says in figures. An empty basket owes no delivery.

    Delivery is offered from the zone's amount, or from the one of ``offer`` where that is lower.
    """
    goods = goods_total(lines)
    offered_from = min(free_delivery_from, offer.free_from) if offer else free_delivery_from
    by_promotion = offer is not None and offer.free_from <= goods < free_delivery_from
    return BasketTotals(
        goods=goods,
        deposits=deposits_total(lines),
        delivery=delivery_fee(goods, slot_price, offered_from) if lines else NOTHING,
        to_minimum=amount_to_minimum(goods, minimum_order),
        to_free_delivery=amount_to_free_delivery(goods, offered_from),
        discount=discounts_total(lines),
        free_delivery_from=offered_from,
        delivery_label=offer.label if lines and offer and by_promotion else "",
    )


def _exact_vat(rate: Decimal, gross: Decimal) -> Decimal:
    return gross * rate / (100 + rate)


def vat_totals(lines: Iterable[tuple[Decimal, Decimal]]) -> dict[Decimal, VatTotal]:
    """VAT of (rate, gross) amounts, computed once per rate on their sum, half up, lowest rate first.

    Computing it per line instead differs in two baskets out of three. Deposits are outside VAT: leave them
    out; add the delivery fee at DELIVERY_VAT_RATE. Source: BOI-TVA-LIQ-30-10-10.
    """
    gross: dict[Decimal, Decimal] = {}
    for rate, amount in lines:
        gross[rate] = gross.get(rate, NOTHING) + amount
    return {
        rate: VatTotal(rate, gross[rate], to_cents(_exact_vat(rate, gross[rate]))) for rate in sorted(gross)
    }


def spread_vat(lines: Sequence[tuple[Decimal, Decimal]]) -> list[Decimal]:
    """The VAT of each (rate, gross) line, in the order given, adding up to `vat_totals` to the cent."""
    shares = [NOTHING] * len(lines)
    for rate, total in vat_totals(lines).items():
        places = [place for place, (own, _gross) in enumerate(lines) if own == rate]
        weights = {place: lines[place][1] for place in places}
        for place, share in spread_cents(total.vat, weights).items():
            shares[place] = share
    return shares


def spread_reduction(reduction: Decimal, lines: Sequence[tuple[Decimal, Decimal]]) -> list[Decimal]:
    """What each (rate, gross) line bears of a reduction of the whole, in the order given, to the cent.

    In proportion, first over the rates, so that each one's base is lowered by its part (CGI art. 267 II 1°) within a
    cent, then over the lines of a rate; no line bears more than its gross. Raises ValueError above their sum.
    """
    whole: dict[Decimal, Decimal] = {}
    for rate, gross in lines:
        whole[rate] = whole.get(rate, NOTHING) + gross
    if reduction > sum(whole.values(), NOTHING):
        raise ValueError("a reduction is at most what it reduces")
    shares = [NOTHING] * len(lines)
    rates = sorted(whole)
    for place, part in spread_cents(reduction, {n: whole[rate] for n, rate in enumerate(rates)}).items():
        own = {n: gross for n, (rate, gross) in enumerate(lines) if rate == rates[place]}
        for n, share in spread_cents(part, own).items():
            shares[n] = share
    return shares


def spread_cents(total: Decimal, weights: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Split ``total`` (whole cents) over keys in proportion to ``weights``, by largest remainder.

    Exact to the cent, each share less than one cent from its due. Equal remainders: the heavier first, then
    the lower key. Weights that add up to nothing share equally. Raises ValueError without a key for a total.
    """
    if not weights:
        if total:
            raise ValueError("nothing to spread over")
        return {}
    whole = sum(weights.values(), NOTHING)
    parts = weights if whole else dict.fromkeys(weights, Decimal(1))
    # Exact fractions: a rounded quotient would blur equal remainders and let the order of lines decide.
    cent = Fraction(total) / Fraction(whole or len(weights)) / Fraction(CENT)
    due = {key: cent * Fraction(part) for key, part in parts.items()}
    cents = {key: floor(exact) for key, exact in due.items()}
    most_owed_first = sorted(due, key=lambda key: (cents[key] - due[key], -parts[key], key))
    missing = int(total / CENT) - sum(cents.values())
    for key in most_owed_first[:missing]:
        cents[key] += 1
    return {key: count * CENT for key, count in cents.items()}
