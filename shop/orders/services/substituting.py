"""What stands in for a missing article: which, at what price, and as what line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from django.db import transaction
from django.utils import timezone

from shop.catalogue.models import Product
from shop.catalogue.rules import CENT
from shop.customers.queries import excluded_allergens
from shop.orders.models import LineEvent, Order, OrderLine
from shop.orders.rules import room_beside, substitute_price
from shop.orders.services.books import packaging_of
from shop.orders.services.errors import OfferGone
from shop.pricing.ports import costs_of
from shop.pricing.queries import item_of, points_share
from shop.pricing.rules import NOTHING, deposit_total, line_total, vat_totals
from shop.search.queries import substitutes
from shop.stock import services as stock


@dataclass(frozen=True, slots=True)
class Stand:
    """An article that may stand in, for so many pieces or grams, and what is then paid for it all."""

    product: Product
    quantity: int
    total: Decimal

    @property
    def unit_price(self) -> Decimal:
        assert self.product.price is not None  # noqa: S101 - on sale, hence priced
        return self.product.price

    @property
    def full(self) -> Decimal:
        """What it costs by itself."""
        return line_total(self.unit_price, self.product.sold_by, self.quantity)

    def may_cost(self, total: Decimal) -> bool:
        """First-age milk is never sold below its price (C. conso L122-12)."""
        return total == self.full or not self.product.is_first_age_milk


def stand_ins(order: Order, line: OrderLine, quantity: int, *, limit: int = 3) -> list[Stand]:
    """What may stand in for ``quantity`` pieces or grams of a line, closest first, never dearer. Four queries.

    Never what the customer does not take (allergies they declared), nor what the order has already; nothing where
    something stands in.
    """
    if line.product is None or OrderLine.objects.filter(replaces=line).exists():
        return []
    # What the customer took out of the order is not put back into it either.
    ever = OrderLine.ever.filter(order=order)
    taken = [pk for pk in ever.values_list("product_id", flat=True) if pk]
    found = substitutes(
        line.product,
        order.depot_id,
        quantity=quantity,
        without=taken,
        without_allergens=excluded_allergens(order.customer_id),
        limit=limit,
    )
    stands = [_stand(line, product, quantity) for product in found]
    return [stand for stand in stands if stand.may_cost(stand.total)]


def _stand(line: OrderLine, product: Product, quantity: int) -> Stand:
    full = line_total(product.price or Decimal(0), product.sold_by, quantity)
    return Stand(product, quantity, min(full, substitute_price(line.total, quantity, line.quantity)))


@transaction.atomic
def add_stand_in(
    *,
    order: Order,
    line: OrderLine,
    product: Product,
    quantity: int,
    at_most: Decimal | None = None,
    giving_back: Mapping[int, int] | None = None,
    by_id: int | None = None,
) -> OrderLine:
    """A line that replaces a missing one, its goods reserved; nothing is picked yet.

    ``at_most`` is the price it was offered at, in euros for all of it; ``giving_back`` what the missing one's stock
    changes by, in the same locks. The order is locked by the caller. Raises OfferGone when the shelf does not hold it
    any more, something stands in already, or it would be first-age milk below its price. Locks stock; at most 13 queries.
    """
    if (
        OrderLine.objects.filter(replaces=line).exists()
        or OrderLine.ever.filter(order=order, ean=product.ean).exists()
    ):
        raise OfferGone(product.pk)
    stand = _stand(line, product, quantity)
    total = stand.total if at_most is None else min(stand.total, at_most)
    if not stand.may_cost(total):
        raise OfferGone(product.pk)
    try:
        costs = stock.change_reservations(
            order_reference=order.reference,
            depot_id=order.depot_id,
            changes={**(giving_back or {}), product.pk: quantity},
        )
    except stock.StockShort as short:
        raise OfferGone(product.pk) from short
    vat_rate = product.vat_rate
    assert vat_rate is not None  # noqa: S101 - on sale, hence taxed
    cost, cost_on = costs[product.pk]
    added = OrderLine.objects.create(
        order=order,
        product=product,
        ean=product.ean,
        name=product.name,
        packaging_label=packaging_of(product),
        sold_by=product.sold_by,
        quantity=quantity,
        unit_price=stand.unit_price,
        vat_rate=vat_rate,
        total=total,
        discount=stand.full - total,
        vat_amount=vat_totals([(vat_rate, total)])[vat_rate].vat,
        deposit=deposit_total(product.deposit, product.sold_by, quantity),
        unit_cost=cost,
        cost_on=cost_on,
        minimum_age=product.minimum_age,
        labels=list(product.labels),
        replaces=line,
        minimum_life_days=line.minimum_life_days,
        # As the line it stands in for: what was agreed to is not exceeded for a smaller reduction.
        # First-age milk takes neither, whatever it stands in for.
        takes_voucher=line.takes_voucher and not product.is_first_age_milk,
        points_factor=1 if product.is_first_age_milk else line.points_factor,
        voucher_room=_room(line, stand, total, cost),
        may_be_returned=line.may_be_returned,
    )
    _note(line, added, quantity, by_id)
    return added


def _room(line: OrderLine, stand: Stand, total: Decimal, cost: Decimal | None) -> Decimal | None:
    """Its part of what the missing line was to bear, within what its own reduction and multiplied points leave of the law's
    cap. One query where it is to bear any.
    """
    if line.voucher_room is None:
        return None
    part = (line.voucher_room * stand.quantity / line.quantity).quantize(CENT, ROUND_DOWN)
    if not part or stand.product.is_first_age_milk:
        return NOTHING
    product = stand.product
    highest = max(cost or NOTHING, costs_of([product.pk]).get(product.pk, NOTHING))
    room = room_beside(
        item_of(product, stand.quantity, unit_cost=highest),
        discount=stand.full - total,
        points_factor=line.points_factor,
        share=points_share(timezone.now()),
    )
    return min(part, room)


def _note(line: OrderLine, added: OrderLine, quantity: int, by_id: int | None) -> None:
    kinds = LineEvent.Kind
    told: Sequence[tuple[OrderLine, LineEvent.Kind]] = ((line, kinds.REPLACED), (added, kinds.ADDED))
    LineEvent.objects.bulk_create(
        LineEvent(line=one, kind=kind, quantity=quantity, by_id=by_id) for one, kind in told
    )
