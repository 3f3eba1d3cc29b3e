"""Counts kept in the process until somebody writes them. Knows neither database nor clock."""

import threading
from collections import Counter
from typing import NamedTuple


class Key(NamedTuple):
    """What is counted: a funnel step (page, metric and bucket empty) or a bucket of a page's histogram."""

    day: str
    step: str = ""
    page: str = ""
    metric: str = ""
    bucket: int = 0


class Buffer:
    """A counter many threads add to. Bounded: keys are days × steps and days × pages × buckets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self.filled = threading.Event()

    def add(self, key: Key, times: int = 1) -> None:
        with self._lock:
            self._counts[key] += times
            self.filled.set()

    def drain(self) -> dict[Key, int]:
        """Take everything out: what is added meanwhile waits for the next time."""
        with self._lock:
            taken, self._counts = dict(self._counts), Counter()
            self.filled.clear()
        return taken

    def put_back(self, counts: dict[Key, int]) -> None:
        """Return what could not be written."""
        with self._lock:
            self._counts.update(counts)
            if self._counts:
                self.filled.set()

    def __len__(self) -> int:
        return len(self._counts)
