"""The life of an order. Lock order everywhere: basket → order → slot → stock → promotions →
vouchers → account.

No call to the payment provider happens inside a transaction here: see docs/adr/0008-placing-an-order.md.
"""

from shop.orders.services.asking import answer_shortage, settle_unanswered, tell_shortage
from shop.orders.services.at_shelf import replace_at_shelf, settle_at_shelf, stands_for
from shop.orders.services.collecting import hand_over_at_point, order_at_counter, remind
from shop.orders.services.ending import (
    abandon_order,
    cancel_order,
    cancel_unpaid,
    give_up_late,
    note_release,
    settle_at_cutoff,
)
from shop.orders.services.errors import (
    AgeNotChecked,
    AlreadyAnswered,
    AlreadyPicked,
    AnswerTooLate,
    BasketAlreadyOrdered,
    KeepsTooShort,
    LinesLeft,
    MoreThanBilled,
    MoveRefused,
    NoReplacement,
    NotBilled,
    NothingToRedo,
    NothingToRefund,
    NotReady,
    NotWithdrawable,
    OfferGone,
    PickupClosed,
    QuantityRefused,
    RefusalTooLate,
    TooLateToCancel,
    TooLateToPlace,
    WaitsForAnswer,
    WrongCode,
)
from shop.orders.services.paying import (
    ask_before_cutoff,
    ask_for_payment,
    note_payment_made,
    note_refusal,
    spend_voucher,
)
from shop.orders.services.placing import Recipient, create_order, place_order
from shop.orders.services.preparing import (
    Found,
    hand_over,
    note_paid,
    note_picked,
    pack_order,
    start_picking,
    take_off_shelf,
)
from shop.orders.services.redoing import redo_delivery
from shop.orders.services.refunding import Returned, give_back, note_refund_made
from shop.orders.services.refusing import refuse_substitute
from shop.orders.services.withdrawing import declare_withdrawal, receive_withdrawn_goods

__all__ = [
    "AgeNotChecked",
    "AlreadyAnswered",
    "AlreadyPicked",
    "AnswerTooLate",
    "BasketAlreadyOrdered",
    "Found",
    "KeepsTooShort",
    "LinesLeft",
    "MoreThanBilled",
    "MoveRefused",
    "NoReplacement",
    "NotBilled",
    "NotReady",
    "NotWithdrawable",
    "NothingToRedo",
    "NothingToRefund",
    "OfferGone",
    "PickupClosed",
    "QuantityRefused",
    "Recipient",
    "RefusalTooLate",
    "Returned",
    "TooLateToCancel",
    "TooLateToPlace",
    "WaitsForAnswer",
    "WrongCode",
    "abandon_order",
    "answer_shortage",
    "ask_before_cutoff",
    "ask_for_payment",
    "cancel_order",
    "cancel_unpaid",
    "create_order",
    "declare_withdrawal",
    "give_back",
    "give_up_late",
    "hand_over",
    "hand_over_at_point",
    "note_paid",
    "note_payment_made",
    "note_picked",
    "note_refund_made",
    "note_refusal",
    "note_release",
    "order_at_counter",
    "pack_order",
    "place_order",
    "receive_withdrawn_goods",
    "redo_delivery",
    "refuse_substitute",
    "remind",
    "replace_at_shelf",
    "settle_at_cutoff",
    "settle_at_shelf",
    "settle_unanswered",
    "spend_voucher",
    "stands_for",
    "start_picking",
    "take_off_shelf",
    "tell_shortage",
]
