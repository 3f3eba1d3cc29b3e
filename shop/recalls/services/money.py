"""What was charged for a recalled line goes back. The only place that knows how a line is refunded."""

from decimal import Decimal

from django.db import transaction

from shop.orders import services as orders
from shop.orders.models import OrderLine
from shop.payments import services as payments
from shop.recalls.models import RecallNotice


class NotYet(Exception):
    """So much was not taken, or was given back as a plain sum before."""


def charged(line: OrderLine) -> Decimal:
    """Euros charged for a line after its part of a voucher, with its deposits; nothing before the bill. No query."""
    if line.billed is None:
        return Decimal(0)
    return line.billed - (line.billed_share or Decimal(0)) + line.prepared.billed_deposit


@transaction.atomic
def give_back(*, notice: RecallNotice) -> Decimal:
    """Refund what is left of a recalled line, once; the euros, zero where all of it went back before.

    Raises NotYet, and then nothing is changed. Locks the order, then the account. 22 queries.
    """
    try:
        return orders.give_back_rest(
            order_reference=notice.order.reference, line_id=notice.line_id, occasion=notice.recall.occasion
        )
    except (
        orders.MoreThanBilled,
        orders.NotBilled,
        payments.RefundAboveCaptured,
        payments.AlreadyRefunded,
    ) as refused:
        raise NotYet(notice.pk) from refused
