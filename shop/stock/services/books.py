"""How a movement is written: on a locked item, with what lies there afterwards. Not called from other rooms."""

from collections.abc import Collection, Sequence
from datetime import date

from shop.stock.models import StockItem, StockMovement

Kind, Reason = StockMovement.Kind, StockMovement.Reason
MOST = 2_000_000_000


class StockRefused(Exception):
    """Not a stock: below zero or absurdly high."""


def locked(item_ids: Collection[int]) -> list[StockItem]:
    """Items with their products, their own rows locked in order of id FOR NO KEY UPDATE. One query."""
    items = StockItem.objects.filter(pk__in=item_ids).select_related("product").order_by("pk")
    return list(items.select_for_update(no_key=True, of=("self",)))


def moved(
    item: StockItem,
    kind: StockMovement.Kind,
    quantity: int,
    *,
    by_id: int | None = None,
    source: str = "",
    reason: str = "",
    lot: str = "",
    best_before_on: date | None = None,
) -> StockMovement:
    """Change a locked item in memory; the row that says so. Raises StockRefused. No query: `write` saves both."""
    if not 0 <= item.on_hand + quantity <= MOST:
        raise StockRefused(str(item.on_hand + quantity))
    item.on_hand += quantity
    return StockMovement(
        item=item,
        kind=kind,
        quantity=quantity,
        on_hand_after=item.on_hand,
        by_id=by_id,
        source=source,
        reason=reason,
        lot=lot,
        best_before_on=best_before_on,
    )


def write(items: Sequence[StockItem], moves: Sequence[StockMovement], *also: str) -> None:
    """Save locked items, what they reserve and ``also`` these fields, with their movements. Two queries."""
    StockItem.objects.bulk_update(items, ["on_hand", "reserved", *also])
    StockMovement.objects.bulk_create(moves)
