"""Facts that become letters."""

from config.facts import handler
from crm.outbox import services
from shop.orders.events import OrderPlaced


@handler(OrderPlaced, key="outbox.order_confirmation", lane="checkout")
def confirm_order(placed: OrderPlaced) -> None:
    from shop.orders.queries import letter_context

    context = letter_context(placed.order_reference)
    services.queue_message(
        purpose="order_confirmation",
        occasion=placed.order_reference,
        recipient=context["recipient"],
        customer_id=context["customer_id"],
        template="order_confirmation",
        context=context,
    )
