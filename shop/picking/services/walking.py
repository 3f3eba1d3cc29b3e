"""What a picker says at a shelf."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from shop.orders import services as orders
from shop.orders.models import OrderLine
from shop.picking.models import PickTask
from shop.picking.services.waves import NotYours, open_tasks


@dataclass(frozen=True, slots=True)
class Taken:
    """Pieces or grams put in the crates for a line, and what it said before: None, or what is now put right."""

    quantity: int
    before: int | None = None


@transaction.atomic
def confirm(
    *, picker_id: int, taken: Mapping[int, Taken], best_before_on: date | None = None
) -> list[OrderLine]:
    """Write what was taken at one shelf for one or several orders of a trolley, all or nothing.

    Answers the lines that came short and whose customers want them replaced: the picker stands there. Raises NotYours,
    and what `orders.note_picked` raises. Locks the tasks, then the trolley's orders in order of id; eight queries at
    most, however many orders.
    """
    if not taken:
        raise NotYours
    mine = {task.order_id: task for task in open_tasks(picker_id).order_by("pk").select_for_update()}
    try:
        lines = orders.note_picked(
            found=[
                orders.Found(pk, said.quantity, best_before_on, said.before) for pk, said in taken.items()
            ],
            by_id=picker_id,
            order_ids=mine,
        )
    except OrderLine.DoesNotExist as foreign:
        raise NotYours from foreign
    _look_again([mine[line.order_id] for line in lines if line.picked != taken[line.pk].before])
    return [line for line in lines if orders.wants_replacement(line)]


def _look_again(tasks: Iterable[PickTask]) -> None:
    """What changes after the second look is looked over once more. No query, and one where something was checked."""
    if checked := {task.pk for task in tasks if task.checked_at}:
        PickTask.objects.filter(pk__in=checked).update(checked_at=None, checked_by=None)
