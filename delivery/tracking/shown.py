"""A stop as its courier's screen shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID, uuid4

from django.http import HttpRequest

from delivery.tracking import wording
from delivery.tracking.models import Visit

CODE_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Door:
    """``way`` opens the phone's own map, with the address and nothing else. ``key`` is a fresh one for what its form will say."""

    visit: Visit
    way: str
    crates: list[tuple[str, str]]
    key: UUID = field(default_factory=uuid4)

    @property
    def state(self) -> str:
        """An order called off or moved before it was brought is not brought, whoever noted it first."""
        return self.visit.withdrawn_as or self.visit.state

    @property
    def is_open(self) -> bool:
        return self.state in Visit.OPEN

    @property
    def is_newcomer(self) -> bool:
        return self.visit.drop.is_newcomer

    @property
    def floor(self) -> str:
        return wording.floor(self.visit.drop.floor)

    @property
    def absent_said(self) -> str:
        return str(wording.ABSENT.get(self.visit.absent_because, ""))


def code_of(order_reference: str) -> str:
    """What a customer may give in place of a name: the end of the order's reference, which stands in all letters."""
    return order_reference[-CODE_LENGTH:].upper()


def door(request: HttpRequest, visit: Visit) -> Door:
    return Door(visit, _way(request, visit), wording.crates(visit.drop.crates))


def doors(request: HttpRequest, visits: Iterable[Visit]) -> list[Door]:
    return [door(request, visit) for visit in visits]


def next_of(found: Iterable[Door]) -> Door | None:
    """Where the courier stands already, else the first one to come."""
    left = [one for one in found if one.is_open]
    at_door = [one for one in left if one.state == Visit.State.ARRIVED]
    return next(iter(at_door or left), None)


def _way(request: HttpRequest, visit: Visit) -> str:
    """Apple's phones do not know ``geo:``; on the others it opens whichever map its courier chose, without an account."""
    drop = visit.drop
    address = quote(", ".join([drop.line1, f"{drop.postcode} {drop.city}".strip()]))
    return (
        f"https://maps.apple.com/?daddr={address}" if _is_apple(request.headers) else f"geo:0,0?q={address}"
    )


def _is_apple(headers: Mapping[str, str]) -> bool:
    said = headers.get("User-Agent", "")
    return any(word in said for word in ("iPhone", "iPad", "Macintosh"))
