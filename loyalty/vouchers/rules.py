"""A voucher's code, what it takes off an order, and when it may be used. Pure."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

NOTHING = Decimal("0.00")
CENT = Decimal("0.01")
AMOUNT, PERCENTAGE, DELIVERY = "amount", "percentage", "delivery"
# Without I, O, 0, 1, L, U: read aloud on the telephone without a mistake.
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
# Twenty of thirty letters: 98 bits, which nobody guesses, whatever the limits on trying.
GROUPS, GROUP = 4, 5
# What a person may type around the letters; beyond, it is read no further.
MOST_TYPED = 100


class VoucherRefused(Exception):
    """This voucher takes nothing off this order; each kind says why."""


class VoucherUnknown(VoucherRefused):
    """No voucher has this code."""


class VoucherNotYours(VoucherRefused):
    """It is somebody else's. Told in the words of VoucherUnknown: a code must not be recognised by trying."""


class VoucherCancelled(VoucherRefused):
    """The shop took it back."""


class VoucherSpent(VoucherRefused):
    """An order has used it."""


class VoucherTaken(VoucherSpent):
    """Another order that is under way holds it, and may still give it back."""


class VoucherNotYet(VoucherRefused):
    """Its first day is to come."""


class VoucherExpired(VoucherRefused):
    """Its last day is over."""


class BelowVoucherMinimum(VoucherRefused):
    """The goods do not reach its minimum; ``missing`` euros."""

    def __init__(self, missing: Decimal) -> None:
        super().__init__(missing)
        self.missing = missing


class FirstOrderOnly(VoucherRefused):
    """It is for a customer's first order."""


class VoucherWorthless(VoucherRefused):
    """It would take nothing off: the delivery is offered already, or no article may be reduced."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a voucher is worth: ``value`` is euros or percent, ``ceiling`` the most euros a percentage takes off."""

    kind: str
    value: Decimal = NOTHING
    ceiling: Decimal | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Discount:
    """Euros that a voucher takes off. ``is_cut``: it would be worth more than this order lets it take."""

    on_goods: Decimal = NOTHING
    on_delivery: Decimal = NOTHING
    is_cut: bool = False

    @property
    def total(self) -> Decimal:
        return self.on_goods + self.on_delivery


class Conditions(Protocol):
    """What `check` looks at."""

    order_reference: str
    used_at: datetime | None
    cancelled_at: datetime | None
    valid_from: datetime
    valid_until: datetime
    minimum_goods: Decimal
    first_order_only: bool

    def is_open_to(self, customer_id: int | None) -> bool: ...


def new_code() -> str:
    """A readable code such as ``7KQ2M-XPA4V-…``: four groups of five letters, 98 bits."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP))
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def canonical(typed: str) -> str | None:
    """The letters of what was typed, whatever spaces, dashes and case; None for what is no code."""
    if len(typed) > MOST_TYPED:
        return None
    letters = "".join(sign for sign in typed.upper() if not sign.isspace() and sign not in "-–—_.")
    return letters if len(letters) == GROUPS * GROUP and set(letters) <= set(ALPHABET) else None


def discount(
    terms: Terms, *, goods: Decimal, delivery: Decimal, to_pay: Decimal, least: Decimal = NOTHING
) -> Discount:
    """What a voucher takes off ``goods`` (those it may reduce, deposits left out) or off ``delivery``.

    Never more than there is, and never so much of ``to_pay``, the whole order, that less than ``least`` would remain.
    """
    whole = delivery if terms.kind == DELIVERY else goods
    worth = whole if terms.kind == DELIVERY else _worth(terms, goods)
    taken = max(NOTHING, min(worth, whole, to_pay - least))
    if terms.kind == DELIVERY:
        return Discount(on_delivery=taken, is_cut=taken < worth)
    return Discount(on_goods=taken, is_cut=taken < worth)


def _worth(terms: Terms, goods: Decimal) -> Decimal:
    """Of these goods, before any limit but the voucher's own ceiling; a percentage half up to the cent."""
    if terms.kind == AMOUNT:
        return terms.value
    share = (goods * terms.value / 100).quantize(CENT, rounding=ROUND_HALF_UP)
    return share if terms.ceiling is None else min(share, terms.ceiling)


def check(
    voucher: Conditions, *, customer_id: int | None, goods: Decimal, is_first_order: bool, now: datetime,
    own_order: str = "",
) -> None:  # fmt: skip
    """Raise the VoucherRefused that keeps this voucher from an order of so much ``goods``, if one does.

    Whose it is comes first: a stranger learns nothing else of it. ``own_order`` holds it already.
    """
    if not voucher.is_open_to(customer_id):
        raise VoucherNotYours
    if voucher.cancelled_at is not None:
        raise VoucherCancelled
    if voucher.used_at is not None:
        raise VoucherSpent
    if voucher.order_reference not in {"", own_order}:
        raise VoucherTaken
    if voucher.valid_from > now:
        raise VoucherNotYet
    if voucher.valid_until <= now:
        raise VoucherExpired
    if voucher.first_order_only and not is_first_order:
        raise FirstOrderOnly
    if goods < voucher.minimum_goods:
        raise BelowVoucherMinimum(voucher.minimum_goods - goods)
