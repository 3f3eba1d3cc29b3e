from datetime import UTC, datetime, timedelta

import pytest

from shop.home.rules import Stage, stage

STARTS = datetime(2026, 11, 26, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (-5, Stage.OPEN),
        (-4, Stage.PREPARING),
        (-1, Stage.PREPARING),
        (0, Stage.ARRIVING),
        (0.9, Stage.ARRIVING),
        (1, Stage.OVER),
    ],
)
def test_the_clock_says_what_happens_next(hours, expected):
    assert reached(hours) == expected


def test_a_payment_to_make_again_matters_until_the_cut_off():
    assert reached(-5, needs_payment=True) == Stage.PAY_AGAIN
    assert reached(-1, needs_payment=True) == Stage.PREPARING


def test_what_is_not_paid_is_never_prepared():
    assert {reached(hours, is_placed=False) for hours in (-5, -1, 2)} == {Stage.UNPAID}


def reached(hours, *, is_placed=True, needs_payment=False):
    return stage(
        is_placed=is_placed, needs_payment=needs_payment, cutoff_at=STARTS - timedelta(hours=4), starts_at=STARTS,
        ends_at=STARTS + timedelta(hours=1), now=STARTS + timedelta(hours=hours),
    )  # fmt: skip
