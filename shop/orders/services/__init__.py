"""The life of an order. Lock order everywhere: basket → order → slot → stock → promotions → account.

No call to the payment provider happens inside a transaction here: see docs/adr/0008-placing-an-order.md.
"""

from shop.orders.services.ending import (
    abandon_order,
    cancel_order,
    cancel_unpaid,
    give_up_late,
    note_release,
    settle_at_cutoff,
)
from shop.orders.services.errors import BasketAlreadyOrdered, MoveRefused, TooLateToCancel, TooLateToPlace
from shop.orders.services.paying import (
    ask_before_cutoff,
    ask_for_payment,
    note_payment_made,
    note_refusal,
)
from shop.orders.services.placing import Recipient, create_order, place_order
from shop.orders.services.preparing import take_off_shelf

__all__ = [
    "BasketAlreadyOrdered",
    "MoveRefused",
    "Recipient",
    "TooLateToCancel",
    "TooLateToPlace",
    "abandon_order",
    "ask_before_cutoff",
    "ask_for_payment",
    "cancel_order",
    "cancel_unpaid",
    "create_order",
    "give_up_late",
    "note_payment_made",
    "note_refusal",
    "note_release",
    "place_order",
    "settle_at_cutoff",
    "take_off_shelf",
]
