from dataclasses import dataclass

from config.facts import fact


@fact("tracking.DeliveryArrived")
@dataclass(frozen=True, slots=True)
class DeliveryArrived:
    """A courier stands at the door; minutes after the slot's end, 0 where it is kept."""

    order_reference: str
    minutes_late: int


@fact("tracking.DeliveryMade")
@dataclass(frozen=True, slots=True)
class DeliveryMade:
    """An order was handed over, at so many seconds since 1970. ``refused``: the shop's references of what its customer
    did not take.
    """

    order_reference: str
    done_epoch: int
    refused: tuple[str, ...] = ()
    deposits_back: int = 0


@fact("tracking.DeliveryFailed")
@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """Nobody was there, or nothing was taken: it goes back to the depot. ``why`` is "absent" or "refused"."""

    order_reference: str
    why: str


@fact("tracking.RoundLeft")
@dataclass(frozen=True, slots=True)
class RoundLeft:
    """A courier has left the depot with these orders."""

    order_references: tuple[str, ...]


@fact("tracking.DelayForeseen")
@dataclass(frozen=True, slots=True)
class DelayForeseen:
    """It will more likely than not come after its slot, told once: seconds since 1970 of when it is expected, 0 where
    no van has it yet.
    """

    order_reference: str
    expected_epoch: int


@fact("tracking.IncidentAnnounced")
@dataclass(frozen=True, slots=True)
class IncidentAnnounced:
    """An order is concerned by what staff announced, with a delay in minutes."""

    order_reference: str
    incident_id: int
    delay_minutes: int
