"""Histograms of page speed and rates of the funnel. No ORM, no clock."""

from bisect import bisect_left
from collections.abc import Mapping

# Fine where a visitor feels the difference, coarse where the page is lost anyway. Milliseconds.
BOUNDS: tuple[int, ...] = (*range(25, 501, 25), *range(600, 4001, 100), *range(4500, 10001, 500), 60_000)
LONGEST_MS = BOUNDS[-1]
# The targets the shop gives itself at the 75th percentile (web.dev/vitals; LCP is stricter than theirs).
TARGET_MS = {"lcp": 2000, "inp": 200}


def bucket_of(milliseconds: int) -> int:
    """The upper bound of the bucket a measure falls in; the last bucket takes all that is longer."""
    place: int = bisect_left(BOUNDS, milliseconds)
    return BOUNDS[min(place, len(BOUNDS) - 1)]


def percentile(histogram: Mapping[int, int], share: float = 0.75) -> int | None:
    """The bound under which ``share`` of the measures lie, in ms; None without measures.

    The upper bound of the bucket: the figure is never better than the truth.
    """
    total = sum(histogram.values())
    reached = 0
    for bound in sorted(histogram):
        reached += histogram[bound]
        if total and reached >= share * total:
            return bound
    return None


def rate(part: int, whole: int) -> float | None:
    """A share in percent, one decimal; None when there is nothing to divide by."""
    return round(100 * part / whole, 1) if whole else None
