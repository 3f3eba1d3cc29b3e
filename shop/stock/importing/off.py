"""Open Food Facts' extracts: what people typed from labels. Little of it is a producer's statement.

Kept: name, brand, ingredients, the figures typed from the label, the Nutri-Score published by Open Food
Facts, whom the page names as the source of all of it. Not kept: a computed Nutri-Score or energy, and allergens, whether found by keyword or marked by
contributors; they stay "not stated" (ADR 0005).
"""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from shop.catalogue.models import Source
from shop.catalogue.rules import ADULT_AGE, is_alcoholic, nutrition_is_possible, sort_name
from shop.stock.importing.draft import Cells, Draft, Shelf
from shop.stock.importing.native import FIRST_AGE, ean_of
from shop.stock.importing.report import RowRefused
from shop.stock.importing.shelving import has_full_vat, packshot, shelf_slug
from shop.stock.importing.text import cell_text, clean, quantity, tidy_brand, tidy_name

_FIGURES = {
    "fat_100g": "fat_g", "saturated_fat_100g": "saturated_fat_g", "carbohydrates_100g": "carbohydrates_g",
    "sugars_100g": "sugars_g", "fiber_100g": "fiber_g", "proteins_100g": "proteins_g", "salt_100g": "salt_g",
}  # fmt: skip
_DEGREE = re.compile(
    r"(?:alcool\s*)?\b([0-9]{1,2}(?:[.,][0-9])?)\s*(?:°|%\s*(?:vol|alc))|alcool\s+([0-9]{1,2}(?:[.,][0-9])?)\s*%",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,20})?")


def draft_of(line: int, cells: Cells, shelves: Mapping[str, Shelf], tops: Mapping[str, str]) -> Draft:
    """One row checked; ``tops`` gives an aisle's slug by its name. Raises RowRefused."""
    draft = Draft(line, ean_of(cells.get("ean", "")), source=Source.OPEN_FOOD_FACTS)
    name = tidy_name(cell_text(cells.get("name", ""), longest=200, column="name"))
    if not name:
        raise RowRefused("name")
    draft.named(name)
    draft.branded(tidy_brand(cell_text(cells.get("brand", ""), longest=120, column="brand")))
    draft.ingredients = cell_text(cells.get("ingredients", ""), longest=8000, column="ingredients")
    category = cell_text(cells.get("category", ""), longest=200, column="category")
    _place(draft, clean(cells.get("rayon", "")), category, shelves, tops)
    if found := quantity(cells.get("quantity", "")):
        draft.net_quantity, draft.net_unit = found
    draft.nutrition = _figures(cells)
    if cells.get("nutriscore_source") == "off" and cells.get("nutriscore", "") in set("abcde"):
        draft.stated_nutriscore = cells["nutriscore"]
    return draft


def _place(
    draft: Draft, rayon: str, category: str, shelves: Mapping[str, Shelf], tops: Mapping[str, str]
) -> None:
    top = tops.get(rayon, "")
    slug = shelf_slug(top, category, draft.name)
    draft.packshot = packshot(top, slug, category, draft.name)
    if rayon and not top:
        raise RowRefused("shelf", rayon[:60])
    if not top:
        return
    shelf = shelves.get(slug) or shelves.get(f"autres-{top}")
    if shelf is None:
        return
    draft.shelf_id, draft.is_food = shelf.id, shelf.is_food
    draft.vat_rate = Decimal(20) if has_full_vat(shelf.slug, category, draft.name) else shelf.vat_rate
    draft.is_first_age_milk = shelf.slug == "laits-infantiles" and bool(
        FIRST_AGE.search(f"{category} {draft.name}")
    )
    if "alcohol_degree" in shelf.requires:
        _alcohol(draft)


def _alcohol(draft: Draft) -> None:
    """The age is the law's; the degree only what the row itself says. Without one, no sale."""
    found = _DEGREE.search(draft.name) or _DEGREE.search(draft.ingredients)
    if found:
        degree = Decimal((found[1] or found[2]).replace(",", "."))
        draft.alcohol_degree = degree if degree <= 96 else None
    if is_alcoholic(draft.alcohol_degree) or "sans alcool" not in sort_name(draft.name):
        draft.minimum_age = ADULT_AGE


def _figures(cells: Cells) -> dict[str, float]:
    """What was typed from the label, rounded; nothing when the figures contradict each other."""
    figures = {
        key: value
        for column, key in _FIGURES.items()
        if (value := _figure(cells.get(column, ""), "0.01")) is not None
    }
    if cells.get("kcal_source") == "off" and (kcal := _figure(cells.get("kcal_100g", ""), "1")) is not None:
        figures |= {"energy_kcal": kcal, "energy_kj": round(kcal * 4.184)}
    return figures if nutrition_is_possible(figures) else {}


def _figure(text: str, step: str) -> float | None:
    if not _VALUE.fullmatch(text):
        return None
    try:
        return float(Decimal(text).quantize(Decimal(step), rounding=ROUND_HALF_UP))
    except InvalidOperation:
        return None
