"""What the shipped catalogue states, file by file, without a database."""

import csv
import json
import re
from collections import Counter
from decimal import Decimal

import pytest

from shop.catalogue.rules import (
    ALLERGENS,
    NUTRITION_KEYS,
    normalised_ean,
    nutrition_is_complete,
    nutrition_is_possible,
    sort_name,
)
from shop.stock.importing.aisles import AISLES_FILE
from shop.stock.importing.starter import starter_files

FILES = starter_files()
WRITTEN = ("name", "packaging", "ingredients", "origin", "storage", "description")
# The words that name each allergen of annex II in a list of ingredients, without accents.
WORDS = {
    "gluten": "ble|seigle|orge|avoine|epeautre|froment|kamut",
    "crustacés": "crustaces?|crevettes?|gambas?|langoustines?|homards?|crabes?",
    "œufs": "oeufs?",
    "poisson": "poissons?|saumons?|cabillauds?|maquereaux?|lieu noir|truites?|daurades?|merlus?|sardines?|"
    "harengs?|thons?|morues?|colins?|anchois|lieu|eglefin",
    "arachides": "arachides?|cacahuetes?",
    "soja": "soja",
    "lait": "laits?|beurre|creme|lactoserum|lactiques?|lactose|fromages?",
    "fruits à coque": "noix|amandes?|noisettes?|pistaches?|cajou|pecan|macadamia",
    "céleri": "celeri",
    "moutarde": "moutarde",
    "sésame": "sesame",
    "sulfites": "sulfites?",
    "lupin": "lupin",
    "mollusques": "mollusques?|moules?|huitres?|calamars?|noix de saint-jacques|saint-jacques|encornets?|poulpes?",
}
# An allergen in small letters; it may be so where the same ingredient names it in capitals: « lactose (LAIT) ».
SMALL = re.compile(
    r"\b(?:blé|seigle|orge|avoine|épeautre|soja|laits?|beurre|crème|lactose|fromages?|œufs?|poissons?|crevettes?|"
    r"noix|amandes?|noisettes?|pistaches?|céleri|moutarde|sésame|sulfites?|arachides?|gluten)\b"
    r"(?! de (?:cacao|coco|karité))(?![^,;.]*\b(?!UHT|AOP|IGP)[A-ZÀ-ÖØ-ÞŒ]{2})"
)
NOT_ALLERGENS = {"jaune", "uht", "aop", "igp", "dha", "ara"}


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def every_row():
    return [row for path in FILES for row in rows_of(path)]


def shelves():
    with AISLES_FILE.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["parent"]]


def stated_allergens(row):
    return [] if row["allergens"] in ("", "aucun") else row["allergens"].split("|")


def in_capitals(text):
    """Runs of words in capitals, without accents: « NOIX DE CAJOU » is one."""
    found = re.findall(r"[A-ZÀ-ÖØ-ÞŒ]{2,}(?:[ -][A-ZÀ-ÖØ-ÞŒ]{2,})*", text)
    return {sort_name(words) for words in found} - NOT_ALLERGENS


def names_allergen(words, allergen):
    return re.search(rf"\b(?:{WORDS[allergen]})\b", words) is not None


@pytest.fixture(params=FILES, ids=[path.stem for path in FILES])
def rows(request):
    return rows_of(request.param)


@pytest.mark.parametrize("column", ["ean", "description", "best_seller_rank"])
def test_codes_sentences_and_ranks_are_each_used_once(column):
    used = Counter(row[column] for row in every_row() if row[column])

    assert [value for value, times in used.items() if times > 1] == []


def test_codes_are_valid_and_of_the_range_kept_for_shops(rows):
    wrong = [
        row["ean"]
        for row in rows
        if normalised_ean(row["ean"]) != row["ean"] or not re.fullmatch("2000[0-9]{9}", row["ean"])
    ]

    assert wrong == []


def test_margin_before_tax_is_that_of_a_grocer(rows):
    odd = []
    for row in rows:
        price, cost, vat = (Decimal(row[column]) for column in ("price", "cost", "vat_rate"))
        untaxed = price / (1 + vat / 100)
        if not (0 < cost < price and Decimal("0.15") <= 1 - cost / untaxed <= Decimal("0.60")):
            odd.append((row["name"], price, cost))

    assert odd == []


def test_stated_allergens_are_in_capitals_among_ingredients(rows):
    hidden = []
    for row in rows:
        capitals = in_capitals(row["ingredients"])
        for allergen in stated_allergens(row) if row["ingredients"] else []:
            if allergen not in ALLERGENS or not any(names_allergen(word, allergen) for word in capitals):
                hidden.append((row["name"], allergen))

    assert hidden == []


def test_ingredients_in_capitals_are_stated_allergens(rows):
    unstated = [
        (row["name"], words)
        for row in rows
        for words in in_capitals(row["ingredients"])
        if not any(names_allergen(words, allergen) for allergen in stated_allergens(row))
    ]

    assert unstated == []


def test_no_allergen_hides_in_small_letters(rows):
    # Cereals that were distilled are no allergen any more (regulation 1169/2011, annex II, 1 d).
    foods = [
        row
        for row in rows
        if row["allergens"] and not re.search("istillat|lcool (de|neutre)", row["ingredients"])
    ]

    assert [
        (row["name"], SMALL.findall(row["ingredients"])) for row in foods if SMALL.search(row["ingredients"])
    ] == []


def test_nutrition_is_complete_and_its_energy_is_that_of_its_parts(rows):
    wrong = []
    for row in rows:
        if not row["nutrition"]:
            continue
        facts = json.loads(row["nutrition"])
        fat, _, carbohydrates, _, proteins, _ = (facts[key] for key in NUTRITION_KEYS)
        kcal = 9 * fat + 4 * carbohydrates + 4 * proteins + 2 * facts.get("fiber_g", 0)
        close = abs(facts["energy_kcal"] - kcal) <= max(12, 0.08 * kcal)
        converts = abs(facts["energy_kj"] - 4.184 * facts["energy_kcal"]) <= max(8, 0.03 * facts["energy_kj"])
        if not (close and converts and nutrition_is_complete(facts) and nutrition_is_possible(facts)):
            wrong.append((row["name"], facts["energy_kj"], facts["energy_kcal"], kcal))

    assert wrong == []


def test_every_shelf_holds_three_products_at_least():
    held = Counter(row["aisle"] for row in every_row())

    assert [shelf["slug"] for shelf in shelves() if held[shelf["slug"]] < 3] == []
    assert set(held) <= {shelf["slug"] for shelf in shelves()}


def test_words_follow_french_typography(rows):
    clumsy = [
        (row["name"], column)
        for row in rows
        for column in WRITTEN
        if "'" in row[column]
        or re.search(r"[ \u00a0][:;!?%]|[^\s\u202f][;!?]|« (?!\u00a0)| »|  |^\s|\s$", row[column])
    ]

    assert clumsy == []


def test_sentences_end_with_a_full_stop(rows):
    assert [row["name"] for row in rows if not row["description"].endswith((".", "!", "?", "…"))] == []


def test_first_age_milk_says_that_breast_milk_is_best():
    milks = [row for row in every_row() if re.search(r"1er âge|nourrissons", row["name"])]

    assert milks
    assert [row["name"] for row in milks if "l’allaitement maternel est" not in row["description"]] == []
