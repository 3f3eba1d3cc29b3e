"""Reads of vouchers. A list starts from the customer; a code is looked up by its digest."""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from django.db.models import Case, Q, QuerySet, When

from loyalty.vouchers.models import Voucher
from loyalty.vouchers.rules import canonical

_SALT = "loyalty.vouchers.code"
# The page of a customer shows so many; nobody has more that still count.
MOST_SHOWN = 100


def digest_of(letters: str) -> str:
    """What is stored of a code. Of 98 random bits nothing leads back, and no key means none to lose: a code works as
    long as its voucher, whatever secrets are changed meanwhile.
    """
    return sha256(f"{_SALT}:{letters}".encode()).hexdigest()


def by_code(typed: str) -> Voucher | None:
    """The voucher whose code this is, whoever's, whatever its state. One query; none for what cannot be a code."""
    letters = canonical(typed)
    if letters is None:
        return None
    return Voucher.objects.select_related("owner").filter(code_digest=digest_of(letters)).first()


def vouchers_of(customer_ids: Collection[int]) -> QuerySet[Voucher]:
    """All of a customer's vouchers: those still to use first, the nearest end first. One query."""
    over = Q(used_at__isnull=False) | Q(cancelled_at__isnull=False)
    mine = Voucher.objects.filter(owner__in=customer_ids)
    return mine.order_by(Case(When(over, then=1), default=0), "valid_until", "-pk")[:MOST_SHOWN]


def own_voucher(customer_ids: Collection[int], voucher_id: int) -> Voucher | None:
    """One of a customer's vouchers, whatever its state. One query."""
    return Voucher.objects.select_related("owner").filter(owner__in=customer_ids, pk=voucher_id).first()


def usable_vouchers(
    customer_ids: Collection[int], *, now: datetime, own_order: str = ""
) -> QuerySet[Voucher]:
    """Those a customer may choose now, or that their ``own_order`` holds; the nearest end first. One query."""
    mine = Voucher.objects.filter(
        owner__in=customer_ids, order_reference__in={"", own_order}, used_at=None, cancelled_at=None,
        valid_from__lte=now, valid_until__gt=now,
    )  # fmt: skip
    return mine.order_by("valid_until", "pk")[:MOST_SHOWN]


def drawn_for(prefixes: Collection[str]) -> list[Voucher]:
    """All that were granted for what begins like one of these, whatever became of them. One query."""
    marks = Q(pk=None)
    for prefix in prefixes:
        marks |= Q(source__startswith=prefix)
    return list(Voucher.objects.filter(marks))


def voucher_held_by(order_reference: str) -> Voucher | None:
    """The voucher an order holds or used. One query."""
    return Voucher.objects.filter(order_reference=order_reference).first() if order_reference else None
