"""What truly happened on a simulated day, and what must follow from that alone.

Knows nothing of how the shop judges: what is promised in public is written here once more, to be compared. A test holds
that nothing of the simulator imports the room of promises.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

# Promised in public: more than so long after its slot, or so many articles absent without a word, and the delivery
# is given back, or the next one where it was offered.
VERY_LATE, MANY_ABSENT = timedelta(minutes=30), 2
MINUTES_5, MINUTES_30 = timedelta(minutes=5), timedelta(minutes=30)
FIRST_ORDERS = 3


@dataclass(slots=True)
class Lived:
    """One order: promised for a slot, and what became of it. ``arrived_at`` stays None for what never came."""

    reference: str
    zone: str
    rank: int
    slot_starts_at: datetime
    slot_ends_at: datetime
    absent: int
    told: int
    fee_cents: int
    # What a delivery of its zone costs at most.
    next_fee_cents: int
    carrier: str = ""
    arrived_at: datetime | None = None
    warned_at: datetime | None = None

    @property
    def is_on_time(self) -> bool:
        return self._came_within(timedelta())

    @property
    def is_complete(self) -> bool:
        return not (self.absent or self.told)

    def _came_within(self, delay: timedelta) -> bool:
        return self.arrived_at is not None and self.arrived_at < self.slot_ends_at + delay + timedelta(
            seconds=1
        )

    @property
    def due(self) -> tuple[str, int] | None:
        """(remedy, cents) that it is owed, once however often it was let down."""
        late = self.arrived_at is not None and self.arrived_at - self.slot_ends_at >= VERY_LATE + timedelta(
            seconds=1
        )
        if not (late or self.absent >= MANY_ABSENT):
            return None
        return (
            ("delivery_refund", self.fee_cents) if self.fee_cents else ("next_delivery", self.next_fee_cents)
        )


@dataclass(frozen=True, slots=True)
class Public:
    """What the public page must say of a group of orders."""

    orders: int = 0
    kept: int = 0
    on_time: int = 0
    within_5: int = 0
    within_30: int = 0
    complete: int = 0
    lacked: int = 0
    told_before: int = 0
    first_orders: int = 0
    first_kept: int = 0
    compensations: int = 0
    compensation_cents: int = 0


def compensations(day: Iterable[Lived]) -> dict[str, tuple[str, int]]:
    """Reference → (remedy, cents)."""
    return {one.reference: one.due for one in day if one.due}


def public(day: Iterable[Lived]) -> dict[tuple[str, str], Public]:
    """(zone, carrier) → figures."""
    groups: dict[tuple[str, str], list[Lived]] = {}
    for one in day:
        groups.setdefault((one.zone, one.carrier), []).append(one)
    return {key: _figures(found) for key, found in groups.items()}


def _figures(found: list[Lived]) -> Public:
    owed = [one.due for one in found if one.due]
    kept = [one for one in found if one.is_on_time and one.is_complete]
    first = [one for one in found if one.rank <= FIRST_ORDERS]
    return Public(
        orders=len(found),
        kept=len(kept),
        on_time=sum(one.is_on_time for one in found),
        within_5=sum(one._came_within(MINUTES_5) for one in found),
        within_30=sum(one._came_within(MINUTES_30) for one in found),
        complete=sum(one.is_complete for one in found),
        lacked=sum(not one.is_complete for one in found),
        told_before=sum(one.told > 0 and not one.absent for one in found),
        first_orders=len(first),
        first_kept=sum(one in kept for one in first),
        compensations=len(owed),
        compensation_cents=sum(cents for _remedy, cents in owed),
    )


@dataclass(frozen=True, slots=True)
class Warned:
    """How the warnings of a day did: late and told before the slot ended, told and not late, late and not told in time."""

    right: int
    wrong: int
    missed: int
    lead_minutes: float | None


def warned(day: Iterable[Lived]) -> Warned:
    right, wrong, missed, leads = 0, 0, 0, []
    for one in day:
        in_time = one.warned_at is not None and one.warned_at < one.slot_ends_at
        if one.is_on_time:
            wrong += one.warned_at is not None
        elif in_time and one.warned_at:
            right += 1
            leads.append((one.slot_ends_at - one.warned_at).total_seconds() / 60)
        else:
            missed += 1
    leads.sort()
    return Warned(right, wrong, missed, leads[len(leads) // 2] if leads else None)


def differences(expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> list[str]:
    """What of one is not so in the other, in words."""
    keys = sorted({*expected, *found}, key=str)
    return [
        f"{key}\u202f: attendu {_said(expected.get(key))}, trouvé {_said(found.get(key))}"
        for key in keys
        if expected.get(key) != found.get(key)
    ]


def _said(value: object) -> str:
    if isinstance(value, Public):
        return ", ".join(f"{one.name} {getattr(value, one.name)}" for one in fields(value))
    return "rien" if value is None else str(value)
