"""A voucher's code, what it takes off an order, and when it may be used. Pure."""

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
# A code for many is short and said aloud: known to whoever hears it, kept as it is read.
CODE_LEAST, CODE_MOST = 4, 20
CODE_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
# For whom a shared code is; what lies beyond everybody and newcomers is nobody's business but theirs.
EVERYONE, NEWCOMERS = "everyone", "newcomers"
AWAY, AT_LEAST, AT_MOST = "away", "at_least", "at_most"
SEGMENTS = frozenset({AWAY, AT_LEAST, AT_MOST})


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


class NotForYou(VoucherUnknown):
    """A shared code for other customers. Told in the words of VoucherUnknown: how the shop sorts them is its own."""


class SignInForCode(VoucherRefused):
    """A shared code is had once by each customer, and a guest is a new party each time."""


class EmailUnproven(VoucherRefused):
    """A shared code wants a customer whose address is verified."""


class CodeNotYet(VoucherNotYet):
    """A shared code whose first day is to come, at ``starts_at``."""

    def __init__(self, starts_at: datetime) -> None:
        super().__init__(starts_at)
        self.starts_at = starts_at


class CodeOver(VoucherExpired):
    """A shared code that ended, or that was stopped once it had begun."""


class CodeExhausted(VoucherRefused):
    """All the uses or all the money of a shared code are gone."""


class CodeSpent(VoucherSpent):
    """This customer has used the shared code."""


class CodeChanged(VoucherRefused):
    """Its terms were written anew since they were read: the shopper looks again."""


class NotTheseArticles(VoucherRefused):
    """None of the articles it is for is in the basket; ``names`` says which those are."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(names)
        self.names = names


@dataclass(frozen=True, slots=True)
class Terms:
    """What a voucher is worth: ``value`` is euros or percent, ``ceiling`` the most euros a percentage takes off,
    ``most`` what was drawn for it on a budget, which it never exceeds.
    """

    kind: str
    value: Decimal = NOTHING
    ceiling: Decimal | None = None
    label: str = ""
    most: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The named articles a shared code is for, by opaque ids; empty: the whole basket."""

    products: frozenset[int] = frozenset()
    aisles: frozenset[int] = frozenset()
    brands: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.products or self.aisles or self.brands)

    def covers(self, *, product: int, aisles: Sequence[int | None] = (), brand: int | None = None) -> bool:
        return product in self.products or brand in self.brands or not self.aisles.isdisjoint(aisles)


@dataclass(frozen=True, slots=True)
class Buying:
    """What a party has bought, its guests included: orders that stand, those of them delivered, the last one."""

    placed: int = 0
    delivered: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who wants to use a shared code; nobody known is a guest."""

    customer_id: int | None = None
    is_proven: bool = False
    buying: Buying = field(default_factory=Buying)


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


def canonical_code(typed: str) -> str | None:
    """The signs of a shared code, whatever spaces, dashes, case and accents; None for what cannot be one."""
    if len(typed) > MOST_TYPED:
        return None
    plain = (one for one in unicodedata.normalize("NFD", typed.upper()) if not unicodedata.combining(one))
    signs = "".join(sign for sign in plain if not sign.isspace() and sign not in "-–—_.")
    return signs if CODE_LEAST <= len(signs) <= CODE_MOST and set(signs) <= CODE_SIGNS else None


def discount(
    terms: Terms, *, goods: Decimal, delivery: Decimal, to_pay: Decimal, least: Decimal = NOTHING,
    bearable: Decimal | None = None,
) -> Discount:  # fmt: skip
    """What a voucher takes off ``goods`` (those it may reduce, deposits left out) or off ``delivery``.

    Never more than there is, nor than those goods may bear, and never so much of ``to_pay``, the whole order, that less
    than ``least`` would remain.
    """
    whole = delivery if terms.kind == DELIVERY else goods if bearable is None else bearable
    worth = whole if terms.kind == DELIVERY else _worth(terms, goods)
    limits = [worth, whole, to_pay - least, *([] if terms.most is None else [terms.most])]
    taken = max(NOTHING, min(limits))
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


class SharedConditions(Protocol):
    """What `check_code` looks at."""

    starts_at: datetime
    ends_at: datetime
    stopped_at: datetime | None
    audience: str
    audience_number: int | None
    most_uses: int | None
    uses: int


def check_code(code: SharedConditions, buyer: Buyer, *, now: datetime, is_drawn: bool = False) -> None:
    """Raise the VoucherRefused that keeps a shared code from this buyer, if one does.

    What was never announced and what is for others come first, in the words of an unknown one. ``is_drawn``: the
    buyer's own order counts among its uses already.
    """
    if code.stopped_at is not None and code.stopped_at < code.starts_at:
        raise VoucherUnknown
    if code.audience in SEGMENTS and not _belongs(code, buyer, now):
        raise NotForYou
    if code.starts_at > now:
        raise CodeNotYet(code.starts_at)
    if code.ends_at <= now or code.stopped_at is not None:
        raise CodeOver
    if buyer.customer_id is None:
        raise SignInForCode
    if not buyer.is_proven:
        raise EmailUnproven
    if code.audience == NEWCOMERS and buyer.buying.placed:
        raise FirstOrderOnly
    if not is_drawn and code.most_uses is not None and code.uses >= code.most_uses:
        raise CodeExhausted


def _belongs(code: SharedConditions, buyer: Buyer, now: datetime) -> bool:
    """Nobody known belongs to a segment."""
    if buyer.customer_id is None:
        return False
    number, buying = code.audience_number or 0, buyer.buying
    if code.audience == AT_LEAST:
        return buying.delivered >= number
    if code.audience == AT_MOST:
        return buying.delivered <= number
    return buying.last_at is not None and buying.last_at < now - timedelta(days=number)
