import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.insights.recovery.intervals import around, effective_size, jackknife_error, student, wilson


@pytest.mark.parametrize(
    ("level", "freedom", "quantile"),
    [(0.95, 10, 2.228), (0.95, 29, 2.045), (0.98, 29, 2.462), (0.98, 100, 2.364), (0.99, 60, 2.660)],
)
def test_quantile_is_that_of_the_tables(level, freedom, quantile):
    assert student(level, freedom) == pytest.approx(quantile, abs=0.002)


def test_interval_of_a_share_is_that_of_the_textbook():
    """Wilson for 15 of 50 at 95 %: 19.1 to 43.8 (Brown, Cai and DasGupta 2001)."""
    found = wilson(0.3, 50, 1.96)

    assert (found.low, found.high) == pytest.approx((0.191, 0.438), abs=0.001)


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_interval_of_a_share_holds_it_and_stays_between_none_and_all(share, size):
    found = wilson(share, size, 2.4)

    assert 0 <= found.low <= share <= found.high <= 1


def test_all_returned_is_not_certainty():
    assert wilson(1.0, 40, 2.4).low < 0.95
    assert wilson(0.0, 40, 2.4).high > 0.05


def test_error_of_a_mean_is_the_textbooks():
    values = [1.0, 0.0, 0.0, 1.0, 1.0]
    mean = sum(values) / 5
    without_each = [(sum(values) - value) / 4 for value in values]

    variance = sum((value - mean) ** 2 for value in values) / 4
    assert jackknife_error(mean, without_each) == pytest.approx((variance / 5) ** 0.5)


def test_effective_size_never_exceeds_what_was_seen():
    assert effective_size(0.5, 0.05, 1000) == pytest.approx(100)
    assert effective_size(0.5, 0.001, 40) == 40
    assert effective_size(1.0, 0.0, 40) == 40


def test_difference_of_shares_stays_between_minus_one_and_one():
    found = around(-0.9, 0.2, 2.0)

    assert (found.low, found.high) == (-1.0, pytest.approx(-0.5))
