"""What of an order counts for its customer's points: the articles that were finally paid, whenever that changes."""

from django.db import transaction

from loyalty.points import services as points
from shop.orders.refunds import ledger_of
from shop.orders.services.books import locked
from shop.payments.queries import captured
from shop.payments.rules import cents
from shop.pricing.rules import NOTHING


@transaction.atomic
def count_points(*, reference: str) -> None:
    """Say it as it is now; again is the same, and nothing before its money was taken.

    Articles after their reductions and their part of a voucher, less what was given back of them; no delivery, no
    deposit, and no first-age milk, whose sale nothing may promote (delegated regulation (EU) 2016/127, article 10). A
    gesture that takes no article back takes no points either. What a line's points are multiplied by was frozen when it
    was sold, and takes back what it gave. Locks the order, then the account of points; 22 queries.
    """
    order = locked(reference)
    if captured(reference) is None or (ledger := ledger_of(order)) is None:
        return
    counted = alcohol = bonus = NOTHING
    for pk, line in ledger.lines.items():
        paid = max(ledger.charged[pk].billed - ledger.charged[pk].refunded, NOTHING)
        if line.minimum_age:
            alcohol += paid
        elif line.takes_voucher:
            counted += paid
            bonus += paid * (line.points_factor - 1)
    points.count_order(
        order_reference=reference,
        customer_id=order.customer.party_id,
        counted_cents=cents(counted),
        alcohol_cents=cents(alcohol),
        bonus_cents=cents(bonus),
        delivered_at=order.delivered_at,
    )
