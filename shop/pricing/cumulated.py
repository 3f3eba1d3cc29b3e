"""Whether multiplied points, with what reduces the same article meanwhile, keep within the law before anybody buys. Pure.

The cap of loi 2020-1525 « ASAP », art. 125 II is on all advantages on a named product, at once or later, cumulated (`caps`).
On a basket the points give way to it (`multipliers`); what would have to is not saved at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil

from loyalty.points.rules import Programme
from shop.pricing.caps import advantage, cap_of
from shop.pricing.multipliers import share_between
from shop.pricing.offers import BY_LOT, PER_ARTICLE, Item, Terms
from shop.pricing.promotions import real_percent
from shop.pricing.rules import NOTHING


@dataclass(frozen=True, slots=True)
class Beyond:
    """An article on which a multiplier, with the promotion it meets if any, goes beyond the cap; figures in percent."""

    item: Item
    multiplier: Terms
    reduction: Terms | None
    taken_off: Fraction
    points: Fraction

    @property
    def excess(self) -> Fraction:
        return self.taken_off + self.points - Fraction(cap_of(is_food=self.item.is_food)) * 100


def beyond(
    multiplier: Terms,
    reductions: Iterable[Terms],
    items: Iterable[Item],
    programme: Programme,
    *,
    now: datetime,
) -> Beyond | None:
    """Where points multiplied, alone or on top of what may reduce the same article meanwhile, go furthest beyond the cap."""
    meeting: list[Terms | None] = [None, *(one for one in reductions if _may_meet(one, multiplier))]
    shares = [_share(programme, multiplier, one or multiplier, now) for one in meeting]
    worst: Beyond | None = None
    for item in items:
        if not multiplier.covers(item):
            continue
        for reduction, share in zip(meeting, shares, strict=True):
            if reduction and not _reduces(reduction, item):
                continue
            off = _taken_off(reduction, item) if reduction else Fraction(0)
            both = advantage(taken_off=off, factor=multiplier.points_factor or 1, share=share)
            one = Beyond(item, multiplier, reduction, off * 100, (both - off) * 100)
            if one.points > 0 and one.excess > max(0, worst.excess if worst else 0):
                worst = one
    return worst


def _share(programme: Programme, one: Terms, other: Terms, now: datetime) -> Fraction:
    """What points are worth while both run."""
    start, end = max(one.starts_at, other.starts_at, now), min(one.ends_at, other.ends_at)
    return share_between(programme, start, end)


def _taken_off(terms: Terms, item: Item) -> Fraction:
    """As a part of the price, never beyond what the law leaves of it on every basket."""
    real = Fraction(real_percent(terms, item.price) or NOTHING) / 100
    return min(real, Fraction(cap_of(is_food=item.is_food)))


def _reduces(terms: Terms, item: Item) -> bool:
    return terms.covers(item) and (item.is_counted or terms.kind in PER_ARTICLE)


def _may_meet(one: Terms, other: Terms) -> bool:
    """Whether one basket may have both; hours of slots are not compared, to be on the safe side."""
    return (
        one.kind in PER_ARTICLE | BY_LOT
        and one.starts_at < other.ends_at
        and other.starts_at < one.ends_at
        and _share_some(one.zones, other.zones)
        and _share_some(one.weekdays, other.weekdays)
    )


def _share_some(one: frozenset[int], other: frozenset[int]) -> bool:
    """None means all."""
    return not one or not other or not one.isdisjoint(other)


def in_hundredths(figure: Fraction) -> Decimal:
    """Up: what is beyond never reads as if it were just within."""
    return Decimal(ceil(figure * 100)) / 100
