"""What delivery is told of an order: no more than its courier needs."""

from collections import Counter
from decimal import Decimal

from django.db import transaction

from config.templatetags.cabas import quantity_label
from delivery.rounds import services as rounds
from delivery.rounds.rules import USUAL_GRAMS, crates_guessed
from shop.catalogue.models import Product, Temperature
from shop.orders.models import OrderLine
from shop.orders.services.books import Status, locked
from shop.pricing.rules import BY_WEIGHT

_TOLD = (Status.PLACED, Status.PICKING, Status.PACKED)
_SAME = (
    "depot_id", "zone_id", "rank", "phone", "line1", "line2", "floor", "door_code", "instructions", "postcode",
    "city", "requires_age_check",
)  # fmt: skip


@transaction.atomic
def tell_rounds(*, reference: str) -> None:
    """Write an order as it stands now into what is to be delivered. Said again it is the same; nothing for one that is
    fetched, is over, or is not firm yet.

    Locks the order, so that what was read last is written last, then its half-days. At most thirteen queries.
    """
    order = locked(reference)
    if order.is_collect or order.status not in _TOLD:
        return
    lines = list(order.lines.select_related("product__shelf"))
    weights = _grams(lines)
    rounds.write_drop(
        rounds.Manifest(
            order_reference=reference,
            slot_starts_at=order.slot.starts_at,
            slot_ends_at=order.slot.ends_at,
            recipient=f"{order.first_name} {order.last_name}".strip(),
            crates=crates_guessed(weights),
            grams=sum(weights.values()),
            articles=[_article(line) for line in lines if _there(line)],
            ready_at=order.packed_at,
            **{name: getattr(order, name) for name in _SAME},
        )
    )


def _there(line: OrderLine) -> int:
    """Pieces or grams that come, as far as is known: what lies in the crates, else what is still wanted."""
    return line.wanted if line.picked is None else line.picked


def _article(line: OrderLine) -> dict[str, str]:
    return {"ref": str(line.pk), "name": line.name, "quantity": quantity_label(line.sold_by, _there(line))}


def _grams(lines: list[OrderLine]) -> dict[str, int]:
    """Temperature → grams of what comes. What is measured in millilitres weighs about as many grams."""
    weights: Counter[str] = Counter()
    for line in lines:
        shelf = line.product.shelf if line.product else None
        weights[shelf.temperature if shelf else Temperature.AMBIENT] += _weight(line)
    return {kind: grams for kind, grams in weights.items() if grams}


def _weight(line: OrderLine) -> int:
    if line.sold_by == BY_WEIGHT:
        return _there(line)
    product = line.product
    is_known = product is not None and product.net_quantity and product.net_unit != Product.NetUnit.PIECE
    each = int(product.net_quantity or Decimal(0)) if product and is_known else USUAL_GRAMS
    return each * _there(line)
