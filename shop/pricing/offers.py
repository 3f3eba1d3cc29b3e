"""What promotions are made of: articles, slots, terms and what comes out. Pure values without a customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shop.pricing.rules import BY_WEIGHT, NOTHING, line_total

PERCENT, AMOUNT, N_FOR_M, SECOND, LOT = "percent", "amount", "n_for_m", "second", "lot"
FREE_DELIVERY = "free_delivery"
POINTS = "points"
PER_ARTICLE, BY_LOT = frozenset({PERCENT, AMOUNT}), frozenset({N_FOR_M, SECOND, LOT})
Capped = Literal["", "law", "cost", "budget"]


@dataclass(frozen=True, slots=True)
class Item:
    """A line as promotions see it. ``quantity`` in pieces or grams; ``unit_cost`` excludes VAT, 0 is unknown."""

    product_id: int
    price: Decimal
    sold_by: str
    quantity: int = 1
    shelf_id: int | None = None
    aisle_id: int | None = None
    brand_id: int | None = None
    vat_rate: Decimal = NOTHING
    is_food: bool = True
    is_first_age_milk: bool = False
    is_alcohol: bool = False
    unit_cost: Decimal = NOTHING
    name: str = ""

    @property
    def gross(self) -> Decimal:
        return line_total(self.price, self.sold_by, self.quantity)

    @property
    def is_counted(self) -> bool:
        return self.sold_by != BY_WEIGHT


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """When and where a basket is delivered, as far as it is known; hours are those of Paris."""

    zone_id: int | None = None
    weekday: int | None = None  # 1 is Monday
    hour: int | None = None
    is_peak: bool = False


ANYWHERE = SlotFacts()


@dataclass(frozen=True, slots=True)
class Terms:
    """A promotion's terms, and what is left of its budget (None: no limit). No ``zones``: all."""

    id: int
    kind: str
    starts_at: datetime
    ends_at: datetime
    name: str = ""
    percent: Decimal | None = None
    amount: Decimal | None = None
    take: int | None = None
    pay: int | None = None
    free_from: Decimal | None = None
    points_factor: int | None = None
    products: frozenset[int] = frozenset()
    aisles: frozenset[int] = frozenset()
    brands: frozenset[int] = frozenset()
    zones: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    from_hour: int | None = None
    until_hour: int | None = None
    off_peak_only: bool = False
    left: Decimal | None = None
    most_per_order: int | None = None

    @property
    def wants_a_slot(self) -> bool:
        """Whether it holds for some slots only."""
        return bool(
            self.weekdays or self.off_peak_only or self.from_hour is not None or self.until_hour is not None
        )

    @property
    def lot_size(self) -> int:
        return 2 if self.kind == SECOND else self.take or 0

    def runs_at(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at and self.left != 0

    def delivers(self, facts: SlotFacts) -> bool:
        """Whether it holds for this zone and slot; one that wants a slot waits until there is one."""
        if self.zones and facts.zone_id not in self.zones:
            return False
        if not self.wants_a_slot:
            return True
        if facts.hour is None or (self.off_peak_only and facts.is_peak):
            return False
        in_hours = (self.from_hour or 0) <= facts.hour < (24 if self.until_hour is None else self.until_hour)
        return in_hours and (not self.weekdays or facts.weekday in self.weekdays)

    def covers(self, item: Item) -> bool:
        """Never first-age milk: no promotion on it at all (C. conso L122-12 ff.). Points are multiplied on no alcohol:
        nothing gives a reason to buy more of it (CSP L3323-2 ff.).
        """
        if item.is_first_age_milk or (self.kind == POINTS and item.is_alcohol):
            return False
        return (
            item.product_id in self.products
            or item.brand_id in self.brands
            or item.shelf_id in self.aisles
            or item.aisle_id in self.aisles
        )


@dataclass(frozen=True, slots=True)
class Share:
    """What a promotion takes off a line, and which cap it met. A line of a lot takes part even for nothing.

    ``on`` is what the pieces it reduces cost without it.
    """

    discount: Decimal
    capped: Capped = ""
    on: Decimal = field(default=NOTHING, compare=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """A promotion worked out alone on a basket: product → share."""

    terms: Terms
    shares: Mapping[int, Share]

    @property
    def total(self) -> Decimal:
        return sum((share.discount for share in self.shares.values()), NOTHING)


@dataclass(frozen=True, slots=True)
class Reduced:
    """A line's reduction and the promotion it comes from; ``on`` as a share has it."""

    terms: Terms
    discount: Decimal
    capped: Capped = ""
    on: Decimal = field(default=NOTHING, compare=False)


@dataclass(frozen=True, slots=True)
class Multiplied:
    """How many times a line counts for points, and by which promotion; ``is_capped`` where the law left less of it."""

    terms: Terms
    factor: int
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A basket's reductions by product, and what one more piece would open: product → (promotion, missing)."""

    lines: Mapping[int, Reduced] = field(default_factory=dict)
    hints: Mapping[int, tuple[Terms, int]] = field(default_factory=dict)

    @property
    def discount(self) -> Decimal:
        return sum((reduced.discount for reduced in self.lines.values()), NOTHING)

    @property
    def spent(self) -> dict[int, Decimal]:
        """Promotion → what this basket gets from it."""
        totals: dict[int, Decimal] = {}
        for reduced in self.lines.values():
            totals[reduced.terms.id] = totals.get(reduced.terms.id, NOTHING) + reduced.discount
        return {pk: total for pk, total in totals.items() if total}
