"""Every write of a recall. Lock order: recall → notice → order → stock → product → account."""

from shop.recalls.services.opening import (
    AlreadyRecalled,
    NewRecall,
    UnknownProduct,
    WrongDates,
    WrongLot,
    WrongNotice,
    add_notice,
    open_recall,
)
from shop.recalls.services.shelves import (
    NothingSafe,
    NotReady,
    RecallClosed,
    ShelfAlreadyChecked,
    check_shelf,
    close_recall,
)
from shop.recalls.services.working import list_buyers, note_refunded, treat, treat_some

__all__ = [
    "AlreadyRecalled",
    "NewRecall",
    "NotReady",
    "NothingSafe",
    "RecallClosed",
    "ShelfAlreadyChecked",
    "UnknownProduct",
    "WrongDates",
    "WrongLot",
    "WrongNotice",
    "add_notice",
    "check_shelf",
    "close_recall",
    "list_buyers",
    "note_refunded",
    "open_recall",
    "treat",
    "treat_some",
]
