"""The share of comparable customers who returned, and its difference from the disappointed."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from crm.insights.recovery.matching import Comparables


class Case(NamedTuple):
    """One incident: whose, in which class, and whether it was followed by a return."""

    customer_id: int
    key: Hashable
    returned: bool


class Figures(NamedTuple):
    """Of the disappointed, of comparable customers, and the one less the other."""

    disappointed: float
    comparable: float
    difference: float


class _Sums(NamedTuple):
    incidents: int
    returned: int
    expected: float

    def figures(self) -> Figures:
        disappointed, comparable = self.returned / self.incidents, self.expected / self.incidents
        return Figures(disappointed, comparable, disappointed - comparable)


def compare(cases: Sequence[Case], others: Comparables) -> tuple[Figures, list[Figures]]:
    """The figures, and the same without each customer in turn.

    Each class of comparable orders weighs as much as it holds incidents: the effect is that on those who were
    disappointed. All cases must lie in classes that have comparables. Time grows with the customers, not their
    square: leaving one out changes only the classes they are in.
    """
    per_class: dict[Hashable, int] = defaultdict(int)
    by_customer: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        per_class[case.key] += 1
        by_customer[case.customer_id].append(case)
    whole = _Sums(
        len(cases),
        sum(case.returned for case in cases),
        sum(number * others.classes[key].share for key, number in per_class.items()),
    )
    return whole.figures(), list(_without_each(whole, per_class, by_customer, others))


def _without_each(
    whole: _Sums,
    per_class: dict[Hashable, int],
    by_customer: dict[int, list[Case]],
    others: Comparables,
) -> Iterator[Figures]:
    for customer_id in by_customer.keys() | others.by_customer.keys():
        own_cases = by_customer.get(customer_id, [])
        own_orders = {
            key: own for key, own in others.by_customer.get(customer_id, {}).items() if key in per_class
        }
        if not own_cases and not own_orders:
            continue
        own_numbers: dict[Hashable, int] = defaultdict(int)
        for case in own_cases:
            own_numbers[case.key] += 1
        expected = whole.expected
        for key in own_numbers.keys() | own_orders.keys():
            tally = others.classes[key]
            orders, returned = own_orders.get(key, (0, 0))
            left = (tally.returned - returned) / (tally.orders - orders)
            expected += (per_class[key] - own_numbers.get(key, 0)) * left - per_class[key] * tally.share
        yield _Sums(
            whole.incidents - len(own_cases),
            whole.returned - sum(case.returned for case in own_cases),
            expected,
        ).figures()


def days_reached(days: Iterable[tuple[int, float]], wanted: Sequence[float]) -> list[int | None]:
    """For each wanted share, in rising order, the day by which it had returned; None when it was never reached.

    ``days`` are (day, weight), soonest first; the weights of those who did not return are missing from one.
    """
    reached: list[int | None] = []
    total = 0.0
    for day, weight in days:
        total += weight
        while len(reached) < len(wanted) and total >= wanted[len(reached)] - 1e-9:
            reached.append(day)
    return reached + [None] * (len(wanted) - len(reached))
