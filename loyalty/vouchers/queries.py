"""Reads of vouchers. A list starts from the customer; a code is looked up by its digest."""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from django.db.models import Case, Q, QuerySet, When

from loyalty.vouchers.models import SharedCode, Voucher
from loyalty.vouchers.ports import buying_of
from loyalty.vouchers.rules import EVERYONE, Buyer, Buying, canonical, canonical_code
from shop.customers.models import Customer
from shop.customers.queries import is_proven_email

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
    return (
        Voucher.objects.select_related("owner", "shared_code").filter(code_digest=digest_of(letters)).first()
    )


def shared_code_by(typed: str) -> SharedCode | None:
    """The shared code that was typed, whatever its state. One query; none for what cannot be one."""
    signs = canonical_code(typed)
    return SharedCode.objects.filter(code=signs).first() if signs else None


def voucher_of_code(code: SharedCode, customer: Customer | None) -> Voucher:
    """What a customer has of a shared code; what they would have, unsaved, where they have none yet. One query."""
    of_code = Voucher.objects.select_related("owner", "shared_code")
    known = of_code.filter(shared_code=code, owner=customer).first() if customer else None
    return known or Voucher(
        kind=code.kind, value=code.value, ceiling=code.ceiling, minimum_goods=code.minimum_goods,
        first_order_only=code.first_order_only, valid_from=code.starts_at, valid_until=code.ends_at,
        shared_code=code, owner=customer, origin=Voucher.Origin.CAMPAIGN,
    )  # fmt: skip


def source_of_code(code_id: int, customer_id: int) -> str:
    """Unique with its origin: a customer has one voucher of a code, from however many tabs it is wanted."""
    return f"code-{code_id}-{customer_id}"


def buyer_of_code(code: SharedCode, customer_id: int | None, email: str) -> Buyer:
    """Who wants to use it; nobody known where ``customer_id`` is none. At most two queries."""
    if customer_id is None:
        return Buyer()
    buying = Buying() if code.audience == EVERYONE else buying_of(customer_id)
    return Buyer(customer_id, is_proven_email(customer_id, email), buying)


def vouchers_of(customer_ids: Collection[int]) -> QuerySet[Voucher]:
    """All of a customer's vouchers: those still to use first, the nearest end first. One query."""
    over = Q(used_at__isnull=False) | Q(cancelled_at__isnull=False)
    mine = Voucher.objects.select_related("shared_code").filter(owner__in=customer_ids)
    return mine.order_by(Case(When(over, then=1), default=0), "valid_until", "-pk")[:MOST_SHOWN]


def own_voucher(customer_ids: Collection[int], voucher_id: int) -> Voucher | None:
    """One of a customer's vouchers, whatever its state. One query."""
    mine = Voucher.objects.select_related("owner", "shared_code").filter(owner__in=customer_ids)
    return mine.filter(pk=voucher_id).first()


def usable_vouchers(
    customer_ids: Collection[int], *, now: datetime, own_order: str = ""
) -> QuerySet[Voucher]:
    """Those a customer may choose now, or that their ``own_order`` holds; the nearest end first. One query."""
    mine = Voucher.objects.filter(
        owner__in=customer_ids, order_reference__in={"", own_order}, used_at=None, cancelled_at=None,
        valid_from__lte=now, valid_until__gt=now, shared_code__stopped_at=None,
    )  # fmt: skip
    return mine.select_related("shared_code").order_by("valid_until", "pk")[:MOST_SHOWN]


def drawn_for(prefixes: Collection[str]) -> list[Voucher]:
    """All that were granted for what begins like one of these, whatever became of them. One query."""
    marks = Q(pk=None)
    for prefix in prefixes:
        marks |= Q(source__startswith=prefix)
    return list(Voucher.objects.filter(marks))


def voucher_held_by(order_reference: str) -> Voucher | None:
    """The voucher an order holds or used, with its shared code. One query."""
    held = Voucher.objects.select_related("shared_code").filter(order_reference=order_reference)
    return held.first() if order_reference else None
