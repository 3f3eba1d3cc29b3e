"""Every write of stock. Rows are locked in order of id, so that two baskets never wait for each other."""

from shop.stock.services.alerts import (
    ALERT_DAYS,
    NothingToWaitFor,
    Waiting,
    ask_for_restock,
    claim_restocked,
    forget_old_alerts,
    tell_restocked,
)
from shop.stock.services.books import StockRefused
from shop.stock.services.layout import lay_out
from shop.stock.services.orders import (
    StockAlreadyReturned,
    StockShort,
    change_reservations,
    pick_as_ordered,
    pick_stock,
    return_stock,
    take_stock,
)
from shop.stock.services.sales import note_sales
from shop.stock.services.shelves import (
    AlreadyReceived,
    Receipt,
    change_stock,
    receive_goods,
    write_off_recalled,
)

__all__ = [
    "ALERT_DAYS",
    "AlreadyReceived",
    "NothingToWaitFor",
    "Receipt",
    "StockAlreadyReturned",
    "StockRefused",
    "StockShort",
    "Waiting",
    "ask_for_restock",
    "change_reservations",
    "change_stock",
    "claim_restocked",
    "forget_old_alerts",
    "lay_out",
    "note_sales",
    "pick_as_ordered",
    "pick_stock",
    "receive_goods",
    "return_stock",
    "take_stock",
    "tell_restocked",
    "write_off_recalled",
]
