"""What a product cost when, and the lowest price that a reduction may refer to. Pure.

Whoever announces a reduction shows the price before it, which is the lowest that the shop practised towards all
consumers over the thirty days before the reduction applied (C. conso L112-1-1 I; directive 98/6 art. 6a). Earlier
reductions count as prices practised. The exceptions for successive reductions and for perishables are not used.
The law gives no shorter period for a product sold for less than thirty days, which directive 98/6 art. 6a (4)
would have allowed: such a product gets no struck price at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

REFERENCE_LASTS = timedelta(days=30)
CURVE_LASTS = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Price:
    """From ``since`` on, until the next one; ``price`` None where it was not priced."""

    since: datetime
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A price from an instant to the next."""

    start: datetime
    end: datetime
    price: Decimal


def stretches(prices: Iterable[Price], start: datetime, end: datetime) -> list[Stretch]:
    """The price over a window, stretch by stretch, in order of time; ``prices`` in order of time."""
    rows = list(prices)
    found = []
    for place, row in enumerate(rows):
        until = min(rows[place + 1].since if place + 1 < len(rows) else end, end)
        since = max(row.since, start)
        if row.price is not None and since < until:
            found.append(Stretch(since, until, row.price))
    return found


def lowest_practised(
    prices: Sequence[Price], *, before: datetime, reduced: Iterable[Stretch] = ()
) -> Decimal | None:
    """The lowest price over the thirty days before an instant, None without thirty days of history.

    ``reduced`` are the prices of earlier promotions; only their part within the window counts.
    """
    start = before - REFERENCE_LASTS
    if not prices or prices[0].since > start:
        return None
    practised = [stretch.price for stretch in stretches(prices, start, before)]
    practised += [one.price for one in reduced if one.start < before and one.end > start]
    return min(practised, default=None)
