import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.insights.rules import BOUNDS, LONGEST_MS, bucket_of, percentile, rate


@pytest.mark.parametrize(
    ("milliseconds", "bucket"),
    [(0, 25), (25, 25), (26, 50), (500, 500), (501, 600), (4001, 4500), (10_001, 60_000), (90_000, 60_000)],
)
def test_measure_falls_in_the_bucket_that_ends_above_it(milliseconds, bucket):
    assert bucket_of(milliseconds) == bucket


@given(st.integers(min_value=0, max_value=LONGEST_MS))
def test_bucket_is_never_below_the_measure(milliseconds):
    assert milliseconds <= bucket_of(milliseconds)
    assert bucket_of(milliseconds) in BOUNDS


def test_percentile_of_nothing_is_nothing():
    assert percentile({}) is None


def test_percentile_is_the_bound_that_covers_three_quarters():
    assert percentile({100: 3, 900: 1}) == 100
    assert percentile({100: 2, 900: 2}) == 900


@given(st.lists(st.integers(min_value=0, max_value=LONGEST_MS), min_size=1, max_size=60))
def test_percentile_from_buckets_is_never_better_than_the_truth(measures):
    histogram: dict[int, int] = {}
    for measure in measures:
        histogram[bucket_of(measure)] = histogram.get(bucket_of(measure), 0) + 1

    found = percentile(histogram)

    at_or_below = sum(measure <= found for measure in measures)
    assert at_or_below >= 0.75 * len(measures)


def test_rate_of_no_visit_is_not_zero_but_unknown():
    assert rate(3, 0) is None
    assert rate(1, 3) == 33.3
