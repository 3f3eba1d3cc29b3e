"""What orders do when money moves. Each may run twice, late and out of order."""

from config.facts import handler
from shop.orders import services
from shop.orders.events import OrderCancelled
from shop.payments.events import PaymentRefused, PaymentSecured


@handler(PaymentSecured, key="orders.place_when_paid", lane="checkout")
def place_when_paid(secured: PaymentSecured) -> None:
    try:
        services.place_order(reference=secured.order_reference)
    except services.MoveRefused:
        # Paid after it was abandoned: the payment is lifted again and the customer keeps their money.
        services.release_payment(reference=secured.order_reference)


@handler(PaymentRefused, key="orders.note_refusal", lane="checkout")
def note_refusal(refused: PaymentRefused) -> None:
    services.note_refusal(reference=refused.order_reference)


@handler(OrderCancelled, key="orders.release_payment", lane="checkout")
def release_payment(cancelled: OrderCancelled) -> None:
    services.release_payment(reference=cancelled.order_reference)
