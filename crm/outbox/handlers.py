"""Facts that become letters."""

from config.facts import handler
from crm.outbox import services
from crm.outbox.queries import coverage_letter
from delivery.zones.events import CoverageOpened
from shop.orders.events import OrderPlaced
from shop.orders.queries import letter_context


@handler(OrderPlaced, key="outbox.order_confirmation", lane="checkout")
def confirm_order(placed: OrderPlaced) -> None:
    context = letter_context(placed.order_reference)
    services.queue_message(
        purpose="order_confirmation",
        occasion=placed.order_reference,
        recipient=context["recipient"],
        customer_id=context["customer_id"],
        template="order_confirmation",
        context=context,
    )


@handler(CoverageOpened, key="outbox.coverage_opened")
def tell_coverage_opened(opened: CoverageOpened) -> None:
    letter = coverage_letter(opened.request_id)
    if letter is None:
        return
    services.queue_message(
        purpose="coverage_opened",
        occasion=letter["occasion"],
        recipient=letter["recipient"],
        template="coverage_opened",
        context={"postcode": letter["postcode"]},
    )
