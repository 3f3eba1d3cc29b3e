"""Our own format: every column states something, an empty cell clears it (price, cost and stock excepted)."""

import json
import re
from collections.abc import Container, Mapping
from datetime import date
from decimal import Decimal

from django.utils import timezone

from shop.catalogue.models import Product
from shop.catalogue.rules import (
    ADULT_AGE,
    ALLERGENS,
    HIGHEST_AGE,
    is_alcoholic,
    normalised_ean,
    nutrition_is_possible,
)
from shop.stock.importing.draft import Cells, Draft, Shelf
from shop.stock.importing.report import RowRefused
from shop.stock.importing.text import cell_text, number, whole, words

FIRST_AGE = re.compile(r"\b(1\s?er|premier)\s+[âa]ge\b", re.IGNORECASE)
_VAT = {Decimal("5.5"), Decimal(10), Decimal(20)}
_NAMED = frozenset(Product.Packshot.values)


def draft_of(line: int, cells: Cells, shelves: Mapping[str, Shelf]) -> Draft:
    """One row checked. Raises RowRefused at its first fault."""
    get = cells.get
    draft = Draft(line, ean_of(get("ean", "")))
    name = cell_text(get("name", ""), longest=200, column="name")
    if "name" in cells and not name:
        raise RowRefused("name")
    draft.named(name)
    draft.branded(cell_text(get("brand", ""), longest=120, column="brand"))
    for column, longest in (
        ("description", 5000),
        ("packaging", 80),
        ("ingredients", 8000),
        ("origin", 120),
        ("storage", 200),
        ("legal_name", 200),
        ("operator", 200),
        ("instructions", 500),
    ):
        setattr(draft, column, cell_text(get(column, ""), longest=longest, column=column))
    shelf = _shelf(get("aisle", ""), shelves)
    _place(draft, cells, shelf)
    _measure(draft, cells)
    _price(draft, cells)
    _state(draft, cells)
    return draft


def ean_of(text: str) -> str:
    code = normalised_ean(text.strip())
    if code is None:
        raise RowRefused("ean")
    return code


def _shelf(slug: str, shelves: Mapping[str, Shelf]) -> Shelf | None:
    text = slug.strip()
    if text and text not in shelves:
        raise RowRefused("shelf", text[:60])
    return shelves.get(text)


def _place(draft: Draft, cells: Cells, shelf: Shelf | None) -> None:
    draft.vat_rate = number(cells.get("vat_rate", ""), column="vat_rate", most=20, places=1)
    if draft.vat_rate is not None and draft.vat_rate not in _VAT:
        raise RowRefused("choice", "vat_rate")
    if shelf:
        draft.shelf_id, draft.is_food = shelf.id, shelf.is_food
        draft.vat_rate = shelf.vat_rate if draft.vat_rate is None else draft.vat_rate
    draft.packshot = _choice(cells.get("packshot", "") or "box", _NAMED, "packshot")
    draft.is_first_age_milk = bool(FIRST_AGE.search(draft.name)) and "lait" in draft.name.lower()


def _measure(draft: Draft, cells: Cells) -> None:
    draft.sold_by = _choice(cells.get("sold_by", "") or "piece", {"piece", "weight"}, "sold_by")
    draft.weight_step_g = whole(cells.get("weight_step_g", ""), column="weight_step_g", least=1, most=5000)
    if draft.sold_by == "weight" and draft.weight_step_g is None:
        raise RowRefused("weight_step")
    if draft.sold_by == "piece" and "sold_by" in cells:
        draft.weight_step_g = None
    draft.net_quantity = number(
        cells.get("net_quantity", ""), column="net_quantity", least=Decimal("0.01"), most=1_000_000, places=2
    )
    draft.net_unit = cells.get("net_unit", "").strip()
    if draft.net_quantity is None:
        draft.net_unit = draft.net_unit or "g"
    draft.net_unit = _choice(draft.net_unit, {"g", "ml", "piece"}, "net_unit")


def _price(draft: Draft, cells: Cells) -> None:
    draft.price = number(
        cells.get("price", ""), column="price", least=Decimal("0.01"), most=Decimal("9999.99"), places=2
    )
    draft.cost = number(cells.get("cost", ""), column="cost", most=99_999, places=4)
    draft.deposit = number(
        cells.get("deposit", ""), column="deposit", most=Decimal("99.99"), places=2
    ) or Decimal(0)
    draft.stock = whole(cells.get("stock", ""), column="stock", most=100_000_000)
    rank = whole(cells.get("best_seller_rank", ""), column="best_seller_rank", least=1, most=100_000)
    draft.popularity = 100_001 - rank if rank else 0


def _state(draft: Draft, cells: Cells) -> None:
    draft.allergens = _allergens(cells.get("allergens", ""), "allergens")
    draft.traces = _allergens(cells.get("traces", ""), "traces") or []
    draft.allergens_checked_on = _checked_on(cells.get("allergens_checked_on", ""), draft)
    draft.nutrition = nutrition(cells.get("nutrition", ""))
    draft.labels = words(cells.get("labels", ""), longest=60, column="labels")
    draft.stated_nutriscore = _choice(
        cells.get("stated_nutriscore", "").strip().lower(), {"", *"abcde"}, "stated_nutriscore"
    )
    draft.alcohol_degree = number(cells.get("alcohol_degree", ""), column="alcohol_degree", most=96, places=1)
    draft.minimum_age = whole(cells.get("minimum_age", ""), column="minimum_age", most=HIGHEST_AGE)
    if draft.minimum_age is None and is_alcoholic(draft.alcohol_degree):
        draft.minimum_age = ADULT_AGE


def _choice(value: str, known: Container[str], column: str) -> str:
    text = value.strip()
    if text not in known:
        raise RowRefused("choice", f"{column}\u202f: {text[:30]}" if text.isprintable() and text else column)
    return text


def _checked_on(value: str, draft: Draft) -> date | None:
    """The day on which the label was compared with these statements: past, and only of statements there are."""
    if not value.strip():
        return None
    try:
        day = date.fromisoformat(value.strip())
    except ValueError as fault:
        raise RowRefused("choice", "allergens_checked_on") from fault
    if draft.allergens is None or day > timezone.localdate():
        raise RowRefused("range", "allergens_checked_on")
    return day


def _allergens(value: str, column: str) -> list[str] | None:
    """None: not stated. [] : « aucun », stated as none."""
    found = words(value, longest=30, column=column)
    if not found:
        return None
    if found == ["aucun"]:
        return []
    if unknown := [name for name in found if name not in ALLERGENS]:
        raise RowRefused("allergen", unknown[0])
    return found


def nutrition(value: str) -> dict[str, float]:
    """Compact JSON of figures for 100 g or 100 ml. Raises RowRefused when they cannot be."""
    if not value.strip():
        return {}
    try:
        figures: dict[str, float] = json.loads(value, parse_constant=lambda _name: None)
    except (ValueError, RecursionError) as fault:
        raise RowRefused("nutrition") from fault
    if not nutrition_is_possible(figures):
        raise RowRefused("nutrition")
    return figures
