"""How much of a basket each slot can serve, where stock or the days of its return make a difference (ADR 0029)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery.slots.queries import SlotCell, SlotDay
from shop.basket.rules import Lacking

# More names than this are counted instead.
NAMES_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """From this slot on, and until the next stage, all slots lack the same."""

    day_label: str
    hours: str
    is_first: bool
    served: str
    without: str


@dataclass(frozen=True, slots=True)
class Servings:
    """What the page says on top of its slots; ``stages`` is empty where the basket is whole in every one."""

    stages: Sequence[Stage] = ()
    back: Sequence[Lacking] = ()


def with_servings(
    days: list[SlotDay], lacking: Sequence[Lacking], total: int
) -> tuple[list[SlotDay], Servings]:
    """The same slots, each with how many of a basket's articles it can serve where they differ in that. No query.

    ``lacking`` are those of which the depot has too little now, ``total`` how many articles there are.
    """
    if not lacking:
        return days, Servings()
    stages = list(_stages(days, lacking, total))
    served = Servings(stages, [one for one in lacking if one.back_on])
    if len(stages) < 2:
        return days, served
    return [
        {**day, "slots": [_served(cell, lacking, total) for cell in day["slots"]]} for day in days
    ], served


def _missing(cell: SlotCell, lacking: Sequence[Lacking]) -> list[str]:
    return [one.name for one in lacking if not one.is_back_for(cell["cutoff_at"])]


def _stages(days: list[SlotDay], lacking: Sequence[Lacking], total: int) -> Iterator[Stage]:
    cells = [(day, cell) for day in days for cell in day["slots"] if not cell["is_closed"]]
    for missing, alike in groupby(cells, key=lambda found: _missing(found[1], lacking)):
        day, cell = next(alike)
        yield Stage(
            day_label=day["label"],
            hours=cell["label"],
            is_first=cell is cells[0][1],
            served=f"{total - len(missing)}/{total}",
            without=without(missing),
        )


def _served(cell: SlotCell, lacking: Sequence[Lacking], total: int) -> SlotCell:
    if cell["is_closed"]:
        return cell
    missing = _missing(cell, lacking)
    return {
        **cell,
        "served": f"{total - len(missing)}/{total}",
        "served_long": _in_words(total - len(missing), total, missing),
    }


def _in_words(served: int, total: int, missing: Sequence[str]) -> str:
    if not missing:
        return _("tout votre panier")
    said = ngettext(
        "%(served)d article sur %(total)d de votre panier",
        "%(served)d articles sur %(total)d de votre panier",
        served,
    )
    return f"{said % {'served': served, 'total': total}}, {without(missing)}"


def without(missing: Sequence[str]) -> str:
    """« sans Brie », « sans Brie ni Comté », « sans Brie, Comté, Lait ni 2 autres »; "" for nothing."""
    if not missing:
        return ""
    named, others = list(missing[:NAMES_AT_MOST]), len(missing) - NAMES_AT_MOST
    if others > 0:
        named.append(ngettext("%(n)d autre", "%(n)d autres", others) % {"n": others})
    first, last = ", ".join(named[:-1]), named[-1]
    return _("sans %(first)s ni %(last)s") % {"first": first, "last": last} if first else _("sans %s") % last
