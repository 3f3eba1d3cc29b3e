"""Narrowing a shelf: what an address may ask, what each answer would leave, and what is said of allergens."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from shop.catalogue.models import Product
from shop.pricing.queries import book_for
from shop.search import facets, queries
from shop.search.facets import Choice
from shop.stock.models import StockItem
from tests.factories import AisleFactory, BrandFactory, DepotFactory, ProductFactory, ZoneFactory
from tests.shop.pricing.promoting import promote

CHECKED = date(2026, 11, 2)


def read(address):
    return facets.read(QueryDict(address))


# --- what an address asks -------------------------------------------------------------------------


def test_an_address_is_read_once_each_and_in_order():
    choice = read(
        "marque=cabas&marque=aubrac&marque=cabas&label=AB&nutriscore=b&sans=lait&prix_min=1,50&prix_max=9"
    )

    assert choice == Choice(
        brands=("aubrac", "cabas"), labels=("AB",), scores=("b",), without=("lait",),
        price_from=Decimal("1.50"), price_to=Decimal("9.00"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "address",
    ["nutriscore=z", "sans=plutonium", "prix_min=abc", "prix_min=-3", "prix_min=1e9", "prix_max=٣", "marque=",
     "marque=%00", "marque=" + "x" * 5000, "label=%0A", "prix_min=NaN", "prix_max=99999999", "autre=1"],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out(address):
    assert not read(address)


def test_prices_typed_the_wrong_way_round_are_turned():
    assert (read("prix_min=9&prix_max=2").price_from, read("prix_min=9&prix_max=2").price_to) == (2, 9)


def test_a_flood_of_values_is_cut():
    address = "&".join(f"marque=m{number}" for number in range(900))

    assert len(read(address).brands) == facets.MOST_VALUES


@given(
    brands=st.sets(st.from_regex(r"[a-z]{1,8}", fullmatch=True), max_size=5),
    without=st.sets(st.sampled_from(["lait", "gluten", "soja"])),
    low=st.none() | st.decimals(0, 500, places=2),
)
def test_a_choice_survives_its_own_address(brands, without, low):
    choice = Choice(brands=tuple(sorted(brands)), without=tuple(sorted(without)), price_from=low)

    assert read(choice.address()) == choice


def test_one_value_less_leaves_the_others():
    choice = Choice(brands=("a", "b"), price_from=Decimal(2))

    assert choice.less("marque", "a") == Choice(brands=("b",), price_from=Decimal(2))
    assert choice.less("prix_min", "2") == Choice(brands=("a", "b"))


# --- what each answer would leave -----------------------------------------------------------------


@pytest.fixture
def place(db):
    ZoneFactory()
    shelf = AisleFactory(slug="yaourts", name="Yaourts", parent=AisleFactory(slug="cremerie"))
    cabas, aubrac = (
        BrandFactory(slug="cabas", name="Cabas"),
        BrandFactory(slug="aubrac", name="Ferme d’Aubrac"),
    )
    make = {"shelf": shelf, "allergens": ["lait"], "allergens_checked_on": CHECKED}
    ProductFactory(name="Nature", brand=cabas, labels=["AB"], stated_nutriscore="a", price=2, **make)
    ProductFactory(name="Vanille", brand=cabas, labels=[], stated_nutriscore="c", price=3, **make)
    ProductFactory(name="Fermier", brand=aubrac, labels=["AB", "AOP"], stated_nutriscore="b", price=5, **make)
    ProductFactory(
        name="Soja", brand=aubrac, labels=[], stated_nutriscore="a", price=4, shelf=shelf, allergens=["soja"],
        traces=["fruits à coque"], allergens_checked_on=CHECKED,
    )  # fmt: skip
    ProductFactory(
        name="Coco", brand=aubrac, labels=[], stated_nutriscore="", price=6, shelf=shelf, allergens=[],
        allergens_checked_on=None,
    )  # fmt: skip
    return queries.find_aisle("yaourts")


def asked(place, choice=Choice()):  # noqa: B008 - frozen
    depot = DepotFactory().pk
    return queries.aisle_page(place, depot, choice=choice).facets


def counts(found, field):
    return {
        option.value: option.count
        for facet in found.questions
        if facet.field == field
        for option in facet.options
    }


def shown(place, choice):
    return sorted(card["name"] for card in queries.aisle_page(place, DepotFactory().pk, choice=choice).page)


def test_answers_are_counted(place):
    found = asked(place)

    assert counts(found, "marque") == {"aubrac": 3, "cabas": 2}
    assert counts(found, "label") == {"AB": 2, "AOP": 1}
    assert counts(found, "nutriscore") == {"a": 2, "b": 1, "c": 1}
    assert (found.cheapest, found.dearest) == (Decimal(2), Decimal(6))


def test_each_question_is_counted_with_the_choices_of_the_others(place):
    found = asked(place, Choice(brands=("cabas",), scores=("a",)))

    assert counts(found, "marque") == {"aubrac": 1, "cabas": 1}, "with Nutri-Score A"
    assert counts(found, "nutriscore") == {"a": 1, "c": 1}, "of Cabas"
    assert counts(found, "label") == {}, "both leave one, that has it: nothing to ask"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (Choice(brands=("cabas",)), ["Nature", "Vanille"]),
        (Choice(brands=("cabas", "aubrac"), labels=("AB",)), ["Fermier", "Nature"]),
        (Choice(labels=("AB", "AOP")), ["Fermier", "Nature"]),
        (Choice(scores=("a",)), ["Nature", "Soja"]),
        (Choice(price_from=Decimal(3), price_to=Decimal(4)), ["Soja", "Vanille"]),
        (Choice(without=("lait",)), ["Soja"]),
        (Choice(without=("fruits à coque",)), ["Fermier", "Nature", "Vanille"]),
        (Choice(without=("lait", "soja")), []),
        (Choice(brands=("inconnue",)), []),
    ],
)
def test_a_choice_leaves_what_fits_every_question(place, choice, names):
    assert shown(place, choice) == names
    promised = [
        option.count
        for facet in asked(place, choice).questions
        for option in facet.options
        if option.is_chosen
    ]
    assert names or not any(promised)


def test_without_an_allergen_counts_checked_labels_only_traces_included(place):
    found = asked(place)

    assert counts(found, "sans") == {"lait": 1, "soja": 3, "fruits à coque": 3}
    [note] = [facet.note for facet in found.questions if facet.field == "sans"]
    assert "4 sur 5" in note and "lisez toujours l’emballage" in note


def test_a_recipe_that_changes_is_no_longer_checked(place):
    product = Product.objects.get(name="Soja")

    for change in ({"ingredients": "Soja, LAIT"}, {"allergens": ["soja", "lait"]}, {"traces": ["lait"]}):
        Product.objects.filter(pk=product.pk).update(allergens_checked_on=CHECKED)
        Product.objects.filter(pk=product.pk).update(**change)
        assert Product.objects.get(pk=product.pk).allergens_checked_on is None, change
        assert "Soja" not in shown(place, Choice(without=("gluten",)))


def test_a_price_changed_leaves_the_check_alone(place):
    Product.objects.filter(name="Soja").update(price=9)

    assert Product.objects.get(name="Soja").allergens_checked_on == CHECKED


def test_cards_and_counts_cost_two_queries_and_one_when_kept(place, django_assert_num_queries):
    depot = DepotFactory().pk

    with django_assert_num_queries(2):
        queries.aisle_page(place, depot)
    with django_assert_num_queries(1):
        queries.aisle_page(place, depot)


# --- the page -------------------------------------------------------------------------------------


def page(client, query=""):
    answer = client.get(reverse("aisle", args=["yaourts"]) + query)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def test_page_says_what_is_chosen_and_how_to_take_it_back(client, place):
    text = page(client, "?marque=aubrac&sans=lait&prix_max=5")

    assert "1 produit<" in text
    assert "Ferme d’Aubrac <svg" in text and "sans lait <svg" in text and "jusqu’à 5,00 €" in text
    assert 'href="?sans=lait&prix_max=5.00"' in text
    assert 'content="noindex, follow"' in text


def test_an_impossible_choice_keeps_its_filters_and_offers_the_way_out(client, place):
    text = page(client, "?marque=cabas&sans=lait&tri=prix")

    assert "Aucun produit n’a tout cela à la fois" in text
    assert 'href="?tri=prix"' in text
    assert 'value="cabas" id="f-marque-cabas" checked' in text


def test_pages_and_order_keep_the_choice(client, place):
    ProductFactory.create_batch(30, shelf_id=place.here["id"], brand=BrandFactory(slug="cabas"))

    text = page(client, "?marque=cabas&tri=prix")

    assert "?tri=prix&marque=cabas&page=2" in text


def test_text_of_an_address_is_escaped(client, place):
    raw = client.get(reverse("aisle", args=["yaourts"]) + "?marque=%3Cscript%3Ealert(1)%3C/script%3E").content

    assert b"<script>alert" not in raw


def test_ten_thousand_values_are_refused_and_nine_hundred_answered(client, place):
    many = reverse("aisle", args=["yaourts"]) + "?" + "&".join(f"marque=m{n}" for n in range(10_000))
    fewer = reverse("aisle", args=["yaourts"]) + "?" + "&".join(f"marque=m{n}" for n in range(900))

    refused, answered = client.get(many), client.get(fewer)

    assert refused.status_code == 400 and "<h1>" in refused.content.decode()
    assert answered.status_code == 200


def test_twice_the_facets_cost_no_more_queries(client, place, django_assert_max_num_queries):
    from django.core.cache import cache

    address = reverse("aisle", args=["yaourts"])
    cache.clear()
    with django_assert_max_num_queries(6) as one:
        client.get(address + "?marque=cabas")
    cache.clear()
    ProductFactory.create_batch(20, shelf_id=place.here["id"])
    with django_assert_max_num_queries(6) as many:
        client.get(
            address
            + "?marque=cabas&marque=aubrac&label=AB&label=AOP&sans=arachides&sans=soja&nutriscore=a&prix_min=1"
        )

    assert len(many) == len(one)


def test_htmx_keeps_a_clean_address(client, place):
    answer = client.get(
        reverse("aisle", args=["yaourts"]) + "?prix_min=&prix_max=&tri=pertinence&marque=cabas",
        headers={"HX-Request": "true"},
    )

    assert answer["HX-Push-Url"] == "/rayons/yaourts/?marque=cabas"
    assert re.search(r'id="questions"', answer.content.decode())


def test_promotions_are_a_question_with_the_others_applied(client, place):
    StockItem.objects.update(unit_cost=Decimal("0.10"))
    nature = Product.objects.get(name="Nature")
    promote(products=[nature])
    promote(brands=[Product.objects.get(name="Fermier").brand], name="Aubrac en fête", percent=Decimal(10))

    text = page(client, "?promo=1")
    narrowed = page(client, "?promo=1&marque=cabas")

    assert "4 produits<" in text and "Vanille" not in text.partition('id="resultats"')[2]
    assert "1 produit<" in narrowed and "Nature" in narrowed
    assert "en promotion <svg" in narrowed and 'href="?marque=cabas"' in narrowed


def test_a_promotion_reaches_what_it_covers_and_never_first_age_milk(place):
    StockItem.objects.update(unit_cost=Decimal("0.10"))
    shelf = Product.objects.get(name="Nature").shelf
    lu = BrandFactory(slug="lu", name="Lu")
    ProductFactory(name="Lait 1er âge", shelf=shelf, brand=lu, is_first_age_milk=True)
    ProductFactory(name="Biscuit", shelf=AisleFactory(slug="biscuits", parent=shelf.parent), brand=lu)
    ProductFactory(name="Rien", shelf=shelf.parent)
    promote(aisles=[shelf])
    promote(brands=[lu], percent=Decimal(10))
    cremerie, book = queries.find_aisle("cremerie"), book_for(None)

    page = queries.aisle_page(cremerie, DepotFactory().pk, choice=Choice(promotion=True), book=book).page

    assert {card["name"] for card in page} == {"Nature", "Vanille", "Fermier", "Soja", "Coco", "Biscuit"}


def test_a_shelf_with_nothing_to_choose_has_no_filters(client, place):
    ProductFactory(name="Seul", shelf=AisleFactory(slug="seul"))

    bare = client.get(reverse("aisle", args=["seul"])).content.decode()
    narrowed = client.get(reverse("aisle", args=["seul"]) + "?prix_max=99").content.decode()

    assert "Seul" in bare and "filtres" not in bare and '<div class="">' in bare
    assert 'id="filtres"' in narrowed and 'id="filtres"' in page(client)


def test_without_a_promotion_nothing_is_asked_of_it(client, place):
    assert 'name="promo"' not in page(client)
    assert "Aucun produit n’a tout cela à la fois" in page(client, "?promo=1")
