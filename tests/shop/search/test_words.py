from decimal import Decimal

import pytest

from shop.search.words import Described, letters, root, sound, telling, tokens, weighed


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Lait 1/2 écrémé", ["lait", "demi", "ecreme"]),
        ("½ écrémé", ["demi", "ecreme"]),
        ("6x1,5L", ["6", "1500ml"]),
        ("6 × 1.5 l", ["6", "1500ml"]),
        ("50cl", ["500ml"]),
        ("0,5 kg", ["500g"]),
        ("1 litre", ["1000ml"]),
        ("2 kilos", ["2000g"]),
        ("x12", ["12"]),
        ("Œufs d’oie", ["oeufs", "d", "oie"]),
        ("T55", ["t55"]),
        ("7up", ["7up"]),
        ("a\x00b' OR 1=1 --", ["a", "b", "or", "1", "1"]),
        ("🥕", []),
    ],
)
def test_what_is_typed_is_read_in_one_way(typed, read):
    assert tokens(typed) == read


def test_words_that_say_nothing_are_left_out_but_corn_stays():
    assert telling("du maïs et de la crème au lait pour mon café") == ["mais", "creme", "lait", "cafe"]


@pytest.mark.parametrize(
    ("one", "many"),
    [("petit", "petits"), ("eau", "eaux"), ("gateau", "gateaux"), ("fruit", "fruits"), ("noix", "noix")],
)
def test_plural_has_the_root_of_its_singular(one, many):
    assert root(one) == root(many)


@pytest.mark.parametrize("word", ["jus", "riz", "ss", "bass", ""])
def test_short_words_and_double_s_keep_their_end(word):
    assert root(word) == word


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("yahourt", "yaourt"), ("camenbert", "camembert"), ("janbon", "jambon"), ("emental", "emmental"),
        ("moutarde", "moutard"), ("rocfort", "roquefort"), ("fromaj", "fromage"), ("kornichon", "cornichon"),
        ("mozarela", "mozzarella"), ("chaivre", "chevre"),
    ],
)  # fmt: skip
def test_words_that_sound_alike_have_one_sound(heard, meant):
    assert sound(heard) == sound(meant) != ""


def test_what_is_no_word_has_no_sound():
    assert [sound(word) for word in ("t55", "1500ml", "12", "")] == ["", "", "", ""]


def test_swapped_letters_are_the_same_letters():
    assert letters("pian") == letters("pain")


def test_first_word_of_a_name_is_what_the_article_is():
    product = Described(
        name="Le lait entier", brand="Bergère", shelf="Laits", aisle="Crèmerie", packaging="6 bouteilles de 1 l",
        labels=["AB"], ean="2000003000104", net_quantity=Decimal(6000), net_unit="ml",
    )  # fmt: skip

    found = weighed(product)

    assert (found.head, found.name, found.place) == ("lait", "entier", "bergere lait")
    assert found.others.split() == [
        "cremerie",
        "6",
        "bouteille",
        "1000ml",
        "6000ml",
        "ab",
        "bio",
        "biologique",
        "2000003000104",
    ]
    assert found.words["bergere"] == "bergère"
    assert "2000003000104" not in found.words
