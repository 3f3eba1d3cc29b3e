"""What the depot does to its shelves: goods in, counts, what is thrown away."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from shop.catalogue.services import mark_as_stated
from shop.stock.models import StockItem, StockMovement
from shop.stock.services.alerts import tell_restocked
from shop.stock.services.books import MOST, Kind, Reason, StockRefused, locked, moved, write


class AlreadyReceived(Exception):
    """This delivery note was entered before, with an article and lot of this one."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Goods of one lot: pieces or grams; the cost in euros excluding VAT, per piece or kilogram, if it is told."""

    product_id: int
    quantity: int
    lot: str = ""
    best_before_on: date | None = None
    unit_cost: Decimal | None = None


@transaction.atomic
def receive_goods(
    *, depot_id: int, receipts: Sequence[Receipt], delivery_note: str = "", by_id: int | None = None
) -> int:
    """Enter a supplier's delivery, all or nothing; how many articles. The depot may see a product for the first time.

    A cost that differs from the one known is dated today. Raises StockRefused (nothing, a quantity that is not
    above zero or absurdly high), AlreadyReceived. Locks the items in order of id. 13 queries, however many lines.
    """
    if not receipts or any(not 0 < one.quantity <= MOST for one in receipts):
        raise StockRefused("receipt")
    products = {one.product_id for one in receipts}
    items = {item.product_id: item for item in _items_for(depot_id, products)}
    moves = [
        moved(
            items[one.product_id], Kind.RECEIPT, one.quantity, by_id=by_id, source=delivery_note, lot=one.lot,
            best_before_on=one.best_before_on,
        )
        for one in receipts
    ]  # fmt: skip
    for one in receipts:
        _note_cost(items[one.product_id], one.unit_cost)
    today = timezone.localdate()
    for item in items.values():
        if item.expected_restock_on and item.expected_restock_on <= today:
            item.expected_restock_on = None
    try:
        with transaction.atomic():
            write(list(items.values()), moves, "unit_cost", "cost_since", "expected_restock_on")
    except IntegrityError as clash:
        if "one_receipt_per_delivery_note_and_lot" not in str(clash):
            raise
        raise AlreadyReceived(delivery_note) from clash
    _tell(products)
    return len(items)


def _items_for(depot_id: int, product_ids: Collection[int]) -> list[StockItem]:
    """The items of these products, made where the depot had none, locked. Two queries."""
    StockItem.objects.bulk_create(
        [StockItem(product_id=pk, depot_id=depot_id) for pk in sorted(product_ids)], ignore_conflicts=True
    )
    items = StockItem.objects.filter(depot_id=depot_id, product_id__in=product_ids)
    return list(items.order_by("pk").select_for_update(no_key=True))


def _note_cost(item: StockItem, unit_cost: Decimal | None) -> None:
    if unit_cost is not None and unit_cost != item.unit_cost:
        item.unit_cost, item.cost_since = unit_cost, timezone.localdate()


@transaction.atomic
def change_stock(
    *,
    item_ids: Collection[int],
    how: StockMovement.Kind,
    quantity: int,
    reason: str = "",
    expected_restock_on: date | None = None,
    by_id: int | None = None,
) -> int:
    """The same count, receipt or write-off for several items, all or none; how many. 10 queries.

    ``quantity`` is what was counted, or what came or went, in pieces or grams. What is written off may have been
    reserved: the orders are then short. Raises StockRefused when an item would fall below zero. A day on which
    more is expected is noted with it; without one, the day noted before stays.
    """
    if quantity < 0 or (how != Kind.COUNT and quantity == 0) or (how == Kind.WRITE_OFF) != (reason in Reason):
        raise StockRefused(str(quantity))
    items = locked(item_ids)
    moves = [moved(item, how, _change(item, how, quantity), by_id=by_id, reason=reason) for item in items]
    if expected_restock_on:
        for item in items:
            item.expected_restock_on = expected_restock_on
    write(items, moves, "expected_restock_on")
    _tell({item.product_id for item in items})
    return len(items)


@transaction.atomic
def write_off_recalled(*, product_id: int, by_id: int | None = None) -> list[tuple[int, int]]:
    """All that lies of a product in every depot is put aside: item and quantity of each, zero where nothing lay.

    What was reserved stays reserved: the orders are then short. Locks the items in order of id. 4 queries.
    """
    items = StockItem.objects.filter(product=product_id).order_by("pk").select_for_update(no_key=True)
    lay = [(item, item.on_hand) for item in items]
    moves = [
        moved(item, Kind.WRITE_OFF, -quantity, by_id=by_id, reason=Reason.RECALLED)
        for item, quantity in lay
        if quantity
    ]
    write([item for item, _quantity in lay], moves)
    return [(item.pk, quantity) for item, quantity in lay]


def _change(item: StockItem, how: StockMovement.Kind, quantity: int) -> int:
    match how:
        case Kind.COUNT:
            return quantity - item.on_hand
        case Kind.RECEIPT:
            return quantity
        case Kind.WRITE_OFF:
            return -quantity
    raise ValueError(how)


def _tell(product_ids: Collection[int]) -> None:
    mark_as_stated(product_ids=product_ids, code="stock")
    tell_restocked(product_ids=product_ids)
