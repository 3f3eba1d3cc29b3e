"""Who carries out what promises give. Rooms above bind the remedies they know how to do, in config/wiring.py.

A rule whose remedy nobody carries out is not in force, and cannot be written: it would grant what nobody gives.
"""

from collections.abc import Iterable

_bound: set[str] = set()


def bind_remedies(remedies: Iterable[str]) -> None:
    """A room reacts to `events.CompensationGranted` of these remedies, and says when it is done."""
    _bound.update(remedies)


def carried_out() -> frozenset[str]:
    """The remedies that somebody carries out."""
    return frozenset(_bound)
