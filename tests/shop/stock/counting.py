"""A count as the depot enters it."""

from shop.stock.models import StockItem, StockMovement
from shop.stock.services import change_stock
from tests.factories import DepotFactory


def count_shelf(product, number, depot=None):
    """So many pieces or grams lie on the shelf of a depot, which may never have had any."""
    item, _is_new = StockItem.objects.get_or_create(product_id=product.pk, depot=depot or DepotFactory())
    change_stock(item_ids=[item.pk], how=StockMovement.Kind.COUNT, quantity=number)
    item.refresh_from_db()
    return item
