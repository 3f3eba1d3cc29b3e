"""Reads of baskets. Every one starts from the session's key or the customer."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from config.rows import Columns, joined
from config.templatetags.cabas import quantity_label
from shop.basket.models import Basket, BasketLine
from shop.catalogue.models import Aisle, Product
from shop.pricing.rules import PricedLine
from shop.search.queries import Card, cards_by_id
from shop.stock.models import StockItem
from shop.stock.queries import reserved_by


def sellable(product_id: int) -> Product | None:
    """A published product, or None. One query."""
    return Product.objects.filter(pk=product_id, is_published=True).first()


def open_basket(*, key: UUID | None, customer_id: int | None) -> Basket | None:
    """The customer's open basket, or the one of a visitor's session. At most one query.

    A key alone never opens a customer's basket: signing out leaves no access behind.
    """
    if customer_id is not None:
        return Basket.objects.filter(customer_id=customer_id, is_open=True).first()
    return Basket.objects.filter(of_session(key), is_open=True).first()


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
    card: Card
    quantity: int
    price_seen: Decimal
    available: int

    @property
    def priced(self) -> PricedLine:
        product = self.product
        assert product.price is not None and product.vat_rate is not None  # noqa: S101 - kept by a constraint
        return PricedLine(product.price, product.sold_by, self.quantity, product.vat_rate, product.deposit)

    @property
    def total(self) -> Decimal:
        return self.priced.total

    @property
    def quantity_label(self) -> str:
        return quantity_label(self.product.sold_by, self.quantity)

    @property
    def is_short(self) -> bool:
        return self.available < self.quantity

    @property
    def has_new_price(self) -> bool:
        return self.price_seen != self.product.price

    @property
    def affordable_quantity(self) -> int:
        """What remains in stock, in whole steps."""
        return self.available - self.available % self.product.step


def light_lines(*, key: UUID | None, customer_id: int | None) -> list[BasketLine]:
    """Lines with what totals and steppers on every page need. One query."""
    if customer_id is not None:
        rows = joined(_LINES_OF_CUSTOMER, [customer_id], _LINES, _BASKETS, _PRODUCTS)
    elif key is None:
        return []
    else:
        rows = joined(_LINES_OF_SESSION, [key, key], _LINES, _BASKETS, _PRODUCTS)
    lines = []
    for line, basket, product in rows:
        line.basket, line.product = basket, product
        lines.append(line)
    return lines


_LINES, _BASKETS = Columns(BasketLine, "l"), Columns(Basket, "b")
_PRODUCTS = Columns(
    Product,
    "p",
    ("id", "price", "sold_by", "weight_step_g", "deposit", "is_published", "shelf_id", "brand_id"),
)
_LIGHT = f"""
SELECT {_LINES.sql}, {_BASKETS.sql}, {_PRODUCTS.sql}
  FROM basket_basketline l
  JOIN basket_basket b ON b.id = l.basket_id AND b.is_open
  JOIN catalogue_product p ON p.id = l.product_id
"""  # noqa: S608 - names of columns
_LINES_OF_CUSTOMER = f"{_LIGHT} WHERE b.customer_id = %s ORDER BY l.id"
# The same rule as of_session.
_LINES_OF_SESSION = f"{_LIGHT} WHERE (b.key = %s OR b.continues = %s) AND b.customer_id IS NULL ORDER BY l.id"


def detailed_lines(basket: Basket, depot_id: int, *, own_order: str = "") -> list[Line]:
    """Lines with their card, aisle and stock, in aisle order. Two queries.

    ``own_order`` is the order this basket is paying for: what it has taken is there for it (one more query).
    A product taken off sale stays on the page as out of stock, for as long as it still has a price.
    """
    rows = list(
        basket.lines.select_related("product__shelf__parent")
        .filter(product__price__isnull=False, product__vat_rate__isnull=False, product__shelf__isnull=False)
        .annotate(in_stock=Subquery(_stock_of_line(depot_id)))
        .order_by("product__shelf__parent__position", "product__shelf__position", "product__sort_name")
    )
    cards = cards_by_id([row.product_id for row in rows], depot_id)
    taken = reserved_by(own_order) if own_order else {}
    return [
        Line(
            product=row.product,
            card=cards[row.product_id],
            quantity=row.quantity,
            price_seen=row.price_seen,
            available=(row.in_stock or 0) + taken.get(row.product_id, 0) if row.product.is_published else 0,
        )
        for row in rows
        if row.product_id in cards
    ]


def _stock_of_line(depot_id: int) -> QuerySet[StockItem, Any]:
    item = StockItem.objects.filter(product_id=OuterRef("product_id"), depot_id=depot_id)
    return item.values("available")[:1]


def by_aisle(lines: list[Line]) -> list[tuple[Aisle, list[Line]]]:
    """Lines grouped under their top aisle, in the order they come. No query."""

    def aisle(line: Line) -> Aisle:
        shelf = line.product.shelf
        assert shelf is not None  # noqa: S101 - a published product has a shelf, by constraint
        return shelf.parent or shelf

    return [(top, list(group)) for top, group in groupby(lines, key=aisle)]
