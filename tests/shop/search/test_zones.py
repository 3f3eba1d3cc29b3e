"""Home, shelves and search put first what the visitor's zone buys, then what the shop sells."""

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from config import kept
from shop.orders.popularity import count_popularity
from shop.search import queries
from shop.search.models import ZonePopularity
from tests.factories import DepotFactory, ProductFactory, ZoneFactory
from tests.shop.orders.sales import bought

pytestmark = pytest.mark.django_db


@pytest.fixture
def depot():
    return DepotFactory()


@pytest.fixture
def zones(depot):
    """One depot, three zones: the third has sold nothing."""
    return [
        ZoneFactory(prefixes=["75"]),
        ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"]),
        ZoneFactory(slug="pau", name="Pau", prefixes=["64"]),
    ]


@pytest.fixture
def milks(zones, indexed):
    """Paris buys the first, Lyon the second and the shop, on the whole, the third."""
    paris, lyon, _pau = zones
    milks = [ProductFactory(name=f"Lait {name}") for name in ("cru", "bio", "sec", "rare")]
    cru, bio, sec, _rare = milks
    bought(paris, cru, households=6)
    bought(paris, sec, households=4)
    bought(lyon, bio, households=5)
    bought(lyon, sec, households=4)
    indexed()
    count_popularity(now=timezone.now(), enough_lines=0)
    return milks


def names(cards):
    return [card["name"] for card in cards]


ORDERS = [
    ["Lait cru", "Lait sec", "Lait bio"],
    ["Lait bio", "Lait sec", "Lait cru"],
    ["Lait sec", "Lait cru", "Lait bio"],
]


def test_each_zone_has_its_best_sellers_and_a_new_one_those_of_the_shop(depot, zones, milks):
    best = [names(queries.home_rails(depot.pk, zone.pk)[0]) for zone in zones]

    assert best == ORDERS
    assert names(queries.home_rails(depot.pk)[0]) == ORDERS[2]


def test_search_stands_by_the_zone_after_relevance(depot, zones, milks):
    ProductFactory(name="Chocolat au lait", popularity=999)

    found = [names(queries.results("lait", depot.pk, zone_id=zone.pk).page) for zone in zones]

    assert [order[:3] for order in found] == ORDERS


def test_relevance_comes_before_any_zone(depot, zones, milks, indexed):
    paris = zones[0]
    chocolate = ProductFactory(name="Chocolat au lait")
    bought(paris, chocolate, households=9)
    indexed()
    count_popularity(now=timezone.now(), enough_lines=0)

    assert names(queries.results("lait", depot.pk, zone_id=paris.pk).page) == [
        *ORDERS[0],
        "Lait rare",
        "Chocolat au lait",
    ]
    assert names(queries.home_rails(depot.pk, paris.pk)[0])[0] == "Chocolat au lait"


def test_suggestions_stand_by_the_zone(depot, zones, milks):
    found = [names(queries.suggestions("lait", depot.pk, zone.pk).cards) for zone in zones]

    assert [order[:3] for order in found] == ORDERS


def test_a_shelf_stands_by_the_zone_unless_another_order_is_asked(depot, zones, milks):
    place = queries.find_aisle("yaourts")

    shelf = [names(queries.aisle_page(place, depot.pk, zone_id=zone.pk).page) for zone in zones]
    by_name = {
        tuple(names(queries.aisle_page(place, depot.pk, sort="nom", zone_id=zone.pk).page)) for zone in zones
    }

    assert [order[:3] for order in shelf] == ORDERS
    assert [order[3:] for order in shelf] == [["Lait rare"]] * 3
    assert by_name == {("Lait bio", "Lait cru", "Lait rare", "Lait sec")}


def test_what_the_zone_buys_is_found_among_more_than_can_be_ranked(depot, zones, indexed):
    """Twenty pages are ranked: the shop's most bought, and the zone's however little the shop sells of it."""
    paris = zones[0]
    ProductFactory.create_batch(30, name="Biscuit au lait", popularity=50)
    own = ProductFactory(name="Gâteau au lait")
    ZonePopularity.objects.create(zone=paris, product=own, popularity=3)
    indexed()

    without = queries.find("lait", depot.pk, most=10).ids
    found = queries.find("lait", depot.pk, paris.pk, most=10).ids

    assert own.pk not in without
    assert found[0] == own.pk and len(found) == 10


def test_a_best_seller_of_the_zone_that_ran_out_or_left_is_not_shown(depot, zones, milks):
    paris = zones[0]
    cru, _bio, sec, _rare = milks
    cru.stock_items.update(on_hand=0)
    type(sec).objects.filter(pk=sec.pk).update(is_published=False)

    assert names(queries.home_rails(depot.pk, paris.pk)[0]) == ["Lait bio"]


def test_alcohol_is_never_pushed_however_much_the_zone_buys_of_it(depot, zones):
    bought(zones[0], ProductFactory(name="Vin", alcohol=True))
    count_popularity(now=timezone.now(), enough_lines=0)

    assert ZonePopularity.objects.exists()
    assert queries.home_rails(depot.pk, zones[0].pk)[0] == []


@pytest.mark.django_db(transaction=True)
def test_a_new_count_shows_on_the_next_request(depot, zones, milks):
    paris = zones[0]
    place = queries.find_aisle("yaourts")

    def shown():
        return [
            names(queries.home_rails(depot.pk, paris.pk)[0])[0],
            names(queries.aisle_page(place, depot.pk, zone_id=paris.pk).page)[0],
            names(queries.results("lait", depot.pk, zone_id=paris.pk).page)[0],
        ]

    before = shown()
    bought(paris, milks[3], households=9)
    count_popularity(now=timezone.now(), enough_lines=0)

    assert before == ["Lait cru"] * 3
    assert shown() == ["Lait rare"] * 3


def test_pages_of_two_postcodes_differ(client, zones, milks):
    def first(address):
        cards = client.get(address).content.decode().split('class="product-card')
        return min((card for card in ("Lait cru", "Lait bio")), key=lambda name: "".join(cards).find(name))

    seen = []
    for postcode in ("75011", "69001"):
        cache.clear()
        kept.forget_everything()
        client.post(reverse("set_postcode"), {"code_postal": postcode})
        seen.append(
            [
                first(reverse("home")),
                first(reverse("search") + "?q=lait"),
                first(reverse("aisle", args=["yaourts"])),
            ]
        )

    assert seen == [["Lait cru"] * 3, ["Lait bio"] * 3]
