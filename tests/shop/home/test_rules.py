from datetime import UTC, datetime, timedelta

import pytest

from shop.home.rules import Stage, stage

STARTS = datetime(2026, 11, 26, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "placed", "picking", "packed"),
    [
        (-5, Stage.OPEN, Stage.PREPARING, Stage.READY),
        (-4, Stage.CLOSED, Stage.PREPARING, Stage.READY),
        (-1, Stage.CLOSED, Stage.PREPARING, Stage.READY),
        (0, Stage.ARRIVING, Stage.ARRIVING, Stage.ARRIVING),
        (0.9, Stage.ARRIVING, Stage.ARRIVING, Stage.ARRIVING),
        (1, Stage.OVER, Stage.OVER, Stage.OVER),
    ],
)
def test_what_was_done_says_what_happens_next_and_the_clock_does_at_the_door(hours, placed, picking, packed):
    assert reached(hours) == placed
    assert reached(hours, status="picking") == picking
    assert reached(hours, status="packed") == packed


def test_a_payment_to_make_again_matters_until_the_cut_off():
    assert reached(-5, needs_payment=True, is_asked=True) == Stage.PAY_AGAIN
    assert reached(-1, needs_payment=True) == Stage.CLOSED


def test_what_there_is_to_choose_comes_first():
    assert reached(-5, is_asked=True) == reached(-1, status="picking", is_asked=True) == Stage.ASKED


def test_what_is_not_paid_is_never_prepared():
    assert {reached(hours, status="awaiting_payment") for hours in (-5, -1, 2)} == {Stage.UNPAID}


def reached(hours, *, status="placed", needs_payment=False, is_asked=False):
    return stage(
        status=status, needs_payment=needs_payment, is_asked=is_asked, cutoff_at=STARTS - timedelta(hours=4),
        starts_at=STARTS, ends_at=STARTS + timedelta(hours=1), now=STARTS + timedelta(hours=hours),
    )  # fmt: skip
