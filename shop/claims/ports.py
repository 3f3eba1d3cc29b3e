"""What this room needs from above; bound in config/wiring.py."""

from collections.abc import Callable
from datetime import datetime

_call_by: list[Callable[[datetime], datetime]] = []


def bind_call_by(within_an_hour: Callable[[datetime], datetime]) -> None:
    """By when whoever answers the telephone has called, asked at an instant: within the hour, of opening hours."""
    _call_by[:] = [within_an_hour]


def promised_call(now: datetime) -> datetime:
    return _call_by[0](now)
