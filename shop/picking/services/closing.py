"""Crates are labelled, first orders looked over once more, and the order closed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from loyalty.rewards import services as rewards
from shop.orders import services as orders
from shop.orders.models import Order, OrderLine
from shop.orders.rules import is_newcomer
from shop.picking.models import Crate, PickTask
from shop.picking.queries import lines_left
from shop.picking.rules import crates_of
from shop.picking.services.waves import NotYours


class CheckDue(Exception):
    """One of a customer's first orders: its crates are looked over once more before they are closed."""


class ReplacementDue(Exception):
    """The customer wants what is missing replaced: the picker says by what, or that nothing would do."""

    def __init__(self, lines: list[OrderLine]) -> None:
        super().__init__(len(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Beside:
    """What the picker says of an order's presents: those in its crates, those not found."""

    packed: Collection[int] = ()
    missed: Collection[int] = ()


def locked_task(task_id: int, picker_id: int) -> PickTask:
    """A picker's own open task with its order, its row locked. Raises NotYours. One query."""
    found = PickTask.objects.filter(pk=task_id, picker_id=picker_id, closed_at=None)
    task = found.select_related("order").select_for_update(of=("self",)).first()
    if task is None:
        raise NotYours(task_id)
    return task


@transaction.atomic
def label_crates(*, task_id: int, picker_id: int, wanted: Mapping[str, int]) -> list[Crate]:
    """How many crates of each temperature an order fills; said again, the labels are made anew.

    Raises NotYours, ValueError. Locks the task; three queries.
    """
    task = locked_task(task_id, picker_id)
    temperatures = crates_of(wanted)
    Crate.objects.filter(task=task).delete()
    return Crate.objects.bulk_create(
        Crate(task=task, number=number, temperature=temperature)
        for number, temperature in enumerate(temperatures, 1)
    )


@transaction.atomic
def note_checked(*, task_id: int, by_id: int) -> PickTask:
    """Somebody looked an order over once more, line by line.

    Raises NotYours (closed, or of nobody), orders.LinesLeft (shelves not visited yet). Locks the task; three queries.
    """
    task = (
        PickTask.objects.select_for_update().filter(pk=task_id, closed_at=None, picker__isnull=False).first()
    )
    if task is None:
        raise NotYours(task_id)
    if left := lines_left(task.order_id):
        raise orders.LinesLeft(left)
    task.checked_at, task.checked_by_id = timezone.now(), by_id
    task.save(update_fields=["checked_at", "checked_by"])
    return task


def close_task(*, task_id: int, picker_id: int, beside: Beside | None = None) -> Order:
    """Close an order's crates: what its customer wished for what is missing is done first, then its bill is made.

    Two transactions: a question that is asked stays asked, though the order cannot be closed before its answer.
    Raises NotYours, CheckDue, ReplacementDue, rewards.PresentsDue, and what `orders.pack_order` raises. An order that was cancelled
    meanwhile leaves the trolley as it is.
    """
    task = (
        PickTask.objects.select_related("order")
        .filter(pk=task_id, picker_id=picker_id, closed_at=None)
        .first()
    )
    if task is None:
        raise NotYours(task_id)
    reference = task.order.reference
    while True:
        short = orders.short_at_shelf(reference=reference)
        if due := orders.settle_at_shelf(references=[reference]):
            raise ReplacementDue(due)
        if closed := _close(task_id, picker_id, short=short, beside=beside or Beside()):
            return closed


@transaction.atomic
def _close(task_id: int, picker_id: int, *, short: Mapping[int, int], beside: Beside) -> Order | None:
    """Lock task → order → stock → account → presents. None where lines came ``short`` otherwise since that was settled."""
    task = locked_task(task_id, picker_id)
    order = task.order
    if order.status == Order.Status.PICKING:
        if orders.short_at_shelf(reference=order.reference) != short:
            return None
        if is_newcomer(order.rank) and task.checked_at is None:
            raise CheckDue(task_id)
        order = orders.pack_order(reference=order.reference, by_id=picker_id)
        if order.status == Order.Status.PACKED:
            rewards.pack(
                order_reference=order.reference,
                packed=beside.packed,
                missed=beside.missed,
                by_id=picker_id,
            )
    task.closed_at = timezone.now()
    task.save(update_fields=["closed_at"])
    return order
