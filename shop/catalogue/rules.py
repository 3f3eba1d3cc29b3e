"""Arithmetic of products: codes, quantities, prices per unit, and what the law wants stated."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, Literal

from config.numbers import NARROW, NO_BREAK, short_decimal

PricedUnit = Literal["kg", "l", "pièce"]

CENT = Decimal("0.01")
# What a card shows on a plain and on a dense screen, and what the product page shows, in pixels.
VARIANT_SIDES = (240, 480, 960)
MOST_PIECES = 99
MOST_GRAMS = 20_000
ADULT_AGE = 18
HIGHEST_AGE = 21
# Above this degree a drink is an alcoholic beverage (regulation 1169/2011, art. 16 (4) and annex XII).
ALCOHOLIC_ABOVE = Decimal("1.2")
# The seven figures of regulation 1169/2011, art. 30 (1); energy may stand in kJ, in kcal or in both.
NUTRITION_KEYS = ("fat_g", "saturated_fat_g", "carbohydrates_g", "sugars_g", "proteins_g", "salt_g")
ENERGY_KEYS = ("energy_kj", "energy_kcal")
# Regulation 1169/2011, annex II.
ALLERGENS = (
    "gluten", "crustacés", "œufs", "poisson", "arachides", "soja", "lait", "fruits à coque", "céleri",
    "moutarde", "sésame", "sulfites", "lupin", "mollusques",
)  # fmt: skip
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "’": "'", "‘": "'"})


class Particular(StrEnum):
    """What may be missing before a product may be sold."""

    PRICE = "price"
    VAT = "vat"
    SHELF = "shelf"
    NET_QUANTITY = "net_quantity"
    INGREDIENTS = "ingredients"
    ALLERGENS = "allergens"
    NUTRITION = "nutrition"
    ORIGIN = "origin"
    STORAGE = "storage"
    OPERATOR = "operator"
    ALCOHOL_DEGREE = "alcohol_degree"
    MINIMUM_AGE = "minimum_age"
    ILLUSTRATION = "illustration"
    RECALLED = "recalled"


# Only the producer can say these. A demonstration never invents them: it shows « non communiqué ».
STATEMENTS = frozenset(
    {
        Particular.INGREDIENTS,
        Particular.ALLERGENS,
        Particular.NUTRITION,
        Particular.ORIGIN,
        Particular.OPERATOR,
    }
)


@dataclass(frozen=True, slots=True)
class Particulars:
    """A product's values as the checklist reads them. ``requires`` is what its shelf makes due."""

    price: Decimal | None
    vat_rate: Decimal | None
    has_shelf: bool
    requires: frozenset[str]
    sold_by: str
    net_quantity: Decimal | None
    ingredients: str
    allergens: Sequence[str] | None
    nutrition: Mapping[str, Any]
    origin: str
    storage: str
    alcohol_degree: Decimal | None
    minimum_age: int | None
    invented: Sequence[str] = ()
    operator: str = ""
    is_recalled: bool = False


def missing_particulars(values: Particulars, *, demonstration: bool = False) -> list[Particular]:
    """What keeps a product from being published, in the order of the checklist.

    Price, VAT, shelf and net quantity are always due (net quantity unless weighed for the customer);
    the shelf says which of the others are (regulation 1169/2011 "INCO", art. 9, 14, 19, 26 and 44).
    In a ``demonstration`` shop, completed products may lack what only their producer can state; outside
    one, nothing invented may be sold. What is recalled is never sold, however complete.
    """
    due = _due(values)
    missing = [what for what, stated in _stated(values).items() if what in due and not stated]
    if values.invented and demonstration:
        missing = [what for what in missing if what not in STATEMENTS]
    elif values.invented:
        missing.append(Particular.ILLUSTRATION)
    return [*missing, Particular.RECALLED] if values.is_recalled else missing


def _due(values: Particulars) -> set[str]:
    due = {*values.requires, Particular.PRICE, Particular.VAT, Particular.SHELF}
    if values.sold_by == "piece":
        due.add(Particular.NET_QUANTITY)
    if is_alcoholic(values.alcohol_degree):
        due |= {Particular.ALCOHOL_DEGREE, Particular.MINIMUM_AGE}
        due.discard(Particular.NUTRITION)
    return due


def _stated(values: Particulars) -> dict[Particular, bool]:
    return {
        Particular.PRICE: bool(values.price),
        Particular.VAT: values.vat_rate is not None,
        Particular.SHELF: values.has_shelf,
        Particular.NET_QUANTITY: bool(values.net_quantity),
        Particular.INGREDIENTS: bool(values.ingredients.strip()),
        Particular.ALLERGENS: values.allergens is not None,
        Particular.NUTRITION: nutrition_is_complete(values.nutrition),
        Particular.ORIGIN: bool(values.origin.strip()),
        Particular.STORAGE: bool(values.storage.strip()),
        Particular.OPERATOR: bool(values.operator.strip()),
        Particular.ALCOHOL_DEGREE: values.alcohol_degree is not None,
        Particular.MINIMUM_AGE: (values.minimum_age or 0) >= ADULT_AGE,
    }


def is_alcoholic(degree: Decimal | None) -> bool:
    return degree is not None and degree > ALCOHOLIC_ABOVE


def nutrition_is_complete(nutrition: Mapping[str, Any]) -> bool:
    """Whether the seven compulsory figures are there (regulation 1169/2011, art. 30 (1))."""
    return any(key in nutrition for key in ENERGY_KEYS) and all(key in nutrition for key in NUTRITION_KEYS)


def nutrition_is_possible(figures: object) -> bool:
    """Figures of known names for 100 g or 100 ml: nothing negative, parts within wholes, no more than
    100 g in 100 g (two grams of rounding)."""
    if not isinstance(figures, dict) or not set(figures) <= {*NUTRITION_KEYS, *ENERGY_KEYS, "fiber_g"}:
        return False
    if not all(
        isinstance(figure, int | float) and not isinstance(figure, bool) for figure in figures.values()
    ):
        return False
    most = {"energy_kj": 4000, "energy_kcal": 950}
    if not all(0 <= figure <= most.get(key, 100) for key, figure in figures.items()):
        return False
    wholes = ("fat_g", "carbohydrates_g", "fiber_g", "proteins_g", "salt_g")
    return bool(
        sum(figures.get(key, 0) for key in wholes) <= 102
        and figures.get("saturated_fat_g", 0) <= figures.get("fat_g", 100) + 0.1
        and figures.get("sugars_g", 0) <= figures.get("carbohydrates_g", 100) + 0.1
    )


def normalised_ean(text: str) -> str | None:
    """The code as it is stored, or None when its length or check digit is wrong.

    UPC-A and a GTIN-14 without packing level become EAN-13; EAN-8 stays; spaces are dropped.
    """
    digits = text.replace(" ", "").replace(NO_BREAK, "").replace(NARROW, "")
    if (
        not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", digits)
        or not int(digits)
        or digits != with_check_digit(digits[:-1])
    ):
        return None
    if len(digits) == 14 and digits[0] == "0":
        return digits[1:]
    return "0" + digits if len(digits) == 12 else digits


def with_check_digit(digits: str) -> str:
    """The code that these digits begin (GS1: weights 3, 1, 3… from the last of them, leftwards)."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def unit_price(
    price: Decimal, net_quantity: Decimal | None, net_unit: str, sold_by: str
) -> tuple[Decimal, PricedUnit] | None:
    """Euros per kilogram, litre or piece, half up to the cent; None without a net quantity.

    Source: arrêté du 16 novembre 1999, art. 1. What is sold by weight is already priced per kilogram.
    """
    if sold_by == "weight":
        return price, "kg"
    if not net_quantity:
        return None
    if net_unit == "piece":
        return to_cents(price / net_quantity), "pièce"
    return to_cents(price * 1000 / net_quantity), "kg" if net_unit == "g" else "l"


def to_cents(amount: Decimal) -> Decimal:
    """Half up, to the cent."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def unit_price_label(price: Decimal, net_quantity: Decimal | None, net_unit: str, sold_by: str) -> str:
    """« 3,98 €/kg », empty without a net quantity."""
    found = unit_price(price, net_quantity, net_unit, sold_by)
    if found is None:
        return ""
    amount, unit = found
    return f"{_french(amount)}{NO_BREAK}€/{unit}"


def net_quantity_label(net_quantity: Decimal | None, net_unit: str) -> str:
    """« 500 g », « 1,5 l », « 6 pièces »; empty when not stated. Millilitres below a litre."""
    if not net_quantity:
        return ""
    if net_unit == "piece":
        return f"{short_decimal(net_quantity)}{NO_BREAK}pièce{'s' if net_quantity >= 2 else ''}"
    large, small = ("kg", "g") if net_unit == "g" else ("l", "ml")
    if net_quantity >= 1000:
        return f"{short_decimal(net_quantity / 1000)}{NO_BREAK}{large}"
    return f"{short_decimal(net_quantity)}{NO_BREAK}{small}"


def _french(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", NARROW).replace(".", ",")


def sort_name(name: str) -> str:
    """Lower case, no accents, ligatures opened: what names are sorted and made into slugs by."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LIGATURES))
    return "".join(char for char in plain if not unicodedata.combining(char))


def quantity_is_valid(*, sold_by: str, step: int, quantity: int) -> bool:
    """Pieces or grams, a multiple of the product's step, up to the most of one order."""
    return 0 < quantity <= most_quantity(sold_by=sold_by, step=step) and quantity % step == 0


def most_quantity(*, sold_by: str, step: int) -> int:
    """The most of one product in one order: 99 pieces; or grams, in whole steps, up to 20 kg."""
    return MOST_GRAMS - MOST_GRAMS % step if sold_by == "weight" else MOST_PIECES


def variant_sides(width: int, height: int) -> list[int]:
    """The sides of the square pictures made of one of that size: never larger than the original."""
    longest = max(width, height)
    return sorted({min(side, longest) for side in VARIANT_SIDES})


def variant_name(name: str, side: int) -> str:
    """Where the square picture of that side lies: « produits/2026/11/ab12-480.webp »."""
    return f"{name.rpartition('.')[0]}-{side}.webp"


def usual_side(sides: Sequence[int]) -> int:
    """The one for browsers that do not choose: 480 pixels, or the largest below. 0 when there is none."""
    return max((side for side in sides if side <= VARIANT_SIDES[1]), default=0)
