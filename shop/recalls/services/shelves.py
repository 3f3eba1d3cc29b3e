"""A blocked shelf is looked at; a recall ends."""

from django.db import transaction
from django.utils import timezone

from shop.catalogue.services import lift_recall
from shop.recalls.models import Recall, RecallNotice, RecallShelf
from shop.stock import services as stock
from shop.stock.models import StockMovement


class RecallClosed(Exception):
    """It has ended."""


class ShelfAlreadyChecked(Exception):
    """Somebody confirmed this shelf before."""


class NothingSafe(Exception):
    """All of the product is recalled: nothing goes back on its shelf."""


class NotReady(Exception):
    """Shelves are not checked yet, or customers not told: ``shelves`` and ``orders`` say how many."""

    def __init__(self, shelves: int, orders: int) -> None:
        super().__init__(shelves, orders)
        self.shelves, self.orders = shelves, orders


@transaction.atomic
def check_shelf(*, shelf_id: int, kept: int, by_id: int) -> bool:
    """« Le rayon est contrôlé »: ``kept`` pieces or grams of other lots lie there, all that is recalled is gone.

    With the last shelf, a product of which only some lots are recalled may be sold again; answers whether it is.
    Raises RecallClosed, ShelfAlreadyChecked, NothingSafe, stock.StockRefused. Locks the recall, then stock, then the
    product; 30 queries at most.
    """
    shelf = RecallShelf.objects.get(pk=shelf_id)
    recall = _locked(shelf.recall_id)
    shelf.refresh_from_db()
    if shelf.checked_at:
        raise ShelfAlreadyChecked(shelf_id)
    if kept and recall.is_whole:
        raise NothingSafe(shelf_id)
    shelf.kept, shelf.checked_at, shelf.checked_by_id = kept, timezone.now(), by_id
    stock.change_stock(item_ids=[shelf.item_id], how=StockMovement.Kind.COUNT, quantity=kept, by_id=by_id)
    shelf.save(update_fields=["kept", "checked_at", "checked_by"])
    if recall.is_whole or recall.shelves.filter(checked_at=None).exists():
        return False
    return _lifted(recall, back_on_sale=recall.was_on_sale)


def _locked(recall_id: int) -> Recall:
    recall = Recall.objects.select_for_update(of=("self",)).get(pk=recall_id)
    if recall.closed_at:
        raise RecallClosed(recall_id)
    return recall


def _lifted(recall: Recall, *, back_on_sale: bool) -> bool:
    """Unless another recall still blocks the product."""
    others = Recall.objects.filter(product=recall.product_id, closed_at=None).exclude(pk=recall.pk)
    if any(one.is_whole or one.shelves.filter(checked_at=None).exists() for one in others):
        return False
    return lift_recall(product_id=recall.product_id, back_on_sale=back_on_sale)


@transaction.atomic
def close_recall(*, recall_id: int, by_id: int) -> Recall:
    """End a recall whose shelves are checked and whose orders are all dealt with; staff may then publish the product.

    Raises RecallClosed, NotReady. Locks the recall, then the product; 15 queries at most.
    """
    recall = _locked(recall_id)
    shelves = recall.shelves.filter(checked_at=None).count()
    orders = recall.notices.filter(state=RecallNotice.State.LISTED).count()
    if shelves or orders or recall.listed_at is None:
        raise NotReady(shelves, orders)
    recall.closed_at, recall.closed_by_id = timezone.now(), by_id
    recall.save(update_fields=["closed_at", "closed_by"])
    # A product that no depot had has no shelf by which it would have been lifted.
    _lifted(recall, back_on_sale=False)
    return recall
