"""An order's reference, its moves, its figures. Pure."""

import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

from delivery.promise.rules import FIRST_ORDERS
from loyalty.vouchers import rules as vouchers
from loyalty.vouchers.rules import ALPHABET
from shop.catalogue.rules import CENT, to_cents
from shop.payments.rules import LEAST
from shop.pricing.caps import deferred_value, voucher_room
from shop.pricing.promotions import Item
from shop.pricing.rules import (
    BY_WEIGHT,
    DELIVERY_VAT_RATE,
    NOTHING,
    DeliveryOffer,
    PricedLine,
    delivery_fee,
    deposits_total,
    discounts_total,
    goods_total,
    spread_reduction,
    spread_vat,
    vat_totals,
)

# How long a customer is waited for, told of a missing article a day ahead or at its empty shelf.
FORECAST_WAITS = timedelta(hours=24)
SHELF_WAITS = timedelta(minutes=45)
ANSWERS_TAKE = timedelta(minutes=30)
# Shelves are visited before that, and the van loaded.
PICKED_BEFORE = timedelta(hours=3)
VAN_LEAVES_BEFORE = timedelta(minutes=30)
# What is weighed may be that much heavier than ordered, and is then paid; beyond, the shop gives it.
WEIGHT_TOLERANCE_PERCENT = 10
# How long a voucher lasts that is granted anew for one spent on an order nobody received.
GIVEN_BACK_LASTS = timedelta(days=365)
# So many other slots and points are offered to whoever's order is late; further ones by telephone.
SLOTS_OFFERED, POINTS_OFFERED = 6, 3
NO_SHARE = Fraction(0)


def new_reference() -> str:
    """A readable reference such as ``CB-7KQ2-M4XP``: 39 bits, unique by constraint, guessed by nobody."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"CB-{letters[:4]}-{letters[4:]}"


def is_newcomer(rank: int) -> bool:
    """Whether this is one of a customer's first three orders: they get the most effort."""
    return rank <= FIRST_ORDERS


def effective_choice(*, of_order: str, of_line: str, rank: int) -> str:
    """What is done when this line is missing. Nothing is replaced in the first three orders without asking."""
    choice = of_line or of_order
    return "ask" if choice == "substitute" and is_newcomer(rank) else choice


def default_answer(choice: str, *, has_offers: bool) -> str:
    """What is done without an answer: what was chosen when ordering; whoever wanted to be asked gets the rest."""
    if choice == "substitute":
        return "replace" if has_offers else "leave_out"
    return "leave_out" if choice == "ask" else choice


def answer_by(*, now: datetime, starts_at: datetime, at_shelf: bool) -> datetime:
    """Until when a customer may choose: a day where stock is counted ahead, three quarters of an hour at the empty
    shelf, and always before the van leaves; ``now`` where there is no time any more.
    """
    van_leaves = starts_at - VAN_LEAVES_BEFORE
    if not at_shelf and now + ANSWERS_TAKE < starts_at - PICKED_BEFORE:
        return min(now + FORECAST_WAITS, starts_at - PICKED_BEFORE)
    return max(now, min(now + SHELF_WAITS, van_leaves))


def spoken_reference(text: str) -> str | None:
    """« cb2hhj7pgr », « 2HHJ 7PGR » → « CB-2HHJ-7PGR »; None for what is no reference."""
    letters = re.sub(r"[^A-Z0-9]", "", text.upper()[:40]).removeprefix("CB")
    if len(letters) != 8 or not set(letters) <= set(ALPHABET):
        return None
    return f"CB-{letters[:4]}-{letters[4:]}"


@dataclass(frozen=True, slots=True)
class Article:
    """One article at the moment of sale."""

    product_id: int
    ean: str
    name: str
    packaging_label: str
    priced: PricedLine
    minimum_age: int | None
    labels: tuple[str, ...] = ()
    promotion_id: int | None = None
    promotion_label: str = ""
    # Empty: as the order says.
    shortage_choice: str = ""
    minimum_life_days: int | None = None
    may_be_returned: bool = False
    is_first_age_milk: bool = False
    # What of its discount no promotion makes (`repricing`).
    price_kept: Decimal = NOTHING
    # How many times what is paid for it counts for points.
    points_factor: int = 1
    # The most that a voucher for named articles may take off, nothing where it is for others (`caps.voucher_room`); None
    # where the voucher is for the whole basket.
    voucher_room: Decimal | None = None

    @property
    def takes_voucher(self) -> bool:
        """Alcohol is never given away at will (CSP L3322-9), first-age milk never reduced (C. conso L122-12)."""
        return not self.minimum_age and not self.is_first_age_milk

    @property
    def reducible(self) -> "Reducible":
        return Reducible(self.priced.vat_rate, self.priced.total, self.takes_voucher, self.voucher_room)


@dataclass(frozen=True, slots=True)
class Reducible:
    """A line as a voucher sees it: what is paid for it before, and the most the voucher may take off (None: all)."""

    vat_rate: Decimal
    total: Decimal
    takes_voucher: bool = True
    room: Decimal | None = None

    @property
    def counted(self) -> Decimal:
        """What of it the voucher is worked out on."""
        return self.total if self.takes_voucher and self.room != 0 else NOTHING

    def at_most(self, voucher: vouchers.Terms) -> Decimal:
        """What it may bear. A percentage stays one article by article: what one cannot bear, no other bears for it."""
        if self.room is None or not self.takes_voucher:
            return self.counted
        limits = [self.total, self.room]
        if voucher.kind == vouchers.PERCENTAGE:
            limits.append((self.total * voucher.value / 100).quantize(CENT, ROUND_CEILING))
        return min(limits)


@dataclass(frozen=True, slots=True)
class Figures:
    """What an order comes to. All including VAT, except ``vat``: rate → (gross, vat).

    ``goods_total`` is after promotions, ``discount_total`` what they took off; ``promotions`` what each one costs.
    ``voucher`` comes off afterwards: thresholds do not see it, VAT and ``total`` do. ``voucher_shares``: by line.
    """

    goods_total: Decimal
    deposit_total: Decimal
    delivery_fee: Decimal
    vat: dict[Decimal, tuple[Decimal, Decimal]]
    line_vat: tuple[Decimal, ...]
    discount_total: Decimal = NOTHING
    delivery_label: str = ""
    promotions: Mapping[int, Decimal] = field(default_factory=dict)
    voucher: vouchers.Discount = field(default_factory=vouchers.Discount)
    voucher_label: str = ""
    voucher_shares: tuple[Decimal, ...] = ()

    @property
    def voucher_discount(self) -> Decimal:
        return self.voucher.total

    @property
    def total(self) -> Decimal:
        return self.goods_total + self.deposit_total + self.delivery_fee - self.voucher_discount


def figures(
    articles: Sequence[Article],
    *,
    slot_price: Decimal,
    free_delivery_from: Decimal,
    offer: DeliveryOffer | None = None,
    voucher: vouchers.Terms | None = None,
) -> Figures:
    """Totals of an order. VAT once per rate, half up, its cents spread over lines (design section 7).

    Delivery is offered from the zone's amount, or by ``offer``, which then bears the slot's price. A voucher is a
    reduction of the price (ADR 20): its articles bear it in proportion; what a card can pay at least remains.
    """
    sold = [article.priced for article in articles]
    goods = goods_total(sold)
    fee = delivery_fee(goods, slot_price, free_delivery_from)
    used = offer if offer and fee and goods >= offer.free_from else None
    costs = _promotions(articles) | ({used.promotion_id: fee} if used else {})
    fee = NOTHING if used else fee
    deposits = deposits_total(sold)
    reducible = [article.reducible for article in articles]
    taken, borne = voucher_taken(voucher, reducible, fee=fee, to_pay=goods + deposits + fee)
    taxed = [(line.vat_rate, line.total - part) for line, part in zip(sold, borne, strict=True)]
    if fee > taken.on_delivery:
        taxed.append((DELIVERY_VAT_RATE, fee - taken.on_delivery))
    return Figures(
        goods_total=goods,
        deposit_total=deposits,
        delivery_fee=fee,
        vat={total.rate: (total.gross, total.vat) for total in vat_totals(taxed).values()},
        line_vat=tuple(spread_vat(taxed)[: len(sold)]),
        discount_total=discounts_total(sold),
        delivery_label=used.label if used else "",
        promotions=costs,
        voucher=taken,
        voucher_label=voucher.label if voucher and taken.total else "",
        voucher_shares=tuple(borne),
    )


def room_in(
    scope: vouchers.Scope,
    item: Item,
    *,
    discount: Decimal,
    points_factor: int = 1,
    share: Fraction = NO_SHARE,
) -> Decimal:
    """What a voucher for named articles may take off a line, beside its reduction and its multiplied points, whose worth is
    ``share`` of what is paid; nothing where it is not one of them.
    """
    if not in_scope(scope, item):
        return NOTHING
    return room_beside(item, discount=discount, points_factor=points_factor, share=share)


def room_beside(item: Item, *, discount: Decimal, points_factor: int, share: Fraction) -> Decimal:
    """`room_in` of what the voucher is for, whatever it names."""
    deferred = deferred_value(item.gross - discount, factor=points_factor, share=share)
    return voucher_room(item, item.quantity, discount=discount, deferred=deferred)


def in_scope(scope: vouchers.Scope, item: Item) -> bool:
    aisles = (item.shelf_id, item.aisle_id)
    return scope.covers(product=item.product_id, aisles=aisles, brand=item.brand_id)


def voucher_taken(
    voucher: vouchers.Terms | None, lines: Sequence[Reducible], *, fee: Decimal, to_pay: Decimal
) -> tuple[vouchers.Discount, list[Decimal]]:  # fmt: skip
    """What a voucher takes off, and what each line bears of it, never more than it may.

    ``to_pay`` is the whole, of which the least that a card can pay remains.
    """
    if voucher is None:
        return vouchers.Discount(), [NOTHING] * len(lines)
    goods = sum((line.counted for line in lines), NOTHING)
    borne = [(line.vat_rate, line.at_most(voucher)) for line in lines]
    bearable = sum((most for _rate, most in borne), NOTHING)
    taken = vouchers.discount(
        voucher, goods=goods, delivery=fee, to_pay=to_pay, least=LEAST, bearable=bearable
    )
    return taken, spread_reduction(taken.on_goods, borne)


def heaviest(grams: int) -> int:
    """The most that is charged of so many grams ordered."""
    return grams + grams * WEIGHT_TOLERANCE_PERCENT // 100


def is_concerned(read: Collection[date], first: date | None, last: date | None) -> bool:
    """Whether an article whose dates were ``read`` may be among those recalled: from ``first`` to ``last``, both included.

    Without a date on either side everything is concerned: better one letter too many.
    """
    if not read or (first is None and last is None):
        return True
    return any((first is None or first <= day) and (last is None or day <= last) for day in read)


def missing_of(sold_by: str, wanted: int, picked: int) -> int:
    """Pieces or grams that are missing; a weight within the tolerance is not."""
    if sold_by == BY_WEIGHT and picked >= wanted - wanted * WEIGHT_TOLERANCE_PERCENT // 100:
        return 0
    return max(0, wanted - picked)


def most_pickable(sold_by: str, wanted: int) -> int:
    """Beyond it a picker mistyped: pieces or grams. What is weighed may be half as much again, at the shop's cost."""
    return wanted + wanted // 2 if sold_by == BY_WEIGHT else wanted


def keeps_until(delivered_on: date, minimum_life_days: int) -> date:
    """The earliest date that what is delivered may bear."""
    return delivered_on + timedelta(days=minimum_life_days)


def share_of(amount: Decimal, part: int, whole: int) -> Decimal:
    """``part`` of what ``whole`` costs, half up to the cent."""
    return to_cents(amount * part / whole)


def substitute_price(total: Decimal, part: int, whole: int) -> Decimal:
    """The most that may be asked for what stands in for ``part`` of a line: what that part was to cost."""
    return total - share_of(total, whole - part, whole)


def weighing_margin(articles: Iterable[Article]) -> Decimal:
    """How much dearer the scales may make an order at most, reductions kept in proportion."""
    sold = (article.priced for article in articles if article.priced.sold_by == BY_WEIGHT)
    return sum(
        (share_of(one.total, heaviest(one.quantity), one.quantity) - one.total for one in sold), NOTHING
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A line once its shelf was visited: ``picked`` pieces or grams of ``quantity``; ``total`` and ``deposit`` are
    what all of it costs, ``dropped`` what was given up before.
    """

    sold_by: str
    quantity: int
    picked: int
    total: Decimal
    vat_rate: Decimal
    deposit: Decimal = NOTHING
    dropped: int = 0
    takes_voucher: bool = True
    voucher_room: Decimal | None = None

    @property
    def counted(self) -> int:
        """What of it is charged."""
        wanted = self.quantity - self.dropped
        return min(self.picked, heaviest(wanted) if self.sold_by == BY_WEIGHT else wanted)

    @property
    def billed(self) -> Decimal:
        """A line's reduction stays in proportion: what is missing makes nothing else dearer."""
        return share_of(self.total, self.counted, self.quantity)

    @property
    def billed_deposit(self) -> Decimal:
        return share_of(self.deposit, self.counted, self.quantity)

    def reducible(self, billed: Decimal) -> Reducible:
        """For ``billed`` euros of it: what must be paid at least stays in proportion, to the cent above."""
        room = self.voucher_room
        if room:
            least = (self.total - room) * self.counted / self.quantity
            room = max(NOTHING, billed - least.quantize(CENT, ROUND_CEILING))
        return Reducible(self.vat_rate, billed, self.takes_voucher, room)


@dataclass(frozen=True, slots=True)
class Bill:
    """What an order comes to once its crates are closed; ``lines`` in the order given, ``vat`` rate → (gross, vat).

    ``lines`` are before the voucher, ``voucher_shares`` what each bears of it.
    """

    lines: tuple[Decimal, ...]
    deposit_total: Decimal
    delivery_fee: Decimal
    vat: dict[Decimal, tuple[Decimal, Decimal]]
    voucher_discount: Decimal = NOTHING
    voucher_shares: tuple[Decimal, ...] = ()

    @property
    def goods_total(self) -> Decimal:
        return sum(self.lines, NOTHING)

    @property
    def total(self) -> Decimal:
        return self.goods_total + self.deposit_total + self.delivery_fee - self.voucher_discount


def bill(
    lines: Sequence[Prepared], *, fee: Decimal, most: Decimal, voucher: vouchers.Terms | None = None,
    voucher_agreed: Decimal = NOTHING,
) -> Bill:  # fmt: skip
    """Charge what lies in the crates, never above ``most``, which was agreed. The delivery stays at its price,
    however much is missing.

    A line split between what was found and what stands in for the rest may round up twice: the cent too many comes
    off the dearest line. A voucher that took ``voucher_agreed`` off the order takes off what it is worth on what is
    delivered; its minimum is not judged again, since the shop is what falls short.
    """
    deposits = sum((line.billed_deposit for line in lines), NOTHING)
    billed = _within([line.billed for line in lines], most + voucher_agreed - fee - deposits)
    reducible = [line.reducible(amount) for line, amount in zip(lines, billed, strict=True)]
    taken, borne = voucher_taken(voucher, reducible, fee=fee, to_pay=sum(billed, NOTHING) + deposits + fee)
    parts = zip(lines, billed, borne, strict=True)
    taxed = [(line.vat_rate, amount - part) for line, amount, part in parts if amount]
    if fee > taken.on_delivery:
        taxed.append((DELIVERY_VAT_RATE, fee - taken.on_delivery))
    return Bill(
        lines=billed,
        deposit_total=deposits,
        delivery_fee=fee,
        vat={total.rate: (total.gross, total.vat) for total in vat_totals(taxed).values()},
        voucher_discount=taken.total,
        voucher_shares=tuple(borne),
    )


def _within(amounts: list[Decimal], most: Decimal) -> tuple[Decimal, ...]:
    excess = sum(amounts, NOTHING) - most
    if excess > 0 and amounts:
        dearest = max(range(len(amounts)), key=lambda place: (amounts[place], -place))
        amounts[dearest] -= min(excess, amounts[dearest])
    return tuple(amounts)


def _promotions(articles: Iterable[Article]) -> dict[int, Decimal]:
    """Promotion → what it takes off all its lines."""
    costs: dict[int, Decimal] = {}
    for article in articles:
        if article.promotion_id is not None:
            cost = article.priced.discount - article.price_kept
            costs[article.promotion_id] = costs.get(article.promotion_id, NOTHING) + cost
    return costs
