"""The bookkeeping under every payment service: locks, moves, entries. Not called from other rooms.

Lock order: the account of the order first, then its operations. A room above that holds rows of its own
locks them before calling here.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import ParamSpec, TypeVar

from django.db import connection, transaction
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


def held_authorisation(account: PaymentAccount) -> PaymentOperation | None:
    """The one authorisation that stands, if any. One query."""
    return account.operations.filter(
        kind__in=[Kind.AUTHORISE, Kind.AUTHORISE_SAVED], state=State.SUCCEEDED
    ).first()


def release_of(account: PaymentAccount) -> PaymentOperation | None:
    """The latest release that was asked for this order, if any. One query."""
    return account.operations.filter(kind=Kind.RELEASE).exclude(state=State.REFUSED).order_by("-id").first()


def ensure_release(account: PaymentAccount) -> PaymentOperation:
    """The release of a locked account: the pending one, the one that left nothing, or a new one. At most
    three queries.
    """
    asked = release_of(account)
    if asked and (asked.state != State.SUCCEEDED or not _leaves_anything(account)):
        return asked
    return PaymentOperation.objects.create(account=account, kind=Kind.RELEASE, amount=account.held)


def _leaves_anything(account: PaymentAccount) -> bool:
    """Whether something could still be paid, or is held."""
    return account.operations.filter(
        kind__in=[*PaymentOperation.PAGE_KINDS, Kind.AUTHORISE_SAVED],
        state__in=[State.PREPARED, State.UNKNOWN, State.OPENED, State.SUCCEEDED],
    ).exists()
