"""Sorting and filtering by price go by what one piece costs here and now, as the card and the basket have it."""

import random
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.utils import timezone

from shop.catalogue.models import Product
from shop.pricing.queries import book_for, item_of
from shop.search import queries
from shop.search.facets import Choice
from shop.stock.models import StockItem
from tests.factories import AisleFactory, BrandFactory, DepotFactory, ProductFactory, ZoneFactory
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def shelf():
    """Three yoghurts at 2, 3 and 4 euros, that cost nothing much."""
    ZoneFactory()
    made = {
        name: ProductFactory(name=name, price=D(price), sort_name=name, net_quantity=500)
        for name, price in (("un", 2), ("deux", 3), ("trois", 4))
    }
    StockItem.objects.update(unit_cost=D("0.10"))
    return made


def listing(sort="prix", choice=Choice(), zone=None):  # noqa: B008 - frozen
    place = queries.find_aisle("yaourts")
    return queries.aisle_page(place, DepotFactory().pk, 1, sort, choice, book_for(zone))


def names(*args, **kwargs):
    return [card["name"] for card in listing(*args, **kwargs).page]


def test_without_promotions_the_price_itself_sorts(shelf):
    assert names() == ["un", "deux", "trois"]


@pytest.mark.parametrize("scope", ["products", "brands", "aisles", "top aisles"])
def test_a_reduced_price_sorts(shelf, scope):
    other = ProductFactory(
        name="zéro", price=D("2.40"), sort_name="zéro", brand=BrandFactory(slug="ailleurs"),
        shelf=AisleFactory(slug="brebis", parent=AisleFactory(slug="bergerie")),
    )  # fmt: skip
    Product.objects.filter(pk=shelf["un"].pk).update(brand=other.brand)
    StockItem.objects.update(unit_cost=D("0.10"))
    chosen = {
        "products": {"products": [shelf["deux"]]}, "brands": {"brands": [shelf["deux"].brand]},
        "aisles": {"aisles": [shelf["deux"].shelf]}, "top aisles": {"aisles": [shelf["deux"].shelf.parent]},
    }[scope]  # fmt: skip
    promote("amount", amount=D("0.60"), **chosen)
    Product.objects.filter(pk=shelf["un"].pk).update(price=D("2.50"), shelf=other.shelf)
    Product.objects.filter(pk=other.pk).update(shelf=shelf["deux"].shelf)

    assert names()[:2] == {
        "products": ["deux", "zéro"], "brands": ["deux", "zéro"], "aisles": ["zéro", "deux"],
        "top aisles": ["zéro", "deux"],
    }[scope]  # fmt: skip


def test_the_price_per_kilogram_is_the_reduced_one(shelf):
    Product.objects.filter(pk=shelf["trois"].pk).update(net_quantity=700)
    assert names("prix-au-kg") == ["un", "trois", "deux"]

    promote("percent", percent=D(34), products=[shelf["deux"]])

    assert names("prix-au-kg") == ["deux", "un", "trois"]


def test_a_lot_leaves_the_price_of_one_where_it_is(shelf):
    promote("n_for_m", products=[shelf["trois"]])
    promote("second", products=[shelf["deux"]], name="Le deuxième")

    assert names() == ["un", "deux", "trois"]


def test_equal_prices_come_by_name(shelf):
    promote("amount", amount=D("1.00"), products=[shelf["deux"]])

    assert names()[:2] == ["deux", "un"]


def test_only_what_holds_here_sorts(shelf):
    lyon, paris = ZoneFactory(slug="lyon", name="Lyon"), ZoneFactory()
    promote("amount", amount=D("1.02"), products=[shelf["deux"]], zones=[lyon])

    assert names(zone=lyon.pk)[0] == "deux"
    assert names(zone=paris.pk)[0] == "un"


def test_the_order_changes_by_the_clock_without_anybody_writing(shelf):
    promote("amount", amount=D("1.02"), products=[shelf["deux"]], begins=1, ends=2)
    first = [names()[0]]

    for later in (timedelta(days=1, hours=1), timedelta(days=3)):
        with time_machine.travel(timezone.now() + later, tick=False):
            first.append(names()[0])

    assert first == ["un", "deux", "un"]


def test_the_price_filter_and_its_bounds_are_those_shown(shelf):
    promote("percent", percent=D(20), products=[shelf["trois"]])

    within = listing(choice=Choice(price_from=D("3.10"), price_to=D("3.20")))
    beyond = listing(choice=Choice(price_from=D("3.90"), price_to=D("4.00")))

    assert [card["name"] for card in within.page] == ["trois"]
    assert list(beyond.page) == []
    assert (within.facets.cheapest, within.facets.dearest) == (D("2.00"), D("3.20"))


def test_the_page_shows_its_prices_in_order(client, shelf, indexed):
    promote("percent", percent=D(34), products=[shelf["trois"]])
    indexed()

    for address in (f"/rayons/{shelf['un'].shelf.slug}/?tri=prix", "/recherche/?q=yaourts&tri=prix"):
        page = unescape(client.get(address).content.decode()).partition('<ul class="cards">')[2]
        shown = [D(found.replace(",", ".")) for found in re.findall(r'price__now">([\d,]+)', page)]

        assert shown == sorted(shown) == [D("2.00"), D("2.64"), D("3.00")]


def test_what_sorts_is_to_the_cent_what_the_card_shows(shelf):
    """Caps, costs, VAT and rounding of the statement are those of the rules."""
    dice = random.Random(20261122)
    brands = [BrandFactory(slug=f"marque-{number}") for number in range(5)]
    for number in range(120):
        ProductFactory(
            name=f"Article {number}", price=D(dice.randrange(20, 2000)) / 100, brand=dice.choice(brands),
            vat_rate=D(dice.choice(["5.5", "10.0", "20.0"])), is_food=dice.random() < 0.7,
            is_first_age_milk=dice.random() < 0.05,
        )  # fmt: skip
    for item in StockItem.objects.select_related("product"):
        share = dice.choice([D(0), D("0.2"), D("0.55"), D("0.75"), D("0.95")])
        StockItem.objects.filter(pk=item.pk).update(unit_cost=round(item.product.price * share, 4))
    for number, percent in enumerate(["7.3", "12.5", "33.9", "34.0"]):
        promote(percent=D(percent), brands=[brands[number]], name=f"P{number}", begins=-1 - number)
    promote("amount", amount=D("0.05"), aisles=[AisleFactory(slug="yaourts")], name="A")
    costs = dict(StockItem.objects.values_list("product_id", "unit_cost"))
    book = book_for(None)

    shown = {}
    for product in Product.objects.select_related("shelf"):
        offer = book.offer_for(item_of(product, unit_cost=costs[product.pk]))
        shown[product.name] = offer.price_now if offer else product.price
    reduced = sum(shown[product.name] < product.price for product in Product.objects.all())

    for name, price in shown.items():
        exactly = {card["name"] for card in _all(Choice(price_from=price, price_to=price))}
        assert name in exactly, (name, price)
    assert reduced > 60


def _all(choice):
    first = listing(choice=choice)
    return [card for number in first.page.paginator.page_range for card in _page(choice, number)]


def _page(choice, number):
    return queries.aisle_page(
        queries.find_aisle("yaourts"), DepotFactory().pk, number, "prix", choice, book_for(None)
    ).page
