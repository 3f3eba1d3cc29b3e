"""The right of withdrawal: declared by the customer, goods received by staff and refunded at once, or closed."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from shop.orders.events import WithdrawalClosed, WithdrawalDeclared
from shop.orders.models import Order, Withdrawal, WithdrawalLine
from shop.orders.refund_rules import REFUNDED_WITHIN
from shop.orders.refunds import ledger_of
from shop.orders.services.books import Kind, locked, record
from shop.orders.services.errors import GoodsMayStillCome, NotWithdrawable, WithdrawalEnded
from shop.orders.services.refunding import Returned, give_back
from shop.orders.withdrawals import may_never_come, withdrawable
from shop.payments.models import PaymentOperation


@transaction.atomic
def declare_withdrawal(
    *, order_reference: str, key: UUID, quantities: Mapping[int, int], name: str, email: str
) -> Withdrawal:
    """A customer withdraws from so many pieces or grams of some lines. The same ``key`` is the same declaration.

    Raises NotWithdrawable: the period is over, a line may not be given back, or not so much of it. Locks the order;
    at most 14 queries, however many lines.
    """
    order = locked(order_reference)
    if known := order.withdrawals.filter(key=key).first():
        return known
    left = {one.line.pk: one.left for one in withdrawable(order)}
    if not quantities or any(not 0 < wanted <= left.get(pk, 0) for pk, wanted in quantities.items()):
        raise NotWithdrawable(order_reference)
    withdrawal = Withdrawal.objects.create(
        order=order, key=key, name=name, email=email, refund_due_on=timezone.localdate() + REFUNDED_WITHIN
    )
    WithdrawalLine.objects.bulk_create(
        WithdrawalLine(withdrawal=withdrawal, line_id=pk, quantity=wanted)
        for pk, wanted in quantities.items()
    )
    record(order, Kind.WITHDRAWN, withdrawal=withdrawal.pk)
    publish(
        WithdrawalDeclared(
            order_reference=order.reference, customer_id=order.customer_id, withdrawal_id=withdrawal.pk
        )
    )
    return withdrawal


@transaction.atomic
def receive_withdrawn_goods(*, withdrawal_id: int, by_id: int | None) -> Withdrawal:
    """The goods of a declaration are back: their price is refunded, and the delivery where nothing of the order is
    kept (C. conso. L221-24). Twice is once.

    Raises MoreThanBilled (refunded for another reason meanwhile), NothingToRefund, and what `payments.refund` raises.
    Locks the order, then the account; at most 28 queries.
    """
    order, withdrawal = _locked(withdrawal_id)
    if withdrawal.goods_back_at:
        return withdrawal
    lines = [Returned(one.line_id, one.quantity) for one in withdrawal.lines.all()]
    withdrawal.refund = give_back(
        order_reference=order.reference,
        reason=PaymentOperation.Reason.WITHDRAWAL,
        occasion=f"withdrawal-{withdrawal.pk}",
        lines=lines,
        with_delivery=_is_all(order, lines),
        by_id=by_id,
    )
    withdrawal.goods_back_at, withdrawal.goods_back_by_id = timezone.now(), by_id
    withdrawal.save(update_fields=["refund", "goods_back_at", "goods_back_by"])
    record(order, Kind.GOODS_BACK, withdrawal=withdrawal.pk)
    return withdrawal


@transaction.atomic
def close_withdrawal(*, withdrawal_id: int, why: str, by_id: int | None) -> Withdrawal:
    """The goods of a declaration stay with their customer, for one of `Withdrawal.Closing`: nothing is refunded, and
    they are told. Goods that come all the same are received as ever.

    Raises ValueError (no such reason), WithdrawalEnded, and GoodsMayStillCome where they "never came" within the
    fortnight that the law gives (C. conso. L221-23). Locks the order; eight queries.
    """
    reason = Withdrawal.Closing(why)
    order, withdrawal = _locked(withdrawal_id)
    if not withdrawal.is_waiting:
        raise WithdrawalEnded(withdrawal_id)
    if reason == Withdrawal.Closing.NEVER_CAME and not may_never_come(withdrawal):
        raise GoodsMayStillCome(withdrawal_id)
    withdrawal.closed_at, withdrawal.closed_by_id, withdrawal.closed_why = timezone.now(), by_id, reason
    withdrawal.save(update_fields=["closed_at", "closed_by", "closed_why"])
    record(order, Kind.WITHDRAWAL_CLOSED, withdrawal=withdrawal.pk, why=str(reason))
    publish(
        WithdrawalClosed(
            order_reference=order.reference, customer_id=order.customer_id, withdrawal_id=withdrawal.pk
        )
    )
    return withdrawal


def _locked(withdrawal_id: int) -> tuple[Order, Withdrawal]:
    reference = Order.objects.values_list("reference", flat=True).get(withdrawals=withdrawal_id)
    order = locked(reference)
    return order, order.withdrawals.get(pk=withdrawal_id)


def _is_all(order: Order, lines: list[Returned]) -> bool:
    """Whether nothing that was delivered is kept once these are back."""
    ledger = ledger_of(order)
    back = {one.line_id: one.quantity for one in lines}
    return ledger is not None and all(
        charged.left <= back.get(pk, 0) for pk, charged in ledger.charged.items()
    )
