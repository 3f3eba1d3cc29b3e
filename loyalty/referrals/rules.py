"""An invitation's code, what a first order says of who is behind it, and the year a sponsor's friends are counted in. Pure."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# Without I, O, 0, 1, L, U, as the codes of vouchers: read aloud on the telephone without a mistake.
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
# Ten of thirty letters: 49 bits. It is no money, and wrong ones are limited: at forty an hour a machine would try for ages.
GROUPS, GROUP = 2, 5
# What a person may type around the letters; beyond, it is read no further.
MOST_TYPED = 40
# More friends than this in so many days are looked at by somebody.
MANY_FRIENDS, MANY_WITHIN = 5, timedelta(days=7)
# A voucher that a sponsor earned lasts so long.
EARNED_LASTS = timedelta(days=365)
# No trace of an address, a card or a device is kept longer: thirteen months, the CNIL's limit for what is kept of a visitor.
TRACES_LAST = timedelta(days=395)


class InvitationRefused(Exception):
    """This invitation is not for this customer; each kind says why."""


class InvitationUnknown(InvitationRefused):
    """No invitation has this code."""


class InvitationOver(InvitationRefused):
    """Its last day is over, or whoever sent it may invite no more."""


class OwnInvitation(InvitationRefused):
    """It is the customer's own."""


class InTurn(InvitationRefused):
    """The customer brought the sponsor in: they do not bring each other."""


class AlreadyInvited(InvitationRefused):
    """Somebody else's invitation was accepted first."""


class NotNew(InvitationRefused):
    """The customer has ordered before."""


class SponsorBlocked(Exception):
    """Staff stopped this customer's invitations."""


class NoReferrals(Exception):
    """No rules of referral are in force."""


class YearIsFull(Exception):
    """The sponsor was rewarded for as many friends as a year allows."""


class SponsorGone(Exception):
    """The sponsor has no account any more: there is nobody to reward."""


class Signal(StrEnum):
    """What staff look at. Never a refusal by itself, whatever else is found."""

    ADDRESS_SPONSOR = "address_sponsor"
    ADDRESS_FRIEND = "address_friend"
    CARD_SPONSOR = "card_sponsor"
    CARD_FRIEND = "card_friend"
    DEVICE_SPONSOR = "device_sponsor"
    DEVICE_FRIEND = "device_friend"
    MANY = "many"
    MOSTLY_BACK = "mostly_back"
    BLOCKED = "blocked"


Digests = frozenset[str]


@dataclass(frozen=True, slots=True)
class Traces:
    """Digests of where somebody has orders brought, of the cards they paid with, of the browsers they used."""

    addresses: Digests = frozenset()
    cards: Digests = frozenset()
    devices: Digests = frozenset()


def signals(
    friend: Traces, sponsor: Traces, others: Traces, *, recent_friends: int, kept_cents: int, billed_cents: int,
    is_blocked: bool,
) -> list[Signal]:  # fmt: skip
    """What speaks for one person behind two accounts, in the order of `Signal`. ``others``: the sponsor's other friends."""
    found = {
        Signal.ADDRESS_SPONSOR: friend.addresses & sponsor.addresses,
        Signal.ADDRESS_FRIEND: friend.addresses & others.addresses,
        Signal.CARD_SPONSOR: friend.cards & sponsor.cards,
        Signal.CARD_FRIEND: friend.cards & others.cards,
        Signal.DEVICE_SPONSOR: friend.devices & sponsor.devices,
        Signal.DEVICE_FRIEND: friend.devices & others.devices,
        Signal.MANY: recent_friends > MANY_FRIENDS,
        Signal.MOSTLY_BACK: kept_cents * 2 < billed_cents,
        Signal.BLOCKED: is_blocked,
    }
    return [signal for signal in Signal if found[signal]]


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP))


def shown(code: str) -> str:
    """« 7KQ2M-XPA4V »."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def canonical(typed: str) -> str | None:
    """The letters of what was typed, whatever spaces, dashes and case; None for what is no code."""
    if len(typed) > MOST_TYPED:
        return None
    letters = "".join(sign for sign in typed.upper() if not sign.isspace() and sign not in "-–—_.")
    return letters if len(letters) == GROUPS * GROUP and set(letters) <= set(ALPHABET) else None


def ends_at(begins: datetime, days: int) -> datetime:
    """The end of the day, in Paris, so many days later."""
    last = begins.astimezone(PARIS).date() + timedelta(days=days)
    return datetime.combine(last + timedelta(days=1), datetime.min.time(), PARIS)


def year_of(at: datetime) -> tuple[datetime, datetime]:
    """The first instant of the year in Paris, and that of the next."""
    year = at.astimezone(PARIS).year
    first, after = (datetime.combine(date(one, 1, 1), datetime.min.time(), PARIS) for one in (year, year + 1))
    return first, after
