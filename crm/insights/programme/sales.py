"""What was sold and what was taken off it: sums of days, and a budget they are held against."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

NOTHING = Decimal(0)
CENT = Decimal("0.01")
# Below so many orders a share of the turnover says nothing, and no alarm is given.
ENOUGH_ORDERS = 30
PROMOTIONS, DELIVERY, POINTS, GIFTS = "promotions", "delivery", "points", "gifts"
# Before the origin of a voucher.
VOUCHERS = "voucher-"


@dataclass(frozen=True, slots=True)
class Sales:
    """``turnover``: goods and delivery as paid, VAT included, deposits apart. ``discounts``: what was taken off, by what did
    it (`PROMOTIONS`, `DELIVERY`, `POINTS`, `GIFTS` at what they cost, `VOUCHERS` and an origin).
    """

    orders: int = 0
    turnover: Decimal = NOTHING
    discounts: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return sum(self.discounts.values(), NOTHING)

    @property
    def share(self) -> Decimal | None:
        """Of the turnover, in percent; None of nothing sold."""
        return 100 * self.total / self.turnover if self.turnover > 0 else None

    @property
    def is_enough(self) -> bool:
        return self.orders >= ENOUGH_ORDERS

    @property
    def heaviest(self) -> tuple[str, Decimal] | None:
        """What takes most off; None where nothing does."""
        first = next(iter(self.by_weight), None)
        return first if first and first[1] > 0 else None

    @property
    def by_weight(self) -> list[tuple[str, Decimal]]:
        return sorted(self.discounts.items(), key=lambda pair: (-pair[1], pair[0]))


def together(days: Iterable[Sales]) -> Sales:
    orders, turnover, discounts = 0, NOTHING, dict[str, Decimal]()
    for day in days:
        orders += day.orders
        turnover += day.turnover
        for what, amount in day.discounts.items():
            discounts[what] = discounts.get(what, NOTHING) + amount
    return Sales(orders, turnover, discounts)


@dataclass(frozen=True, slots=True)
class Held:
    """Sales held against a budget: ``share`` percent of their turnover may be taken off, and at ``warn_at`` percent of that
    somebody is warned.
    """

    sales: Sales
    share: Decimal
    warn_at: int

    @property
    def allowed(self) -> Decimal:
        return (self.sales.turnover * self.share / 100).quantize(CENT)

    @property
    def spent_percent(self) -> Decimal | None:
        return 100 * self.sales.total / self.allowed if self.allowed > 0 else None

    @property
    def is_over(self) -> bool:
        return self.sales.is_enough and self.sales.total > self.allowed

    @property
    def is_near(self) -> bool:
        """At the point at which somebody is warned, or beyond."""
        return (
            self.sales.is_enough
            and self.sales.total > 0
            and self.sales.total * 100 >= self.allowed * self.warn_at
        )
