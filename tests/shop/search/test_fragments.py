"""Cards are built once, and whatever they show is new on the next page, everywhere."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config import kept, pages
from delivery.zones.models import Zone
from delivery.zones.services import zones_changed
from shop.catalogue import services as catalogue
from shop.catalogue.models import Aisle, Product, ProductPicture
from shop.customers.models import Customer
from shop.pricing.models import PriceChange
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, DepotFactory, ProductFactory, ZoneFactory
from tests.shop.pricing.promoting import promote
from tests.shop.reviews import support as reviewing
from tests.shop.stock.counting import count_shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(indexed):
    ZoneFactory()
    own = ProductFactory(
        name="Yaourt fermier", slug="yaourt-fermier", popularity=9, brand__name="Ferme Aubrac"
    )
    ProductFactory.create_batch(5, popularity=3)
    indexed()
    return own


@pytest.fixture
def everywhere(client, product):
    """Each page that shows the product's card, as one text a page; all of them seen once."""
    client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 2})
    other = Product.objects.exclude(pk=product.pk).latest("id")
    addresses = {
        "home": "/",
        "aisle": reverse("aisle", args=[product.shelf.slug]),
        "search": "/recherche/?q=fermier",
        "product": reverse("product", args=[product.slug]),
        "beside": reverse("product", args=[other.slug]),
        "basket": "/panier/",
    }

    def pages():
        return {name: client.get(address).content.decode() for name, address in addresses.items()}

    pages()
    return pages


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_a_price_changed_shows_on_the_next_page_everywhere(product, everywhere, commits):
    with commits():
        catalogue.set_price(product_id=product.pk, price=Decimal("47.11"))

    assert [name for name, page in everywhere().items() if "47,11" not in page] == []


def test_a_price_changed_in_the_admin_shows_on_the_next_page_everywhere(
    product, everywhere, commits, admin_client
):
    address = reverse("admin:catalogue_product_change_this_price", args=[product.pk])
    with commits():
        admin_client.post(address, {"confirm": "1", "how": "fixed", "value": "47,11"})

    assert [name for name, page in everywhere().items() if "47,11" not in page] == []


def test_a_brand_renamed_shows_on_the_next_page_everywhere(product, everywhere, commits):
    product.brand.name = "Ferme du Larzac"
    with commits():
        catalogue.save_brand(brand=product.brand)

    shown = everywhere()
    assert [name for name in shown if name != "basket" and "Ferme du Larzac" not in shown[name]] == []


def test_a_name_changed_shows_on_the_next_page_everywhere(product, everywhere, commits):
    product.name = "Yaourt fermier brassé"
    Aisle.objects.update(requires=[])
    product.refresh_from_db(fields=["shelf"])
    with commits():
        catalogue.save_product(product=product, changed=["name"])

    assert [name for name, page in everywhere().items() if "Yaourt fermier brassé" not in page] == []


def test_a_tint_changed_shows_on_the_next_page_of_the_aisle(product, everywhere, commits):
    product.shelf.tint = "surgeles"
    with commits():
        catalogue.save_aisle(aisle=product.shelf)

    assert "packshot--surgeles" in everywhere()["aisle"]


def test_a_photograph_shows_on_the_next_page(product, everywhere, commits):
    picture = ProductPicture(product=product, image=ContentFile(_pixel(), name="yaourt.png"))
    with commits():
        catalogue.save_picture(picture=picture)

    shown, stem = everywhere(), picture.image.url.rpartition(".")[0]
    assert [
        name for name in ("home", "aisle", "search", "product") if f"{stem}-2.webp" not in shown[name]
    ] == []


def _pixel():
    import io

    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (2, 2), "green").save(target, "PNG")
    return target.getvalue()


def test_what_is_withdrawn_leaves_every_shelf_at_once(product, everywhere, commits):
    with commits():
        catalogue.unpublish(product_id=product.pk)

    shown = everywhere()
    assert [name for name in ("home", "aisle", "search", "beside") if "Yaourt fermier" in shown[name]] == []
    assert "Yaourt fermier" in shown["basket"], "it must not vanish from a basket"


def test_what_ran_out_says_so_on_the_next_page_before_any_change_by_staff(product, everywhere):
    StockItem.objects.filter(product=product).update(on_hand=0)

    shown = everywhere()
    assert "Momentanément épuisé" in shown["aisle"] and "Momentanément épuisé" in shown["search"]
    assert "Yaourt fermier" not in shown["home"], "the window shows what can be had"


def test_what_came_back_can_be_bought_on_the_next_page(product, everywhere, commits):
    StockItem.objects.filter(product=product).update(on_hand=0)
    everywhere()

    with commits():
        count_shelf(product, 9)

    shown = everywhere()
    assert "Momentanément épuisé" not in shown["aisle"]
    assert "Yaourt fermier" in shown["home"]


def test_one_depot_s_stock_never_shows_in_another(client, product):
    elsewhere = DepotFactory(code="lyon", is_default=False)
    ZoneFactory(slug="lyon", name="Lyon", depot=elsewhere, prefixes=["69"])
    here = client.get(reverse("aisle", args=[product.shelf.slug])).content.decode()

    client.post(reverse("set_postcode"), {"code_postal": "69001"})
    there = client.get(reverse("aisle", args=[product.shelf.slug])).content.decode()

    assert "Momentanément épuisé" not in here
    assert there.count("Momentanément épuisé") == 6


def test_a_kept_card_holds_nothing_of_who_saw_it_first(client, product, django_user_model):
    client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 3})
    address = reverse("aisle", args=[product.shelf.slug])
    first = client.get(address + "?tri=nom").content.decode()
    stranger = type(client)()

    second = stranger.get(address).content.decode()

    assert 'value="3"' in first and 'value="3"' not in second
    assert "tri=nom" not in second.partition("<ul")[2]
    assert pages.TOKEN not in first + second and pages.BACK not in first + second


def test_the_token_of_a_kept_card_is_that_of_the_visitor(product):
    from django.test import Client

    for visitor in (Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)):
        page = visitor.get("/").content.decode()
        token = (
            page.partition(f'name="product" value="{product.pk}"')[0]
            .rpartition('value="')[2]
            .partition('"')[0]
        )
        answer = visitor.post(
            reverse("set_basket_line"), {"csrfmiddlewaretoken": token, "product": product.pk, "quantity": 1}
        )
        assert answer.status_code == 302


def test_a_product_s_page_says_how_few_are_left_and_when_more_come(client, product, commits):
    address = reverse("product", args=[product.slug])
    client.get(address)

    StockItem.objects.filter(product=product).update(on_hand=3)
    few = client.get(address).content.decode()
    StockItem.objects.filter(product=product).update(
        on_hand=0, expected_restock_on=timezone.localdate() + timedelta(days=2)
    )
    gone = client.get(address).content.decode()

    assert "Plus que 3 en stock" in few and "OutOfStock" not in few
    assert "De retour le" in gone and "OutOfStock" in gone and "Plus que" not in gone


def test_a_product_s_page_says_what_its_reviews_say_now(client, product, commits):
    address = reverse("product", args=[product.slug])
    client.get(address)

    author = CustomerFactory(first_name="Zoé", last_name="Petit")
    review = reviewing.published(product, customer=author, title="Fondant", rating=2)
    told = client.get(address).content.decode()
    reviewing.answer(review, "La recette a changé.")
    answered = client.get(address).content.decode()
    Customer.objects.filter(pk=author.pk).update(first_name="", last_name="")
    forgotten = client.get(address).content.decode()

    assert "Fondant" in told and "Zoé" in told and '"reviewCount": 1' in told
    assert "La recette a changé." in answered
    assert "Zoé" not in forgotten and "Fondant" in forgotten


def test_a_promotion_begins_and_ends_on_a_kept_page_by_the_clock(client, product):
    now = timezone.now()
    StockItem.objects.update(unit_cost=Decimal("0.20"))
    Product.objects.update(price=Decimal("2.50"))
    PriceChange.objects.create(product=product, price=Decimal("2.50"), since=now - timedelta(days=90))
    promote(products=[product], starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2))
    address = reverse("product", args=[product.slug])
    shown = []

    for minutes in (0, 61, 121):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            shown.append("2,00\u00a0€" in client.get(address).content.decode())

    assert shown == [False, True, False]


def test_a_zone_renamed_shows_on_the_next_page_of_a_product(client, product, commits):
    address = reverse("product", args=[product.slug])
    zone = Zone.objects.get()
    client.get(address)

    with commits():
        zone.name = "Les Îles"
        zone.save()
        zones_changed()

    assert "zone Les Îles" in client.get(address).content.decode()


def test_two_visitors_of_a_kept_product_page_see_their_own_basket(client, product):
    address = reverse("product", args=[product.slug])
    client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 7})
    mine, theirs = client.get(address).content.decode(), type(client)().get(address).content.decode()

    assert 'value="7"' in mine and 'value="7"' not in theirs
    assert client.cookies["sessionid"].value not in theirs


def test_an_address_with_signs_of_html_comes_back_escaped(client, product):
    page = client.get(reverse("aisle", args=[product.shelf.slug]) + '?x="><script>alert(1)</script>')

    assert b"<script>alert" not in page.content


def test_a_warm_aisle_reads_its_cards_in_one_statement(client, product):
    address = reverse("aisle", args=[product.shelf.slug])
    client.get(address)

    with CaptureQueriesContext(connection) as read:
        client.get(address)

    about_products = [query for query in read if "catalogue_product" in query["sql"]]
    assert len(about_products) == 1


def test_a_shop_without_its_cache_shows_the_same(client, product, monkeypatch):
    address = reverse("aisle", args=[product.shelf.slug])
    before = client.get(address).content.decode()
    monkeypatch.setattr(kept, "_read_versions", lambda: dict.fromkeys(kept.WHOLES, "unknown"))
    kept.forget_everything()

    after = client.get(address).content.decode()

    assert before.count('<li class="card">') == after.count('<li class="card">') == 6
