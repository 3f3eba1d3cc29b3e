"""What an order means for its customer's milestones and presents, told as it stands now."""

from django.db import transaction
from django.utils import timezone

from loyalty.milestones import services as milestones
from shop.orders.celebrations import bought_shelves, is_known_otherwise, next_open_order, spent_in
from shop.orders.queries import rank_of_next_order
from shop.orders.services.books import Status, locked

# Until it is in its crates something may still be put beside it.
_TAKES_ALONG = (Status.PLACED, Status.PICKING)


@transaction.atomic
def tell_milestones(*, reference: str) -> None:
    """Say it whole: what it reaches, what goes with it, what was handed over with it, or that it fell through. Again is the
    same, in whatever order facts come. An order that makes good for another has no rank of its own, and takes nothing
    along. Locks the order, then its customer's presents; some fifteen queries, and more for what it reaches.
    """
    order = locked(reference)
    if order.makes_good_id or order.placed_at is None:
        return
    if order.status in {Status.CANCELLED, Status.RETURNED}:
        milestones.note_fell_through(order_reference=reference)
        return
    customer_id = order.customer.party_id
    milestones.note_placed(
        order_reference=reference,
        customer_id=customer_id,
        rank=order.rank,
        is_known=order.rank == 1 and is_known_otherwise(order),
        bought=bought_shelves(customer_id),
        takes_along=order.status in _TAKES_ALONG,
    )
    if order.status == Status.PICKING:
        # Too late to choose: what came meanwhile is settled like the rest.
        milestones.settle(order_references=[reference])
    if order.status == Status.DELIVERED and order.delivered_at:
        year = timezone.localtime(order.delivered_at).year
        milestones.note_delivered(
            order_reference=reference,
            customer_id=customer_id,
            next_rank=rank_of_next_order(customer_id),
            spent=spent_in(customer_id, year),
            year=year,
        )


@transaction.atomic
def take_along(*, customer_id: int) -> str | None:
    """Something came to be due to a customer: their next order that nobody prepares yet takes it along. Its reference; None
    where it waits for an order to come. Locks the order.
    """
    waiting = next_open_order(customer_id)
    if waiting is None:
        return None
    tell_milestones(reference=waiting.reference)
    return waiting.reference
