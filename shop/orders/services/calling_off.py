"""An order that will not be delivered gives back what it holds. Not called from other rooms."""

from django.utils import timezone

from config.facts import publish
from delivery.slots import services as slots
from loyalty.vouchers import services as vouchers
from shop.orders.events import OrderCancelled
from shop.orders.models import Amendment, Order
from shop.orders.services.books import Kind, Status, live_amendment, move, record
from shop.orders.services.carrying_out import note_dropped
from shop.orders.services.pickup_codes import close_pickup
from shop.orders.services.promising import promise_no_more
from shop.pricing import services as promotions
from shop.stock import services as stock

_OUR_DOING = {Kind.NOTHING_LEFT, Kind.CANCELLED_SHORT}


def call_off(order: Order, why: Kind, *, is_our_doing: bool = False) -> None:
    """Give back slot, stock, promotions, with what an amendment kept of them, then the voucher; the caller then asks
    for the money to be. All of it commits together.
    """
    move(order, Status.CANCELLED, cancelled_at=timezone.now())
    close_pickup(order=order)
    record(order, why)
    aside = ""
    if live := live_amendment(order):
        note_dropped(order, live, Amendment.Why.CANCELLED)
        aside = live.occasion
    slots.release_booking(order_reference=order.reference, also=aside)
    stock.return_stock(order_reference=order.reference, also=aside)
    promotions.give_back(order_reference=order.reference, also=aside)
    vouchers.give_back(order_reference=order.reference)
    promise_no_more(order, is_our_doing=is_our_doing or why in _OUR_DOING)
    publish(OrderCancelled(order_reference=order.reference, customer_id=order.customer_id))
