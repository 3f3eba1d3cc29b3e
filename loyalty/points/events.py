from dataclasses import dataclass

from config.facts import fact


@fact("points.PointsExpiring")
@dataclass(frozen=True, slots=True)
class PointsExpiring:
    """So many points of a customer come to their end, the first and the last at these instants: they must hear in time."""

    customer_id: int
    points: int
    first_epoch: float
    last_epoch: float
