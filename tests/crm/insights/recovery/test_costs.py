from decimal import Decimal

from crm.insights.recovery.costs import costs
from crm.insights.recovery.episodes import Cost, Kind
from crm.insights.recovery.estimate import recover
from tests.crm.insights.recovery.telling import LATE, incident, several

MISSING = "Incomplète"


def counted(episodes):
    return costs(episodes, recover(episodes, horizon_days=30))


def test_what_was_paid_is_summed_by_cause_and_kind_to_the_cent():
    episodes = [
        incident(costs=(Cost(LATE, Kind.REFUND, Decimal("4.90")),)),
        incident(costs=(Cost(LATE, Kind.REFUND, Decimal("0.10")), Cost(LATE, Kind.GESTURE, Decimal(5)))),
        incident(
            causes=(LATE, MISSING),
            costs=(Cost(LATE, Kind.REFUND, Decimal(1)), Cost(MISSING, Kind.TRIP, Decimal("12.34"))),
        ),
    ]

    found = counted(episodes)

    missing, late = found.lines
    assert (missing.cause, missing.incidents, missing.total_paid) == (MISSING, 1, Decimal("12.34"))
    assert (late.cause, late.incidents, late.paid[Kind.REFUND]) == (LATE, 3, Decimal("6.00"))
    assert late.paid[Kind.TRIP] == 0
    assert (found.total.incidents, found.total.total_paid) == (3, Decimal("23.34"))


def test_incident_too_recent_to_compare_was_paid_for_too():
    episodes = [incident(observed_days=1, costs=(Cost(LATE, Kind.REPLACEMENT, Decimal(30)),))]

    assert counted(episodes).total.paid[Kind.REPLACEMENT] == 30


def test_lost_margin_is_the_difference_times_the_usual_margin():
    """Half of 100 returned instead of eight in ten: thirty orders that would have earned 12 € each."""
    episodes = several(100, 50, make=incident, usual_margin=Decimal(12)) + several(500, 400)

    found = counted(episodes)

    assert found.total.lost.value == Decimal("360.00")
    assert found.total.lost.incidents == 100
    assert 0 < found.total.lost.low < 360 < found.total.lost.high
    assert found.lines[0].lost == found.total.lost


def test_more_returns_than_elsewhere_are_margin_won():
    episodes = several(100, 80, make=incident, usual_margin=Decimal(10)) + several(500, 250)

    assert counted(episodes).total.lost.value == Decimal("-300.00")


def test_no_difference_is_a_plain_zero():
    lost = counted(several(100, 50, make=incident, usual_margin=Decimal(10)) + several(500, 250)).total.lost

    assert str(lost.value) == "0.00"


def test_lost_margin_is_unknown_without_enough_or_without_margins():
    assert counted(several(10, 5, make=incident, usual_margin=Decimal(10))).total.lost is None
    assert counted(several(100, 50, make=incident) + several(500, 250)).total.lost is None
    assert counted([]).lines == ()
