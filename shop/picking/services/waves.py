"""Which orders are to be prepared, and who takes them."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from loyalty.milestones import services as milestones
from shop.customers.services import lock_login
from shop.orders import services as orders
from shop.orders.queries import preparable, ready_to_pick
from shop.orders.rules import is_newcomer
from shop.picking.models import PickTask, Wave
from shop.picking.rules import free_letters


class TrolleyFull(Exception):
    """A trolley takes six orders."""


class NothingToTake(Exception):
    """Others were faster, or the wave is empty."""


class NotYours(Exception):
    """Another picker prepares this order, or nobody does any more."""


class _Ready(NamedTuple):
    order_id: int
    depot_id: int
    cutoff_at: datetime
    starts_at: datetime
    rank: int

    @property
    def wave(self) -> tuple[int, datetime]:
        return self.depot_id, self.cutoff_at


@transaction.atomic
def build_waves(*, now: datetime) -> int:
    """Open a wave for each cut-off that has passed, with the orders that are paid for; how many orders came in.

    Again adds only what was paid since. Four queries, however many orders.
    """
    found = ready_to_pick(now).exclude(pk__in=PickTask.objects.values("order_id"))
    ready = [
        _Ready(*row)
        for row in found.order_by("slot__cutoff_at", "slot__starts_at", "placed_at", "pk").values_list(
            "pk", "depot_id", "slot__cutoff_at", "slot__starts_at", "rank"
        )
    ]
    Wave.objects.bulk_create(
        [Wave(depot_id=depot, cutoff_at=at) for depot, at in sorted({one.wave for one in ready})],
        ignore_conflicts=True,
    )
    waves = {
        (wave.depot_id, wave.cutoff_at): wave.pk
        for wave in Wave.objects.filter(cutoff_at__in={one.cutoff_at for one in ready})
    }
    # `sorted` keeps the rest as it was read.
    ranked = sorted(ready, key=lambda one: (one.cutoff_at, one.starts_at, not is_newcomer(one.rank)))
    made = PickTask.objects.bulk_create(
        [
            PickTask(wave_id=waves[one.wave], order_id=one.order_id, place=place)
            for place, one in enumerate(ranked, 1)
        ],
        ignore_conflicts=True,
    )
    return len(made)


def drop_stale(*, now: datetime) -> int:
    """Take out of the waves what nobody will prepare any more: cancelled, or left long ago; how many. One UPDATE."""
    free = PickTask.objects.filter(picker=None, closed_at=None)
    return free.exclude(order__in=preparable(now)).update(closed_at=now)


def take_tasks(*, picker_id: int, wave_id: int, number: int) -> list[PickTask]:
    """Take the next orders of a wave on one's trolley, as many as it holds. Never the same for two pickers.

    An order cancelled since the wave was built leaves it, and the next one is looked at. Raises TrolleyFull,
    NothingToTake. Locks the login, then the tasks (what others are taking is skipped, not waited for), then the
    orders, whose gifts are chosen from now on; 9 queries, however many, and some nine for each gift that nobody chose.
    """
    while True:
        looked_at, taken = _take(picker_id, wave_id, number)
        if taken:
            return taken
        if not looked_at:
            raise NothingToTake


@transaction.atomic
def _take(picker_id: int, wave_id: int, number: int) -> tuple[int, list[PickTask]]:
    """How many tasks were looked at, and those taken; what was cancelled is closed, whether or not any was taken."""
    lock_login(picker_id)
    standing = list(open_tasks(picker_id).values_list("letter", flat=True))
    letters = free_letters(standing)
    if not letters:
        raise TrolleyFull
    taken: list[PickTask] = []
    free = PickTask.objects.filter(wave_id=wave_id, picker=None, closed_at=None).order_by("place")
    chosen = list(
        free.select_related("order").select_for_update(skip_locked=True, of=("self",))[
            : min(number, len(letters))
        ]
    )
    started = orders.start_picking(references=[task.order.reference for task in chosen])
    milestones.settle(order_references=started)
    now = timezone.now()
    for task in chosen:
        if task.order.reference in started:
            task.picker_id, task.taken_at, task.letter = picker_id, now, letters[len(taken)]
            taken.append(task)
        else:
            task.closed_at = now
    PickTask.objects.bulk_update(chosen, ["picker", "taken_at", "letter", "closed_at"])
    return len(chosen), taken


def open_tasks(picker_id: int) -> QuerySet[PickTask]:
    """What stands on a picker's trolley."""
    return PickTask.objects.filter(picker_id=picker_id, closed_at=None)


@transaction.atomic
def hand_back(*, task_id: int, picker_id: int, may_lead: bool = False) -> None:
    """Leave an order to others: what was found for it stays found. Raises NotYours. Locks the task; two queries."""
    task = PickTask.objects.select_for_update().filter(pk=task_id, closed_at=None).first()
    if task is None or task.picker_id is None or (task.picker_id != picker_id and not may_lead):
        raise NotYours(task_id)
    task.picker, task.letter, task.taken_at = None, "", None
    task.save(update_fields=["picker", "letter", "taken_at"])
