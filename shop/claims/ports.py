"""What this room needs from above; bound in config/wiring.py."""

from collections.abc import Callable

from shop.claims.rules import HelpHours

_hours: list[Callable[[], HelpHours]] = []


def bind_help_hours(hours: Callable[[], HelpHours]) -> None:
    _hours[:] = [hours]


def help_hours() -> HelpHours:
    """When people answer the telephone."""
    return _hours[0]()
