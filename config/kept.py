"""What a process keeps of what it has built: fragments, menus, orders of shelves.

Two kinds of keys make it exact. A row's own version, read with the row, names everything built from that
row. A *version of a whole* (the aisles, the zones) is a random word in the cache, changed once a change
commits: whoever read before the change stores under the old word, where nobody looks any more.

The cache may vanish at any moment: then each request makes up its own words and builds everything anew.
"""

import contextlib
import logging
import sys
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple, TypeVar

from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import transaction

logger = logging.getLogger(__name__)
Built = TypeVar("Built")
MOST_BYTES = 8_000_000
# Should a process die between its commit and the new word, or the cache not hear it: everybody catches up then.
WORD_SECONDS = 300
# How much longer than its time something may be shown while it is built anew, and how long that may take.
LATE_TIMES = 10
CLAIM_SECONDS = 10
# What a menu, a zone or a card takes, more or less.
SMALL = 1_000
# The wholes that have a version; one question to the cache answers for all of them.
WHOLES = ("aisles", "shelves", "zones", "promotions", "synonyms", "reviews", "points")
# What stands under these lapses by itself within the minute: their words need not.
LASTING = {"shelves"}
_store: OrderedDict[Hashable, "Entry"] = OrderedDict()
_size = 0
_lock = threading.Lock()
_request = threading.local()


class Entry(NamedTuple):
    """``until`` when it lives, by the monotonic clock, 0 for good; ``due`` when it is to be built anew, later with each try."""

    value: Any
    size: int
    until: float
    due: float


def built(
    key: Hashable,
    build: Callable[[], Built],
    *,
    weigh: Callable[[Built], int] | None = None,
    seconds: float = 0,
) -> Built:
    """What was built under this key, building it when it is not there. No query of its own.

    ``weigh`` says what it takes, in bytes, where it is no text; ``seconds`` bounds its life.
    """
    if (found := _found(key)) is not None:
        return found.value  # type: ignore[no-any-return]
    new = build()
    keep(key, new, size=weigh(new) if weigh else weight(new), seconds=seconds)
    return new


def renewed(
    key: Hashable, build: Callable[[], Built], *, weigh: Callable[[Built], int], seconds: float
) -> Built:
    """As ``built``, for what takes long: once it lapsed it is shown a last time, and built anew when that page has left.

    So nobody waits for what others look at too. What lapsed ten times ``seconds`` ago is built at once, as it is where
    no page is being answered.
    """
    found = _store.get(key)
    if found is None or not _may_be_late(found, seconds):
        return built(key, build, weigh=weigh, seconds=seconds)
    if _claim(key, found):
        _request.later.append(lambda: keep(key, new := build(), size=weigh(new), seconds=seconds))
    return found.value  # type: ignore[no-any-return]


def _may_be_late(found: Entry, seconds: float) -> bool:
    late = time.monotonic() - found.until
    return getattr(_request, "is_open", False) and 0 <= late < LATE_TIMES * seconds


def _claim(key: Hashable, found: Entry) -> bool:
    """Of those who find it lapsed, one builds it; should that fail, the next to ask after some seconds does."""
    now = time.monotonic()
    with _lock:
        if now < found.due or _store.get(key) is not found:
            return False
        _store[key] = found._replace(due=now + CLAIM_SECONDS)
        return True


def weight(value: Any) -> int:
    """What a text takes in bytes: as much for each character as its rarest needs. Anything else counts as small."""
    return sys.getsizeof(value) if isinstance(value, str | bytes) else SMALL


def peek(key: Hashable) -> Any:
    """What was built under this key, or None."""
    found = _found(key)
    return found.value if found else None


def _found(key: Hashable) -> Entry | None:
    found = _store.get(key)
    if found is None or (found.until and found.until <= time.monotonic()):
        return None
    # Another thread may have let it go in between.
    with contextlib.suppress(KeyError):
        _store.move_to_end(key)
    return found


def keep(key: Hashable, value: Any, *, size: int, seconds: float = 0) -> None:
    """Store, letting what was not asked for the longest go where room is short."""
    global _size
    with _lock:
        if before := _store.pop(key, None):
            _size -= before.size
        until = time.monotonic() + seconds if seconds else 0
        _store[key] = Entry(value, size, until, until)
        _size += size
        while _size > MOST_BYTES:
            _size -= _store.popitem(last=False)[1].size


def forget_everything() -> None:
    """An empty store, for tests and for measuring a first view."""
    global _size
    with _lock:
        _store.clear()
        _size = 0
    _request.versions = None


def version(whole: str) -> str:
    """The present word of a whole. One question to the cache a request, whatever the number of wholes."""
    versions: dict[str, str] | None = getattr(_request, "versions", None)
    if versions is None:
        versions = _read_versions()
        if getattr(_request, "is_open", False):
            _request.versions = versions
    return versions[whole]


def _read_versions() -> dict[str, str]:
    names = {_name(whole): whole for whole in WHOLES}
    found = {names[name]: word for name, word in cache.get_many(list(names)).items()}
    for whole in WHOLES:
        if whole not in found:
            # Of two processes that find nothing, one wins, and both use its word.
            cache.add(_name(whole), word := uuid.uuid4().hex, timeout=_life(whole))
            found[whole] = cache.get(_name(whole), word)
    return found


def changed(whole: str) -> None:
    """Whatever was built from this whole is built anew once this transaction commits. No query."""

    def rename() -> None:
        cache.set(_name(whole), uuid.uuid4().hex, timeout=_life(whole))
        _request.versions = None

    transaction.on_commit(rename)


def _name(whole: str) -> str:
    return f"version:{whole}"


def _life(whole: str) -> float | None:
    """How long a word of it lives, in seconds; None for as long as the cache."""
    return None if whole in LASTING else WORD_SECONDS


def a_page_is_read() -> bool:
    """Whether this thread answers a request that changes nothing."""
    return getattr(_request, "method", "") in {"GET", "HEAD"}


def _open(environ: Mapping[str, Any] | None = None, **_signal: Any) -> None:
    _request.is_open, _request.versions, _request.later = True, None, []
    _request.method = (environ or {}).get("REQUEST_METHOD", "")


def _close(**_signal: Any) -> None:
    """The answer has left: whatever it showed late is built anew, for the next."""
    for build in getattr(_request, "later", ()):
        try:
            build()
        except Exception:
            logger.exception("could not be built anew")
    _request.is_open, _request.versions, _request.method, _request.later = False, None, "", []


request_started.connect(_open, dispatch_uid="kept.open")
request_finished.connect(_close, dispatch_uid="kept.close")
