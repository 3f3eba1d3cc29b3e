"""The programme and its discounts as staff see them, kept for a while: a year of orders takes seconds to read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from crm.insights.models import DiscountBudget
from crm.insights.programme.benefit import Benefit, benefit
from crm.insights.programme.sales import Held, Sales, together
from crm.insights.queries.kept import kept
from crm.insights.queries.sales import sales_by_day
from crm.insights.queries.spenders import purchases
from delivery.slots.rules import local_midnight
from loyalty.points.figures import Liability, Month, liability_of, months_since
from loyalty.points.ports import first_reward
from loyalty.points.queries import terms_at

MONTHS, COMPARED_DAYS, LATE_DAYS = 12, 365, 28
BUDGET_SECONDS = 300


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """``points`` None of a month in which none moved."""

    starts_on: date
    points: Month | None
    sales: Sales


@dataclass(frozen=True, slots=True)
class Programme:
    """``liability`` None before the programme began. The latest month first."""

    months: list[MonthFigures]
    liability: Liability | None
    benefit: Benefit


def programme_report() -> Programme:
    """At most an hour old. Eighteen queries when the cache has none."""
    known: Programme = kept("programme", lambda: _programme(timezone.localdate()))
    return known


def _programme(today: date) -> Programme:
    firsts = first_days(today, MONTHS)
    days = sales_by_day(firsts[-1], today + timedelta(days=1))
    points = {month.starts_on: month for month in months_since(local_midnight(firsts[-1]))}
    row, now = terms_at(timezone.now()), timezone.now()
    bought, one_in = purchases(today - timedelta(days=COMPARED_DAYS), today)
    return Programme(
        months=[
            MonthFigures(first, points.get(first), _within(days.items(), first, _next_month(first)))
            for first in firsts
        ],
        liability=liability_of(row.terms, now) if row else None,
        benefit=benefit(bought, reward=first_reward(now), one_in=one_in),
    )


def first_days(today: date, number: int) -> list[date]:
    """Of this month and of those before, the latest first."""
    months = [today.year * 12 + today.month - 1 - back for back in range(number)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _within(days: Iterable[tuple[date, Sales]], since: date, until: date) -> Sales:
    return together(sales for day, sales in days if since <= day < until)


@dataclass(frozen=True, slots=True)
class Recent:
    """Sales of this month so far, and of the last 28 days, today among them."""

    month: Sales
    late: Sales


def recent_sales() -> Recent:
    """At most BUDGET_SECONDS old. Six queries when the cache has none."""
    known: Recent = kept("recent_sales", lambda: _recent(timezone.localdate()), BUDGET_SECONDS)
    return known


def _recent(today: date) -> Recent:
    first, late = today.replace(day=1), today - timedelta(days=LATE_DAYS - 1)
    tomorrow = today + timedelta(days=1)
    days = sales_by_day(min(first, late), tomorrow).items()
    return Recent(_within(days, first, tomorrow), _within(days, late, tomorrow))


def budget_in_force() -> DiscountBudget | None:
    """One query."""
    return DiscountBudget.objects.filter(starts_on__lte=timezone.localdate()).first()


def held_against(budget: DiscountBudget) -> list[Held]:
    """This month so far, then the last 28 days. As many queries as `recent_sales`."""
    recent = recent_sales()
    return [Held(sales, budget.share, budget.warn_at) for sales in (recent.month, recent.late)]
