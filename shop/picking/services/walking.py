"""What a picker says at a shelf."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from shop.orders import services as orders
from shop.picking.models import PickTask
from shop.picking.queries import own_lines
from shop.picking.services.waves import NotYours, open_tasks


@dataclass(frozen=True, slots=True)
class Taken:
    """Pieces or grams put in the crates for a line, and what it said before: None, or what is now put right."""

    quantity: int
    before: int | None = None


@transaction.atomic
def confirm(*, picker_id: int, taken: Mapping[int, Taken], best_before_on: date | None = None) -> set[str]:
    """Write what was taken at one shelf for one or several orders of a trolley, all or nothing.

    Answers the references of the orders that came short, whose customers' wishes are to be done next
    (`orders.settle_at_shelf`). Raises NotYours, and what `orders.note_picked` raises. Locks the tasks, then the orders
    in order of id; eight queries, however many orders.
    """
    held = open_tasks(picker_id).select_related("order").order_by("pk")
    mine = {task.order_id: task for task in held.select_for_update(of=("self",))}
    own = own_lines(taken, mine)
    if not taken or len(own) < len(taken):
        raise NotYours
    lines = orders.note_picked(
        found=[orders.Found(pk, said.quantity, best_before_on, said.before) for pk, said in taken.items()],
        by_id=picker_id,
        of_order=own,
    )
    _look_again([mine[line.order_id] for line in lines if line.picked != taken[line.pk].before])
    return {mine[line.order_id].order.reference for line in lines if line.missing}


def _look_again(tasks: Iterable[PickTask]) -> None:
    """What changes after the second look is looked over once more. No query, and one where something was checked."""
    if checked := {task.pk for task in tasks if task.checked_at}:
        PickTask.objects.filter(pk__in=checked).update(checked_at=None, checked_by=None)
