"""A product is recalled: it leaves the orders that are not packed yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from shop.orders.models import LineEvent, Order, OrderLine, ShortageQuestion
from shop.orders.queries import LEFT_FOR_SURE
from shop.orders.refunds import ledger_of
from shop.orders.rules import is_concerned
from shop.orders.services.asking import overtake, tell
from shop.orders.services.books import Status, locked
from shop.orders.services.errors import MoveRefused, NotBilled
from shop.orders.services.refunding import Returned, give_back
from shop.payments.models import PaymentOperation
from shop.pricing.rules import NOTHING
from shop.stock import services as stock


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a recall found of a line: ``state`` says where the article is.

    "unpaid": the order waits for its payment; "ended": it came to nothing, or the article was never put in;
    "dropped": nobody takes it any more; "in_crates": it must come out of them; "safe": the date read on it is not
    recalled; "gone": packed, or with its customer.
    """

    state: str
    line: OrderLine


@transaction.atomic
def withdraw_recalled(*, line_id: int, first: date | None = None, last: date | None = None) -> Recalled:
    """Take a recalled article out of an order that is not packed: its stock is given back, its customer told what may
    stand in. In crates that are still open it is marked, and `pack_order` refuses until `take_out_recalled`.

    ``first`` and ``last`` are the recalled dates. Twice is once. Locks the order, then stock; at most 20 queries.
    """
    reference = OrderLine.objects.values_list("order__reference", flat=True).get(pk=line_id)
    order = locked(reference)
    line = order.lines.select_related("product__shelf").get(pk=line_id)
    if order.status == Status.AWAITING_PAYMENT:
        return Recalled("unpaid", line)
    if not order.stands or line.wanted == 0 or line.picked == 0:
        return Recalled("ended", line)
    if order.status in {Status.PACKED, Status.DELIVERED} or _left_unsaid(order):
        return Recalled("gone", line)
    if line.picked is None:
        _drop(order, line)
        return Recalled("dropped", line)
    if not is_concerned(_dates_read(line), first, last):
        return Recalled("safe", line)
    line.recalled_at = timezone.now()
    line.save(update_fields=["recalled_at"])
    return Recalled("in_crates", line)


def _left_unsaid(order: Order) -> bool:
    """Long over, and nobody said what was picked for it."""
    return order.status == Status.PLACED and order.slot.ends_at < timezone.now() - LEFT_FOR_SURE


def _dates_read(line: OrderLine) -> Sequence[date]:
    """What pickers read on what they took of a line. One query."""
    read = line.events.exclude(best_before_on=None).values_list("best_before_on", flat=True)
    return [day for day in read if day]


@transaction.atomic
def take_out_recalled(*, line_id: int, by_id: int | None) -> None:
    """A picker has taken a recalled article out of the crates: it is not billed, its customer told what may stand in.

    Twice is once. Raises MoveRefused. Locks the order, then stock; at most 20 queries.
    """
    reference = OrderLine.objects.values_list("order__reference", flat=True).get(pk=line_id)
    order = locked(reference)
    if order.status != Status.PICKING:
        raise MoveRefused(order.status)
    line = order.lines.select_related("product__shelf").get(pk=line_id)
    if line.to_take_out:
        _drop(order, line, by_id)


def _drop(order: Order, line: OrderLine, by_id: int | None = None) -> None:
    """Nobody looks for it, it is in no crate and on no bill; what was asked about it before gives way."""
    overtake(line)
    left = line.wanted
    line.dropped, line.picked, line.recalled_at = line.quantity, 0, timezone.now()
    line.save(update_fields=["dropped", "picked", "recalled_at"])
    LineEvent.objects.create(line=line, kind=LineEvent.Kind.RECALLED, quantity=left, by_id=by_id)
    if line.product_id:
        stock.change_reservations(
            order_reference=order.reference, depot_id=order.depot_id, changes={line.product_id: -left}
        )
    tell(order, line, left, ShortageQuestion.Cause.RECALL)


@transaction.atomic
def give_back_rest(*, order_reference: str, line_id: int, occasion: str) -> Decimal:
    """Refund all of a recalled line that did not go back yet, with its deposits; the euros, zero where nothing is left.

    Once for the occasion. Raises what `give_back` raises. Locks the order, then the account; 24 queries at most.
    """
    order = locked(order_reference)
    if known := order.refunds.filter(occasion=occasion).first():
        return known.amount
    ledger = ledger_of(order)
    if ledger is None:
        raise NotBilled(order_reference)
    left = ledger.charged[line_id].left
    if not left:
        return NOTHING
    made = give_back(
        order_reference=order_reference,
        reason=PaymentOperation.Reason.RECALL,
        occasion=occasion,
        lines=[Returned(line_id, left)],
    )
    return made.amount
