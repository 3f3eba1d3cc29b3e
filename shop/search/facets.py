"""What a shopper narrows a shelf by, read from an address that anybody may have typed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from config.numbers import french_decimal
from shop.catalogue.rules import ALLERGENS

# More values than any shelf offers make no sense, and would make a statement of any length.
MOST_VALUES = 20
LONGEST_VALUE = 120
SCORES = ("a", "b", "c", "d", "e")
DEAREST = Decimal("9999.99")
# Names of fields in the form and the address.
BRAND, LABEL, SCORE, WITHOUT, PRICE_FROM, PRICE_TO = (
    "marque",
    "label",
    "nutriscore",
    "sans",
    "prix_min",
    "prix_max",
)

PROMOTION, YES = "promo", "1"
_NAMES = {
    BRAND: "brands", LABEL: "labels", SCORE: "scores", WITHOUT: "without",
    PRICE_FROM: "price_from", PRICE_TO: "price_to", PROMOTION: "promotion",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """Values chosen, in order, each once. Prices in euros, for a piece or a kilogram."""

    brands: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    promotion: bool = False
    price_from: Decimal | None = None
    price_to: Decimal | None = None

    def __bool__(self) -> bool:
        return self != Choice()

    def fields(self) -> Iterator[tuple[str, str]]:
        """What the address says of it: (field, value), one a value."""
        for field, values in (
            (BRAND, self.brands), (LABEL, self.labels), (SCORE, self.scores), (WITHOUT, self.without),
        ):  # fmt: skip
            yield from ((field, value) for value in values)
        if self.promotion:
            yield PROMOTION, YES
        for field, price in ((PRICE_FROM, self.price_from), (PRICE_TO, self.price_to)):
            if price is not None:
                yield field, str(price)

    def less(self, field: str, value: str) -> "Choice":
        """Without one of its values."""
        changes: dict[str, Any] = {_NAMES[field]: False if field == PROMOTION else None}
        if field not in (PRICE_FROM, PRICE_TO, PROMOTION):
            changes[_NAMES[field]] = tuple(own for own in getattr(self, _NAMES[field]) if own != value)
        return replace(self, **changes)

    def address(self, *kept: tuple[str, str]) -> str:
        """The query string of it, after what else is kept; "" for nothing."""
        return urlencode([*kept, *self.fields()])


def read(typed: QueryDict) -> Choice:
    """What an address asks for. What is unknown, doubled, too long or too much is left out; prices may come swapped."""
    low, high = _price(typed.get(PRICE_FROM, "")), _price(typed.get(PRICE_TO, ""))
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Choice(
        brands=_values(typed.getlist(BRAND)),
        labels=_values(typed.getlist(LABEL)),
        scores=tuple(score for score in _values(typed.getlist(SCORE)) if score in SCORES),
        without=tuple(name for name in _values(typed.getlist(WITHOUT)) if name in ALLERGENS),
        promotion=typed.get(PROMOTION) == YES,
        price_from=low,
        price_to=high,
    )


def _values(typed: list[str]) -> tuple[str, ...]:
    readable = (value.strip() for value in typed[: MOST_VALUES * 5] if len(value) <= LONGEST_VALUE)
    return tuple(sorted({value for value in readable if value and value.isprintable()})[:MOST_VALUES])


def _price(typed: str) -> Decimal | None:
    price = french_decimal(typed.strip()[:20]) if typed.strip() else None
    if price is None or not 0 <= price <= DEAREST:
        return None
    return price.quantize(Decimal("0.01"))
