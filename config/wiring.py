"""Where ports of lower rooms are bound to what higher rooms offer."""

from datetime import datetime

from crm.desk.queries import current_terms_version
from shop.payments.ports import bind_order_desk

from shop.checkout.ports import bind_terms
from shop.orders import queries as orders


class OrderDesk:
    """Answers payments on behalf of orders."""

    def is_waiting(self, order_reference: str) -> bool:
        return orders.wants_payment(order_reference)

    def deadline(self, order_reference: str) -> datetime | None:
        return orders.payment_deadline(order_reference)


bind_order_desk(OrderDesk())
bind_terms(current_terms_version)
