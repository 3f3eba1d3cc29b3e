from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.catalogue import rules
from shop.catalogue.rules import Particular, Particulars, missing_particulars
from tests.factories import ean13


def complete(**changes):
    values = {
        "price": Decimal("2.50"), "vat_rate": Decimal("5.5"), "has_shelf": True,
        "requires": frozenset({"ingredients", "allergens", "nutrition"}), "sold_by": "piece",
        "net_quantity": Decimal(500), "ingredients": "LAIT.", "allergens": ["lait"],
        "nutrition": {
            "energy_kj": 270, "fat_g": 3.5, "saturated_fat_g": 2.2, "carbohydrates_g": 4.7, "sugars_g": 4.7,
            "proteins_g": 3.9, "salt_g": 0.1,
        },
        "origin": "", "storage": "", "alcohol_degree": None, "minimum_age": None,
    }  # fmt: skip
    return Particulars(**(values | changes))


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("3017620422003", "3017620422003"),
        ("03017620422003", "3017620422003"),
        ("037600106009", "0037600106009"),
        ("96385074", "96385074"),
        ("3 017620 422003", "3017620422003"),
        ("13017620422000", "13017620422000"),
    ],
)
def test_right_codes_are_stored_in_one_form(text, stored):
    assert rules.normalised_ean(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3017620422004",
        "1101803",
        "٣٠١٧٦٢٠٤٢٢٠٠٣",
        "3017620422003x",
        "-3017620422003",
        "0000000000000",
        "3e12",
        "1" * 40,
    ],
)
def test_wrong_codes_are_refused(text):
    assert rules.normalised_ean(text) is None


@given(st.integers(min_value=0, max_value=10**10 - 1), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_never_passes(number, place, shift):
    code = ean13(number)
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]

    assert rules.normalised_ean(code) == code
    assert rules.normalised_ean(wrong) is None


@pytest.mark.parametrize(
    ("price", "quantity", "unit", "sold_by", "expected"),
    [
        ("1.99", "500", "g", "piece", ("3.98", "kg")),
        ("1.00", "1500", "ml", "piece", ("0.67", "l")),
        ("3.00", "6", "piece", "piece", ("0.50", "pièce")),
        ("3.20", None, "g", "weight", ("3.20", "kg")),
        ("0.05", "10000", "g", "piece", ("0.01", "kg")),
    ],
)
def test_unit_price_is_rounded_half_up_to_the_cent(price, quantity, unit, sold_by, expected):
    found = rules.unit_price(Decimal(price), Decimal(quantity) if quantity else None, unit, sold_by)

    assert found == (Decimal(expected[0]), expected[1])


def test_no_unit_price_without_a_net_quantity():
    assert rules.unit_price(Decimal(2), None, "g", "piece") is None
    assert rules.unit_price_label(Decimal(2), None, "g", "piece") == ""


@given(
    st.decimals("0.01", "9999.99", places=2),
    st.decimals("0.01", "999999.99", places=2),
    st.sampled_from(["g", "ml", "piece"]),
)
def test_unit_price_times_quantity_is_the_price_within_half_a_cent(price, quantity, unit):
    amount, _unit = rules.unit_price(price, quantity, unit, "piece")
    per = Decimal(1) if unit == "piece" else Decimal(1000)

    assert abs(amount - price * per / quantity) <= Decimal("0.005")
    assert amount == amount.quantize(Decimal("0.01"))


def test_labels_are_written_in_french():
    assert rules.unit_price_label(Decimal("1.99"), Decimal(500), "g", "piece") == "3,98\u00a0€/kg"
    assert rules.unit_price_label(Decimal("12.00"), Decimal(5), "g", "piece") == "2\u202f400,00\u00a0€/kg"
    assert rules.net_quantity_label(Decimal("500.00"), "g") == "500\u00a0g"
    assert rules.net_quantity_label(Decimal(1500), "ml") == "1,5\u00a0l"
    assert rules.net_quantity_label(Decimal(6), "piece") == "6\u00a0pièces"
    assert rules.net_quantity_label(Decimal(1), "piece") == "1\u00a0pièce"
    assert rules.net_quantity_label(Decimal("12.50"), "g") == "12,5\u00a0g"
    assert rules.net_quantity_label(Decimal(100), "g") == "100\u00a0g"
    assert rules.net_quantity_label(None, "g") == ""


def test_names_sort_without_accents_and_with_open_ligatures():
    assert rules.sort_name("Œufs À l’Étouffée") == "oeufs a l'etouffee"


@pytest.mark.parametrize(
    ("sold_by", "step", "quantity", "valid"),
    [
        ("piece", 1, 1, True), ("piece", 1, 99, True), ("piece", 1, 0, False), ("piece", 1, 100, False),
        ("piece", 1, -1, False), ("weight", 250, 750, True), ("weight", 250, 300, False),
        ("weight", 250, 0, False), ("weight", 250, -250, False), ("weight", 250, 20_000, True),
        ("weight", 250, 20_250, False),
    ],
)  # fmt: skip
def test_quantities_are_pieces_or_steps_of_grams(sold_by, step, quantity, valid):
    assert rules.quantity_is_valid(sold_by=sold_by, step=step, quantity=quantity) is valid


def test_a_complete_product_lacks_nothing():
    assert missing_particulars(complete()) == []


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"price": None}, Particular.PRICE),
        ({"vat_rate": None}, Particular.VAT),
        ({"has_shelf": False}, Particular.SHELF),
        ({"net_quantity": None}, Particular.NET_QUANTITY),
        ({"ingredients": "  "}, Particular.INGREDIENTS),
        ({"allergens": None}, Particular.ALLERGENS),
        ({"nutrition": {"energy_kj": 200}}, Particular.NUTRITION),
        ({"requires": frozenset({"origin"})}, Particular.ORIGIN),
        ({"requires": frozenset({"storage"})}, Particular.STORAGE),
        ({"requires": frozenset({"alcohol_degree"})}, Particular.ALCOHOL_DEGREE),
        ({"alcohol_degree": Decimal("4.5"), "minimum_age": 16}, Particular.MINIMUM_AGE),
    ],
)
def test_each_particular_due_is_asked_for(changes, missing):
    assert missing_particulars(complete(**changes)) == [missing]


def test_none_stated_is_a_statement():
    assert missing_particulars(complete(allergens=[])) == []


def test_what_is_weighed_needs_no_net_quantity():
    assert missing_particulars(complete(sold_by="weight", net_quantity=None)) == []


def test_a_strong_drink_owes_degree_and_age_but_no_nutrition():
    drink = complete(alcohol_degree=Decimal("12.5"), minimum_age=18, nutrition={})

    assert missing_particulars(drink) == []
    assert not rules.is_alcoholic(Decimal("1.2"))


def test_invented_facts_are_sold_in_a_demonstration_only():
    product = complete(invented=["price"], allergens=None, nutrition={}, ingredients="")

    assert missing_particulars(product, demonstration=True) == []
    assert Particular.ILLUSTRATION in missing_particulars(product)


def test_a_demonstration_never_excuses_degree_or_age():
    drink = complete(
        invented=["price"], requires=frozenset({"alcohol_degree", "minimum_age"}), alcohol_degree=None
    )

    assert missing_particulars(drink, demonstration=True) == [
        Particular.ALCOHOL_DEGREE,
        Particular.MINIMUM_AGE,
    ]


@pytest.mark.parametrize(
    "figures",
    [
        [], {"fat": 1}, {"fat_g": -1}, {"fat_g": 101}, {"fat_g": "3"}, {"fat_g": True}, {"fat_g": float("nan")},
        {"fat_g": 3, "saturated_fat_g": 9}, {"fat_g": 60, "proteins_g": 60}, {"energy_kj": 9999},
        {"carbohydrates_g": 5, "sugars_g": 50},
    ],
)  # fmt: skip
def test_impossible_nutrition_is_refused(figures):
    assert not rules.nutrition_is_possible(figures)
