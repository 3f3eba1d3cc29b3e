"""Intervals that stay honest with few customers, several orders each."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

# A page shows some ten intervals at once, and people look at the one that stands out: each is wider than the
# usual 95 %.
LEVEL = 0.98


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval."""

    value: float
    interval: Interval


def student(level: float, freedom: int) -> float:
    """The two-sided quantile of Student's law, to three decimals from ten degrees of freedom on.

    Cornish and Fisher's expansion (Abramowitz & Stegun 26.7.5).
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def jackknife_error(value: float, without_each: Iterable[float]) -> float:
    """The standard error of a figure, from the figures found leaving out one customer at a time."""
    figures = [figure - value for figure in without_each]
    number = len(figures)
    return sqrt((number - 1) / number * sum(figure * figure for figure in figures))


def effective_size(share: float, error: float, at_most: float) -> float:
    """How many independent orders would say as much as these."""
    if error == 0:
        return at_most
    return min(at_most, share * (1 - share) / error**2)


def wilson(share: float, size: float, quantile: float) -> Interval:
    """The interval of a share, never outside 0 and 1 nor empty when all or none returned (Wilson 1927)."""
    square = quantile**2 / size
    centre = (share + square / 2) / (1 + square)
    half = quantile / (1 + square) * sqrt(share * (1 - share) / size + square / size / 4)
    # At its ends the interval touches exactly; floating point would miss by a hair.
    return Interval(max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def around(value: float, error: float, quantile: float) -> Interval:
    """The interval of a difference of shares."""
    return Interval(max(-1.0, value - quantile * error), min(1.0, value + quantile * error))


def difference_of(one: tuple[int, int], other: tuple[int, int]) -> Estimate:
    """How much more of the first (number, of so many) there are than of the second, in shares; from the interval of each
    (Newcombe 1998, method 10). Raises ZeroDivisionError of nobody.
    """
    quantile = NormalDist().inv_cdf((1 + LEVEL) / 2)
    shares = [number / whole for number, whole in (one, other)]
    first, second = (
        wilson(share, whole, quantile) for share, (_number, whole) in zip(shares, (one, other), strict=True)
    )
    value = shares[0] - shares[1]
    below = sqrt((shares[0] - first.low) ** 2 + (second.high - shares[1]) ** 2)
    above = sqrt((first.high - shares[0]) ** 2 + (shares[1] - second.low) ** 2)
    return Estimate(value, Interval(max(-1.0, value - below), min(1.0, value + above)))
