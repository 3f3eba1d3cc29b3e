"""When the doors to come will be reached, as intervals, told from how the round has gone so far. Pure.

Each leg is its planned time times a pace that this round shows, shrunk towards the plan while little was seen: after a
quarter of an hour on the road one late light proves nothing. What is unknown of the pace grows with the way ahead, what is
unknown of each door adds up on top. A courier who comes before the slot waits for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import erf, sqrt

# How much driving, and how much time at doors, the plan's own word is worth, in seconds.
DRIVE_PRIOR, SERVICE_PRIOR = 2_400, 1_200
# Share by which a single leg, and a single door, usually differ from what the pace says.
LEG_SPREAD, DOOR_SPREAD = 0.28, 0.45
# And the pace itself, before anything of the round was seen.
PACE_SPREAD = 0.16
# What happened long ago tells less: each later leg halves the weight of what came some six legs before.
FORGETTING = 0.89
# Eight times of ten.
Z = 1.2816
# A window is never said to be narrower: nobody counts on five minutes.
NARROWEST = timedelta(minutes=10)
# More likely late than this is worth a letter: at a half, one letter in three cries wolf, and at eight tenths one late
# door in six is not told (`manage.py bench road`).
WARN_FROM = 0.65


@dataclass(frozen=True, slots=True)
class Leg:
    """One door of the plan: seconds on the road to it and at it, and its slot."""

    drive: int
    service: int
    slot_starts_at: datetime
    slot_ends_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """A leg that is over: what was planned of it and what it took, in seconds. Time spent waiting for a slot is no
    driving and is left out.
    """

    drive: int
    drove: int
    service: int = 0
    stayed: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """A door of the plan that the courier has come to; ``done_at`` is None while they are there."""

    leg: Leg
    arrived_at: datetime
    done_at: datetime | None = None

    @property
    def begins_at(self) -> datetime:
        """A courier who comes before the slot waits for it."""
        return max(self.arrived_at, self.leg.slot_starts_at)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Most likely, between which instants eight times of ten, and how likely it is after the slot's end."""

    expected_at: datetime
    earliest_at: datetime
    latest_at: datetime
    late_chance: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How many times the planned seconds a round takes on the road and at doors, and how sure that is (a share)."""

    drive: float = 1.0
    service: float = 1.0
    spread: float = PACE_SPREAD


def pace_of(seen: Sequence[Seen]) -> Pace:
    """From what a round has shown so far; the latest legs count most."""
    drive = service = drove = stayed = 0.0
    for age, one in enumerate(reversed(seen)):
        weight = FORGETTING**age
        drive += weight * one.drive
        drove += weight * one.drove
        service += weight * one.service
        stayed += weight * one.stayed
    return Pace(
        drive=(DRIVE_PRIOR + drove) / (DRIVE_PRIOR + drive),
        service=(SERVICE_PRIOR + stayed) / (SERVICE_PRIOR + service),
        spread=PACE_SPREAD * sqrt(DRIVE_PRIOR / (DRIVE_PRIOR + drive)),
    )


def seen_of(reached: Sequence[Reached], *, left_at: datetime) -> list[Seen]:
    """The legs that are over, of doors in the order in which they were reached; the depot was left at ``left_at``."""
    told, from_at = [], left_at
    for one in reached:
        drove = _seconds(one.arrived_at - from_at)
        if one.done_at is None:
            told.append(Seen(one.leg.drive, drove))
        else:
            told.append(Seen(one.leg.drive, drove, one.leg.service, _seconds(one.done_at - one.begins_at)))
            from_at = one.done_at
    return told


def _seconds(passed: timedelta) -> int:
    return max(0, round(passed.total_seconds()))


def goes_on_at(reached: Sequence[Reached], *, left_at: datetime, now: datetime) -> datetime:
    """When the courier goes on to the next door: from the depot, from the last door, or from the one being served."""
    at_door = [one for one in reached if one.done_at is None]
    if at_door:
        here = at_door[-1]
        return max(here.begins_at + timedelta(seconds=here.leg.service), now)
    return max((one.done_at for one in reached if one.done_at), default=left_at)


def estimate_onward(
    to_come: Sequence[Leg], reached: Sequence[Reached], *, left_at: datetime, now: datetime
) -> list[Estimate]:
    """Estimates of the doors to come of a round, from those it has reached so far, each in their order."""
    return estimate(
        to_come,
        leaves_at=goes_on_at(reached, left_at=left_at, now=now),
        not_before=now,
        pace=pace_of(seen_of(reached, left_at=left_at)),
    )


def estimate(legs: Sequence[Leg], *, leaves_at: datetime, not_before: datetime, pace: Pace) -> list[Estimate]:
    """Estimates of the doors to come, in their order. The courier goes on at ``leaves_at``; nobody arrives before
    ``not_before``, the present: what should have happened by now has not.
    """
    told: list[Estimate] = []
    clock, driven, variance = leaves_at, 0.0, 0.0
    for leg in legs:
        drive = leg.drive * pace.drive
        driven += drive
        variance += (drive * LEG_SPREAD) ** 2
        arrives = max(clock + timedelta(seconds=drive), not_before)
        spread = timedelta(seconds=sqrt(variance + (driven * pace.spread) ** 2))
        told.append(_estimate(arrives, spread, leg, not_before))
        service = leg.service * pace.service
        variance += (service * DOOR_SPREAD) ** 2
        if arrives < leg.slot_starts_at:
            # What was gained is waited away, and most of the doubt with it.
            variance *= 0.25
        clock = max(arrives, leg.slot_starts_at) + timedelta(seconds=service)
    return told


def _estimate(arrives: datetime, spread: timedelta, leg: Leg, not_before: datetime) -> Estimate:
    half = max(Z * spread, NARROWEST / 2)
    return Estimate(
        expected_at=max(arrives, leg.slot_starts_at),
        earliest_at=max(arrives - half, leg.slot_starts_at, not_before),
        latest_at=max(arrives + half, leg.slot_starts_at + NARROWEST, not_before + NARROWEST),
        late_chance=_beyond(leg.slot_ends_at - arrives, spread),
    )


def _beyond(margin: timedelta, spread: timedelta) -> float:
    """How likely an arrival is later than expected by more than ``margin``."""
    if not spread:
        return float(margin < timedelta())
    return 0.5 * (1 - erf(margin / spread / sqrt(2)))
