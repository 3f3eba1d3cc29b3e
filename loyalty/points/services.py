"""The life of points: earned by what was finally paid, taken back with it, spent oldest first, given back, come to an end.

Every write holds the account's row. Lock order of an order: … → vouchers → points → payment account. Facts and retries may
tell a thing twice, late and out of order: an order's own figure is told whole, everything else under a source.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from config import kept
from config.facts import publish
from loyalty.points import rules
from loyalty.points.events import PointsExpiring
from loyalty.points.models import PointAccount, PointEntry, PointLot, PointOrder, PointTerms, PointUse
from loyalty.points.queries import given_by_hand, terms_at
from loyalty.points.rules import AboveCeiling, NoProgramme, PointsShort

Kind = PointEntry.Kind
# What is given back of points that ended meanwhile may still be spent for so long.
GRACE = timedelta(days=30)
# So long before their end points are told of.
TOLD_AHEAD = timedelta(days=30)
# Accounts whose points end are locked so many at a time; those that are told of it, which takes longer.
BATCH, TOLD_AT_ONCE = 1000, 200


@dataclass(frozen=True, slots=True)
class ByHand:
    """Who of the staff gives, why (`PointEntry.Reason`), and how many points they may give a customer in thirty days, what
    colleagues gave included.
    """

    by_id: int
    reason: str
    ceiling: int


@transaction.atomic
def write_terms(*, terms: PointTerms) -> None:
    """New rules of points, read by every process on its next page once this commits. One query."""
    terms.save(force_insert=True)
    kept.changed("points")


@transaction.atomic
def count_order(
    *, order_reference: str, customer_id: int, counted_cents: int, delivered_at: datetime | None,
    alcohol_cents: int = 0, bonus_cents: int = 0, now: datetime | None = None,
) -> None:  # fmt: skip
    """Say what of an order counts for points now, in all: what was paid for it less what was given back; and when it was
    delivered, from when on its points wait for the days in which goods may go back. ``alcohol_cents`` come on top where
    the terms count alcohol, ``bonus_cents`` for articles whose points were multiplied.

    What changed since it was last said is earned or taken back, under the terms in force when it first counted; nothing
    where nothing changed, or no programme runs. Whoever calls holds the order, so that the latest figure is the true one.
    Raises ValueError of a negative sum. Locks the account; at most fifteen queries.
    """
    if (least := min(counted_cents, alcohol_cents, bonus_cents)) < 0:
        raise ValueError(least)
    now = now or timezone.now()
    known = PointOrder.objects.filter(order_reference=order_reference).first()
    if known is None and not counted_cents + alcohol_cents + bonus_cents:
        return
    account = _locked(known.account_id if known else customer_id)
    order = PointOrder.objects.select_related("terms").filter(order_reference=order_reference).first()
    if order and order.account_id != account.pk:
        # Its guest became a customer while the account was waited for.
        account = _locked(order.account_id)
    if order is None:
        if (terms := terms_at(now)) is None:
            return
        order = PointOrder(order_reference=order_reference, account=account, terms=terms)
    if delivered_at and not order.delivered_at:
        order.delivered_at = delivered_at
        usable, expires = _lasting(order)
        if order.pk:
            order.lots.update(usable_at=usable, expires_at=expires)
    counts = counted_cents + (alcohol_cents if order.terms.counts_alcohol else 0)
    delta, bonus = counts - order.counted_cents, bonus_cents - order.bonus_cents
    if delta or bonus:
        order.changes += 1
        order.counted_cents, order.bonus_cents = counts, bonus_cents
        order.save()
        _count(account, order, delta, bonus, now)
        account.save()
    else:
        order.save()


def _count(account: PointAccount, order: PointOrder, delta: int, bonus: int, now: datetime) -> None:
    done = rules.step(account.carried_cents, delta + bonus, order.terms.terms)
    account.carried_cents = done.carried_cents
    # More was carried than a step of this order's terms holds, after other rules or a guest: what is left of it after a refund
    # may be a full step all the same.
    kind = Kind.EARNED if (done.points or delta + bonus) > 0 else Kind.TAKEN_BACK
    entry = _write(
        account, kind, done.points,
        f"{order.order_reference}:{order.changes}", now, order_reference=order.order_reference, cents=delta,
        bonus_cents=bonus,
    )  # fmt: skip
    if done.points > 0:
        usable, expires = _lasting(order)
        _credit(account, entry, done.points, usable, expires, order=order)
    elif done.points < 0:
        _debit(account, entry, -done.points, _to_take_back(account, order))


def _lasting(order: PointOrder) -> tuple[datetime | None, datetime | None]:
    if order.delivered_at is None:
        return None, None
    terms = order.terms.terms
    usable = rules.usable_at(order.delivered_at, terms)
    return usable, rules.expires_at(usable, terms)


@transaction.atomic
def spend(
    *, customer_id: int, points: int, source: str, order_reference: str = "", now: datetime | None = None
) -> PointEntry:
    """Take points off an account, those that end first first. Under a source that is known it is the first spending.

    Raises PointsShort, ValueError of a sum below one. Locks the account; seven queries.
    """
    if points < 1:
        raise ValueError(points)
    now = now or timezone.now()
    account = _locked(customer_id)
    if known := account.entries.filter(kind=Kind.SPENT, source=source).first():
        return known
    lots = list(_usable(account, now))
    if (held := sum(lot.remaining for lot in lots)) < points:
        raise PointsShort(held)
    entry = _write(account, Kind.SPENT, -points, source, now, order_reference=order_reference)
    _debit(account, entry, points, lots)
    account.save()
    return entry


def is_spent(*, customer_id: int, source: str) -> bool:
    """Whether this customer has spent points under a source. One query."""
    return PointEntry.objects.filter(account=customer_id, kind=Kind.SPENT, source=source).exists()


@transaction.atomic
def give_back(*, customer_id: int, source: str, now: datetime | None = None) -> PointEntry | None:
    """What was spent under a source is back in its lots; where those have ended, for thirty days more. Twice is once.

    None where nothing was spent under it. Locks the account; at most ten queries.
    """
    now = now or timezone.now()
    account = _locked(customer_id)
    spent = account.entries.filter(kind=Kind.SPENT, source=source).first()
    if spent is None:
        return None
    if known := account.entries.filter(kind=Kind.GIVEN_BACK, source=source).first():
        return known
    entry = _write(
        account, Kind.GIVEN_BACK, -spent.points, source, now, order_reference=spent.order_reference
    )
    # A debt is paid first, whatever lot it is paid from.
    uses = list(spent.uses.select_related("lot"))
    back = [] if account.debt else [(use.lot, use.points) for use in uses if not _has_ended(use.lot, now)]
    _put_back(account, entry, back)
    if rest := -spent.points - sum(some for _lot, some in back):
        _credit(account, entry, rest, now, now + GRACE)
    account.save()
    return entry


@transaction.atomic
def give(
    *, customer_id: int, points: int, source: str, order_reference: str = "", by_hand: ByHand | None = None,
    now: datetime | None = None,
) -> PointEntry:  # fmt: skip
    """Points that no order earned, to spend at once. Under a source that is known they are given already.

    Raises ValueError of a number below one, NoProgramme; ``by_hand``, AboveCeiling. Locks the account; ten queries at most.
    """
    if points < 1:
        raise ValueError(points)
    now = now or timezone.now()
    terms = terms_at(now)
    if terms is None:
        raise NoProgramme
    account = _locked(customer_id)
    if known := account.entries.filter(kind=Kind.GIFT, source=source).first():
        return known
    if by_hand and points > (left := by_hand.ceiling - given_by_hand(customer_id, now)):
        raise AboveCeiling(max(left, 0))
    entry = _write(account, Kind.GIFT, points, source, now, order_reference=order_reference, by_hand=by_hand)
    _credit(account, entry, points, now, rules.expires_at(now, terms.terms))
    account.save()
    return entry


@transaction.atomic
def gather(*, customer_id: int, guest_ids: Collection[int], now: datetime | None = None) -> None:
    """Points of guests who turned out to be this customer are the customer's, with their dates and their orders. Again is
    the same. Locks the accounts in order of id; two queries, and some eight for each guest who has any.
    """
    now = now or timezone.now()
    found = PointAccount.objects.filter(pk__in=guest_ids).exclude(pk=customer_id)
    named = list(found.values_list("pk", flat=True))
    if not named:
        return
    PointAccount.objects.bulk_create([PointAccount(customer_id=customer_id)], ignore_conflicts=True)
    rows = PointAccount.objects.filter(pk__in=[customer_id, *named]).order_by("pk")
    accounts = {account.pk: account for account in rows.select_for_update(no_key=True)}
    own = accounts.pop(customer_id)
    for guest in accounts.values():
        _move(guest, own, now)
        guest.orders.update(account=own)
        guest.save()
    own.save()


def _move(guest: PointAccount, own: PointAccount, now: datetime) -> None:
    own.carried_cents, guest.carried_cents = own.carried_cents + guest.carried_cents, 0
    if not guest.balance:
        return
    times = guest.entries.filter(kind=Kind.MOVED).count()
    left = _write(guest, Kind.MOVED, -guest.balance, f"to-{own.pk}:{times}", now)
    for lot in guest.lots.filter(remaining__gt=0).order_by("pk"):
        entry = _write(own, Kind.MOVED, lot.remaining, f"lot-{lot.pk}", now)
        _credit(
            own, entry, lot.remaining, lot.usable_at, lot.expires_at, order=lot.order, told_at=lot.told_at
        )
        PointUse.objects.create(entry=left, lot=lot, points=lot.remaining)
    guest.lots.update(remaining=0)
    if guest.debt:
        entry = _write(own, Kind.MOVED, -guest.debt, f"of-{guest.pk}:{times}", now)
        _debit(own, entry, guest.debt, list(own.lots.filter(remaining__gt=0)))
    guest.balance = guest.debt = 0


def expire(*, now: datetime, batch: int = BATCH) -> int:
    """Points whose time is over end; how many points. A batch of accounts a transaction, until none is left: stopped at
    any moment, the next run goes on where it was. Three statements a batch.
    """
    ended = 0
    while some := _expire_some(now, batch):
        ended += some
    return ended


def announce(*, now: datetime) -> int:
    """Tell of points that end within thirty days, and with them of those of the thirty days after: nobody hears of it more
    than once a month, nor twice of the same points. How many customers; some at a time in a transaction of their own:
    stopped at any moment, the next run goes on where it was. Three statements for them, and a fact for each.
    """
    due = PointLot.objects.filter(
        remaining__gt=0, expires_at__gt=now, expires_at__lte=now + TOLD_AHEAD, told_at=None
    )
    owners = list(due.order_by("account").values_list("account", flat=True).distinct())
    return sum(
        _announce_to(owners[at : at + TOLD_AT_ONCE], now) for at in range(0, len(owners), TOLD_AT_ONCE)
    )


_ANNOUNCE_SQL = """
WITH due AS (
    SELECT DISTINCT account_id FROM points_pointlot
     WHERE account_id = ANY(%(accounts)s) AND remaining > 0 AND told_at IS NULL
       AND expires_at > %(now)s AND expires_at <= %(soon)s
), told AS (
    UPDATE points_pointlot l SET told_at = %(now)s FROM due
     WHERE l.account_id = due.account_id AND l.remaining > 0 AND l.told_at IS NULL
       AND l.expires_at > %(now)s AND l.expires_at <= %(later)s
    RETURNING l.account_id, l.remaining, l.expires_at
)
SELECT account_id, sum(remaining), min(expires_at), max(expires_at) FROM told GROUP BY account_id ORDER BY account_id
"""


@transaction.atomic
def _announce_to(customer_ids: Sequence[int], now: datetime) -> int:
    accounts = [account.pk for account in _locked_of(customer_ids)]
    spans = {"now": now, "soon": now + TOLD_AHEAD, "later": now + 2 * TOLD_AHEAD}
    with connection.cursor() as cursor:
        cursor.execute(_ANNOUNCE_SQL, {"accounts": accounts, **spans})
        rows = cursor.fetchall()
    for customer_id, points, first, last in rows:
        publish(PointsExpiring(customer_id, int(points), first.timestamp(), last.timestamp()))
    return len(rows)


_EXPIRE_SQL = """
WITH old AS (
    SELECT id, account_id, remaining FROM points_pointlot
     WHERE account_id = ANY(%(accounts)s) AND remaining > 0 AND expires_at <= %(now)s
), ended AS (
    UPDATE points_pointlot l SET remaining = 0 FROM old WHERE l.id = old.id
), entries AS (
    INSERT INTO points_pointentry (account_id, kind, points, cents, order_reference, source, at)
    SELECT account_id, 'expired', -remaining, 0, '', 'lot-' || id, %(now)s FROM old
    RETURNING id, account_id, points, source
), uses AS (
    INSERT INTO points_pointuse (entry_id, lot_id, points)
    SELECT e.id, old.id, old.remaining FROM entries e
      JOIN old ON old.account_id = e.account_id AND e.source = 'lot-' || old.id
), sums AS (SELECT account_id, sum(remaining) AS points FROM old GROUP BY account_id)
UPDATE points_pointaccount a SET balance = a.balance - sums.points FROM sums WHERE a.customer_id = sums.account_id
RETURNING sums.points
"""


@transaction.atomic
def _expire_some(now: datetime, batch: int) -> int:
    due = PointLot.objects.filter(remaining__gt=0, expires_at__lte=now).order_by("expires_at")
    named = set(due.values_list("account_id", flat=True)[:batch])
    # Locked first: what a spending leaves is read by the statement after.
    accounts = [account.pk for account in _locked_of(named)]
    if not accounts:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE_SQL, {"accounts": accounts, "now": now})
        return sum(row[0] for row in cursor.fetchall())


# --- under the account's lock -----------------------------------------------------------------------------------------


def _locked(customer_id: int) -> PointAccount:
    """The account, opened where there is none. Two queries."""
    PointAccount.objects.bulk_create([PointAccount(customer_id=customer_id)], ignore_conflicts=True)
    return PointAccount.objects.select_for_update(no_key=True).get(pk=customer_id)


def _locked_of(customer_ids: Collection[int]) -> QuerySet[PointAccount]:
    """Those of these that have an account, in the order of their ids. One query."""
    return PointAccount.objects.filter(pk__in=customer_ids).order_by("pk").select_for_update(no_key=True)


def _write(
    account: PointAccount, kind: str, points: int, source: str, now: datetime, *, order_reference: str = "",
    cents: int = 0, bonus_cents: int = 0, by_hand: ByHand | None = None,
) -> PointEntry:  # fmt: skip
    return PointEntry.objects.create(
        account=account, kind=kind, points=points, cents=cents, bonus_cents=bonus_cents, order_reference=order_reference,
        source=source, at=now, by_id=by_hand.by_id if by_hand else None, reason=by_hand.reason if by_hand else "",
    )  # fmt: skip


def _usable(account: PointAccount, now: datetime) -> QuerySet[PointLot]:
    """Those that end first first, those without an end last."""
    lasting = Q(expires_at=None) | Q(expires_at__gt=now)
    found = account.lots.filter(lasting, remaining__gt=0, usable_at__lte=now)
    return found.order_by(F("expires_at").asc(nulls_last=True), "pk")


def _to_take_back(account: PointAccount, order: PointOrder) -> list[PointLot]:
    """The order's own points, then those that wait, then the latest."""
    found = account.lots.filter(remaining__gt=0)
    return sorted(found, key=lambda lot: (lot.order_id != order.pk, lot.usable_at is not None, -lot.pk))


def _has_ended(lot: PointLot, now: datetime) -> bool:
    return lot.expires_at is not None and lot.expires_at <= now


def _credit(
    account: PointAccount, entry: PointEntry, points: int, usable: datetime | None, expires: datetime | None, *,
    order: PointOrder | None = None, told_at: datetime | None = None,
) -> None:  # fmt: skip
    """A lot for an entry; what the account owes comes off it."""
    owed = min(account.debt, points)
    lot = PointLot.objects.create(
        account=account, entry=entry, order=order, points=points, remaining=points - owed, usable_at=usable,
        expires_at=expires, told_at=told_at,
    )  # fmt: skip
    if owed:
        PointUse.objects.create(entry=entry, lot=lot, points=owed)
    account.debt -= owed
    account.balance += points


def _debit(account: PointAccount, entry: PointEntry, points: int, lots: Sequence[PointLot]) -> None:
    """Off these lots in their order; what they lack is owed."""
    by_id = {lot.pk: lot for lot in lots}
    taken = rules.oldest_first([(lot.pk, lot.remaining) for lot in lots], points)
    for lot_id, some in taken:
        by_id[lot_id].remaining -= some
    PointLot.objects.bulk_update([by_id[lot_id] for lot_id, _some in taken], ["remaining"])
    PointUse.objects.bulk_create(PointUse(entry=entry, lot_id=lot_id, points=some) for lot_id, some in taken)
    account.debt += points - sum(some for _lot_id, some in taken)
    account.balance -= points


def _put_back(account: PointAccount, entry: PointEntry, taken: Sequence[tuple[PointLot, int]]) -> None:
    account.balance += sum(some for _lot, some in taken)
    for lot, some in taken:
        lot.remaining += some
    PointLot.objects.bulk_update([lot for lot, _some in taken], ["remaining"])
    PointUse.objects.bulk_create(PointUse(entry=entry, lot=lot, points=-some) for lot, some in taken)
