from hypothesis import assume, given
from hypothesis import strategies as st

from crm.insights.recovery.comparing import Case, compare, days_reached
from crm.insights.recovery.matching import VARIABLES, class_of, comparables
from tests.crm.insights.recovery.telling import episode

ORDER = st.tuples(
    st.integers(0, 9), st.sampled_from(["Centre", "Plaine"]), st.booleans(), st.booleans()
)  # customer, zone, incident, returned


def told(orders):
    """(cases, comparables) of orders by hand."""
    episodes = [
        (episode(customer_id=customer, zone=zone, returned_after_days=9 if returned else None), is_incident)
        for customer, zone, is_incident, returned in orders
    ]
    cases = [
        Case(one.customer_id, class_of(one, VARIABLES), one.returned_within(30))
        for one, is_incident in episodes
        if is_incident
    ]
    return cases, comparables((one for one, is_incident in episodes if not is_incident), VARIABLES, 30)


@given(st.lists(ORDER, min_size=20, max_size=60))
def test_leaving_out_a_customer_is_what_counting_without_them_gives(orders):
    """The quick way and the plain one."""
    cases, others = told(orders)
    assume(len({case.customer_id for case in cases}) > 1)
    assume(all(others.has_enough(case.key) for case in cases))

    _, without_each = compare(cases, others)

    zones = {zone for _, zone, is_incident, _ in orders if is_incident}
    plainly = [
        compare(*told([order for order in orders if order[0] != customer]))[0]
        for customer in {customer for customer, zone, _, _ in orders if zone in zones}
    ]
    assert sorted(map(_rounded, without_each)) == sorted(map(_rounded, plainly))


def _rounded(figures):
    return tuple(round(figure, 9) + 0 for figure in figures)


def test_classes_weigh_as_much_as_they_hold_incidents():
    """Three incidents in the centre (1 of 2 returns there), one in the plain (all return): 5/8 expected."""
    cases, others = told(
        [(n, "Centre", True, n == 0) for n in range(3)]
        + [(3, "Plaine", True, True)]
        + [(10 + n, "Centre", False, n % 2 == 0) for n in range(6)]
        + [(20 + n, "Plaine", False, True) for n in range(60)]
    )

    figures, _ = compare(cases, others)

    assert figures == (0.5, 0.625, -0.125)


def test_day_is_the_one_on_which_the_share_is_reached():
    days = [(2, 0.25), (5, 0.25), (9, 0.25)]

    assert days_reached(days, (0.0, 0.5, 0.6, 0.8)) == [2, 5, 9, None]
    assert days_reached([], (0.4, 0.5, 0.6)) == [None, None, None]
