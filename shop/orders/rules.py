"""An order's reference, its moves, its figures. Pure."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shop.pricing.rules import (
    DELIVERY_VAT_RATE,
    NOTHING,
    DeliveryOffer,
    PricedLine,
    delivery_fee,
    deposits_total,
    discounts_total,
    goods_total,
    order_vat,
    spread_vat,
)

NEWCOMER_ORDERS = 3
# Without I, O, 0, 1, L, U: read aloud on the telephone without a mistake.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


def new_reference() -> str:
    """A readable reference such as ``CB-7KQ2-M4XP``: 39 bits, unique by constraint, guessed by nobody."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"CB-{letters[:4]}-{letters[4:]}"


def is_newcomer(rank: int) -> bool:
    """Whether this is one of a customer's first three orders: they get the most effort."""
    return rank <= NEWCOMER_ORDERS


def effective_choice(*, of_order: str, of_line: str, rank: int) -> str:
    """What is done when this line is missing. Nothing is replaced in the first three orders without asking."""
    choice = of_line or of_order
    return "ask" if choice == "substitute" and is_newcomer(rank) else choice


def spoken_reference(text: str) -> str | None:
    """« cb2hhj7pgr », « 2HHJ 7PGR » → « CB-2HHJ-7PGR »; None for what is no reference."""
    letters = re.sub(r"[^A-Z0-9]", "", text.upper()[:40]).removeprefix("CB")
    if len(letters) != 8 or not set(letters) <= set(_LETTERS):
        return None
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
    promotion_id: int | None = None
    promotion_label: str = ""
    # Empty: as the order says.
    shortage_choice: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What an order comes to. All including VAT, except ``vat``: rate → (gross, vat).

    ``goods_total`` is after promotions, ``discount_total`` what they took off; ``promotions`` what each one costs.
    """

    goods_total: Decimal
    deposit_total: Decimal
    delivery_fee: Decimal
    vat: dict[Decimal, tuple[Decimal, Decimal]]
    line_vat: tuple[Decimal, ...]
    discount_total: Decimal = NOTHING
    delivery_label: str = ""
    promotions: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return self.goods_total + self.deposit_total + self.delivery_fee


def figures(
    articles: Sequence[Article],
    *,
    slot_price: Decimal,
    free_delivery_from: Decimal,
    offer: DeliveryOffer | None = None,
) -> Figures:
    """Totals of an order. VAT once per rate, half up, its cents spread over lines (design section 7).

    Delivery is offered from the zone's amount, or by ``offer``, which then bears the slot's price.
    """
    sold = [article.priced for article in articles]
    goods = goods_total(sold)
    fee = delivery_fee(goods, slot_price, free_delivery_from)
    used = offer if offer and fee and goods >= offer.free_from else None
    costs = _promotions(articles) | ({used.promotion_id: fee} if used else {})
    fee = NOTHING if used else fee
    amounts = [(line.vat_rate, line.total) for line in sold]
    shares = spread_vat([*amounts, (DELIVERY_VAT_RATE, fee)] if fee else amounts)
    return Figures(
        goods_total=goods,
        deposit_total=deposits_total(sold),
        delivery_fee=fee,
        vat={total.rate: (total.gross, total.vat) for total in order_vat(sold, fee).values()},
        line_vat=tuple(shares[: len(sold)]),
        discount_total=discounts_total(sold),
        delivery_label=used.label if used else "",
        promotions=costs,
    )


def _promotions(articles: Iterable[Article]) -> dict[int, Decimal]:
    """Promotion → what it takes off all its lines."""
    costs: dict[int, Decimal] = {}
    for article in articles:
        if article.promotion_id is not None:
            costs[article.promotion_id] = costs.get(article.promotion_id, NOTHING) + article.priced.discount
    return costs
