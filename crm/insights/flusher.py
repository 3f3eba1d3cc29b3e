"""Writes a buffer from a thread of its own, at most every few seconds and once more at the end.

Started by the first count of a process, never at import: gunicorn forks its workers after loading the
shop, and threads do not survive a fork.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable

from crm.insights.buffer import Buffer, Key

logger = logging.getLogger(__name__)
STOP_SECONDS = 5.0
Write = Callable[[dict[Key, int]], None]


class Flusher:
    """One per process. ``seconds`` 0 starts no thread: the owner calls ``flush`` itself.

    ``rest`` is called in the thread after each write, to give back what a sleeping thread must not hold.
    """

    def __init__(self, write: Write, *, seconds: float, rest: Callable[[], None] = lambda: None) -> None:
        self._write = write
        self._seconds = seconds
        self._rest = rest
        self._start_afresh()
        # A child would write its parent's counts a second time.
        os.register_at_fork(after_in_child=self._start_afresh)
        if seconds:
            atexit.register(self.stop)

    def _start_afresh(self) -> None:
        self.buffer = Buffer()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._stopping = threading.Event()

    def add(self, key: Key) -> None:
        self.buffer.add(key)
        if self._seconds and self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write what is there; after a failure keep it for the next time and say so in the log."""
        counts = self.buffer.drain()
        if not counts:
            return
        try:
            self._write(counts)
        except Exception as fault:
            self.buffer.put_back(counts)
            logger.warning("counts kept for later: %s", type(fault).__name__)

    def stop(self) -> None:
        """Let the thread finish its write, then write the rest."""
        self._stopping.set()
        self.buffer.filled.set()
        if self._thread:
            self._thread.join(STOP_SECONDS)
        self.flush()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="insights", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.buffer.filled.wait()
            # The pause comes first, so that a burst of requests costs one statement.
            self._stopping.wait(self._seconds)
            self.flush()
            try:
                self._rest()
            except Exception as fault:
                logger.warning("thread not at rest: %s", type(fault).__name__)
