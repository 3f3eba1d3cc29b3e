"""What keeps a promotion from being saved, field by field, naming the article. Pure; the law stands in `caps`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from loyalty.points.rules import Programme
from loyalty.rewards.rules import GIVEN_AWAY
from shop.pricing.caps import cap_of, cost_floor
from shop.pricing.cumulated import beyond, in_hundredths
from shop.pricing.offers import (
    AMOUNT,
    BY_LOT,
    FREE_DELIVERY,
    LOT,
    N_FOR_M,
    PER_ARTICLE,
    PERCENT,
    POINTS,
    SECOND,
    Item,
    Terms,
)
from shop.pricing.promotions import claim, real_percent, reduced_price
from shop.pricing.rules import NOTHING

HIGHEST_AMOUNT = Decimal("99999.99")
FIGURES = {
    PERCENT: ("percent",),
    AMOUNT: ("amount",),
    N_FOR_M: ("take", "pay"),
    SECOND: ("percent",),
    LOT: ("take", "amount"),
    FREE_DELIVERY: ("free_from",),
    POINTS: ("points_factor",),
}
# The least and the most of each figure; the law narrows them further.
RANGES: dict[str, tuple[Decimal | int, Decimal | int]] = {
    "percent": (Decimal("0.1"), Decimal(100)),
    "amount": (Decimal("0.01"), HIGHEST_AMOUNT),
    "take": (2, 24),
    "pay": (1, 23),
    "free_from": (Decimal(0), HIGHEST_AMOUNT),
    "points_factor": (2, 10),
}
# A year mistyped would run for ever, and no page can show the last days of the year 9999.
MOST_AHEAD = timedelta(days=731)
TO_THE_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why not: a code for `wording`, the form's field, the articles concerned and a figure to say; of points that are too
    many, their worth in percent too, and the promotion they come on top of, or that comes on top of them.
    """

    code: str
    field: str = ""
    names: tuple[str, ...] = ()
    figure: Decimal | None = None
    points: Decimal | None = None
    other: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A promotion about to be saved: its terms, the articles named one by one, those of its shelves and brands, the other
    promotions, and the rules of points.
    """

    terms: Terms
    named: Sequence[Item] = ()
    covered: Sequence[Item] = ()
    others: Sequence[Terms] = field(default=())
    programme: Programme = field(default_factory=Programme)

    @property
    def everything(self) -> list[Item]:
        return [*self.named, *self.covered]


def problems_of(draft: Draft, *, now: datetime) -> list[Problem]:
    """What is wrong, the plainest first; nothing else is looked at before the terms themselves are whole."""
    return [*_terms(draft.terms), *_dates(draft.terms, now)] or [
        *_scope(draft),
        *_same(draft),
        *_milk(draft),
        *_alcohol(draft),
        *_words(draft),
        *_gain(draft),
        *_law(draft),
        *_cost(draft),
        *_points(draft, now),
    ]


def _terms(terms: Terms) -> Iterable[Problem]:
    for name in FIGURES[terms.kind]:
        figure = getattr(terms, name)
        if figure is None:
            yield Problem("missing", name)
        elif not _within(figure, *RANGES[name]):
            yield Problem("out_of_range", name)
    if terms.left is not None and not terms.left.is_finite():
        yield Problem("out_of_range", "budget")
    if terms.kind == POINTS:
        if terms.left is not None:
            yield Problem("no_budget", "budget")
        if terms.most_per_order is not None:
            yield Problem("no_limit", "most_per_order")
    if terms.kind == N_FOR_M and terms.take and terms.pay and terms.pay >= terms.take:
        yield Problem("pay_is_less", "pay")
    hours = (terms.from_hour, terms.until_hour)
    if None not in hours and (terms.from_hour or 0) >= (terms.until_hour or 0):
        yield Problem("hours", "slot_until_hour")


def _within(figure: Decimal | int, least: Decimal | int, most: Decimal | int) -> bool:
    """Never what is not a number, which compares with nothing."""
    return Decimal(figure).is_finite() and least <= figure <= most


def _dates(terms: Terms, now: datetime) -> Iterable[Problem]:
    if terms.ends_at <= terms.starts_at:
        yield Problem("end_before_start", "ends_at")
    elif terms.ends_at <= now:
        yield Problem("all_past", "ends_at")
    elif terms.ends_at > now + MOST_AHEAD:
        yield Problem("too_far", "ends_at")


def _scope(draft: Draft) -> Iterable[Problem]:
    has_scope = bool(draft.terms.products or draft.terms.aisles or draft.terms.brands)
    if draft.terms.kind == FREE_DELIVERY:
        if has_scope:
            yield Problem("whole_basket", "products")
    elif not has_scope:
        yield Problem("empty_scope", "products")
    elif not draft.everything:
        yield Problem("covers_nothing", "products")
    elif draft.terms.kind in BY_LOT and (weighed := [one.name for one in draft.named if not one.is_counted]):
        yield Problem("weighed", "products", tuple(weighed))


def _same(draft: Draft) -> Iterable[Problem]:
    mine = draft.terms
    for other in draft.others:
        overlaps = other.starts_at < mine.ends_at and mine.starts_at < other.ends_at
        if overlaps and other.id != mine.id and _as(mine, other) == mine:
            yield Problem("same", "starts_at", (other.name,))


def _as(mine: Terms, other: Terms) -> Terms:
    """The other one but for when it is, what it is called and what it may cost: equal to mine, both are the same."""
    own = {
        name: getattr(mine, name) for name in ("id", "name", "starts_at", "ends_at", "left", "most_per_order")
    }
    return replace(other, **own)


def _milk(draft: Draft) -> Iterable[Problem]:
    if milk := tuple(one.name for one in draft.named if one.is_first_age_milk):
        yield Problem("milk", "products", milk)


def _alcohol(draft: Draft) -> Iterable[Problem]:
    """On a shelf it is left out (`notices`); a shelf of nothing else is refused as it would be by name."""
    if draft.terms.kind != POINTS:
        return
    if alcohol := tuple(one.name for one in draft.named if one.is_alcohol):
        yield Problem("alcohol", "products", alcohol)
    elif draft.covered and not draft.named and all(one.is_alcohol for one in draft.covered):
        yield Problem("alcohol", "aisles", tuple(one.name for one in draft.covered))


def _words(draft: Draft) -> Iterable[Problem]:
    food = tuple(one.name for one in draft.everything if one.is_food)
    if food and draft.terms.kind != FREE_DELIVERY and GIVEN_AWAY.search(draft.terms.name):
        yield Problem("given_away", "name", food[:1])


def _gain(draft: Draft) -> Iterable[Problem]:
    """A lot that costs as much as its pieces takes nothing off: an article named for it is a mistake of a figure."""
    if draft.terms.kind != LOT:
        return
    counted = [one for one in draft.everything if one.is_counted and not one.is_first_age_milk]
    idle = [one for one in counted if not real_percent(draft.terms, one.price)]
    named = [one for one in idle if one in draft.named]
    if named or (idle and len(idle) == len(counted)):
        yield Problem("no_gain", "amount", tuple(one.name for one in named or idle[:1]))


def _law(draft: Draft) -> Iterable[Problem]:
    """The cap in value, article by article: the worst is named with what it would get."""
    worst: tuple[Decimal, Item] | None = None
    for one in draft.everything:
        real = real_percent(draft.terms, one.price)
        if real is None or one.is_first_age_milk or (draft.terms.kind in BY_LOT and not one.is_counted):
            continue
        beyond = real - cap_of(is_food=one.is_food) * 100
        if beyond > 0 and (worst is None or beyond > worst[0]):
            worst = (beyond, one)
    if worst and draft.terms.kind == AMOUNT and (draft.terms.amount or NOTHING) >= worst[1].price:
        yield Problem("beyond_price", "amount", (worst[1].name,), worst[1].price)
    elif worst:
        real = real_percent(draft.terms, worst[1].price) or NOTHING
        yield Problem(
            "beyond_food" if worst[1].is_food else "beyond_other",
            _figure_field(draft.terms), (worst[1].name,), real.quantize(TO_THE_HUNDREDTH),
        )  # fmt: skip


def _figure_field(terms: Terms) -> str:
    return FIGURES[terms.kind][-1]


def _cost(draft: Draft) -> Iterable[Problem]:
    """Articles named one by one are refused below their cost; those of a shelf are only held up by it (`notices`)."""
    below = [one for one in draft.named if _meets_cost(draft.terms, one)]
    for one in below[:1]:
        yield Problem("below_cost", _figure_field(draft.terms), (one.name,), cost_floor(one))


def _meets_cost(terms: Terms, item: Item) -> bool:
    if item.is_first_age_milk or not item.unit_cost:
        return False
    if terms.kind in PER_ARTICLE:
        return reduced_price(terms, item)[1] == "cost" or cost_floor(item) >= item.price
    if not item.is_counted or not terms.lot_size:
        return False
    shares = claim(terms, [replace(item, quantity=terms.lot_size)]).shares
    return any(share.capped == "cost" for share in shares.values())


def _points(draft: Draft, now: datetime) -> Iterable[Problem]:
    """The cap once more, with the points that are multiplied on the same articles: the worst is named with both figures."""
    mine = draft.terms
    others = [one for one in draft.others if one.id != mine.id and one.ends_at > now]
    if mine.kind == POINTS:
        found = [beyond(mine, others, draft.everything, draft.programme, now=now)]
    else:
        multipliers = [one for one in others if one.kind == POINTS]
        found = [beyond(one, [mine], draft.everything, draft.programme, now=now) for one in multipliers]
    worst = max((one for one in found if one), key=lambda one: one.excess, default=None)
    if worst and (mine.kind == POINTS or worst.reduction):
        other = worst.reduction if mine.kind == POINTS else worst.multiplier
        yield Problem(
            f"points_beyond_{'food' if worst.item.is_food else 'other'}{'_with' if other else ''}",
            _figure_field(mine), (worst.item.name,), in_hundredths(worst.taken_off), in_hundredths(worst.points),
            other.name if other else "",
        )  # fmt: skip


def notices(draft: Draft) -> list[Problem]:
    """What staff should know of what they saved: articles left out, or held up by their cost."""
    found = []
    if milk := tuple(one.name for one in draft.covered if one.is_first_age_milk):
        found.append(Problem("milk_left_out", names=milk))
    if draft.terms.kind == POINTS and (alcohol := tuple(one.name for one in draft.covered if one.is_alcohol)):
        found.append(Problem("alcohol_left_out", names=alcohol))
    if draft.terms.kind in BY_LOT and (
        weighed := tuple(one.name for one in draft.covered if not one.is_counted)
    ):
        found.append(Problem("weighed_left_out", names=weighed))
    if held := tuple(one.name for one in draft.covered if _meets_cost(draft.terms, one)):
        found.append(Problem("held_up_by_cost", names=held))
    return found
