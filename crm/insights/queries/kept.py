"""Figures that take seconds to count, kept for a while in the cache that all processes share."""

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.utils import timezone

KEPT_SECONDS = 3600


def kept(name: str, count: Callable[[], Any], seconds: int = KEPT_SECONDS) -> Any:
    """What was counted today, in Paris, and at most so many ``seconds`` ago; counted now where that is nothing."""
    key = f"insights.{name}.{timezone.localdate()}"
    known = cache.get(key)
    if known is None:
        known = count()
        cache.set(key, known, seconds)
    return known
