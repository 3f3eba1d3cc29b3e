"""What was sold. Lines freeze what they were sold as; the history is our own and is only added to."""

from shop.orders.models.amendments import Amendment
from shop.orders.models.bills import BillVat, OrderBill
from shop.orders.models.delays import Delay
from shop.orders.models.lines import LineEvent, OrderLine
from shop.orders.models.order import Order, OrderEvent, OrderVatTotal, new_tracking_token
from shop.orders.models.pickups import Pickup
from shop.orders.models.refunds import Refund, RefundLine, Withdrawal, WithdrawalLine
from shop.orders.models.shortages import ShortageQuestion, SubstituteOffer, new_answer_token

__all__ = [
    "Amendment",
    "BillVat",
    "Delay",
    "LineEvent",
    "Order",
    "OrderBill",
    "OrderEvent",
    "OrderLine",
    "OrderVatTotal",
    "Pickup",
    "Refund",
    "RefundLine",
    "ShortageQuestion",
    "SubstituteOffer",
    "Withdrawal",
    "WithdrawalLine",
    "new_answer_token",
    "new_tracking_token",
]
