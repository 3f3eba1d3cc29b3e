"""What pickers read. Nothing of a customer but a first name and an initial."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from config.templatetags.cabas import grams
from delivery.zones.models import Zone
from loyalty.rewards.models import Present
from loyalty.rewards.queries import presents_of_orders
from shop.catalogue.models import Temperature
from shop.orders.models import Order, OrderLine
from shop.orders.rules import is_newcomer, keeps_until, missing_of
from shop.picking.models import Crate, PickTask, Wave
from shop.picking.rules import walking_key
from shop.stock.models import StockItem


@dataclass(frozen=True, slots=True)
class TrolleyLine:
    """A line of an order that stands on a trolley; ``wanted`` and ``picked`` in pieces or grams."""

    id: int
    task_id: int
    letter: str
    product_id: int | None
    ean: str
    name: str
    packaging_label: str
    sold_by: str
    wanted: int
    picked: int | None
    shelf_position: str
    temperature: str
    keeps_until: date | None
    is_newcomer: bool
    stands_in_for: str
    # Recalled since it was taken: it comes out of the crates.
    to_take_out: bool

    @property
    def is_weighed(self) -> bool:
        return self.sold_by == "weight"

    @property
    def wanted_said(self) -> str:
        return self._said(self.wanted)

    @property
    def picked_said(self) -> str:
        return self._said(self.picked or 0)

    def _said(self, quantity: int) -> str:
        return grams(quantity) if self.is_weighed else str(quantity)

    @property
    def missing(self) -> int:
        return 0 if self.picked is None else missing_of(self.sold_by, self.wanted, self.picked)

    @property
    def temperature_said(self) -> str:
        return str(Temperature(self.temperature).label)


@dataclass(frozen=True, slots=True)
class Stop:
    """One shelf: an article, and for which places of the trolley it is taken."""

    lines: tuple[TrolleyLine, ...]

    @property
    def article(self) -> TrolleyLine:
        return self.lines[0]

    @property
    def keeps_until(self) -> date | None:
        return max((line.keeps_until for line in self.lines if line.keeps_until), default=None)


@dataclass(frozen=True, slots=True)
class Trolley:
    """All that stands on a picker's trolley, in the order in which shelves are visited."""

    tasks: tuple[PickTask, ...]
    lines: tuple[TrolleyLine, ...]

    @property
    def stops(self) -> list[Stop]:
        """What is still to be taken."""
        found: dict[str, list[TrolleyLine]] = {}
        for line in self.lines:
            if line.picked is None:
                found.setdefault(line.ean, []).append(line)
        return [Stop(tuple(lines)) for lines in found.values()]

    @property
    def to_take_out(self) -> list[TrolleyLine]:
        """Recalled articles that lie in its crates."""
        return [line for line in self.lines if line.to_take_out]

    @property
    def done(self) -> int:
        return sum(line.picked is not None for line in self.lines)


def open_waves() -> QuerySet[Wave]:
    """Waves in which something is left to do, the soonest first, with what is left. One query when read."""
    left = Q(tasks__closed_at=None)
    return (
        Wave.objects.filter(left)
        .select_related("depot")
        .annotate(
            starts_at=Min("tasks__order__slot__starts_at"),
            free=Count("tasks", filter=left & Q(tasks__picker=None)),
            under_way=Count("tasks", filter=left & Q(tasks__picker__isnull=False)),
            newcomers=Count("tasks", filter=left & Q(tasks__order__rank__lte=3, tasks__picker=None)),
        )
        .order_by("starts_at", "pk")
    )


def addressees(order_references: Collection[str]) -> dict[str, tuple[str, bool]]:
    """Order → the first name it says, and whether its customer has an account. One query."""
    found = Order.objects.filter(reference__in=order_references).values_list(
        "reference", "first_name", "customer__user", "customer__merged_into__user"
    )
    return {reference: (name, bool(own or merged)) for reference, name, own, merged in found}


def letters_waiting() -> dict[int, int]:
    """Wave → welcome letters that its open orders have going with them. One query."""
    return dict(_with_letters().values_list("wave").annotate(number=Count("pk")).order_by("wave"))


def letters_of_wave(wave_id: int) -> list[str]:
    """References of those orders, as they are prepared. One query."""
    found = _with_letters().filter(wave=wave_id).order_by("place")
    return list(found.values_list("order__reference", flat=True))


def _with_letters() -> QuerySet[PickTask]:
    papers = Present.objects.filter(is_paper=True, state=Present.State.ATTACHED).exclude(order_reference="")
    return PickTask.objects.filter(closed_at=None, order__reference__in=papers.values("order_reference"))


def trolley(picker_id: int) -> Trolley:
    """Two queries, however much stands on it."""
    tasks = PickTask.objects.filter(picker_id=picker_id, closed_at=None)
    mine = tuple(tasks.select_related("order__slot").order_by("letter"))
    return Trolley(mine, _lines([task for task in mine if task.order.status == Order.Status.PICKING]))


def task_sheet(task: PickTask) -> list[TrolleyLine]:
    """The lines of one order, for whoever looks it over. One query."""
    return list(_lines([task]))


@dataclass(frozen=True, slots=True)
class Besides:
    """What goes with an order beside its articles, on a trolley."""

    letter: str
    is_newcomer: bool
    presents: tuple[Present, ...]


def presents_beside(tasks: Iterable[PickTask]) -> list[Besides]:
    """Of those orders that have any. One query."""
    of_order = {task.order.reference: task for task in tasks}
    found: dict[str, list[Present]] = {}
    for present in presents_of_orders(of_order):
        if present.item_id or present.is_paper:
            found.setdefault(present.order_reference, []).append(present)
    return [
        Besides(task.letter, is_newcomer(task.order.rank), tuple(presents))
        for task, presents in ((of_order[reference], presents) for reference, presents in found.items())
    ]


def to_pack(order_reference: str) -> list[Present]:
    """The presents of an order whose crates are open. One query."""
    going = presents_of_orders([order_reference])
    return [one for one in going if one.state == Present.State.ATTACHED and (one.item_id or one.is_paper)]


def _lines(tasks: Iterable[PickTask]) -> tuple[TrolleyLine, ...]:
    of_order = {task.order_id: task for task in tasks}
    here = StockItem.objects.filter(product=OuterRef("product"), depot=OuterRef("order__depot"))
    rows = OrderLine.objects.filter(order__in=of_order).values(
        "id", "order_id", "product_id", "ean", "name", "packaging_label", "sold_by", "quantity", "dropped",
        "picked", "minimum_life_days", "recalled_at",
        stands_in_for=F("replaces__name"),
        temperature=F("product__shelf__temperature"),
        position=Subquery(here.values("shelf_position")[:1]),
    )  # fmt: skip
    lines = [_line(row, of_order[row["order_id"]]) for row in rows]
    lines.sort(key=lambda line: (walking_key(line.temperature, line.shelf_position, line.name), line.letter))
    return tuple(lines)


def _line(row: Mapping[str, Any], task: PickTask) -> TrolleyLine:
    days = row["minimum_life_days"]
    delivered_on = timezone.localdate(task.order.slot.starts_at)
    return TrolleyLine(
        id=row["id"],
        task_id=task.pk,
        letter=task.letter,
        product_id=row["product_id"],
        ean=row["ean"],
        name=row["name"],
        packaging_label=row["packaging_label"],
        sold_by=row["sold_by"],
        wanted=row["quantity"] - row["dropped"],
        picked=row["picked"],
        shelf_position=row["position"] or "",
        temperature=row["temperature"] or Temperature.AMBIENT,
        keeps_until=keeps_until(delivered_on, days) if days else None,
        is_newcomer=is_newcomer(task.order.rank),
        stands_in_for=row["stands_in_for"] or "",
        to_take_out=row["recalled_at"] is not None and bool(row["picked"]),
    )


def own_task(task_id: int, picker_id: int) -> PickTask | None:
    """An open task of this picker, with its order and slot. One query."""
    found = PickTask.objects.filter(pk=task_id, picker_id=picker_id, closed_at=None)
    return found.select_related("order__slot").first()


def closed_task(task_id: int, picker_id: int) -> PickTask | None:
    """A task that this picker has closed, with its order. One query."""
    found = PickTask.objects.filter(pk=task_id, picker_id=picker_id, closed_at__isnull=False)
    return found.select_related("order").first()


def to_check() -> QuerySet[PickTask]:
    """First orders that stand ready and wait for a second look. One query when read."""
    left = OrderLine.objects.filter(order=OuterRef("order"), picked=None)
    return (
        PickTask.objects.filter(
            closed_at=None, picker__isnull=False, checked_at=None, order__rank__lte=3,
            order__status=Order.Status.PICKING,
        )
        .exclude(order__in=Subquery(left.values("order")))
        .select_related("order__slot")
        .order_by("order__slot__starts_at", "pk")
    )  # fmt: skip


def checkable(task_id: int) -> PickTask | None:
    """An open task somebody prepares, with its order and slot. One query."""
    found = PickTask.objects.filter(pk=task_id, closed_at=None, picker__isnull=False)
    return found.select_related("order__slot").first()


def shelf_positions(product_ids: Collection[int], depot_id: int) -> dict[int, str]:
    """Where products lie in a depot. One query."""
    found = StockItem.objects.filter(product__in=product_ids, depot=depot_id)
    return dict(found.values_list("product_id", "shelf_position"))


def own_line(line_id: int, picker_id: int) -> OrderLine | None:
    """A line on this picker's trolley, with its product and order. One query."""
    own = OrderLine.objects.filter(order__pick_task__picker=picker_id, order__pick_task__closed_at=None)
    return own.select_related("order__pick_task", "product__shelf").filter(pk=line_id).first()


def lines_left(order_id: int) -> int:
    """How many shelves of an order were not visited yet. One query."""
    return OrderLine.objects.filter(order=order_id, picked=None).count()


def crates_to_deliver(order_reference: str) -> dict[str, int]:
    """Labelled crates of an order that a van takes, temperature → number; empty for one that is fetched. One query."""
    labelled = Crate.objects.filter(
        task__order__reference=order_reference, task__order__zone__kind=Zone.Kind.DELIVERY
    )
    return dict(labelled.values_list("temperature").annotate(number=Count("pk")).order_by("temperature"))
