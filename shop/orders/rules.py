"""An order's reference, its moves, its figures. Pure."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from shop.pricing.rules import (
    DELIVERY_VAT_RATE,
    PricedLine,
    delivery_fee,
    deposits_total,
    goods_total,
    order_vat,
    spread_vat,
)

# Without I, O, 0, 1, L, U: read aloud on the telephone without a mistake.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


def new_reference() -> str:
    """A readable reference such as ``CB-7KQ2-M4XP``: 39 bits, unique by constraint, guessed by nobody."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"CB-{letters[:4]}-{letters[4:]}"


@dataclass(frozen=True, slots=True)
class Article:
    """One article at the moment of sale."""

    product_id: int
    ean: str
    name: str
    packaging_label: str
    priced: PricedLine
    minimum_age: int | None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """What an order comes to. All including VAT, except ``vat``: rate → (gross, vat)."""

    goods_total: Decimal
    deposit_total: Decimal
    delivery_fee: Decimal
    vat: dict[Decimal, tuple[Decimal, Decimal]]
    line_vat: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        return self.goods_total + self.deposit_total + self.delivery_fee


def figures(articles: Iterable[Article], *, slot_price: Decimal, free_delivery_from: Decimal) -> Figures:
    """Totals of an order. VAT once per rate, half up, its cents spread over lines (design section 7)."""
    sold = [article.priced for article in articles]
    goods = goods_total(sold)
    fee = delivery_fee(goods, slot_price, free_delivery_from)
    amounts = [(line.vat_rate, line.total) for line in sold]
    shares = spread_vat([*amounts, (DELIVERY_VAT_RATE, fee)] if fee else amounts)
    return Figures(
        goods_total=goods,
        deposit_total=deposits_total(sold),
        delivery_fee=fee,
        vat={total.rate: (total.gross, total.vat) for total in order_vat(sold, fee).values()},
        line_vat=tuple(shares[: len(sold)]),
    )
