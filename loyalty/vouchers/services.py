"""The life of a voucher: granted once, held by at most one order, used or given back. In the caller's transaction.

Each change is one conditional change of the voucher's row and one entry beside it. Lock order of an order: … stock →
promotions → shared code → vouchers → payment account.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from loyalty.points.services import give_back as give_points_back
from loyalty.vouchers.models import SharedCode, Voucher, VoucherEntry
from loyalty.vouchers.queries import digest_of, source_of_code, voucher_of_code
from loyalty.vouchers.rules import (
    NOTHING,
    CodeChanged,
    CodeExhausted,
    CodeOver,
    VoucherCancelled,
    VoucherRefused,
    VoucherSpent,
    VoucherTaken,
    canonical,
    check,
    new_code,
)
from shop.customers.models import Customer

Kind = VoucherEntry.Kind


@dataclass(frozen=True, slots=True)
class Granted:
    """``code`` is told here and never again; None where this was granted before."""

    voucher: Voucher
    code: str | None


@transaction.atomic
def grant(
    *, kind: str, origin: str, source: str, valid_until: datetime, value: Decimal = NOTHING,
    ceiling: Decimal | None = None, owner_id: int | None = None, minimum_goods: Decimal = NOTHING,
    first_order_only: bool = False, valid_from: datetime | None = None, by_id: int | None = None,
    product_ref: int | None = None,
) -> Granted:  # fmt: skip
    """Grant a voucher; once for each ``(origin, source)``, however often and from how many processes it is asked.

    ``source`` says what for, by ids and codes of ours (`models.SOURCE`). ``by_id`` is the member of staff. Raises
    ValidationError for terms that cannot be. Three statements.
    """
    voucher, code = _drawn(
        kind=kind, value=value, ceiling=ceiling, owner_id=owner_id, minimum_goods=minimum_goods, origin=origin,
        first_order_only=first_order_only, valid_from=valid_from or timezone.now(), valid_until=valid_until,
        source=source, product_ref=product_ref,
    )  # fmt: skip
    try:
        with transaction.atomic():
            voucher.save(force_insert=True)
    except IntegrityError:
        known = Voucher.objects.filter(origin=origin, source=source).first()
        if known is None:
            raise
        return Granted(known, None)
    VoucherEntry.objects.create(voucher=voucher, kind=Kind.GRANTED, by_id=by_id)
    return Granted(voucher, code)


def _drawn(**terms: Any) -> tuple[Voucher, str]:
    """A voucher with a code of its own, not kept yet. Raises ValidationError."""
    code = new_code()
    voucher = Voucher(code_digest=digest_of(canonical(code) or ""), **terms)
    voucher.clean_fields()
    return voucher, code


@transaction.atomic
def grant_all(*, wanted: Sequence[Mapping[str, Any]], by_id: int | None) -> list[Granted]:
    """Many vouchers at once, each with the fields of a `Voucher`, under sources that nobody else writes: whoever calls holds
    what they are for. Raises ValidationError, IntegrityError of a known source. Two statements, however many.
    """
    drawn = [_drawn(**terms) for terms in wanted]
    Voucher.objects.bulk_create(voucher for voucher, _code in drawn)
    VoucherEntry.objects.bulk_create(
        VoucherEntry(voucher=voucher, kind=Kind.GRANTED, by_id=by_id) for voucher, _code in drawn
    )
    return [Granted(voucher, code) for voucher, code in drawn]


@transaction.atomic
def cancel_all(*, voucher_ids: Collection[int], reason: str, by_id: int | None) -> int:
    """Take back those of these that no order holds; how many. Locks them in order of id; three statements, however many."""
    unused = Voucher.objects.filter(pk__in=voucher_ids, order_reference="", cancelled_at=None)
    ids = [one.pk for one in unused.order_by("pk").select_for_update(no_key=True)]
    Voucher.objects.filter(pk__in=ids).update(cancelled_at=timezone.now())
    VoucherEntry.objects.bulk_create(
        VoucherEntry(voucher_id=pk, kind=Kind.CANCELLED, reason=reason, by_id=by_id) for pk in ids
    )
    return len(ids)


# Every condition on the row itself: of one that was waited for, PostgreSQL looks at these again, and at no subquery but
# that of the owner, who never changes.
_RESERVE_SQL = """
WITH taken AS (
    UPDATE vouchers_voucher v SET order_reference = %(reference)s, amount = %(amount)s
     WHERE v.id = %(voucher)s AND v.order_reference = '' AND v.cancelled_at IS NULL
       AND v.shared_code_id IS NULL
       AND v.valid_from <= %(now)s AND v.valid_until > %(now)s AND v.minimum_goods <= %(goods)s
       AND (%(first)s OR NOT v.first_order_only)
       AND (v.owner_id IS NULL OR v.owner_id IN (
            SELECT c.id FROM customers_customer c WHERE %(customer)s IN (c.id, c.merged_into_id)))
    RETURNING v.id
)
INSERT INTO vouchers_voucherentry (voucher_id, kind, order_reference, amount, reason, at)
SELECT id, 'reserved', %(reference)s, %(amount)s, '', %(now)s FROM taken
"""


# Drawn first, so that its row is locked before the voucher's. Every condition on that row itself, which PostgreSQL looks
# at again once it was waited for; a customer's voucher of it is made here, or taken up again where it was given back.
_TAKE_CODE_SQL = """
WITH drawn AS (
    UPDATE vouchers_sharedcode c SET uses = c.uses + 1, spent = c.spent + %(amount)s
     WHERE c.id = %(code)s AND c.edited_at = %(edited_at)s AND c.stopped_at IS NULL
       AND c.starts_at <= %(now)s AND c.ends_at > %(now)s
       AND (c.budget IS NULL OR c.spent + %(amount)s <= c.budget)
       AND (c.most_uses IS NULL OR c.uses < c.most_uses)
       AND c.minimum_goods <= %(goods)s AND (%(first)s OR NOT c.first_order_only)
    RETURNING c.*
), had AS (
    INSERT INTO vouchers_voucher AS v (
           kind, value, ceiling, code_digest, owner_id, minimum_goods, first_order_only, valid_from, valid_until,
           origin, source, shared_code_id, granted_at, order_reference, amount)
    SELECT kind, value, ceiling, %(digest)s, %(customer)s, minimum_goods, first_order_only, starts_at, ends_at,
           'campaign', %(source)s, id, %(now)s, %(reference)s, %(amount)s
      FROM drawn
        ON CONFLICT (origin, source) DO UPDATE SET order_reference = %(reference)s, amount = %(amount)s
     WHERE v.order_reference = '' AND v.cancelled_at IS NULL
    RETURNING v.id, v.xmax = 0 AS is_new
)
INSERT INTO vouchers_voucherentry (voucher_id, kind, order_reference, amount, reason, at)
SELECT id, 'granted', '', 0, '', %(now)s FROM had WHERE is_new
UNION ALL SELECT id, 'reserved', %(reference)s, %(amount)s, '', %(now)s FROM had
"""


@transaction.atomic
def take(
    *, voucher: Voucher, order_reference: str, customer_id: int, goods: Decimal, is_first_order: bool, amount: Decimal,
) -> None:  # fmt: skip
    """Let an order hold a voucher, as it was read to price that order; one of a shared code may be yet to be granted.

    As `reserve`; of a shared code the use and ``amount`` are drawn in the same statement, all or nothing. Raises what
    `reserve` does, CodeExhausted, CodeOver, CodeChanged. Everybody who types a code wants its row: called last.
    """
    asked = {
        "order_reference": order_reference, "customer_id": customer_id, "goods": goods, "amount": amount,
        "is_first_order": is_first_order,
    }  # fmt: skip
    if voucher.shared_code is None:
        reserve(voucher_id=voucher.pk, **asked)  # type: ignore[arg-type]
    else:
        _take_code(voucher.shared_code, **asked)  # type: ignore[arg-type]


def _take_code(
    code: SharedCode,
    *,
    order_reference: str,
    customer_id: int,
    goods: Decimal,
    is_first_order: bool,
    amount: Decimal,
) -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_CODE_SQL,
            {
                "code": code.pk, "edited_at": code.edited_at, "now": now, "amount": amount, "goods": goods,
                "first": is_first_order, "digest": digest_of(canonical(new_code()) or ""), "customer": customer_id,
                "source": source_of_code(code.pk, customer_id), "reference": order_reference,
            },
        )  # fmt: skip
        if cursor.rowcount:
            return
    read = SharedCode.objects.get(pk=code.pk)
    if read.edited_at != code.edited_at:
        raise CodeChanged
    if read.stopped_at or read.ends_at <= now:
        raise CodeOver
    own = voucher_of_code(read, Customer(pk=customer_id))
    check(own, customer_id=customer_id, goods=goods, is_first_order=is_first_order, now=now)
    raise CodeExhausted


@transaction.atomic
def reserve(
    *, voucher_id: int, order_reference: str, customer_id: int, goods: Decimal, is_first_order: bool, amount: Decimal,
) -> None:  # fmt: skip
    """Let an order hold a voucher that takes ``amount`` off it. One statement, and one more to say why not.

    Raises the VoucherRefused that fits; VoucherTaken where another order was quicker. ``customer_id`` buys ``goods``,
    which are counted after promotions. One of a shared code is taken through that code alone (`take`).
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _RESERVE_SQL,
            {
                "voucher": voucher_id, "reference": order_reference, "customer": customer_id, "amount": amount,
                "goods": goods, "first": is_first_order, "now": now,
            },
        )  # fmt: skip
        if cursor.rowcount:
            return
    voucher = Voucher.objects.select_related("owner").get(pk=voucher_id)
    check(voucher, customer_id=customer_id, goods=goods, is_first_order=is_first_order, now=now)
    raise VoucherTaken  # Given back since: whoever pressed the button presses it again.


@transaction.atomic
def use(*, order_reference: str, amount: Decimal) -> bool:
    """The order was charged with ``amount`` taken off by its voucher, which is spent. False: it holds none. Idempotent.

    Nothing taken off, since nothing was delivered, gives it back. Locks its shared code, then the voucher; six statements
    at most.
    """
    if not amount:
        return give_back(order_reference=order_reference)
    voucher = _held_by(order_reference)
    if voucher is None:
        return False
    _draw_anew(voucher, amount)
    voucher.amount, voucher.used_at = amount, timezone.now()
    voucher.save(update_fields=["amount", "used_at"])
    VoucherEntry.objects.create(
        voucher=voucher, kind=Kind.USED, order_reference=order_reference, amount=amount
    )
    return True


@transaction.atomic
def change_amount(*, order_reference: str, amount: Decimal) -> bool:
    """The order that holds a voucher was amended: it takes ``amount`` off now; nothing at all gives it back. False: it
    holds none.

    What it took first stays in its entries, what it took in the end comes with `use`. Locks its shared code, then
    the voucher; six statements at most.
    """
    if not amount:
        return give_back(order_reference=order_reference)
    voucher = _held_by(order_reference)
    if voucher is None:
        return False
    _draw_anew(voucher, amount)
    voucher.amount = amount
    voucher.save(update_fields=["amount"])
    return True


@transaction.atomic
def give_back(*, order_reference: str) -> bool:
    """The order came to nothing: its voucher may be used again, until its own end. False: it holds none. Idempotent.

    What was charged stays used. Locks its shared code, then the voucher; six statements at most.
    """
    voucher = _held_by(order_reference)
    if voucher is None:
        return False
    returned = voucher.amount or NOTHING
    _draw_anew(voucher, NOTHING, uses=-1)
    voucher.order_reference, voucher.amount = "", None
    voucher.save(update_fields=["order_reference", "amount"])
    VoucherEntry.objects.create(
        voucher=voucher, kind=Kind.GIVEN_BACK, order_reference=order_reference, amount=returned
    )
    return True


def _held_by(order_reference: str) -> Voucher | None:
    """The voucher this order holds and was not charged for, locked; its shared code before it. At most three queries."""
    if not order_reference:
        return None
    mine = Voucher.objects.filter(order_reference=order_reference, used_at=None)
    known = mine.values_list("pk", "shared_code_id").first()
    if known is None:
        return None
    if known[1] is not None:
        SharedCode.objects.select_for_update(no_key=True).get(pk=known[1])
    return mine.select_for_update(no_key=True, of=("self",)).first()


def _draw_anew(voucher: Voucher, amount: Decimal, *, uses: int = 0) -> None:
    """What this voucher has drawn on its shared code is ``amount`` from now on. One UPDATE, none without a code."""
    if voucher.shared_code_id is None:
        return
    more = amount - (voucher.amount or NOTHING)
    of_code = SharedCode.objects.filter(pk=voucher.shared_code_id)
    of_code.update(spent=F("spent") + more, uses=F("uses") + uses)


@transaction.atomic
def cancel(*, voucher_id: int, reason: str, by_id: int | None) -> None:
    """Take an unused voucher back, for a `VoucherEntry.Reason`; the points it was exchanged for go back. Three statements, and
    ten where points were spent on it.

    Raises VoucherTaken, VoucherSpent, VoucherCancelled.
    """
    unused = Voucher.objects.filter(pk=voucher_id, order_reference="", cancelled_at=None)
    if not unused.update(cancelled_at=timezone.now()):
        raise _why_not(Voucher.objects.get(pk=voucher_id))
    VoucherEntry.objects.create(voucher_id=voucher_id, kind=Kind.CANCELLED, reason=reason, by_id=by_id)
    voucher = Voucher.objects.get(pk=voucher_id)
    if voucher.origin == Voucher.Origin.LOYALTY and voucher.owner_id:
        give_points_back(customer_id=voucher.owner_id, source=voucher.source)


def _why_not(voucher: Voucher) -> VoucherRefused:
    if voucher.cancelled_at:
        return VoucherCancelled()
    return VoucherSpent() if voucher.used_at else VoucherTaken()
