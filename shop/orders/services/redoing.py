"""A delivery made good for: the same articles once more, in a slot of their own, at no cost."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.facts import publish
from delivery.slots import services as slots
from shop.orders.events import OrderPlaced
from shop.orders.models import Order, OrderLine
from shop.orders.rules import new_reference
from shop.orders.services.books import Kind, Status, locked, record
from shop.orders.services.errors import MoveRefused, NothingToRedo
from shop.orders.services.pickup_codes import open_pickup
from shop.orders.services.promising import Ordered, promise
from shop.pricing.rules import NOTHING, line_total
from shop.stock import services as stock

_SAME = (
    "customer_id", "zone_id", "depot_id", "rank", "email", "first_name", "last_name", "phone", "line1", "line2",
    "floor", "door_code", "instructions", "postcode", "city", "shortage_choice", "terms_version",
)  # fmt: skip
_SAME_LINE = (
    "product_id", "ean", "name", "packaging_label", "sold_by", "unit_price", "vat_rate", "minimum_age", "labels",
    "shortage_choice", "minimum_life_days",
)  # fmt: skip


@transaction.atomic
def redo_delivery(
    *, order_reference: str, quantities: Mapping[int, int], slot_id: int, key: UUID, by_id: int | None = None
) -> Order:
    """An order at no cost that makes good for another one: so many pieces or grams of its lines, in this slot of its
    zone. It is firm at once, prepared like any other, billed and invoiced nothing.

    No line is redone beyond what was ordered, all such orders together. Asked again under the same ``key`` it is the
    same order. Raises MoveRefused (only a packed or delivered order), NothingToRedo, stock.StockShort, slots.SlotUnknown, SlotFull, SlotClosed; then nothing
    is left behind. Locks the order, then the slot, then stock. At most 30 queries, however many lines.
    """
    order = locked(order_reference)
    if order.status not in {Status.PACKED, Status.DELIVERED}:
        raise MoveRefused(order.status)
    if redone := order.made_good_by.filter(basket_key=key).first():
        return redone
    lines = {line.pk: line for line in order.lines.all()}
    _check(order, lines, quantities)
    redone = _insert(
        order, slot_id, key, worth=sum((_worth(lines[pk], n) for pk, n in quantities.items()), NOTHING)
    )
    costs = stock.take_stock(
        order_reference=redone.reference,
        depot_id=redone.depot_id,
        quantities={lines[pk].product_id or 0: wanted for pk, wanted in quantities.items()},
    )
    OrderLine.objects.bulk_create(
        _copy(redone, lines[pk], wanted, costs[lines[pk].product_id or 0])
        for pk, wanted in quantities.items()
    )
    record(order, Kind.MADE_GOOD, reference=redone.reference, by=by_id)
    record(redone, Kind.MAKES_GOOD, reference=order.reference)
    record(redone, Kind.PLACED)
    open_pickup(order=redone)
    promise(redone, [Ordered(lines[pk].sold_by, wanted) for pk, wanted in quantities.items()])
    publish(
        OrderPlaced(
            order_reference=redone.reference, customer_id=redone.customer_id, rank=redone.rank, total_cents=0
        )
    )
    return redone


def _check(order: Order, lines: Mapping[int, OrderLine], quantities: Mapping[int, int]) -> None:
    before: dict[str, int] = {}
    earlier = OrderLine.objects.filter(order__makes_good=order).exclude(order__status=Status.CANCELLED)
    for ean, quantity in earlier.values_list("ean", "quantity"):
        before[ean] = before.get(ean, 0) + quantity
    for pk, wanted in quantities.items():
        line = lines.get(pk)
        if line is None or line.product_id is None:
            raise NothingToRedo(pk)
        if not 0 < wanted <= line.quantity - before.get(line.ean, 0):
            raise NothingToRedo(pk)
    if not quantities:
        raise NothingToRedo(order.reference)


def _worth(line: OrderLine, wanted: int) -> Decimal:
    return line_total(line.unit_price, line.sold_by, wanted)


def _insert(order: Order, slot_id: int, key: UUID, worth: Decimal) -> Order:
    hold = slots.hold_slot(slot_id=slot_id, holder=str(key))
    if hold.slot.zone_id != order.zone_id:
        raise slots.SlotUnknown
    redone = Order.objects.create(
        reference=new_reference(),
        basket_key=key,
        status=Status.PLACED,
        placed_at=timezone.now(),
        slot_id=slot_id,
        goods_total=NOTHING,
        delivery_fee=NOTHING,
        total=NOTHING,
        discount_total=worth,
        makes_good=order,
        requires_age_check=order.requires_age_check,
        **{name: getattr(order, name) for name in _SAME},
    )
    slots.pin_hold(holder=str(key), order_reference=redone.reference)
    slots.book_hold(order_reference=redone.reference)
    return redone


def _copy(redone: Order, line: OrderLine, wanted: int, cost: tuple[Decimal, date]) -> OrderLine:
    """All of its price is taken off: it costs nothing, and its page says what it would have."""
    return OrderLine(
        order=redone,
        quantity=wanted,
        total=NOTHING,
        discount=_worth(line, wanted),
        promotion_label=_("Offert, en remplacement"),
        vat_amount=NOTHING,
        unit_cost=cost[0],
        cost_on=cost[1],
        **{name: getattr(line, name) for name in _SAME_LINE},
    )
