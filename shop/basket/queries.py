"""Reads of baskets. Every one starts from the session's key or the customer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import JSONField, Q
from django.utils import timezone

from config.rows import Columns, Figure, joined
from config.templatetags.cabas import quantity_label
from delivery.slots.models import Hold, Slot
from delivery.slots.queries import IS_LIVE
from delivery.zones.models import Zone
from shop.basket.models import Basket, BasketLine
from shop.basket.rules import is_coming
from shop.catalogue.models import Aisle, Product
from shop.catalogue.wording import packaging_label
from shop.pricing.book import PromotionBook
from shop.pricing.promotions import Item, Multiplied, Reduced, SlotFacts
from shop.pricing.queries import item_of, reduced
from shop.pricing.rules import NOTHING, PricedLine
from shop.pricing.wording import explanation, hint, label_of, multiplied_said
from shop.search.queries import NOWHERE, Card, Stamp, cards_at, cards_by_id, standings
from shop.stock.queries import BACK_ON, CAN_BE_BOUGHT, HIGHEST_COST, coming_on, reserved_by


def sellable(product_id: int) -> Product | None:
    """A published product, with what putting it in a basket needs, or None. One query."""
    return next((product for (product,) in joined(_SELLABLE, [product_id], SELLABLE)), None)


# Parts of statements where ``p`` is the product.
SELLABLE = Columns(Product, "p", ("id", "name", "price", "sold_by", "weight_step_g", "is_published"))
_SELLABLE = f"SELECT {SELLABLE.sql} FROM catalogue_product p WHERE p.id = %s AND p.is_published"  # noqa: S608 - names of columns


def open_basket(*, key: UUID | None, customer_id: int | None) -> Basket | None:
    """The customer's open basket, or the one of a visitor's session. At most one query.

    A key alone never opens a customer's basket: signing out leaves no access behind.
    """
    if customer_id is not None:
        found = joined(_OPEN_OF_CUSTOMER, [customer_id], _BASKETS)
    elif key is None:
        return None
    else:
        found = joined(_OPEN_OF_SESSION, [key, key], _BASKETS)
    return next((basket for (basket,) in found), None)


_BASKETS = Columns(Basket, "b")
_OPEN = f"SELECT {_BASKETS.sql} FROM basket_basket b WHERE b.is_open"  # noqa: S608 - names of columns
_OPEN_OF_CUSTOMER = f"{_OPEN} AND b.customer_id = %s"
# The same rule as of_session.
_OPEN_OF_SESSION = f"{_OPEN} AND (b.key = %s OR b.continues = %s) AND b.customer_id IS NULL ORDER BY b.id"


def of_session(key: UUID | None, prefix: str = "") -> Q:
    """A visitor's basket by its key, or the one that took over when that became an order. Without a key, none."""
    if key is None:
        # Most baskets continue no other: asked for without a key, anybody's would answer.
        return Q(pk__in=())
    named = Q(**{f"{prefix}key": key}) | Q(**{f"{prefix}continues": key})
    return named & Q(**{f"{prefix}customer": None})


def sellable_products(product_ids: Collection[int]) -> dict[int, Product]:
    """Published products by id. One query."""
    return Product.objects.filter(is_published=True).in_bulk(list(product_ids))


@dataclass(frozen=True, slots=True)
class Line:
    """A basket line as the page shows it. Quantities in pieces or grams."""

    product: Product
    card: Card | None
    quantity: int
    price_seen: Decimal
    available: int
    unit_cost: Decimal = NOTHING
    reduced: Reduced | None = None
    multiplied: Multiplied | None = None
    hint: str = ""
    ended_promotion: str = ""
    back_on: date | None = None

    @property
    def item(self) -> Item:
        """The line as promotions see it."""
        return item_of(self.product, self.quantity, unit_cost=self.unit_cost)

    @property
    def priced(self) -> PricedLine:
        product = self.product
        assert product.price is not None and product.vat_rate is not None  # noqa: S101 - kept by a constraint
        discount = self.reduced.discount if self.reduced else NOTHING
        return PricedLine(
            product.price, product.sold_by, self.quantity, product.vat_rate, product.deposit, discount
        )

    @property
    def total(self) -> Decimal:
        """After promotions."""
        return self.priced.total

    @property
    def full_total(self) -> Decimal | None:
        """What the line would cost without its promotion; None without one."""
        return self.priced.gross if self.reduced else None

    @property
    def promotion(self) -> str:
        """Which promotion reduces it, and until when."""
        return explanation(self.reduced, self.product.name) if self.reduced else ""

    @property
    def points(self) -> str:
        """How its points are multiplied, and until when."""
        return multiplied_said(self.multiplied) if self.multiplied else ""

    @property
    def points_factor(self) -> int:
        """How many times what is paid for it counts for points."""
        return self.multiplied.factor if self.multiplied else 1

    @property
    def promotion_label(self) -> str:
        """What the order keeps of it."""
        return label_of(self.reduced.terms) if self.reduced else ""

    @property
    def quantity_label(self) -> str:
        return quantity_label(self.product.sold_by, self.quantity)

    @property
    def packaging_label(self) -> str:
        """« 500 g », or by how much a weighed article is sold."""
        product = self.product
        return packaging_label(
            by_weight=product.sold_by_weight,
            step=product.step,
            net_quantity=product.net_quantity,
            net_unit=product.net_unit,
        )

    @property
    def is_short(self) -> bool:
        return self.available < self.quantity

    @property
    def is_coming(self) -> bool:
        """Out of stock with a day of return: it stays in the basket, counts for nothing and holds nothing up."""
        return is_coming(affordable=self.affordable_quantity, back_on=self.back_on)

    @property
    def must_shrink(self) -> bool:
        """Less of it is left than is wanted, and waiting would not help."""
        return self.is_short and not self.is_coming

    @property
    def has_new_price(self) -> bool:
        return self.price_seen != self.product.price

    @property
    def affordable_quantity(self) -> int:
        """What remains in stock, in whole steps."""
        return self.available - self.available % self.product.step


@dataclass(frozen=True, slots=True)
class Present:
    """An open basket as pages need it, lines with what is in stock for them, and its place."""

    basket: Basket | None = None
    lines: Sequence[Any] = ()
    hold: Hold | None = None


def present_basket(*, key: UUID | None, customer_id: int | None, depot_id: int | None) -> Present:
    """The customer's open basket, or the one of a visitor's session, with its live hold. One query.

    Each line comes with ``product``, its shelf, ``unit_cost``, and what the depot has: ``in_stock`` (pieces or grams),
    ``can_be_had``, ``back_on`` and ``is_coming``, as `Line` says it; the hold with its slot and zone.
    """
    here = [depot_id or 0, timezone.now()]
    if customer_id is not None:
        found = list(joined(_OF_CUSTOMER, [*here, customer_id], *_PARTS))
    elif key is None:
        return Present()
    else:
        found = list(joined(_OF_SESSION, [*here, key, key], *_PARTS))
    if not found:
        return Present()
    basket, *_others, hold, slot, zone = found[0]
    if hold:
        hold.slot, slot.zone = slot, zone
    lines = [_light(basket, *row[1:8]) for row in found if row[1]]
    if hold and hold.order_reference:
        # What its own order has taken is there for it: nothing of the basket is waited for meanwhile.
        for line in lines:
            line.is_coming = False
    return Present(basket, lines, hold)


def _light(
    basket: Basket,
    line: Any,
    product: Product,
    shelf: Aisle,
    unit_cost: Decimal,
    in_stock: int,
    can_be_had: bool | None,
    back_on: date | None,
) -> Any:
    line.basket, line.product, product.shelf = basket, product, shelf
    line.unit_cost, line.in_stock, line.can_be_had = unit_cost, in_stock, bool(can_be_had)
    line.back_on = coming_on(back_on) if product.is_published else None
    line.is_coming = is_coming(affordable=in_stock - in_stock % product.step, back_on=line.back_on)
    return line


_SEEN = (
    "id", "name", "sort_name", "price", "sold_by", "weight_step_g", "net_quantity", "net_unit", "deposit", "is_published",
    "vat_rate", "is_food", "is_first_age_milk", "minimum_age", "brand_id", "shelf_id", "version",
)  # fmt: skip
_IN_STOCK = Figure("coalesce(i.available, 0)")
_PARTS = (
    Columns(Basket, "b", once=True), Columns(BasketLine, "l"), Columns(Product, "p", _SEEN),
    Columns(Aisle, "s", ("id", "parent_id")), Figure(HIGHEST_COST), _IN_STOCK, Figure(CAN_BE_BOUGHT),
    Figure(BACK_ON), Columns(Hold, "h", once=True), Columns(Slot, "t", once=True), Columns(Zone, "z", once=True),
)  # fmt: skip
_PRESENT = f"""
SELECT {", ".join(part.sql for part in _PARTS)}
  FROM basket_basket b
  LEFT JOIN basket_basketline l ON l.basket_id = b.id
  LEFT JOIN catalogue_product p ON p.id = l.product_id
  LEFT JOIN catalogue_aisle s ON s.id = p.shelf_id
  LEFT JOIN stock_stockitem i ON i.product_id = p.id AND i.depot_id = %s
  LEFT JOIN slots_hold h ON h.holder = b.key::text AND {IS_LIVE}
  LEFT JOIN slots_slot t ON t.id = h.slot_id
  LEFT JOIN zones_zone z ON z.id = t.zone_id
 WHERE b.is_open
"""  # noqa: S608 - names of columns
_OF_CUSTOMER = f"{_PRESENT} AND b.customer_id = %s ORDER BY l.id"
# The same rule as of_session.
_OF_SESSION = f"{_PRESENT} AND (b.key = %s OR b.continues = %s) AND b.customer_id IS NULL ORDER BY l.id"


def page_lines(lines: Sequence[Any], depot_id: int | None, *, own_order: str = "") -> list[Line]:
    """Lines of a `Present` basket as its page shows them, in aisle order. No query, one where a card has changed.

    As `detailed_lines`, for whoever has the basket already.
    """
    sold = [line for line in lines if line.product.price is not None and line.product.vat_rate is not None]
    cards = cards_at([_stamp(line) for line in sold], depot_id)
    taken = reserved_by(own_order) if own_order else {}
    shelves = standings()
    sold.sort(key=lambda line: (shelves.get(line.product.shelf_id, NOWHERE), line.product.sort_name))
    return [_line(line, cards, line.in_stock, line.unit_cost, taken, line.back_on) for line in sold]


def _stamp(line: Any) -> Stamp:
    product = line.product
    return Stamp(product.pk, product.version, line.can_be_had, product.is_published, line.unit_cost)


def card_in(lines: Sequence[Any], product_id: int, depot_id: int | None) -> Card | None:
    """The card of a product as it is now: no query where one of the lines holds it, else one."""
    stamps = [_stamp(line) for line in lines if line.product_id == product_id]
    found = cards_at(stamps, depot_id) if stamps else cards_by_id([product_id], depot_id)
    return found.get(product_id)


def detailed_lines(
    basket: Basket, depot_id: int, *, own_order: str = "", with_cards: bool = True
) -> list[Line]:
    """Lines with their card, aisle and stock, in aisle order. One query, two where a card has changed.

    ``own_order`` is the order this basket is paying for: what it has taken is there for it (one more query).
    A product taken off sale stays on the page as out of stock, for as long as it still has a price.
    """
    found = list(joined(_DETAILED, [depot_id, basket.pk], *_DETAILS))
    stamps = [
        Stamp(product.pk, product.version, bool(can_be_had), product.is_published, unit_cost)
        for _row, product, _shelf, _in_stock, can_be_had, unit_cost, _back_on in found
    ]
    cards = cards_at(stamps, depot_id) if with_cards else {}
    taken = reserved_by(own_order) if own_order else {}
    lines = []
    for line, product, shelf, in_stock, _can_be_had, unit_cost, back_on in found:
        line.product, product.shelf = product, shelf
        lines.append(_line(line, cards, in_stock, unit_cost, taken, coming_on(back_on)))
    return lines


def _line(
    line: Any,
    cards: Mapping[int, Card],
    in_stock: int,
    unit_cost: Decimal,
    taken: Mapping[int, int],
    back_on: date | None,
) -> Line:
    """``taken`` is what the order that this basket is paying for holds already: it is there for it."""
    product: Product = line.product
    return Line(
        product=product,
        card=cards.get(product.pk),
        quantity=line.quantity,
        price_seen=line.price_seen,
        available=in_stock + taken.get(product.pk, 0) if product.is_published else 0,
        unit_cost=unit_cost,
        back_on=back_on if product.is_published else None,
    )


# All that is not text for reading: those of JSON come as they are written.
_SOLD = [field.attname for field in Product._meta.concrete_fields if not isinstance(field, JSONField)]
_DETAILS = (
    Columns(BasketLine, "l"), Columns(Product, "p", _SOLD), Columns(Aisle, "s", ("id", "parent_id", "minimum_life_days", "may_be_returned", "temperature")), _IN_STOCK,
    Figure(CAN_BE_BOUGHT), Figure(HIGHEST_COST), Figure(BACK_ON),
)  # fmt: skip
_DETAILED = f"""
SELECT {", ".join(part.sql for part in _DETAILS)}
  FROM basket_basketline l
  JOIN catalogue_product p ON p.id = l.product_id AND p.price IS NOT NULL AND p.vat_rate IS NOT NULL
  LEFT JOIN catalogue_aisle s ON s.id = p.shelf_id
  LEFT JOIN catalogue_aisle a ON a.id = s.parent_id
  LEFT JOIN stock_stockitem i ON i.product_id = p.id AND i.depot_id = %s
 WHERE l.basket_id = %s ORDER BY a.position, s.position, p.sort_name
"""  # noqa: S608 - names of columns


def with_promotions(
    lines: list[Line], book: PromotionBook, facts: SlotFacts, *, seen_at: datetime
) -> list[Line]:
    """The same lines, each with its reduction, what multiplies its points and what one more piece would open. No query.

    What is not there yet opens nothing. ``seen_at`` is when the basket was last touched: a promotion that has ended since is told.
    """
    items = [line.item for line in lines if not line.is_coming]
    outcome, ended = reduced(book, items, facts), book.ended_since(items, facts, since=seen_at)
    multiplied = book.multiply(items, facts, reduced=outcome.lines)
    return [
        replace(
            line,
            reduced=outcome.lines.get(pk),
            multiplied=multiplied.get(pk),
            hint=hint(*outcome.hints[pk]) if pk in outcome.hints else "",
            ended_promotion=label_of(ended[pk]) if pk in ended else "",
        )
        for line in lines
        for pk in [line.product.pk]
    ]


def by_aisle(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    """Lines under the name of their top aisle, in the order they come. No query."""
    shelves = standings()

    def aisle(line: Line) -> str:
        return shelves.get(line.product.shelf_id or 0, NOWHERE).aisle

    return [(name, list(group)) for name, group in groupby(lines, key=aisle)]
