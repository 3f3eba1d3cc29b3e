"""How long a van takes from place to place. A provider answers for all pairs at once; the shipped one knows no streets."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from delivery.rounds.problem import Legs, Point

# How much longer streets are than the crow flies, in towns of France.
ROAD_FACTOR = 1.35
# Km/h by the hour of Paris, parking and lights included.
SPEED_KMH: Mapping[int, int] = {
    **dict.fromkeys(range(24), 26),
    **dict.fromkeys(range(7, 10), 17),
    **dict.fromkeys(range(10, 16), 21),
    **dict.fromkeys(range(16, 20), 16),
}
# From one door to the next in the same street: parking, unloading, walking.
SHORTEST_SECONDS = 150
SHORTEST_METRES = 250


class Travel(Protocol):
    """Answers for a routing engine. ``hours[n]`` is the hour of Paris at which ``points[n]`` is driven to."""

    def legs(self, points: Sequence[Point], hours: Sequence[int]) -> Legs:
        """Seconds and metres between any two of these places, the depot first."""


class CrowFlies:
    """Great circles made longer by a road factor, at the speed of the hour."""

    def legs(self, points: Sequence[Point], hours: Sequence[int]) -> Legs:
        metres = [[self._metres(one, other) for other in points] for one in points]
        seconds = [
            [
                self._seconds(far, hours[to] if to else hours[at]) if at != to else 0
                for to, far in enumerate(row)
            ]
            for at, row in enumerate(metres)
        ]
        return Legs(seconds, metres)

    def _metres(self, one: Point, other: Point) -> int:
        if one is other:
            return 0
        return max(SHORTEST_METRES, round(one.metres_to(other) * ROAD_FACTOR))

    def _seconds(self, metres: int, hour: int) -> int:
        return max(SHORTEST_SECONDS, round(metres * 3.6 / SPEED_KMH[hour % 24]))


def provider() -> Travel:
    """What `settings.DELIVERY_TRAVEL` names."""
    made: Travel = import_string(settings.DELIVERY_TRAVEL)()
    return made
