from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.reviews.rules import (
    TEXT_LENGTH,
    Fault,
    RatingSummary,
    Words,
    author_name,
    faults,
    faults_of_details,
    faults_of_text,
)


@pytest.mark.parametrize(
    "text",
    [
        "Écrivez-moi : lea@exemple.fr",
        "Appelez le 06 12 34 56 78",
        "+33 6 12 34 56 78",
        "0033612345678",
        "01.23.45.67.89",
    ],
)
def test_an_address_or_a_number_is_found(text):
    assert faults_of_text(text) == [Fault.CONTACT]


@pytest.mark.parametrize("text", ["voir https://x.test/a", "WWW.exemple.fr", "moins cher sur concurrent.com"])
def test_a_link_is_found(text):
    assert faults_of_text(text) == [Fault.LINK]


@pytest.mark.parametrize(
    "text",
    [
        "Trop cher : 12,50 € pour 250 g, 3 fois sur 4 écrasé. Nul, nul, nul.",
        "Bon.Merci !",
        "EAN 3017620422003 sur la boîte, à consommer avant le 03/12/2026",
        "10/10, reçu à 19 h 30 le 26.11.2026",
        "Une honte. Le pire fromage de ma vie, à éviter absolument.",
        "",
    ],
)
def test_an_opinion_is_never_a_fault(text):
    assert faults_of_text(text) == []


@pytest.mark.parametrize("rating", [-1, 0, 6])
def test_only_one_to_five_stars_are_given(rating):
    assert faults(Words(rating)) == [Fault.RATING]
    assert faults_of_details([None, 3, rating]) == [Fault.RATING]


def test_words_have_a_length():
    assert faults(Words(3, "t" * 80, "x" * TEXT_LENGTH)) == []
    assert faults(Words(3, "t" * 81)) == faults(Words(3, text="x" * 2001)) == [Fault.TOO_LONG]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("Élodie", "Martin"), "Élodie M."),
        (("Élodie", ""), "Élodie"),
        (("", "Martin"), ""),
        (("", ""), ""),
        ((" Jean-Luc ", " de la Tour"), "Jean-Luc D."),
    ],
)
def test_a_first_name_and_an_initial_are_all_that_shows(names, shown):
    assert author_name(*names) == shown


def test_no_rating_has_no_average():
    assert (RatingSummary().count, RatingSummary().average) == (0, None)


def test_the_average_is_rounded_half_up():
    assert RatingSummary((1, 0, 0, 0, 3)).average == Decimal("4.0")
    assert RatingSummary((0, 0, 0, 15, 5)).average == Decimal("4.3")


@given(st.lists(st.integers(0, 500), min_size=5, max_size=5))
def test_every_figure_follows_from_the_counts(counts):
    summary = RatingSummary(tuple(counts))

    assert summary.count == sum(bar.count for bar in summary.bars) == sum(counts)
    assert [bar.stars for bar in summary.bars] == [5, 4, 3, 2, 1]
    if summary.count:
        assert Decimal(1) <= summary.average <= Decimal(5)
        assert all(0 <= bar.share <= 100 for bar in summary.bars)
