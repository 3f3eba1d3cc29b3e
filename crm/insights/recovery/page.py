"""The report laid out: groups side by side, what they cost, how it was counted."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from config.templatetags.cabas import euros
from crm.insights.recovery import wording
from crm.insights.recovery.costs import CostLine, Costs
from crm.insights.recovery.episodes import Kind
from crm.insights.recovery.estimate import Group, Recovery
from crm.insights.recovery.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure on a line from 0 to 100, and the same in words."""

    low: int
    value: int
    high: int
    says: str

    @property
    def width(self) -> int:
        return max(1, self.high - self.low)


@dataclass(frozen=True, slots=True)
class Line:
    """One group of incidents. ``lacks`` says why something is missing, ``compared`` on how many less the difference is."""

    name: str
    incidents: int
    disappointed: Bar | None
    half_back: str
    comparable: Bar | None
    comparable_half_back: str
    difference: str
    compared: str
    is_real: bool
    lacks: str


@dataclass(frozen=True, slots=True)
class Table:
    """Groups of one sort, side by side."""

    title: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one cause cost; ``paid`` in the order of the kinds."""

    cause: str
    incidents: int
    paid: list[str]
    total: str
    lost: str


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page says."""

    horizon_days: int
    sentence: str
    verdict: str
    tables: list[Table]
    kinds: list[str]
    costs: list[CostRow]
    total: CostRow
    matched_on: list[str]
    comparables: str
    left_out: list[str]
    level: str


def page_of(recovery: Recovery, costs: Costs) -> Page:
    """The figures of a period, in words and bars."""
    days = recovery.horizon_days
    by_remedy = [_line(group, days) for group in recovery.by_remedy]
    if recovery.without_remedy.incidents:
        by_remedy.append(_line(recovery.without_remedy, days, _("Sans réparation")))
    tables = [
        Table(_("Tous les incidents"), [_line(recovery.overall, days, _("Ensemble"))]),
        Table(_("Selon la réparation"), by_remedy),
        Table(_("Selon la cause"), [_line(group, days) for group in recovery.by_cause]),
    ]
    return Page(
        horizon_days=days,
        sentence=wording.sentence(recovery.overall, days),
        verdict=wording.verdict(recovery.overall),
        tables=[table for table in tables if table.lines],
        kinds=[str(wording.KINDS[kind]) for kind in Kind],
        costs=[_cost_row(one, one.cause) for one in costs.lines],
        total=_cost_row(costs.total, _("Ensemble")),
        matched_on=wording.matched_on(recovery.variables),
        comparables=wording.comparables(recovery),
        left_out=wording.left_out(recovery),
        level=wording.level(recovery.level),
    )


def _cost_row(found: CostLine, name: str) -> CostRow:
    return CostRow(
        cause=name,
        incidents=found.incidents,
        paid=[euros(found.paid[kind]) for kind in Kind],
        total=euros(found.total_paid),
        lost=wording.lost_margin(found.lost) if found.lost else _("pas assez"),
    )


def _line(group: Group, horizon_days: int, name: str = "") -> Line:
    """A group as one row of the page."""
    found, compared = group.returns, group.comparison
    return Line(
        name=name or group.name,
        incidents=group.incidents,
        disappointed=_bar(found.share) if found else None,
        half_back=wording.half_back(found.half_back, horizon_days) if found else "",
        comparable=_bar(compared.comparable.share) if compared else None,
        comparable_half_back=wording.half_back(compared.comparable.half_back, horizon_days)
        if compared
        else "",
        difference=wording.difference_with_interval(compared) if compared else "",
        compared=wording.compared_part(group),
        is_real=bool(compared and compared.is_real),
        lacks=wording.lacks(group),
    )


def _bar(estimate: Estimate) -> Bar:
    low, value, high = (
        round(100 * share) for share in (estimate.interval.low, estimate.value, estimate.interval.high)
    )
    return Bar(low, value, high, wording.with_interval(estimate))
