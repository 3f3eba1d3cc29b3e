"""Stocks of what is given: one conditional change of the item's row, one move beside it."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from loyalty.rewards.models import Item, ItemMove
from loyalty.rewards.rules import OutOfStock, StockRefused

Kind = ItemMove.Kind


@transaction.atomic
def move_stock(*, item_id: int, kind: str, units: int, source: str, by_id: int | None = None) -> bool:
    """Units that came in, were recounted or lost; once for each source. False: it was known.

    Raises StockRefused where less than nothing would be left, ValueError of nothing. Locks the item; three queries.
    """
    if not units:
        raise ValueError(units)
    item = Item.objects.select_for_update(no_key=True).get(pk=item_id)
    if ItemMove.objects.filter(item=item, kind=kind, source=source).exists():
        return False
    if item.stock + units < 0:
        raise StockRefused(item.stock)
    Item.objects.filter(pk=item_id).update(stock=F("stock") + units)
    ItemMove.objects.create(item=item, kind=kind, units=units, source=source, by_id=by_id)
    return True


@transaction.atomic
def withdraw(*, item_id: int) -> bool:
    """It is promised to nobody any more; what was promised is given. False: it was withdrawn before. One UPDATE."""
    return bool(Item.objects.filter(pk=item_id, withdrawn_at=None).update(withdrawn_at=timezone.now()))


def lock_items(item_ids: Collection[int]) -> None:
    """In order of id, before any of them is taken or put back: whoever takes several waits for nobody who waits for them. One
    query.
    """
    list(Item.objects.filter(pk__in=item_ids).order_by("pk").select_for_update(no_key=True))


def take_one(item_id: int, source: str) -> None:
    """One unit promised to somebody, in the caller's transaction. Raises OutOfStock. Two queries."""
    there = Item.objects.filter(pk=item_id, stock__gt=0, withdrawn_at=None)
    if not there.update(stock=F("stock") - 1):
        raise OutOfStock(item_id)
    ItemMove.objects.create(item_id=item_id, kind=Kind.PROMISED, units=-1, source=source)


def put_one_back(item_id: int, source: str) -> None:
    """The unit that was promised is there for others again, in the caller's transaction. Two queries."""
    Item.objects.filter(pk=item_id).update(stock=F("stock") + 1)
    ItemMove.objects.create(item_id=item_id, kind=Kind.RETURNED, units=1, source=source)
