"""The bookkeeping under every payment service: locks, moves, entries. Not called from other rooms.

Lock order: the account of the order first, then its operations. A room above that holds rows of its own
locks them before calling here.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from shop.payments.errors import CalledInTransaction
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation

Kind, State = PaymentOperation.Kind, PaymentOperation.State
P = ParamSpec("P")
R = TypeVar("R")


def outside_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Refuse to run while a transaction is open: a slow provider would hold its locks.

    The transaction that Django's own test cases wrap around a test does not count, as for ``durable``.
    """

    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        blocks = connection.atomic_blocks
        if blocks and not getattr(blocks[-1], "_from_testcase", False):
            raise CalledInTransaction(function.__name__)
        return function(*args, **kwargs)

    guarded.__doc__, guarded.__name__ = function.__doc__, function.__name__
    return guarded


def lock_account(order_reference: str) -> PaymentAccount | None:
    """One SELECT … FOR NO KEY UPDATE."""
    return (
        PaymentAccount.objects.select_for_update(no_key=True).filter(order_reference=order_reference).first()
    )


def lock_operation(key: str) -> PaymentOperation:
    """Lock an operation after its account, and read it once both are ours. Two SELECTs."""
    accounts = PaymentAccount.objects.select_for_update(no_key=True, of=("self",))
    account = accounts.get(operations__key=key)
    operation = PaymentOperation.objects.select_for_update(no_key=True).get(key=key)
    operation.account = account
    return operation


def move(operation: PaymentOperation, state: str, *, error_code: str = "") -> bool:
    """Move a locked operation forward; False when it is not a move ahead, and nothing changes."""
    now = timezone.now()
    operation.checked_at = now
    is_ahead = operation.may_move_to(state)
    if is_ahead:
        operation.state = state
        if state not in PaymentOperation.UNSETTLED:
            operation.settled_at = operation.settled_at or now
    if error_code:
        operation.last_error_code = error_code
    operation.save()
    return is_ahead


def enter(operation: PaymentOperation, kind: str, amount: Decimal) -> None:
    """Write one movement of a locked account. Euros; nothing for zero. The database refuses a sum that would
    capture more than authorised or refund more than captured.
    """
    if not amount:
        return
    PaymentEntry.objects.create(account=operation.account, operation=operation, kind=kind, amount=amount)
    account = operation.account
    setattr(account, kind, getattr(account, kind) + amount)
    account.save(update_fields=[kind])


@transaction.atomic
def claim(key: str) -> PaymentOperation:
    """Commit that the provider is about to be asked: a crash then leaves a doubt, never a silence."""
    return note_asked(lock_operation(key))


def note_asked(operation: PaymentOperation) -> PaymentOperation:
    """Write on a locked operation that the provider is about to be asked. One UPDATE."""
    if operation.state in {State.PREPARED, State.UNKNOWN}:
        now = timezone.now()
        operation.state = State.UNKNOWN
        operation.attempts += 1
        operation.sent_at = operation.sent_at or now
        operation.checked_at = now
        operation.save()
    return operation


@transaction.atomic
def doubt(key: str, *, error_code: str = "") -> str:
    """Note that the provider did not answer, or not what was asked. Returns the state."""
    operation = lock_operation(key)
    move(operation, State.UNKNOWN, error_code=error_code)
    return operation.state


def standing_authorisations(account: PaymentAccount) -> list[PaymentOperation]:
    """Those that stand, are not captured, and that nobody asked to void; oldest first. One query."""
    return list(PaymentOperation.objects.standing().filter(account=account).order_by("id"))


def live_captures() -> QuerySet[PaymentOperation]:
    """Captures that were not refused, of any order. No query by itself."""
    return PaymentOperation.objects.live(Kind.CAPTURE)


def captures_of(account: PaymentAccount) -> list[PaymentOperation]:
    """The captures asked for an order, but for refused ones; oldest first. One query."""
    return list(live_captures().filter(account=account).order_by("id"))


def lacks_money(account: PaymentAccount) -> bool:
    """Whether an authorisation is of use: nothing is to be captured yet, or a capture was refused. One query at
    most.
    """
    if account.to_capture is None:
        return True
    return sum((one.amount for one in captures_of(account)), Decimal(0)) < account.to_capture


def _releases() -> QuerySet[PaymentOperation]:
    return PaymentOperation.objects.live(Kind.RELEASE)


def release_of(account: PaymentAccount, occasion: str = "") -> PaymentOperation | None:
    """The latest release that was asked for the whole order, or for one occasion alone. One query."""
    return _releases().filter(account=account, parent=None, occasion=occasion).order_by("-id").first()


def is_closed(account: PaymentAccount, occasion: str) -> bool:
    """Whether nothing may be paid any more for this occasion: it, or the whole order, was given up. One query."""
    return _releases().filter(account=account, parent=None, occasion__in={"", occasion}).exists()


def release_asking_for(held: PaymentOperation) -> PaymentOperation | None:
    """The release that an authorisation is to be given back for: the order's, its occasion's, its own. One query."""
    of_more = Q(account=held.account, parent=None, occasion__in={"", held.occasion})
    return _releases().filter(of_more | Q(parent=held)).order_by(F("parent").asc(nulls_first=True)).first()


def ensure_release(account: PaymentAccount, occasion: str = "") -> PaymentOperation:
    """The release of a locked account, or of one occasion: the pending one, the one that left nothing, or a new
    one. At most four queries.
    """
    asked = release_of(account, occasion)
    if asked and (asked.state != State.SUCCEEDED or not _leaves_anything(account, occasion)):
        return asked
    held = PaymentOperation.objects.held().filter(account=account)
    amount = (held.filter(occasion=occasion) if occasion else held).aggregate(held=Sum("amount"))["held"]
    return PaymentOperation.objects.create(
        account=account, kind=Kind.RELEASE, amount=amount or Decimal(0), occasion=occasion
    )


def _leaves_anything(account: PaymentAccount, occasion: str) -> bool:
    """Whether something could still be paid, or is held."""
    found = account.operations.filter(
        kind__in=[*PaymentOperation.PAGE_KINDS, Kind.AUTHORISE_SAVED],
        state__in=[State.PREPARED, State.UNKNOWN, State.OPENED, State.SUCCEEDED],
    )
    return (found.filter(occasion=occasion) if occasion else found).exists()


def ensure_voided(held: PaymentOperation) -> PaymentOperation:
    """The release of one authorisation, or of a card saved too late, of a locked account. Two queries."""
    asked = _releases().filter(parent=held).order_by("-id").first()
    return asked or PaymentOperation.objects.create(
        account=held.account,
        parent=held,
        kind=Kind.RELEASE,
        amount=Decimal(0) if held.kind == Kind.SAVE_CARD else held.amount,
        occasion=held.occasion,
    )
