"""What one piece or kilogram of a product really cost over a year, promotions included, and why. Pure.

Only promotions on each article (a percentage, an amount) make a price: lots and delivery leave it as it is. What
purchase costs were then is not kept, so a past reduction is shown as its terms and the law make it, which is never
more than was asked. The one that runs now is held up by today's cost, as on the card.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from shop.pricing.history import CURVE_LASTS, REFERENCE_LASTS, Price, stretches
from shop.pricing.offers import PER_ARTICLE, Item, SlotFacts, Terms
from shop.pricing.promotions import reduced_price
from shop.pricing.rules import NOTHING

Why = Literal["first", "changed", "planned", "promotion", "promotion_over", "unpriced"]
# A curve of one day would be a wall: the newest product is drawn at the end of a month.
CURVE_LASTS_AT_LEAST = timedelta(days=30)
WIDTH, HEIGHT = 1000, 300
# The cheapest lies a tenth above the bottom, the dearest a tenth below the top.
TOP, BOTTOM = HEIGHT // 10, HEIGHT - HEIGHT // 10
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Written(Price):
    """A price as the database wrote it down, and whether a plan made it."""

    is_planned: bool = False


@dataclass(frozen=True, slots=True)
class Step(Price):
    """What everybody was asked from ``since`` on, and why it changed then; ``promotion`` is its name."""

    why: Why = "changed"
    promotion: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of an axis and its place in the view box."""

    place: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Level:
    place: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Curve:
    """A step curve in a view box of WIDTH × HEIGHT: one line a time without a gap, as ``points`` of an SVG polyline."""

    lines: Sequence[str]
    levels: Sequence[Level]
    ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class Past:
    """A year of prices in order of time, the lowest of it and of its last thirty days, and the curve (None: no price).

    ``reference`` is what a reduction running now is announced from: the lowest of the thirty days before it.
    """

    steps: Sequence[Step]
    lowest_of_month: Decimal | None
    lowest_of_year: Decimal | None
    curve: Curve | None
    reference: Decimal | None = None


def past(
    prices: Sequence[Written], promotions: Iterable[Terms], item: Item, facts: SlotFacts, *, now: datetime
) -> Past:
    """The year before ``now`` as whoever is delivered there saw it; ``prices`` in order of time."""
    shown = [
        one for one in promotions if one.kind in PER_ARTICLE and one.covers(item) and one.delivers(facts)
    ]
    found = steps(prices, shown, item, start=now - CURVE_LASTS, end=now)
    return Past(
        steps=found,
        lowest_of_month=lowest(found, start=now - REFERENCE_LASTS, end=now),
        lowest_of_year=lowest(found, start=now - CURVE_LASTS, end=now),
        curve=drawn(found, end=now),
    )


def steps(
    prices: Sequence[Written], promotions: Sequence[Terms], item: Item, *, start: datetime, end: datetime
) -> list[Step]:
    """Each change of what one piece cost, in order of time; the first may have come before ``start``."""
    sinces = [row.since for row in prices]
    moments = {*sinces, *(at for one in promotions for at in (one.starts_at, one.ends_at))}
    found: list[Step] = []
    for at in sorted({start, *(moment for moment in moments if start < moment <= end)}):
        place = bisect_right(sinces, at) - 1
        if place < 0:
            continue
        step = _step(
            prices[place], [one for one in promotions if one.starts_at <= at < one.ends_at], item, end
        )
        if step.why != "promotion" and place == 0:
            step = replace(step, why="first")
        if found and found[-1].why == "promotion" and prices[place].since < at:
            over: Why = "promotion_over"
            step = replace(step, since=at, why=step.why if step.why == "promotion" else over)
        if step.price != (found[-1].price if found else None):
            found.append(step)
    return found


def _step(row: Written, running: Iterable[Terms], item: Item, now: datetime) -> Step:
    if row.price is None:
        return Step(row.since, None, "unpriced")
    best = Step(row.since, row.price, "planned" if row.is_planned else "changed")
    for one in running:
        cost = item.unit_cost if one.ends_at > now else NOTHING
        price, _capped = reduced_price(one, replace(item, price=row.price, unit_cost=cost))
        if best.price is not None and price < best.price:
            best = Step(max(row.since, one.starts_at), price, "promotion", one.name)
    return best


def lowest(prices: Iterable[Price], *, start: datetime, end: datetime) -> Decimal | None:
    return min((one.price for one in stretches(prices, start, end)), default=None)


def drawn(prices: Sequence[Price], *, end: datetime) -> Curve | None:
    """The curve of the last year, or since the first price; one that never moved is a line in the middle."""
    if not prices:
        return None
    start = max(end - CURVE_LASTS, min(prices[0].since, end - CURVE_LASTS_AT_LEAST))
    known = stretches(prices, start, end)
    if not known:
        return None
    low, high = min(one.price for one in known), max(one.price for one in known)
    lines: list[list[str]] = []
    last: datetime | None = None
    for one in known:
        if one.start != last:
            lines.append([])
        up = _up(one.price, low, high)
        lines[-1] += [f"{_across(at, start, end):g},{up:g}" for at in (one.start, one.end)]
        last = one.end
    levels = [Level(round(_up(price, low, high)), price) for price in sorted({low, high}, reverse=True)]
    ticks = [
        Tick(WIDTH * part // QUARTERS, start + (end - start) * part / QUARTERS)
        for part in range(QUARTERS + 1)
    ]
    return Curve([" ".join(line) for line in lines], levels, ticks)


def _across(at: datetime, start: datetime, end: datetime) -> float:
    return round((at - start) / (end - start) * WIDTH, 1)


def _up(price: Decimal, low: Decimal, high: Decimal) -> float:
    share = float((price - low) / (high - low)) if high > low else 0.5
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)
