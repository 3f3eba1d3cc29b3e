"""What the depot does for an order: its shelves are visited, its crates closed, its bill made.

What a picker reports is written line by line; stock and money move once, when the crates are closed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from loyalty.vouchers.queries import voucher_held_by
from shop.orders.events import OrderDelivered, OrderPacked, ShelfShort
from shop.orders.models import BillVat, LineEvent, Order, OrderBill, OrderEvent, OrderLine
from shop.orders.rules import Bill, bill, keeps_until, most_pickable
from shop.orders.services.books import Kind, Status, locked, locked_all, move, record
from shop.orders.services.calling_off import call_off
from shop.orders.services.charging import ask_for_money
from shop.orders.services.errors import (
    AlreadyPicked,
    KeepsTooShort,
    LinesLeft,
    MoveRefused,
    ProductRecalled,
    QuantityRefused,
    RecalledInCrates,
    WaitsForAnswer,
)
from shop.orders.services.promising import note_packed
from shop.payments import services as payments
from shop.payments.rules import cents
from shop.stock import services as stock


@dataclass(frozen=True, slots=True)
class Found:
    """What was put in the crates for one line: pieces, or grams as weighed.

    ``before`` is what the line said when the picker looked at it: None, or the quantity that is now put right.
    """

    line_id: int
    quantity: int
    best_before_on: date | None = None
    before: int | None = None


@transaction.atomic
def start_picking(*, references: Collection[str]) -> set[str]:
    """Their first shelf is about to be visited: nobody amends or cancels them any more. Twice is once.

    Answers those that are being prepared; what was cancelled meanwhile is not among them. Locks the orders in order
    of id; three queries, however many.
    """
    orders = locked_all(reference__in=references, status__in=[Status.PLACED, Status.PICKING])
    waiting = [order for order in orders if order.status == Status.PLACED]
    for order in waiting:
        order.status = Status.PICKING
    Order.objects.bulk_update(waiting, ["status"])
    OrderEvent.objects.bulk_create(OrderEvent(order=order, kind=Kind.PICKING) for order in waiting)
    return {order.reference for order in orders}


@transaction.atomic
def note_picked(*, found: Sequence[Found], by_id: int | None, order_ids: Collection[int]) -> list[OrderLine]:
    """Write what lies in the crates of some of these orders; those lines with their orders, as they are now. Said
    again it is the same.

    All of it or nothing; less than ordered is written as missing, and what its customer chose for that is done from
    the fact that tells it. Raises OrderLine.DoesNotExist (of none of these orders), MoveRefused (an order is not being
    prepared), QuantityRefused, ProductRecalled, KeepsTooShort (it would expire before the day promised), AlreadyPicked
    (somebody else wrote something else). Locks the orders in order of id; four queries however many lines, and two
    where something was missing or is put right.
    """
    said = {one.line_id: one for one in found}
    locked_all(pk__in=order_ids)
    wanted = OrderLine.objects.filter(pk__in=said, order__in=order_ids)
    lines = list(wanted.select_related("product", "order__slot", "replaces", "replaced_by"))
    if len(lines) < len(said):
        raise OrderLine.DoesNotExist
    _know_each_other(lines)
    if any(line.order.status != Status.PICKING for line in lines):
        raise MoveRefused
    changed: list[OrderLine] = []
    events: list[LineEvent] = []
    for line in lines:
        one = said[line.pk]
        if line.picked == one.quantity:
            continue
        _check(line, one)
        line.picked = one.quantity
        changed.append(line)
        events += _events(line, one, by_id)
    OrderLine.objects.bulk_update(changed, ["picked"])
    LineEvent.objects.bulk_create(events)
    if short := [line.pk for line in changed if line.missing or said[line.pk].before is not None]:
        publish(ShelfShort(tuple(short)))
    return lines


def _check(line: OrderLine, one: Found) -> None:
    if line.picked != one.before:
        raise AlreadyPicked(line.pk)
    if not 0 <= one.quantity <= most_pickable(line.sold_by, _still_wanted(line)):
        raise QuantityRefused(line.pk)
    if line.to_take_out or (one.quantity and _is_recalled(line)):
        raise ProductRecalled(line.pk)
    if one.quantity and line.minimum_life_days:
        until = keeps_until(timezone.localdate(line.order.slot.starts_at), line.minimum_life_days)
        if one.best_before_on is None or one.best_before_on < until:
            raise KeepsTooShort(until)


def _know_each_other(lines: Sequence[OrderLine]) -> None:
    """What is written for one of these is seen from the one it stands in for, and the other way round."""
    by_id = {line.pk: line for line in lines}
    for line in lines:
        if line.replaces_id in by_id:
            line.replaces = by_id[line.replaces_id]


def _still_wanted(line: OrderLine) -> int:
    """Nobody gets an article and what stands in for it, whichever was found first: pieces or grams."""
    stand: OrderLine | None = getattr(line, "replaced_by", None)
    if line.replaces is not None:
        return min(line.wanted, max(0, line.replaces.quantity - _taken(line.replaces)))
    if stand is not None:
        return min(line.wanted, max(0, line.quantity - _taken(stand)))
    return line.wanted


def _taken(line: OrderLine) -> int:
    return line.wanted if line.picked is None else min(line.picked, line.wanted)


def _is_recalled(line: OrderLine) -> bool:
    return line.recalled_at is not None or (line.product is not None and line.product.recalled_at is not None)


def _events(line: OrderLine, one: Found, by_id: int | None) -> list[LineEvent]:
    kind = LineEvent.Kind.WEIGHED if line.is_weighed else LineEvent.Kind.PICKED
    missing = line.missing
    told = [
        LineEvent(line=line, kind=kind, quantity=one.quantity, by_id=by_id, best_before_on=one.best_before_on)
    ]
    if missing:
        told.append(LineEvent(line=line, kind=LineEvent.Kind.MISSING, quantity=missing, by_id=by_id))
    return told


@transaction.atomic
def pack_order(*, reference: str, by_id: int | None = None) -> Order:
    """Close an order's crates: its goods leave the shelves, its bill is made, its money asked for. Twice is once.

    Where nothing at all could be found, the order is called off and its money given back. Raises MoveRefused,
    LinesLeft (shelves not visited yet), RecalledInCrates, WaitsForAnswer (its customer was asked and still has time). Locks the order,
    then stock, then the outcome, then the account; the provider is asked by the worker, which goes on until it answers.
    """
    order = locked(reference)
    if order.status in {Status.PACKED, Status.DELIVERED}:
        return order
    if order.status != Status.PICKING:
        raise MoveRefused(order.status)
    lines = list(order.lines.all())
    if left := sum(line.picked is None for line in lines):
        raise LinesLeft(left)
    if recalled := [line for line in lines if line.to_take_out]:
        raise RecalledInCrates(recalled)
    if order.questions.filter(answer="").exists():
        raise WaitsForAnswer(reference)
    if not any(line.picked for line in lines):
        call_off(order, Kind.NOTHING_LEFT)
        payments.release(order_reference=reference)
        return order
    stock.pick_stock(
        order_reference=reference,
        depot_id=order.depot_id,
        quantities={line.product_id: line.picked or 0 for line in lines if line.product_id},
        by_id=by_id,
    )
    # Held since the order was made; its terms never change.
    voucher = voucher_held_by(order.reference) if order.voucher_discount else None
    made = bill(
        [line.prepared for line in lines],
        fee=order.delivery_fee,
        most=order.most,
        voucher=voucher.agreed_terms if voucher else None,
        voucher_agreed=order.voucher_discount,
    )
    kept = _keep_bill(order, lines, made)
    move(order, Status.PACKED, packed_at=timezone.now())
    record(order, Kind.PACKED, total_cents=cents(made.total))
    note_packed(order, lines, kept)
    publish(OrderPacked(order_reference=reference, customer_id=order.customer_id))
    ask_for_money(order, made.total)
    return order


def _keep_bill(order: Order, lines: list[OrderLine], made: Bill) -> OrderBill:
    for line, amount, share in zip(lines, made.lines, made.voucher_shares, strict=True):
        line.billed, line.billed_share = amount, share
    OrderLine.objects.bulk_update(lines, ["billed", "billed_share"])
    kept = OrderBill.objects.create(
        order=order,
        goods_total=made.goods_total,
        deposit_total=made.deposit_total,
        delivery_fee=made.delivery_fee,
        voucher_discount=made.voucher_discount,
        total=made.total,
    )
    BillVat.objects.bulk_create(
        BillVat(bill=kept, rate=rate, gross=gross, vat=vat) for rate, (gross, vat) in made.vat.items()
    )
    return kept


@transaction.atomic
def hand_over(*, reference: str, at: datetime | None = None) -> Order:
    """Its customer has it, since ``at`` or now. Twice is once. Raises MoveRefused. Locks the order; three queries and the fact's."""
    order = locked(reference)
    if order.status == Status.DELIVERED:
        return order
    move(order, Status.DELIVERED, delivered_at=at or timezone.now())
    record(order, Kind.DELIVERED)
    publish(OrderDelivered(order_reference=reference, customer_id=order.customer_id))
    return order


def take_off_shelf(*, reference: str) -> int:
    """The order has left and nobody said what was picked for it: its goods lie there no more; how many articles."""
    return stock.pick_as_ordered(order_reference=reference)
