"""Rates of several subjects in one run, taken in turns so that a slow moment of the machine hits them all."""

import gc
import statistics
from collections.abc import Callable, Mapping
from time import perf_counter

Subject = Callable[[], object]


def seconds_a_call(subjects: Mapping[str, Subject], *, rounds: int, calls: int) -> dict[str, list[float]]:
    """For each subject, one mean of ``calls`` calls a round. Every subject is called once before the first."""
    for subject in subjects.values():
        subject()
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for _round in range(rounds):
        for name, subject in subjects.items():
            gc.collect()
            started = perf_counter()
            for _call in range(calls):
                subject()
            taken[name].append((perf_counter() - started) / calls)
    return taken


def ratio(baseline: list[float], subject: list[float]) -> float:
    """How much of the baseline's rate the subject reaches: the median over the rounds, each with its own baseline."""
    return statistics.median(bare / own for bare, own in zip(baseline, subject, strict=True))
