"""« Historique du prix », and the rule it states: one price for everybody who is delivered at the same place."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config import kept
from shop.catalogue.services import set_price, unpublish
from shop.orders.models import Order
from shop.pricing.models import PriceChange
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def product():
    ZoneFactory()
    made = ProductFactory(name="Yaourt fermier", slug="yaourt-fermier", price=D("2.50"))
    StockItem.objects.filter(product=made).update(unit_cost=D("0.10"))
    return made


def since(product, price, days):
    PriceChange.objects.create(product=product, price=D(price), since=timezone.now() - timedelta(days=days))
    kept.forget_everything()


def later(**passed):
    return time_machine.travel(timezone.now() + timedelta(**passed), tick=False)


def page_of(client, slug="yaourt-fermier"):
    answer = client.get(reverse("price_history", args=[slug]))
    assert answer.status_code == 200
    return re.sub(r"[ \n]+", " ", unescape(answer.content.decode()))


def rows_of(page):
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]


def figures(page):
    return dict(re.findall(r"<dt>(.*?)</dt><dd>([\d,\u202f]+\u00a0€)", page))


def test_one_price_is_a_line_and_a_row(client, product):
    page = page_of(client)

    assert rows_of(page) == [["2,50\u00a0€", "Premier prix"]]
    assert page.count("<polyline") <= 1
    assert figures(page)["Prix actuel"] == "2,50\u00a0€"


def test_the_lowest_of_a_month_and_of_the_year_and_each_reason(client, product):
    since(product, "1.00", 200)
    since(product, "2.50", 100)
    promote(products=[product], name="Fête du pis")

    page = page_of(client)

    assert figures(page) == {
        "Prix actuel": "2,00\u00a0€", "Le plus bas des 30 jours avant la promotion": "2,50\u00a0€",
        "Le plus bas des 30 derniers jours": "2,00\u00a0€", "Le plus bas de l’année": "1,00\u00a0€",
    }  # fmt: skip
    assert rows_of(page) == [
        ["2,00\u00a0€", "Promotion «\u202fFête du pis\u202f»"], ["2,50\u00a0€", "Nouveau prix"],
        ["1,00\u00a0€", "Premier prix"],
    ]  # fmt: skip
    assert "Même prix pour tous\u202f:" in page


def test_the_curve_is_drawn_in_the_page_and_named_for_who_hears_it(client, product):
    since(product, "3.00", 90)

    page = page_of(client)

    assert '<polyline class="curve__line"' in page and "<title id=" in page and "<desc id=" in page
    assert "aujourd’hui" in page and " style=" not in page


def test_a_price_without_a_history_still_has_a_page(client, product):
    with connection.cursor() as cursor:
        # The history is only added to: as if the product came before it was written down.
        cursor.execute("ALTER TABLE pricing_pricechange DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM pricing_pricechange")
        cursor.execute("ALTER TABLE pricing_pricechange ENABLE TRIGGER USER")

    page = page_of(client)

    assert figures(page) == {"Prix actuel": "2,50\u00a0€"}
    assert "n’a pas encore d’histoire" in page and '<svg class="curve' not in page


def test_a_weighed_product_is_priced_by_the_kilo(client):
    ZoneFactory()
    ProductFactory(weighed=True, slug="comte")

    assert "3,20\u00a0€ <span>le kilo</span>" in page_of(client, "comte")


@pytest.mark.parametrize("state", ["unknown", "withdrawn", "draft without a price"])
def test_what_is_not_on_sale_has_no_page(client, product, state):
    slug = product.slug
    if state == "withdrawn":
        unpublish(product_id=product.pk)
    elif state == "draft without a price":
        slug = ProductFactory(draft=True).slug
    else:
        slug = "inconnu"

    assert client.get(reverse("price_history", args=[slug])).status_code == 404


def test_the_page_is_only_read(client, product):
    assert client.post(reverse("price_history", args=[product.slug])).status_code == 405


def test_the_product_leads_there_and_back(client, product):
    address = reverse("price_history", args=[product.slug])

    assert f'href="{address}"' in client.get(reverse("product", args=[product.slug])).content.decode()
    assert f'href="{reverse("product", args=[product.slug])}"' in page_of(client)


def test_search_engines_keep_the_product_and_not_its_prices(client, product, settings):
    settings.DEMONSTRATION = False

    page = page_of(client)

    assert 'content="noindex, follow"' in page and 'rel="canonical"' not in page


def test_a_change_shows_at_once(client, product, django_capture_on_commit_callbacks):
    page_of(client)

    with django_capture_on_commit_callbacks(execute=True):
        set_price(product_id=product.pk, price=D("2.80"))

    assert figures(page_of(client))["Prix actuel"] == "2,80\u00a0€"


def test_a_promotion_shows_from_its_first_instant(client, product):
    since(product, "2.50", 90)
    promote(products=[product], begins=1, ends=2)
    before = page_of(client)

    with later(days=1, hours=1):
        during = page_of(client)
    with later(days=3):
        after = page_of(client)

    told = [figures(page)["Prix actuel"] for page in (before, during, after)]
    assert told == ["2,50\u00a0€", "2,00\u00a0€", "2,50\u00a0€"]
    assert rows_of(after)[0] == ["2,50\u00a0€", "Fin de la promotion"]


def test_the_page_costs_the_same_whatever_happened(client, product):
    def cost():
        kept.forget_everything()
        client.get("/aide/")
        with CaptureQueriesContext(connection) as cold:
            page_of(client)
        with CaptureQueriesContext(connection) as warm:
            page_of(client)
        return len(cold), len(warm)

    cost()
    before = cost()
    for number in range(30):
        since(product, str(number + 1), number + 40)
        promote(products=[product], percent=D(number + 1), name=f"Offre {number}")

    assert cost() == before
    assert before[0] <= 6 and before[1] < before[0]


# --- one price for everybody ----------------------------------------------------------------------


def somebody(past=0):
    """A browser in Paris: of nobody, or of a customer with so many orders behind them."""
    client = Client()
    if past is not None:
        customer = CustomerFactory()
        slot = SlotFactory()
        for number in range(past):
            Order.objects.create(
                reference=f"CB-{customer.pk}-{number}", customer=customer, basket_key=f"{customer.pk:016x}{number:016x}",
                zone=slot.zone, depot=slot.zone.depot, slot=slot, goods_total=100, delivery_fee=0, total=100,
                placed_at=timezone.now(), status="placed", email="a@b.fr", line1="?", postcode="75011", city="Paris",
                terms_version="1",
            )  # fmt: skip
        client.force_login(customer.user)
    client.post(reverse("set_postcode"), {"code_postal": "75011"})
    return client


def prices_on(client, address):
    """Every sum of the page itself, in order; the header and the first half of home hold what is each one's own."""
    main = client.get(address).content.decode().partition("<main")[2].partition("</main>")[0]
    if address == "/":
        main = main.partition('id="titre-rayons"')[2]
    return re.findall(r"[\d\u202f]+,\d\d\u00a0€[^<]*", main)


def test_the_same_price_is_shown_to_everybody(product, indexed):
    since(product, "2.50", 90)
    promote(products=[product])
    ewe = ProductFactory(name="Yaourt de brebis")
    StockItem.objects.filter(product=ewe).update(unit_cost=D("0.10"))
    promote("n_for_m", products=[ewe], name="Trois")
    indexed()
    addresses = ["/", f"/rayons/{product.shelf.slug}/?tri=prix", "/recherche/?q=yaourt",
                 f"/produits/{product.slug}/", f"/produits/{product.slug}/prix/"]  # fmt: skip
    people = {"stranger": somebody(None), "newcomer": somebody(0), "regular": somebody(4)}
    phone = {"HTTP_USER_AGENT": "Mozilla/5.0 (iPhone)"}

    for address in addresses:
        shown = {name: prices_on(client, address) for name, client in people.items()}
        client = somebody(None)
        client.defaults |= phone
        shown["on a phone"] = prices_on(client, address)

        assert shown["stranger"], address
        assert all(prices == shown["stranger"] for prices in shown.values()), address
