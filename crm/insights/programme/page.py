"""The page of the programme laid out, and the same as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from config.exports import inert
from config.templatetags.cabas import euros, grouped
from crm.insights.programme import wording
from crm.insights.programme.sales import Held, Sales, together
from loyalty.points.figures import Liability
from loyalty.points.wording import expected_said, percent_said, points_said


@dataclass(frozen=True, slots=True)
class Line:
    """A month: cells in the order of the columns; ``bar`` of a hundred draws the last one."""

    name: str
    cells: list[str]
    bar: int = 0


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One span held against the budget; ``bar`` of a hundred, ``marks`` where somebody is warned."""

    name: str
    said: str
    state: str
    heaviest: str
    is_alert: bool
    bar: int | None
    mark: int


@dataclass(frozen=True, slots=True)
class Page:
    sentence: str
    owed: list[str]
    points: list[Line]
    columns: list[str]
    euros: list[Line]
    ages: list[tuple[str, str, str]]
    benefit: list[str]
    method: list[str]


POINT_COLUMNS = (
    "Gagnés", "Offerts", "Repris", "Dépensés", "Périmés", "Dépensés sur crédités", "Périmés sur crédités",
    "Dus en fin de mois",
)  # fmt: skip


def page_of(report: Any) -> Page:
    """Of `queries.programme.Programme`."""
    year = together(month.sales for month in report.months)
    kinds = [what for what in wording.DISCOUNTS if year.discounts.get(what)]
    most = max((month.sales.share or Decimal(0) for month in report.months), default=Decimal(0))
    return Page(
        sentence=wording.cost_said(year),
        owed=_owed(report.liability),
        points=[Line(wording.month_said(month.starts_on), _point_cells(month.points)) for month in report.months],
        columns=[wording.discount_said(what) for what in kinds],
        euros=[_euro_line(month, kinds, most) for month in report.months],
        ages=_ages(report.liability),
        benefit=wording.benefit_said(report.benefit),
        method=wording.method_said(report.benefit),
    )  # fmt: skip


def _owed(told: Liability | None) -> list[str]:
    if told is None:
        return [_("Aucun programme de points n’est en vigueur.")]
    most = _("La boutique doit %(points)s, soit %(sum)s au plus.") % {
        "points": points_said(told.points), "sum": euros(told.most),
    }  # fmt: skip
    return [said for said in (most, expected_said(told)) if said]


def _point_cells(month: Any) -> list[str]:
    if month is None:
        return ["—"] * len(POINT_COLUMNS)
    numbers = (month.earned, month.gifts, month.taken_back, month.spent, month.expired)
    return [
        *map(grouped, numbers),
        wording.rate_said(month.spent, month.credited),
        wording.rate_said(month.expired, month.credited),
        grouped(month.owed),
    ]


def _euro_line(month: Any, kinds: Sequence[str], most: Decimal) -> Line:
    sales: Sales = month.sales
    amounts = [sales.turnover, *(sales.discounts.get(what, Decimal(0)) for what in kinds), sales.total]
    share = sales.share if sales.is_enough else None
    bar = round(100 * share / most) if share and most else 0
    return Line(
        wording.month_said(month.starts_on), [*map(euros, amounts), wording.share_said(share)], min(bar, 100)
    )


def _ages(told: Liability | None) -> list[tuple[str, str, str]]:
    """(months since they might be spent, points that got so old, what share of them was spent after all)."""
    if told is None or not told.ended:
        return []
    return [
        (
            str(one.age),
            grouped(one.left),
            _("on compte tout") if one.share is None else percent_said(one.spent, one.left),
        )
        for one in told.history
    ]


def budget_lines(held: Sequence[Held]) -> list[BudgetLine]:
    names = (_("Ce mois-ci"), _("28 derniers jours"))
    return [
        BudgetLine(
            name=name,
            said=wording.held_said(one),
            state=wording.state_said(one) if one.sales.is_enough else "",
            heaviest=wording.heaviest_said(one.sales),
            is_alert=one.is_near,
            bar=min(100, round(one.spent_percent)) if one.sales.is_enough and one.spent_percent is not None else None,
            mark=one.warn_at,
        )
        for name, one in zip(names, held, strict=True)
    ]  # fmt: skip


def file_rows(report: Any) -> list[list[str]]:
    """A heading, then a row a month; sums as a French spreadsheet reads them."""
    heading = [
        "Mois", "Gagnés", "Offerts", "Repris", "Dépensés", "Périmés", "Dus en fin de mois", "Commandes",
        "Chiffre d’affaires", *map(str, wording.DISCOUNTS.values()), "Réductions",
    ]  # fmt: skip
    return [list(map(inert, heading)), *(list(map(inert, _file_row(month))) for month in report.months)]


def _file_row(month: Any) -> list[str]:
    points, sales = month.points, month.sales
    names = ("earned", "gifts", "taken_back", "spent", "expired", "owed")
    numbers = [str(getattr(points, name)) if points else "" for name in names]
    amounts = [
        sales.turnover,
        *(sales.discounts.get(what, Decimal(0)) for what in wording.DISCOUNTS),
        sales.total,
    ]
    return [
        f"{month.starts_on:%Y-%m}", *numbers, str(sales.orders),
        *(f"{amount:.2f}".replace(".", ",") for amount in amounts),
    ]  # fmt: skip
