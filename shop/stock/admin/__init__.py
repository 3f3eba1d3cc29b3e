from shop.stock.admin.items import StockItemAdmin
from shop.stock.admin.movements import StockMovementAdmin

__all__ = ["StockItemAdmin", "StockMovementAdmin"]
