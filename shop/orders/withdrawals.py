"""What may be withdrawn from, until when, and the declarations that wait for goods."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from shop.orders.models import Order, OrderLine, Withdrawal, WithdrawalLine
from shop.orders.refund_rules import withdrawn_until
from shop.orders.refunds import is_closed, ledger_of, said_article
from shop.payments.queries import refunds_of

# Goods that are not back so soon before the refund is due ask for somebody.
DUE_SOON = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Withdrawable:
    """A line that its buyer may give back, and how much of it: pieces or grams."""

    line: OrderLine
    left: int


def last_day(order: Order) -> date:
    """The last day to withdraw, from the delivery or, where nobody said it came, the end of its slot. No query."""
    return withdrawn_until(timezone.localdate(order.delivered_at or order.slot.ends_at))


def is_open(order: Order) -> bool:
    """Whether its buyer may still withdraw: since its crates are closed, until the end of the last day. No query."""
    return is_closed(order) and timezone.localdate() <= last_day(order)


def withdrawable(order: Order) -> list[Withdrawable]:
    """What of it may be withdrawn from now, refunds and earlier declarations taken off. Six queries, none too late."""
    if not is_open(order):
        return []
    ledger = ledger_of(order)
    if ledger is None:
        return []
    declared = waiting_quantities(order)
    found = [
        Withdrawable(line, ledger.charged[pk].left - declared.get(pk, 0))
        for pk, line in ledger.lines.items()
        if line.may_be_returned
    ]
    return [one for one in found if one.left > 0]


def waiting_quantities(order: Order) -> dict[int, int]:
    """Line → what is declared, neither refunded nor closed. One query."""
    waiting: dict[int, int] = {}
    rows = WithdrawalLine.objects.filter(withdrawal__in=order.withdrawals.waiting())
    for line_id, quantity in rows.values_list("line_id", "quantity"):
        waiting[line_id] = waiting.get(line_id, 0) + quantity
    return waiting


@dataclass(frozen=True, slots=True)
class ShownWithdrawal:
    """A declaration as its page tells it, and how far it has got."""

    withdrawal: Withdrawal
    lines: tuple[str, ...]
    state: str


def shown_withdrawals(order: Order) -> list[ShownWithdrawal]:
    """Two queries, four where there is one."""
    found = list(order.withdrawals.select_related("refund").prefetch_related("lines__line"))
    money = refunds_of(order.reference) if any(one.refund_id for one in found) else {}
    return [
        ShownWithdrawal(one, said_lines(one.lines.all()), _state(one, money.get(_occasion(one))))
        for one in found
    ]


def _occasion(one: Withdrawal) -> str:
    return one.refund.occasion if one.refund else ""


def _state(one: Withdrawal, asked: object) -> str:
    if one.goods_back_at is None:
        return one.closed_why or "declared"
    return "refunded" if getattr(asked, "state", "") == "made" else "goods_back"


def said_lines(lines: Iterable[WithdrawalLine]) -> tuple[str, ...]:
    """« 2 × Lessive ». No query: needs their order lines."""
    return tuple(said_article(one.line, one.quantity) for one in lines)


def withdrawal_letter(withdrawal_id: int) -> dict[str, Any]:
    """What its letters say: what was declared, when, and what comes next. Three queries."""
    found = Withdrawal.objects.select_related("order").prefetch_related("lines__line").get(pk=withdrawal_id)
    return {
        "recipient": found.email,
        "customer_id": found.order.customer_id,
        "name": found.name,
        "reference": found.order.reference,
        "declared_at": found.declared_at,
        "refund_due_on": found.refund_due_on,
        "is_kept": found.closed_why == Withdrawal.Closing.KEPT,
        "parts": list(said_lines(found.lines.all())),
        "tracking_path": reverse("tracking", args=[found.order.tracking_token]),
    }


def waiting_withdrawals() -> QuerySet[Withdrawal]:
    """Those whose goods are neither back nor given up, the soonest due first. One query when read."""
    return Withdrawal.objects.waiting().order_by("refund_due_on", "pk")


def may_never_come(withdrawal: Withdrawal) -> bool:
    """Whether the fortnight in which its goods are sent back is over (C. conso. L221-23). No query."""
    return timezone.localdate() > withdrawal.refund_due_on


def due_soon(waiting: QuerySet[Withdrawal]) -> QuerySet[Withdrawal]:
    return waiting.filter(refund_due_on__lte=timezone.localdate() + DUE_SOON)
