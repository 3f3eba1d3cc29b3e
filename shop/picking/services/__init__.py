"""Every write of the preparation. Lock order: login → task → order → stock → account → presents."""

from shop.picking.services.closing import (
    Beside,
    CheckDue,
    ReplacementDue,
    close_task,
    label_crates,
    note_checked,
)
from shop.picking.services.papers import draw_letters
from shop.picking.services.walking import Taken, confirm
from shop.picking.services.waves import (
    NothingToTake,
    NotYours,
    TrolleyFull,
    build_waves,
    drop_stale,
    hand_back,
    take_tasks,
)

__all__ = [
    "Beside",
    "CheckDue",
    "NotYours",
    "NothingToTake",
    "ReplacementDue",
    "Taken",
    "TrolleyFull",
    "build_waves",
    "close_task",
    "confirm",
    "draw_letters",
    "drop_stale",
    "hand_back",
    "label_crates",
    "note_checked",
    "take_tasks",
]
