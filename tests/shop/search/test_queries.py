"""Cards, pages and searches, as one depot sees them."""

from datetime import timedelta
from decimal import Decimal

import pytest
import redis
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.urls import reverse
from django.utils import timezone

from config.cache import ForgivingRedisCache
from shop.catalogue.models import Aisle, Product, ProductPicture
from shop.catalogue.services import aisles_changed, save_aisle
from shop.search import queries
from shop.search.queries import aisles, find_aisle
from shop.stock.models import StockItem
from tests.factories import AisleFactory, BrandFactory, DepotFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def depot():
    return DepotFactory()


def names(cards):
    return [card["name"] for card in cards]


def test_card_says_what_its_template_shows(depot):
    ProductFactory(
        name="Crème fraîche", slug="creme", brand__name="Isigny", labels=["AB"], packshot="pot",
        net_quantity=Decimal(250), price=Decimal("1.90"),
    )  # fmt: skip

    [card] = queries.cards(queries.shelved(depot.id))

    product = Product.objects.get()
    assert card.pop("item").product_id == product.id
    assert card.pop("net") == (Decimal(250), "g")
    assert card == {
        "id": product.id, "slug": "creme", "name": "Crème fraîche", "brand": product.brand.name,
        "net_quantity": "250\u00a0g", "price": Decimal("1.90"), "unit_price": "7,60\u00a0€/kg",
        "badge": "Bio", "badge_kind": "bio", "tint": "cremerie", "packshot": "pot", "picture_url": "",
        "picture_srcset": "", "struck": None, "is_available": True, "is_on_sale": True, "version": 1, "sold_by_weight": False, "step_grams": 0, "is_demonstration": False,
    }  # fmt: skip


def test_card_of_a_weighed_product_moves_by_its_step(depot):
    ProductFactory(weighed=True, weight_step_g=250, stock=249)

    [card] = queries.cards(queries.shelved(depot.id))

    assert card["sold_by_weight"]
    assert card["step_grams"] == 250
    assert card["unit_price"] == "3,20\u00a0€/kg"
    assert card["net_quantity"] == "au poids, par 250\u00a0g"
    assert not card["is_available"], "less than one step is left"


def test_a_card_says_what_a_kilogram_costs_and_what_one_tap_adds(client, depot):
    product = ProductFactory(weighed=True, weight_step_g=250, price=Decimal("1.99"))

    page = client.get(reverse("aisle", args=[product.shelf.slug])).content.decode()

    assert '1,99\u00a0€<span class="price__per"> le kilo</span>' in page
    assert '<span class="price__unit">0,50\u00a0€ les 250\u00a0g</span>' in page


def test_availability_is_that_of_the_depot(depot):
    product = ProductFactory(stock=0)
    lyon = DepotFactory(code="lyon", name="Lyon")
    StockItem.objects.create(product=product, depot=lyon, on_hand=3)

    here, there, nowhere = (
        queries.cards_by_id([product.id], pk)[product.id] for pk in (depot.id, lyon.id, None)
    )

    assert not here["is_available"]
    assert there["is_available"]
    assert not nowhere["is_available"]


def test_several_depots_and_pictures_do_not_double_a_card(depot):
    product = ProductFactory()
    StockItem.objects.create(product=product, depot=DepotFactory(code="lyon"), on_hand=3)
    for position, name in ((2, "b.jpg"), (1, "a.jpg")):
        picture = ProductPicture.objects.create(product=product, position=position)
        ProductPicture.objects.filter(pk=picture.pk).update(image=name)

    [card] = queries.cards(queries.shelved(depot.id))

    assert card["picture_url"] == "/media/a.jpg"


def detail(product, depot):
    return queries.product_detail(queries.product_state(product.slug, depot.id), depot.id)


def test_drafts_have_no_card(depot):
    draft = ProductFactory(draft=True)

    assert queries.cards(queries.shelved(depot.id)) == []
    assert queries.cards_by_id([draft.id], depot.id) == {}
    assert queries.product_state(draft.slug, depot.id) is None


def test_illustration_is_told_in_a_demonstration_only(depot, settings):
    product = ProductFactory(invented=["price"])

    sober = detail(product, depot)
    settings.DEMONSTRATION = True
    told = detail(product, depot)

    assert (sober["card"]["is_demonstration"], sober["illustrated"]) == (False, [])
    assert (told["card"]["is_demonstration"], told["illustrated"]) == (True, ["price"])


def test_aisle_holds_its_shelves_and_a_shelf_its_own(depot):
    aisle = AisleFactory(slug="boissons")
    ProductFactory(name="Eau", shelf=AisleFactory(slug="eaux", parent=aisle))
    ProductFactory(name="Jus", shelf=AisleFactory(slug="jus", parent=aisle))
    ProductFactory(name="Vrac", shelf=aisle)
    ProductFactory(name="Ailleurs")

    whole = queries.aisle_page(find_aisle("boissons"), depot.id, sort="nom").page
    shelf = queries.aisle_page(find_aisle("jus"), depot.id).page

    assert names(whole) == ["Eau", "Jus", "Vrac"]
    assert names(shelf) == ["Jus"]


def test_aisle_is_sorted_as_asked(depot):
    shelf = AisleFactory(slug="pates")
    ProductFactory(name="Cher au kilo", price=2, net_quantity=Decimal(100), shelf=shelf, popularity=1)
    ProductFactory(name="Épuisé", price=9, net_quantity=Decimal(1000), shelf=shelf, popularity=9, stock=0)
    ProductFactory(name="Bon marché", price=3, net_quantity=Decimal(3000), shelf=shelf, popularity=5)
    ProductFactory(name="Au poids", weighed=True, price=4, shelf=shelf)
    ProductFactory(name="Douzaine", price=1, net_quantity=Decimal(12), net_unit="piece", shelf=shelf)
    for product in Product.objects.all():
        Product.objects.filter(pk=product.pk).update(sort_name=product.name.lower().replace("é", "e"))
    place = find_aisle("pates")

    def by(sort):
        return names(queries.aisle_page(place, depot.id, sort=sort).page)

    assert by("pertinence") == ["Bon marché", "Cher au kilo", "Au poids", "Douzaine", "Épuisé"]
    assert by("prix") == ["Douzaine", "Cher au kilo", "Bon marché", "Au poids", "Épuisé"]
    assert by("prix-au-kg") == ["Bon marché", "Au poids", "Épuisé", "Cher au kilo", "Douzaine"]
    assert by("nom") == ["Au poids", "Bon marché", "Cher au kilo", "Douzaine", "Épuisé"]
    assert by("n'importe quoi") == by("pertinence")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("1", 1), ("2", 2), ("3", 2), ("0", 2), ("-1", 2), ("", 1), ("x", 1), ("9" * 5000, 1), ("1e3", 1)],
)
def test_page_out_of_range_is_answered_by_a_page_that_exists(depot, asked, shown):
    ProductFactory.create_batch(25)

    page = queries.aisle_page(find_aisle("yaourts"), depot.id, asked).page

    assert page.number == shown
    assert len(page) == (24 if shown == 1 else 1)


def test_pages_of_an_aisle_show_each_product_once(depot):
    ProductFactory.create_batch(50)
    place = find_aisle("yaourts")

    seen = [card["id"] for number in (1, 2, 3) for card in queries.aisle_page(place, depot.id, number).page]

    assert len(seen) == len(set(seen)) == 50


def test_aisle_costs_two_queries_search_three_and_cards_one(depot, indexed, django_assert_num_queries):
    product, *_others = ProductFactory.create_batch(30)
    indexed()
    place = find_aisle("yaourts")

    with django_assert_num_queries(2):
        queries.aisle_page(place, depot.id)
    with django_assert_num_queries(3):
        queries.results("yaourt", depot.id)
    with django_assert_num_queries(2):
        queries.suggestions("yaourt", depot.id)
    with django_assert_num_queries(1):
        queries.home_rails(depot.id)
    with django_assert_num_queries(1):
        state = queries.product_state(product.slug, depot.id)
    with django_assert_num_queries(1):
        queries.product_detail(state, depot.id)
    with django_assert_num_queries(1):
        queries.others(state, depot.id)
    with django_assert_num_queries(0):
        queries.results("?!", depot.id)


# --- search -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["œufs", "oeufs", "OEUF", "Œuf", "œuf plein air", "oeufs de poule", "plein ai", "élevés", "eleves"],
)
def test_accents_ligatures_case_and_endings_are_ignored(depot, indexed, typed):
    ProductFactory(name="Œufs de poules élevées en plein air")
    ProductFactory(name="Lait entier")
    indexed()

    assert names(queries.results(typed, depot.id).page) == ["Œufs de poules élevées en plein air"]


def test_apostrophes_of_both_kinds_are_the_same(depot, indexed):
    ProductFactory(name="Huile d’olive vierge extra")
    indexed()

    for typed in ("huile d'olive", "huile d’olive", "l'huile d olive"):
        assert len(queries.results(typed, depot.id).page) == 1


def test_word_being_typed_already_finds(depot, indexed):
    ProductFactory(name="Camembert de Normandie")
    indexed()

    assert len(queries.results("camem", depot.id).page) == 1
    assert len(queries.suggestions("camem", depot.id).cards) == 1
    assert queries.suggestions("c", depot.id).cards == []


def test_name_weighs_more_than_brand_and_brand_more_than_aisle(depot, indexed):
    ProductFactory(name="Beurre doux", brand=BrandFactory(slug="p", name="Prairie"))
    ProductFactory(name="Fleurs de prairie", brand=None)
    ProductFactory(name="Terreau", brand=None, shelf=AisleFactory(slug="prairie", name="Prairie"))
    indexed()

    assert names(queries.results("prairie", depot.id).page) == ["Fleurs de prairie", "Beurre doux", "Terreau"]


def test_equally_relevant_products_come_available_then_popular(depot, indexed):
    ProductFactory(name="Lait cru", popularity=1)
    ProductFactory(name="Lait bio", popularity=7)
    ProductFactory(name="Lait sec", popularity=9, stock=0)
    indexed()

    assert names(queries.results("lait", depot.id).page) == ["Lait bio", "Lait cru", "Lait sec"]


def test_barcode_finds_its_product_alone(depot, indexed):
    wanted = ProductFactory(ean="3017620422003", name="Pâte à tartiner")
    ProductFactory(name="3017620422003 en toutes lettres")
    indexed()

    for typed in ("3017620422003", " 3 017620 422003 ", "03017620422003"):
        assert names(queries.results(typed, depot.id).page) == [wanted.name]


def test_search_never_shows_drafts(depot, indexed):
    ProductFactory(draft=True, name="Lait secret", ean="3017620422003")
    indexed()

    assert list(queries.results("lait", depot.id).page) == []
    assert list(queries.results("3017620422003", depot.id).page) == []


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "\x00", "a\x00b", "🥕", "!!!", "&", "|", "'", "\\", ":*", "a:*", "!a", "(a", "a <-> b", "%", "_",
        "'; DROP TABLE catalogue_product; --", "' OR 1=1 --", "x" * 10_000, "é " * 5_000, "\ud800", "½ ² ٣",
        "de la", "le", "\u202e", "1" * 13, "<script>alert(1)</script>",
    ],
)  # fmt: skip
def test_any_text_can_be_searched(depot, indexed, typed):
    ProductFactory()
    indexed()

    assert list(queries.results(typed, depot.id).page) == []
    assert queries.suggestions(typed, depot.id).cards == []
    assert queries.aisles_named(typed) == []


def test_aisles_are_found_by_the_beginning_of_their_words():
    aisle = AisleFactory(slug="cremerie", name="Crèmerie")
    AisleFactory(slug="oeufs", name="Œufs", parent=aisle)
    AisleFactory(slug="laits", name="Laits et crèmes", parent=aisle)

    found = {
        typed: [node["slug"] for node in queries.aisles_named(typed)]
        for typed in ("creme", "oeu", "laits cr", "x")
    }

    assert found == {"creme": ["cremerie", "laits"], "oeu": ["oeufs"], "laits cr": ["laits"], "x": []}


# --- the window ---------------------------------------------------------------------------------


def test_window_shows_what_sells_and_what_is_new_here(depot):
    ProductFactory(name="Ancien", popularity=5)
    ProductFactory(name="Champion", popularity=9)
    ProductFactory(name="Épuisé", popularity=99, stock=0)
    ProductFactory(name="Récent")

    best, new = queries.home_rails(depot.id)

    assert names(best) == ["Champion", "Ancien"]
    assert names(new) == ["Récent", "Champion", "Ancien"]


def test_alcohol_and_first_age_milk_are_never_put_in_the_window(depot):
    ProductFactory(name="Vin", alcohol=True, popularity=50)
    ProductFactory(name="Lait premier âge", is_first_age_milk=True, popularity=50)

    assert queries.home_rails(depot.id) == ([], [])


def test_of_what_is_new_one_of_each_shelf_comes_before_a_second(depot):
    ours, theirs = AisleFactory.create_batch(2, parent=AisleFactory())
    for name in ("Cactus", "Orchidée", "Ficus"):
        ProductFactory(name=name, shelf=theirs)
    for name in ("Thé", "Café"):
        ProductFactory(name=name, shelf=ours)
    ProductFactory(name="Épuisé", shelf=ours, stock=0)

    _best, new = queries.home_rails(depot.id)

    assert names(new) == ["Café", "Ficus", "Thé", "Orchidée", "Cactus"]


def others(product, depot):
    return names(queries.others(queries.product_state(product.slug, depot.id), depot.id))


def test_shelf_neighbours_can_be_had_and_are_others(depot):
    product = ProductFactory(name="Lui")
    ProductFactory(name="Épuisé", stock=0)
    ProductFactory(name="Voisin")
    ProductFactory(name="Loin", shelf=AisleFactory(slug="loin"))

    assert others(product, depot) == ["Voisin"]


def test_in_place_of_what_ran_out_stands_first_what_is_closest_to_it(depot):
    product = ProductFactory(
        name="Lui", stock=0, packshot="pot", net_quantity=Decimal(500), price=Decimal("2.00")
    )
    other = BrandFactory(slug="autre", name="Autre")
    small, same = Decimal(125), {"packshot": "pot", "price": Decimal("2.10")}
    ProductFactory(name="Autre marque, loin", brand=other, packshot="pot", net_quantity=small, popularity=99)
    ProductFactory(name="Autre marque, près", brand=other, **same)
    ProductFactory(name="Même marque, autre format", packshot="bottle", price=Decimal("2.00"))
    ProductFactory(name="Même marque, loin", packshot="pot", net_quantity=small, price=Decimal("9.00"))
    ProductFactory(name="Même marque, près", **same)
    ProductFactory(name="Épuisé aussi", stock=0, **same)
    ProductFactory(name="D’un autre rayon", shelf=AisleFactory(slug="loin"), **same)

    assert others(product, depot) == [
        "Même marque, près", "Même marque, loin", "Même marque, autre format", "Autre marque, près",
        "Autre marque, loin",
    ]  # fmt: skip


def test_in_place_of_a_weighed_product_without_quantity_something_stands(depot):
    product = ProductFactory(name="Pommes", weighed=True, stock=0, brand=None)
    ProductFactory(name="Poires", weighed=True, brand=None)
    ProductFactory(name="Compote")

    assert others(product, depot) == ["Poires", "Compote"]


def test_restock_day_is_told_until_it_has_passed(depot):
    product = ProductFactory(stock=0)
    today = timezone.localdate()

    StockItem.objects.update(expected_restock_on=today)
    coming = detail(product, depot)
    StockItem.objects.update(expected_restock_on=today - timedelta(days=1))
    gone = detail(product, depot)

    assert coming["expected_restock_on"] == today
    assert gone["expected_restock_on"] is None


# --- the menu -----------------------------------------------------------------------------------


def test_menu_is_a_tree_in_its_order():
    aisle = AisleFactory(slug="b", position=2)
    AisleFactory(slug="a", position=9)
    AisleFactory(slug="b2", parent=aisle, position=2)
    AisleFactory(slug="b1", parent=aisle, position=1)

    tree = queries.menu()

    assert [node["slug"] for node in tree] == ["b", "a"]
    assert [node["slug"] for node in tree[0]["shelves"]] == ["b1", "b2"]


def test_menu_costs_one_query_then_none(django_assert_num_queries):
    AisleFactory.create_batch(5)

    with django_assert_num_queries(1):
        queries.menu()
    with django_assert_num_queries(0):
        queries.menu()


def test_changed_aisle_is_in_the_next_menu(django_capture_on_commit_callbacks):
    aisle = AisleFactory(name="Avant")
    queries.menu()

    aisle.name = "Après"
    with django_capture_on_commit_callbacks(execute=True):
        save_aisle(aisle=aisle)

    assert queries.menu()[0]["name"] == "Après"


def test_menu_read_before_a_change_is_not_kept_after_it(django_capture_on_commit_callbacks, monkeypatch):
    aisle = AisleFactory(name="Avant")
    build = aisles.MENU.build

    def slow_reader(rows):
        Aisle.objects.filter(pk=aisle.pk).update(name="Après")
        with django_capture_on_commit_callbacks(execute=True):
            aisles_changed()
        return build(rows)

    monkeypatch.setattr(aisles.MENU, "build", slow_reader)
    queries.menu()
    monkeypatch.undo()

    assert queries.menu()[0]["name"] == "Après"


def test_menu_is_served_while_the_cache_is_dead(monkeypatch, django_assert_num_queries):
    AisleFactory(slug="a")

    def dead(*_args, **_kwargs):
        raise redis.ConnectionError

    monkeypatch.setattr(RedisCache, "get", dead)
    monkeypatch.setattr(RedisCache, "set", dead)
    monkeypatch.setattr(ForgivingRedisCache, "_silent_until", 0.0)

    with django_assert_num_queries(1):
        assert [node["slug"] for node in queries.menu()] == ["a"]
    assert cache.get("aisles:version") is None


def test_aisle_missing_from_an_old_menu_is_found():
    queries.menu()
    AisleFactory(slug="tout-neuf")

    assert find_aisle("tout-neuf").here["slug"] == "tout-neuf"
    assert find_aisle("inconnu") is None
