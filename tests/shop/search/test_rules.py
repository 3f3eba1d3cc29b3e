"""What is typed, made harmless; what is stated, made readable."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.search import rules


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  lait\tentier \n", "lait entier"),
        ("lait\x00entier", "lait entier"),
        ("lait\u202fentier\u200b", "lait entier"),
        ("\x00", ""),
        ("", ""),
    ],
)
def test_query_loses_control_characters_and_spare_spaces(typed, cleaned):
    assert rules.clean_query(typed) == cleaned


@given(st.text(max_size=2000))
def test_cleaned_query_is_short_printable_and_stable(typed):
    cleaned = rules.clean_query(typed)

    assert len(cleaned) <= rules.QUERY_MAX_LENGTH
    assert "\x00" not in cleaned
    assert rules.clean_query(cleaned) == cleaned


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Œufs de poule", ["oeufs", "poule"]),
        ("l’huile d'olive", ["huile", "olive"]),
        ("crème brûlée", ["creme", "brulee"]),
        ("'; DROP TABLE--", ["drop", "table"]),
        ("!!! & | ( ) :* <->", []),
        ("🥕🥕", []),
    ],
)
def test_only_letters_and_digits_are_looked_for(query, words):
    assert rules.search_words(query) == words


@given(st.text(max_size=300))
def test_text_query_holds_no_operator_but_its_own(typed):
    words = rules.search_words(typed)

    assert len(words) <= rules.WORDS_MAX
    assert all(word.isalnum() for word in words)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("3017620422003", "3017620422003"),
        ("3 017620 422003", "3017620422003"),
        ("03017620422003", "3017620422003"),
        ("3017620422004", None),
        ("lait 3017620422003", None),
        ("٣٠١٧٦٢٠٤٢٢٠٠٣", None),
        ("1664", None),
    ],
)
def test_only_a_whole_and_valid_code_is_a_barcode(query, code):
    assert rules.barcode(query) == code


def test_nutrition_is_told_in_the_order_of_the_law():
    rows = rules.nutrition_rows(
        {
            "salt_g": 1.2,
            "fat_g": 1.1,
            "energy_kj": 1154,
            "energy_kcal": 272,
            "saturated_fat_g": 0,
            "sugars_g": "2.50",
        }
    )

    assert [(str(row["name"]), row["amount"]) for row in rows] == [
        ("Énergie", "1\u202f154\u00a0kJ / 272\u00a0kcal"),
        ("Matières grasses", "1,1\u00a0g"),
        ("dont acides gras saturés", "0\u00a0g"),
        ("dont sucres", "2,5\u00a0g"),
        ("Sel", "1,2\u00a0g"),
    ]


@pytest.mark.parametrize("value", [None, "", "trace", True, "NaN", "Infinity", -1, 10**9, [], {}])
def test_unreadable_nutrition_is_left_out(value):
    assert rules.nutrition_rows({"fat_g": value, "energy_kj": value}) == []


def test_degree_is_written_as_on_the_bottle():
    assert rules.degree_label(Decimal("12.50")) == "12,5\u202f%\u00a0vol."
    assert rules.degree_label(Decimal("40.0")) == "40\u202f%\u00a0vol."
    assert rules.degree_label(None) == ""
