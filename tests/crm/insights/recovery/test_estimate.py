from decimal import Decimal

import pytest

from crm.insights.recovery.estimate import ENOUGH_CUSTOMERS, Verdict, recover
from tests.crm.insights.recovery.telling import FEE, LATE, episode, incident, several


def found(*lists, **said):
    return recover([one for many in lists for one in many], **{"horizon_days": 30} | said)


def test_share_counts_returns_within_the_horizon():
    disappointed = several(60, 30, make=incident) + several(20, 20, make=incident, day=31)

    result = found(disappointed).overall

    assert (result.incidents, result.customers, result.returned) == (80, 80, 30)
    assert result.returns.share.value == pytest.approx(30 / 80)


def test_difference_is_against_those_alike():
    """In the hills fewer return, disappointed or not: 10 of 20 there beside half, 18 of 20 beside nine tenths."""
    disappointed = several(20, 10, make=incident, zone="Coteaux") + several(20, 18, make=incident)
    others = several(40, 20, zone="Coteaux") + several(400, 360)

    matched = found(disappointed, others).overall.comparison
    unmatched = found(disappointed, others, variables=()).overall.comparison

    assert matched.difference.value == pytest.approx(0)
    assert not matched.is_real
    assert unmatched.difference.value == pytest.approx(28 / 40 - 380 / 440)


def test_large_effect_is_real():
    result = found(several(100, 40, make=incident), several(400, 320)).overall.comparison

    assert result.difference.value == pytest.approx(-0.4)
    assert result.is_real
    assert result.difference.interval.high < -0.2


@pytest.mark.parametrize(("customers", "is_told"), [(ENOUGH_CUSTOMERS - 1, False), (ENOUGH_CUSTOMERS, True)])
def test_few_customers_give_no_figure(customers, is_told):
    result = found(several(customers, 10, make=incident), several(300, 150)).overall

    assert (result.returns is not None, result.comparison is not None) == (is_told, is_told)
    assert (result.verdict is not None) == is_told
    assert result.incidents == customers


def test_many_incidents_of_few_customers_give_no_figure():
    disappointed = [incident(customer_id=at % 10, days_since_incident=None) for at in range(100)]

    assert found(disappointed, several(300, 150)).overall.returns is None


@pytest.mark.parametrize("returned", [4, 46])
def test_too_few_of_either_sort_give_a_share_but_no_comparison(returned):
    result = found(several(50, returned, make=incident), several(300, 150)).overall

    assert result.returns is not None
    assert result.comparison is None


def test_incidents_without_anybody_alike_are_counted_and_not_compared():
    disappointed = several(40, 20, make=incident) + several(40, 20, make=incident, zone="Île")
    others = several(200, 100) + several(4, 4, zone="Île")

    result = found(disappointed, others).overall

    assert (result.incidents, result.unmatched, result.comparison.incidents) == (80, 40, 40)


def test_nobody_at_all_is_no_failure():
    result = found([])

    assert result.overall.returns is None
    assert result.by_cause == result.by_remedy == ()


def test_only_incidents_are_a_share_without_comparison():
    result = found(several(50, 25, make=incident)).overall

    assert result.returns is not None
    assert (result.unmatched, result.comparison) == (50, None)


@pytest.mark.parametrize(
    ("returned", "verdict"),
    [(160, Verdict.BEATEN), (105, Verdict.OPEN), (95, Verdict.OPEN), (40, Verdict.MISSED)],
)
def test_half_is_beaten_only_when_the_interval_says_so(returned, verdict):
    assert found(several(200, returned, make=incident)).overall.verdict == verdict


def test_recent_and_repeated_incidents_are_left_out_and_said():
    result = found(
        several(40, 20, make=incident),
        several(5, 5, make=incident, observed_days=29, day=2),
        several(3, 3, make=incident, days_since_incident=10),
    )

    assert (result.overall.incidents, result.too_recent, result.touched) == (40, 5, 3)


def test_longer_horizon_counts_later_returns():
    disappointed = several(50, 25, make=incident, day=45)

    assert found(disappointed).overall.returned == 0
    assert found(disappointed, horizon_days=60).overall.returned == 25


def test_groups_are_by_remedy_and_by_cause():
    both = several(10, 5, make=incident, causes=(LATE, "Incomplète"), remedies=(FEE, "Bon"))
    one = several(20, 5, make=incident, remedies=(FEE,))
    nothing = several(7, 0, make=incident)

    result = found(both, one, nothing)

    assert [(group.name, group.incidents) for group in result.by_remedy] == [(FEE, 30), ("Bon", 10)]
    assert [(group.name, group.incidents) for group in result.by_cause] == [(LATE, 37), ("Incomplète", 10)]
    assert (result.without_remedy.incidents, result.overall.incidents) == (7, 37)


def test_day_half_had_returned_is_told_with_its_interval():
    disappointed = [incident(returned_after_days=1 + at // 10) for at in range(200)] + several(
        50, 0, make=incident
    )

    half = found(disappointed).overall.returns.half_back

    assert half.day == 13
    assert half.earliest < 13 < half.latest


def test_half_never_returned_has_no_day():
    half = found(several(200, 40, make=incident)).overall.returns.half_back

    assert (half.day, half.latest) == (None, None)


def test_comparable_days_weigh_like_the_disappointed():
    """Everybody disappointed lives in the plain, where one returns after 20 days."""
    disappointed = several(60, 30, make=incident, zone="Plaine")
    others = several(50, 40, day=20, zone="Plaine") + several(5000, 5000, day=2)

    result = found(disappointed, others).overall.comparison.comparable

    assert (result.share.value, result.half_back.day) == (pytest.approx(0.8), 20)


def width(estimate):
    return estimate.interval.high - estimate.interval.low


def test_order_told_twice_makes_nothing_surer():
    """Two orders of one customer that always go alike say no more than one."""
    once = several(60, 30, make=incident) + several(200, 120)
    twice = [one for one in once for _ in range(2)]

    alone, doubled = found(once).overall, found(twice).overall

    assert width(doubled.comparison.difference) == pytest.approx(width(alone.comparison.difference))
    assert width(doubled.returns.share) == pytest.approx(width(alone.returns.share))


def test_strangers_do_make_it_surer():
    """The control of the test before: the same orders of other customers."""
    once = several(60, 30, make=incident) + several(200, 120)
    others = several(60, 30, make=incident) + several(200, 120)

    alone, doubled = found(once).overall, found(once, others).overall

    assert width(doubled.comparison.difference) < 0.8 * width(alone.comparison.difference)
    assert width(doubled.returns.share) < 0.8 * width(alone.returns.share)


def test_usual_margin_is_that_of_the_compared_whose_margin_is_known():
    disappointed = several(20, 10, make=incident, usual_margin=Decimal(10)) + several(
        20, 10, make=incident, usual_margin=Decimal(20)
    )
    unknown = several(20, 10, make=incident)
    alone = several(20, 10, make=incident, usual_margin=Decimal(500), zone="Île")

    result = found(disappointed, unknown, alone, several(100, 50)).overall

    assert result.comparison.usual_margin == Decimal(15)


def test_one_order_of_an_other_customer_is_not_a_class():
    assert found(several(50, 25, make=incident), [episode()]).overall.comparison is None
