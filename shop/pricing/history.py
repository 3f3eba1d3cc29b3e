"""What a product cost when: the lowest price that a reduction may refer to, and the curve of a year. Pure.

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


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A corner of the drawn curve, in the units of the view box."""

    x: float
    y: float


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


def curve_corners(
    prices: Sequence[Price], *, start: datetime, end: datetime, width: int = 320, height: int = 96
) -> list[CurvePoint]:
    """The corners of the step curve in a view box of ``width`` × ``height``, ready for an SVG polyline.

    The cheapest lies a tenth above the bottom, the dearest a tenth below the top; a price that never moved is a
    line in the middle. Nothing to draw: no corner.
    """
    known = stretches(prices, start, end)
    if not known:
        return []
    lowest, highest = min(one.price for one in known), max(one.price for one in known)
    return [
        CurvePoint(_across(at, start, end, width), _up(stretch.price, lowest, highest, height))
        for stretch in known
        for at in (stretch.start, stretch.end)
    ]


def polyline(corners: Iterable[CurvePoint]) -> str:
    """The ``points`` of an SVG polyline."""
    return " ".join(f"{corner.x:g},{corner.y:g}" for corner in corners)


def _across(at: datetime, start: datetime, end: datetime, width: int) -> float:
    return round((at - start) / (end - start) * width, 1)


def _up(price: Decimal, lowest: Decimal, highest: Decimal, height: int) -> float:
    share = float((price - lowest) / (highest - lowest)) if highest > lowest else 0.5
    return round(height * (0.9 - 0.8 * share), 1)
