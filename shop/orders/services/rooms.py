"""How much a voucher for named articles may take off each line of an order that is amended. Read only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from loyalty.vouchers.rules import Scope
from shop.catalogue.models import Product
from shop.catalogue.rules import CENT
from shop.orders.models import OrderLine
from shop.orders.rules import Article, room_in
from shop.orders.services.proposals import AmendedLine
from shop.pricing.ports import costs_of
from shop.pricing.queries import item_of
from shop.pricing.rules import NOTHING


def with_rooms(
    amended: Sequence[AmendedLine],
    scope: Scope,
    lines: Sequence[OrderLine],
    new: Mapping[int, Product],
    *,
    share: Fraction,
) -> list[AmendedLine]:
    """The same lines, each with its room at its new quantity and price; ``share`` as `rules.room_in` has it. One query where articles are ``new``."""
    costs = costs_of(list(new)) if new else {}
    by_id = {line.pk: line for line in lines}
    found = []
    for one in amended:
        line = by_id.get(one.line_id or 0)
        product = line.product if line else new.get(one.article.product_id)
        cost = max(line.unit_cost if line else NOTHING, costs.get(one.article.product_id, NOTHING))
        room = _room(one.article, product, cost, scope, share) if one.quantity else NOTHING
        if room is None and line:
            room = _in_proportion(line, one.quantity)
        found.append(replace(one, article=replace(one.article, voucher_room=room)))
    return found


def _room(
    article: Article, product: Product | None, cost: Decimal, scope: Scope, share: Fraction
) -> Decimal | None:
    """None for what is sold no more: nothing is known of it but what its line kept."""
    if product is None or product.price is None:
        return None
    item = item_of(product, article.priced.quantity, unit_cost=cost)
    return room_in(
        scope,
        replace(item, price=article.priced.unit_price),
        discount=article.priced.discount,
        points_factor=article.points_factor,
        share=share,
    )


def _in_proportion(line: OrderLine, quantity: int) -> Decimal:
    room = line.voucher_room or NOTHING
    return (room * min(quantity, line.quantity) / line.quantity).quantize(CENT, ROUND_DOWN)
