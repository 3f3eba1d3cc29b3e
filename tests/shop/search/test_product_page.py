"""What one may ask on a product's page, and what machines read there."""

import io
import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from config import kept
from config.limits import Limit
from config.staff import StaffGroup, seed_groups
from shop.catalogue.models import ProductPicture
from shop.catalogue.services import save_picture
from shop.search import limits, rules
from shop.search.models import ProductReport
from shop.search.services import ReportAlreadyHandled, report_product, settle_reports
from shop.search.templatetags.structured import json_ld
from shop.stock.models import RestockAlert
from tests.factories import BrandFactory, CustomerFactory, ProductFactory, UserFactory, ZoneFactory
from tests.shop.reviews.support import published

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(autouse=True)
def zone():
    return ZoneFactory()


@pytest.fixture
def gone():
    return ProductFactory(name="Brie", slug="brie", stock=0)


def said(response):
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def page_of(response):
    return " ".join(unescape(response.content.decode()).split())


# --- out of stock ---------------------------------------------------------------------------------


def test_what_would_do_instead_stands_before_the_particulars(client, gone):
    ProductFactory(name="Camembert")

    page = page_of(client.get("/produits/brie/"))

    assert page.index("À la place, en stock chez vous") < page.index("Camembert") < page.index("Prévenez-moi")
    assert page.index("Prévenez-moi") < page.index("Tout sur ce produit")
    assert "Dans le même rayon" not in page


def test_in_stock_the_shelf_comes_last_and_nobody_need_wait(client):
    ProductFactory(name="Brie", slug="brie")
    ProductFactory(name="Camembert")

    page = page_of(client.get("/produits/brie/"))

    assert page.index("Tout sur ce produit") < page.index("Dans le même rayon")
    assert "Prévenez-moi" not in page and "À la place" not in page


def ask(client, slug="brie", email="marie@exemple.fr"):
    return client.post(reverse("ask_restock", args=[slug]), {"retour-email": email})


def test_a_visitor_leaves_an_address_and_hears_what_becomes_of_it(client, gone):
    answer = ask(client)

    alert = RestockAlert.objects.get()
    assert (alert.email, alert.product, alert.customer) == ("marie@exemple.fr", gone, None)
    assert answer.headers["Location"] == "/produits/brie/"
    assert "un seul message à marie@exemple.fr" in said(answer)
    assert "Ce n’est pas un abonnement" in page_of(client.get("/produits/brie/"))


def test_a_customer_is_told_at_their_own_address_whatever_is_typed(client, gone):
    customer = CustomerFactory()
    client.force_login(customer.user)

    shown = page_of(client.get("/produits/brie/"))
    ask(client, email="autre@exemple.fr")

    alert = RestockAlert.objects.get()
    assert (alert.email, alert.customer) == (customer.email, customer)
    assert f"Nous vous écrivons à {customer.email}" in shown and "retour-email" not in shown
    assert not customer.consents.exists(), "no letter of ours is agreed to by this"


@pytest.mark.parametrize(
    "email", ["", "marie", "a@b", "x" * 250 + "@exemple.fr", "a@exemple.fr\nBcc: b@c.fr"]
)
def test_an_address_no_letter_can_go_to_is_asked_again(client, gone, email):
    answer = ask(client, email=email)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not RestockAlert.objects.exists()


def test_what_is_in_stock_is_not_waited_for(client):
    ProductFactory(slug="brie")

    answer = ask(client)

    assert answer.status_code == 302 and "en stock" in said(answer)
    assert not RestockAlert.objects.exists()


@pytest.mark.parametrize("name", ["ask_restock", "report_product"])
def test_nothing_is_asked_of_what_is_not_sold(client, name):
    ProductFactory(slug="brouillon", draft=True)

    for slug in ("brouillon", "inconnu", "x" * 300):
        assert client.post(reverse(name, args=[slug]), {"erreur-kind": "price"}).status_code == 404


@pytest.mark.parametrize("limit", ["ALERTS_BY_MACHINE", "ALERTS_BY_ADDRESS"])
def test_too_many_requests_are_refused_in_words(client, gone, monkeypatch, limit):
    monkeypatch.setattr(limits, limit, Limit("test", most=0))

    answer = ask(client)

    assert answer.status_code == 429
    assert "réessayez dans une heure" in page_of(answer)
    assert not RestockAlert.objects.exists()


def test_a_shop_that_delivers_nowhere_yet_still_answers(client, gone, zone):
    zone.delete()
    kept.forget_everything()

    assert client.get("/produits/brie/").status_code == 200
    assert ask(client).status_code == 302


# --- « Signaler une erreur » ------------------------------------------------------------------------


def tell(client, **changes):
    details = {"kind": "price", "words": "Affiché 2,40 €, payé 2,60 €.", "email": "", "website": ""} | changes
    return client.post(
        reverse("report_product", args=["brie"]), {f"erreur-{k}": v for k, v in details.items()}
    )


def test_a_mistake_is_reported_without_leaving_a_name(client, gone):
    answer = tell(client)

    report = ProductReport.objects.get()
    assert (report.product, report.kind, report.email, report.state) == (gone, "price", "", "open")
    assert report.words == "Affiché 2,40 €, payé 2,60 €."
    assert "Merci" in said(answer) and answer.headers["Location"] == "/produits/brie/"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": ""}, "Dites-nous ce qui ne va pas"),
        ({"kind": "autre"}, "Sélectionnez un choix valide"),
        ({"words": "x" * 501}, "500 signes au plus, vous en avez écrit 501"),
        ({"kind": "other", "words": " "}, "Écrivez en quelques mots"),
        ({"email": "marie@"}, "semble incomplète"),
        ({"words": "a\0b"}, "nul"),
        ({"website": "http://spam.example"}, "Un champ caché a été rempli"),
    ],
)
def test_what_cannot_be_kept_is_asked_again_with_nothing_lost(client, gone, changes, words):
    answer = tell(client, **changes)

    page = page_of(answer)
    assert answer.status_code == 422
    assert words in page and '<details class="fold section" id="signaler" open>' in page
    assert "<script>" not in page
    assert not ProductReport.objects.exists()


def test_markup_in_a_report_stays_words(client, gone):
    tell(client, kind="", words="<script>alert(1)</script>")
    answer = tell(client, kind="", words="<script>alert(1)</script>")

    assert "<script>alert" not in answer.content.decode()


def test_too_many_reports_are_refused_in_words(client, gone, monkeypatch):
    monkeypatch.setattr(limits, "REPORTS_BY_MACHINE", Limit("test", most=0))

    answer = tell(client)

    assert answer.status_code == 429 and "réessayez dans une heure" in page_of(answer)
    assert not ProductReport.objects.exists()


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-24 15:00", "2026-11-25 15:00"),
        ("2026-11-27 15:00", "2026-11-30 15:00"),
        ("2026-11-28 10:00", "2026-11-30 23:59"),
        ("2026-05-07 09:00", "2026-05-11 09:00"),
        ("2026-04-03 09:00", "2026-04-07 09:00"),
        ("2026-05-13 09:00", "2026-05-15 09:00"),
        ("2026-12-24 18:00", "2026-12-28 18:00"),
    ],
    ids=["tuesday", "friday", "saturday", "armistice", "easter", "ascension", "christmas"],
)
def test_a_report_is_due_after_a_working_day(received, due):
    came = datetime.fromisoformat(received).replace(tzinfo=PARIS)

    assert rules.due_after_a_working_day(came) == datetime.fromisoformat(due).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("year", "day"), [(2024, "03-31"), (2025, "04-20"), (2026, "04-05"), (2027, "03-28"), (2038, "04-25")]
)
def test_easter_falls_where_the_calendar_says(year, day):
    assert f"{rules.easter(year):%m-%d}" == day


def a_report(product, **changes):
    made = report_product(product_id=product.pk, kind="price", words="?", email="marie@exemple.fr")
    ProductReport.objects.filter(pk=made.pk).update(**changes)
    return made


def test_a_settled_report_forgets_who_wrote_it_and_is_settled_once(gone):
    user, first, second = UserFactory(staff=True), a_report(gone), a_report(gone)

    settle_reports(report_ids=[first.pk], state=ProductReport.State.CORRECTED, user_id=user.pk)
    with pytest.raises(ReportAlreadyHandled):
        settle_reports(report_ids=[first.pk], state=ProductReport.State.UNFOUNDED, user_id=user.pk)
    both = settle_reports(
        report_ids=[first.pk, second.pk], state=ProductReport.State.UNFOUNDED, user_id=user.pk
    )

    first.refresh_from_db()
    assert (first.state, first.email, first.handled_by) == ("corrected", "", user)
    assert both == 1 and ProductReport.objects.get(pk=second.pk).state == "unfounded"


@pytest.fixture
def keeper(client):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=StaffGroup.CATALOGUE))
    client.force_login(user)
    return user


def test_the_team_sees_allergens_first_and_what_is_late(client, keeper, gone):
    long_ago = timezone.now() - timedelta(days=9)
    a_report(gone, words="traité", state="corrected", handled_at=timezone.now(), email="")
    a_report(gone, words="ancien", received_at=long_ago, due_at=long_ago)
    a_report(gone, words="lait oublié", kind="allergens")

    listed = client.get(reverse("admin:search_productreport_changelist")).content.decode()
    late = client.get(reverse("admin:search_productreport_changelist") + "?delai=retard").content.decode()
    home = unescape(client.get(reverse("admin:index")).content.decode())

    assert listed.index("lait oublié") < listed.index("ancien") < listed.index("traité")
    assert "ancien" in late and "lait oublié" not in late
    assert re.search(r"Erreurs signalées sur les produits\s:\s2", home)
    assert "ingrédients ou allergènes" in home and "en retard, plus d’un jour ouvré" in home


@pytest.mark.parametrize(("action", "state"), [("corrigee", "corrected"), ("sans-objet", "unfounded")])
def test_the_team_settles_one_from_its_page(client, keeper, gone, action, state):
    report = a_report(gone)
    address = reverse("admin:search_productreport_change", args=[report.pk])

    page = client.get(address).content.decode()
    client.get(address.replace("change/", f"{action}/"))
    client.post(address.replace("change/", f"{action}/"))

    assert f"/{action}" in page
    assert ProductReport.objects.get().state == state


def test_the_team_settles_several_from_the_list(client, keeper, gone):
    reports = [a_report(gone), a_report(gone)]

    client.post(
        reverse("admin:search_productreport_changelist"),
        {"action": "settle_corrected", "_selected_action": [report.pk for report in reports]},
    )

    assert set(ProductReport.objects.values_list("state", "handled_by")) == {("corrected", keeper.pk)}


# --- what machines read -----------------------------------------------------------------------------


def structured(response):
    """Every JSON-LD block of a page, by its type."""
    blocks = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', response.content.decode(), re.DOTALL
    )
    return {data["@type"]: data for data in map(json.loads, blocks)}


def test_a_product_is_told_to_search_engines(client, settings):
    settings.SITE_URL = "https://cabas.example"
    ProductFactory(
        name="Yaourt", slug="yaourt", ean="3017620422003", brand=BrandFactory(slug="ferme", name="La Ferme"),
        net_quantity=Decimal(500), price=Decimal("2.50"),
    )  # fmt: skip

    data = structured(client.get("/produits/yaourt/"))

    product = data["Product"]
    assert {"name", "image", "description", "offers"} <= set(product)
    assert (product["gtin13"], product["brand"]) == ("3017620422003", {"@type": "Brand", "name": "La Ferme"})
    assert product["weight"] == {"@type": "QuantitativeValue", "value": "500", "unitCode": "GRM"}
    offer = product["offers"]
    assert (offer["@type"], offer["price"], offer["priceCurrency"]) == ("Offer", "2.50", "EUR")
    assert offer["availability"] == "https://schema.org/InStock"
    assert offer["url"] == "https://cabas.example/produits/yaourt/" and offer["areaServed"] == "Paris"
    assert all(address.startswith("https://cabas.example/") for address in product["image"])


def test_what_customers_think_is_told_once_somebody_said_it(client):
    product = ProductFactory(slug="yaourt")

    before = structured(client.get("/produits/yaourt/"))["Product"]
    published(product, rating=4)
    after = structured(client.get("/produits/yaourt/"))["Product"]

    assert "aggregateRating" not in before
    rating = after["aggregateRating"]
    assert (rating["@type"], Decimal(rating["ratingValue"]), rating["reviewCount"]) == (
        "AggregateRating",
        4,
        1,
    )


def test_a_breadcrumb_leads_home_on_aisles_and_products(client, settings):
    settings.SITE_URL = "https://cabas.example"
    ProductFactory(name="Yaourt", slug="yaourt")

    for address, depth in (("/produits/yaourt/", 4), ("/rayons/yaourts/", 3), ("/rayons/cremerie/", 2)):
        items = structured(client.get(address))["BreadcrumbList"]["itemListElement"]

        assert [item["position"] for item in items] == list(range(1, depth + 1))
        assert all(item["name"] and item["item"].startswith("https://cabas.example/") for item in items)
        assert items[-1]["item"] == f"https://cabas.example{address}"


def test_the_home_page_says_who_sells(client):
    shop = structured(client.get("/"))["OnlineStore"]

    assert {"name", "url", "logo", "contactPoint"} <= set(shop)


def test_what_cannot_be_had_is_said_so_and_codes_of_our_own_are_kept(client, gone):
    product = structured(client.get("/produits/brie/"))["Product"]

    assert product["offers"]["availability"] == "https://schema.org/OutOfStock"
    assert not {"gtin13", "gtin8"} & set(product), "an in-store code names nothing elsewhere"


def test_a_weighed_product_is_priced_by_the_kilogram_and_weighs_nothing(client):
    ProductFactory(slug="pommes", weighed=True)

    product = structured(client.get("/produits/pommes/"))["Product"]

    unit = product["offers"]["priceSpecification"]["referenceQuantity"]
    assert unit["unitCode"] == "KGM" and "weight" not in product


def test_no_name_ends_the_data_or_opens_markup(client):
    wicked = "</script><script>alert(1)</script><!-- & \u2028 é"
    ProductFactory(slug="mechant", name=wicked, description=wicked)

    response = client.get("/produits/mechant/")

    assert structured(response)["Product"]["name"] == wicked
    assert "<script>alert" not in response.content.decode()
    assert json_ld({"@type": wicked}).count("<") == 2


def test_the_content_policy_stays_as_strict(client):
    ProductFactory(slug="yaourt")

    policy = client.get("/produits/yaourt/").headers["Content-Security-Policy"]

    assert "unsafe-inline" not in policy and "default-src 'self'" in policy


@pytest.mark.parametrize(
    "path", ["/", "/produits/yaourt/", "/rayons/yaourts/", "/aide/", "/recherche/?q=a", "/panier/"]
)
def test_every_page_can_be_shared(client, settings, path):
    settings.SITE_URL = "https://cabas.example"
    ProductFactory(name="Yaourt", slug="yaourt")

    page = client.get(path).content.decode()

    found = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"', page))
    assert {"og:title", "og:description", "og:image", "og:url", "og:type", "twitter:card"} <= set(found)
    assert all(found.values())
    assert found["og:image"].startswith("https://cabas.example/static/social")
    assert found["og:url"].startswith("https://cabas.example/")


def test_a_photograph_is_what_is_shared(client, settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT, settings.SITE_URL = tmp_path, "https://cabas.example"
    product = ProductFactory(slug="yaourt")
    target = io.BytesIO()
    Image.new("RGB", (600, 600), "green").save(target, "JPEG")
    image = ContentFile(target.getvalue(), name="a.jpg")
    with django_capture_on_commit_callbacks(execute=True):
        save_picture(picture=ProductPicture(product=product, image=image))

    response = client.get("/produits/yaourt/")

    page, original = (
        response.content.decode(),
        f"https://cabas.example{ProductPicture.objects.get().image.url}",
    )
    assert f'<meta property="og:image" content="{original}">' in page
    assert structured(response)["Product"]["image"] == [original]
    assert re.search(
        r'<img src="[^"]+-480\.webp"[^>]* srcset="[^"]+-240\.webp 240w, [^"]+" sizes="[^"]+"', page
    )


# --- rules ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("sucre", [("sucre", False)]),
        ("farine de _blé_, sel", [("farine de ", False), ("blé", True), (", sel", False)]),
        ("Farine de BLÉ, ŒUFS, sel", [("Farine de ", False), ("BLÉ", True), (", ", False), ("ŒUFS", True), (", sel", False)]),
        ("FARINE DE BLÉ, SEL", [("FARINE DE BLÉ, SEL", False)]),
        ("Lait UHT, vitamine D", [("Lait UHT, vitamine D", False)]),
        ("a_b", [("a_b", False)]),
    ],
)  # fmt: skip
def test_what_a_label_sets_off_is_set_off(text, pieces):
    assert rules.emphasised(text) == pieces
