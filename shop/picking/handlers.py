from config.facts import handler
from delivery.rounds import services as rounds
from shop.orders.events import OrderPacked
from shop.picking.queries import crates_to_deliver


@handler(OrderPacked, key="picking.count_crates")
def count_crates(packed: OrderPacked) -> None:
    """Tried again until delivery knows the order: both are told by the same fact."""
    if crates := crates_to_deliver(packed.order_reference):
        rounds.note_crates(order_reference=packed.order_reference, crates=crates)
