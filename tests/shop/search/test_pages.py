"""The browsing pages, as a stranger gets them."""

import re
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from config import kept
from config.templatetags.cabas import slot_label_long
from delivery.zones.models import Zone
from shop.catalogue.services import set_price
from shop.stock.models import StockItem
from tests.factories import (
    AisleFactory,
    BrandFactory,
    DepotFactory,
    ProductFactory,
    SlotFactory,
    ZoneFactory,
)  # fmt: skip
from tests.shop.search.pages import NARROW, addresses, content

pytestmark = pytest.mark.django_db


def test_pages_leave_no_variable_undefined(client, full_shop):
    ProductFactory(weighed=True, slug="pommes")
    ProductFactory(alcohol=True, slug="vin", stock=0, brand=None, deposit=Decimal("0.30"))
    more = [reverse("product", args=[slug]) for slug in ("pommes", "vin")]
    empty = [
        reverse("search"),
        reverse("search") + "?q=introuvable",
        reverse("aisle", args=[AisleFactory().slug]),
    ]

    for address in [*addresses(), *more, *empty, reverse("search_suggestions") + "?q=yaourt"]:
        response = client.get(address)

        assert response.status_code == 200
        assert "variable indéfinie" not in content(response), address


def test_pages_answer_before_the_shop_is_set_up(client):
    ProductFactory(slug="seul")

    for address in ("/", "/recherche/?q=seul", "/produits/seul/", "/rayons/yaourts/"):
        assert client.get(address).status_code == 200


# --- home ---------------------------------------------------------------------------------------


def test_home_tells_a_stranger_what_where_when_and_at_what_price(client, zone):
    slot = SlotFactory(zone=zone)
    ProductFactory(name="Champion", popularity=3)

    page = content(client.get("/"))

    assert "Cabas livre tout le marché chez vous" in page
    assert "Plus de 30 minutes de retard ou plusieurs articles manquants : la livraison est offerte" in page
    assert 'action="/creneaux/code-postal/"' in page
    assert 'name="code_postal"' in page
    assert " ".join(slot_label_long(slot).split()) in page
    for words in ("5,90 €", "7,90 €", "40,00 €", "120,00 €", "Champion"):
        assert words in page


def test_home_without_a_free_slot_promises_none(client, zone):
    SlotFactory(zone=zone, booked=20)

    assert "Prochain créneau" not in content(client.get("/"))


def test_known_postcode_is_shown_and_its_depot_followed(client, zone):
    lyon = ZoneFactory(slug="lyon", name="Lyon", depot=DepotFactory(code="lyon"), prefixes=["69"])
    product = ProductFactory(stock=0)
    StockItem.objects.create(product=product, depot=lyon.depot, on_hand=9)
    address = reverse("product", args=[product.slug])

    before = content(client.get(address))
    session = client.session
    session["postcode"] = "69003"
    session.save()
    after = content(client.get(address))

    assert "Épuisé pour la zone Paris" in before
    assert "En stock, zone Lyon" in after
    assert "Livraison à 69003 (Lyon)" in after


def test_visitor_outside_the_zones_browses_and_is_told(client, zone):
    session = client.session
    session["postcode"] = "33000"
    session.save()
    SlotFactory(zone=zone)

    answer = client.get("/")

    assert "Nous ne livrons pas encore le 33000." in unescape(answer.content.decode())
    assert "Prochain créneau" not in content(answer)
    assert "Livraison, zone Paris" in content(answer)


# --- aisle --------------------------------------------------------------------------------------


def test_aisle_shows_cards_shelves_and_a_real_next_page(client, zone):
    ProductFactory.create_batch(30)
    AisleFactory(slug="fromages", name="Fromages", parent=ProductFactory().shelf.parent)

    response = client.get("/rayons/cremerie/?tri=prix")
    page = content(response)

    assert page.count('<li class="card') == 24
    assert "31 produits" in page
    assert 'href="/rayons/fromages/"' in page
    assert 'rel="next" href="?tri=prix&page=2"' in page
    assert '<link rel="canonical" href="http://127.0.0.1:8000/rayons/cremerie/">' in response.content.decode()
    assert '<option value="prix" selected>' in page


@pytest.mark.parametrize("page", ["99", "0", "-3", "abc", "", "9" * 20, "9" * 400, "2\x00", "٢"])
def test_any_page_number_is_answered(client, zone, page):
    ProductFactory.create_batch(3)

    response = client.get("/rayons/yaourts/", {"page": page, "tri": "\x00"})

    assert response.status_code == 200
    assert content(response).count('<li class="card') == 3


def test_empty_aisle_leads_to_the_others(client, zone):
    AisleFactory(slug="vide", name="Aisle vide")
    AisleFactory(slug="autre")

    page = content(client.get("/rayons/vide/"))

    assert "rien en rayon pour l’instant" in page
    assert 'href="/rayons/autre/"' in page


@pytest.mark.parametrize("address", ["/rayons/inconnu/", "/produits/inconnu/"])
def test_unknown_address_is_404_in_the_shops_look(client, zone, address):
    response = client.get(address)

    assert response.status_code == 404
    assert "n’est plus en rayon" in content(response)


def test_unpublished_product_is_404(client, zone):
    draft = ProductFactory(draft=True)

    assert client.get(reverse("product", args=[draft.slug])).status_code == 404


# --- search -------------------------------------------------------------------------------------


def test_search_finds(client, zone, indexed):
    ProductFactory(name="Œufs de Loué")
    ProductFactory(name="Lait")
    indexed()

    response = client.get("/recherche/", {"q": "oeufs"})

    assert "Œufs de Loué" in content(response)
    assert "1 produit<" in content(response).replace(" <", "<")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "\x00",
        "a\x00b",
        "x" * 10_000,
        "🥕🥖",
        "!!!;--",
        "' OR 1=1 --",
        "a & | !b",
        "(",
        "%s %(x)s",
        "{{ 7 }}",
    ],
)
def test_any_search_is_answered_by_a_helpful_page(client, zone, typed):
    AisleFactory(slug="fruits")

    response = client.get("/recherche/", {"q": typed})

    assert response.status_code == 200
    assert 'href="/rayons/fruits/"' in content(response)
    assert client.get("/recherche/suggestions/", {"q": typed}).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        "x" * 10_000, "camenbert " * 1_000, "🥕🥖", "'", '"', "\\", "\\' OR '1'='1", "a & | !b <-> c:*", "\x00", "de la pour",
        "\u202ecamembert", "\u200f\u202e\u2067" * 200, "\u200flait\u2069", "🥕" * 10_000, "👩‍🍳" * 50, "\0" * 10_000, "'; DROP TABLE search_searchentry; --", "<script>alert(1)</script>", "{{ 7 }} {% x %}", "%s",
        "٣ ½ ²", "中文", "1" * 200, "a" * 41, "é" * 300, "- - -", "6x6x6x6l",
    ],
)  # fmt: skip
def test_any_text_costs_the_same_and_is_answered_in_french(
    client, full_shop, typed, django_assert_max_num_queries
):
    kept.forget_everything()
    cache.clear()
    with django_assert_max_num_queries(4):
        page = client.get("/recherche/", {"q": typed})
    with django_assert_max_num_queries(4):
        proposed = client.get("/recherche/suggestions/", {"q": typed})

    assert (page.status_code, proposed.status_code) == (200, 200)
    assert "<script>alert(1)" not in page.content.decode() + proposed.content.decode()


def test_last_of_several_queries_is_the_one_answered(client, full_shop):
    page = client.get("/recherche/?q=chaussettes&q=yaourt")

    assert "Yaourt nature" in content(page)


def test_corrected_search_says_what_it_did_and_offers_the_words_as_typed(client, zone, indexed):
    ProductFactory(name="Camembert de Normandie")
    indexed()

    page = content(client.get("/recherche/", {"q": "camenbert"}))
    as_typed = content(client.get("/recherche/", {"q": "camenbert", "tel_quel": "1"}))

    assert "Résultats pour « camembert »" in page
    assert 'href="/recherche/?q=camenbert&tel_quel=1"' in page
    assert "Camembert de Normandie" in page
    assert "Rien en rayon pour « camenbert »" in as_typed
    assert "Résultats pour" not in as_typed


def test_relaxed_search_says_which_words_it_left_out(client, zone, indexed):
    ProductFactory(name="Camembert de Normandie")
    indexed()

    page = content(client.get("/recherche/", {"q": "camembert licorne"}))

    assert "sans « licorne »" in page
    assert "Camembert de Normandie" in page


@pytest.mark.parametrize("query", ["yaourt", "yahourt nature", "yaourt licorne", "licorne"])
def test_search_of_any_kind_stays_within_six_queries_for_a_visitor_with_a_basket(
    client, full_shop, query, django_assert_max_num_queries
):
    client.post("/creneaux/code-postal/", {"code_postal": "75011"})
    client.post("/panier/lignes/", {"product": ProductFactory().pk, "quantity": 1})
    cache.clear()
    kept.forget_everything()

    with django_assert_max_num_queries(6):
        assert client.get("/recherche/", {"q": query}).status_code == 200


def test_broken_encoding_in_an_address_is_answered(client, zone):
    assert client.get("/recherche/?q=%ff%fe%00&page=%ff").status_code == 200


def test_nothing_found_says_so_and_offers_the_aisles(client, zone):
    AisleFactory(slug="fruits")

    page = content(client.get("/recherche/", {"q": "chaussettes"}))

    assert f"Rien en rayon pour «{NARROW}chaussettes{NARROW}»".replace(NARROW, " ") in page
    assert 'href="/rayons/fruits/"' in page


def test_next_page_of_a_search_keeps_what_was_typed(client, zone, indexed):
    ProductFactory.create_batch(25)
    indexed()

    page = content(client.get("/recherche/", {"q": "yaourt nature", "tri": "nom"}))

    assert 'rel="next" href="?q=yaourt+nature&tri=nom&page=2"' in page
    assert client.get("/recherche/?q=yaourt+nature&tri=nom&page=2").status_code == 200


def test_suggestions_are_links_to_products_and_aisles(client, zone, indexed):
    ProductFactory(slug="yaourt-brebis", name="Yaourt de brebis")
    indexed()

    page = client.get("/recherche/suggestions/", {"q": "yaour"}).content.decode()

    assert 'href="/produits/yaourt-brebis/"' in page
    assert 'href="/rayons/yaourts/"' in page
    assert 'href="/recherche/?q=yaour"' in page
    assert "<html" not in page


def test_a_suggested_brand_leads_to_its_products_alone(client, zone, indexed):
    brand = BrandFactory(slug="val-d-ourse", name="Val d’Ourse & Cie")
    ProductFactory(name="Skyr", brand=brand)
    ProductFactory(name="Fromage d’ourse & cie du val", brand=None)
    indexed()

    page = client.get("/recherche/suggestions/", {"q": "val d'ou"}).content.decode()
    address = unescape(re.search(r'id="suggestion-m1" href="([^"]+)"', page)[1])
    found = client.get(address)

    assert parse_qs(urlsplit(address).query) == {"q": [brand.name], "marque": [brand.slug]}
    assert [card["name"] for card in found.context["page_obj"]] == ["Skyr"]
    assert [chip["label"] for chip in found.context["chosen"]] == [brand.name]


def test_suggestions_need_two_characters(client, zone):
    assert client.get("/recherche/suggestions/", {"q": "y"}).content.strip() == b""


def test_change_of_price_shows_on_the_next_page(client, zone):
    product = ProductFactory(price=Decimal("2.50"))
    client.get("/")

    set_price(product_id=product.pk, price=Decimal("3.75"))

    for address in ("/", "/rayons/yaourts/", reverse("product", args=[product.slug])):
        assert "3,75" in content(client.get(address))


def test_zone_closed_since_falls_back_on_the_default(visitor, zone):
    ZoneFactory(slug="autre", name="Autre", depot=DepotFactory(code="autre"), prefixes=["69"])
    Zone.objects.filter(pk=zone.pk).update(is_active=False)

    assert visitor.get("/").status_code == 200


def test_browsing_needs_no_cookie_and_stores_no_session(full_shop):
    stranger = Client()

    for address in addresses():
        assert "sessionid" not in stranger.get(address).cookies


# --- addresses nobody links to --------------------------------------------------------------------

ODD = [
    "",
    "nonsense",
    "9" * 20,
    "\u200f\u202e",
    "0",
    "-1",
    "1.5",
    "1e9",
    "9" * 400,
    "last",
    "٣",
    "²",
    "\x00",
    "1;DROP TABLE x",
    "<script>",
    "🥕",
    "1\n2",
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["page", "tri", "q", "inconnu"])
def test_any_parameter_is_answered_and_never_echoed_as_markup(client, zone, key, odd):
    ProductFactory(name="Yaourt")

    for address in ("/rayons/yaourts/", "/recherche/", "/recherche/suggestions/", "/", "/produits/inconnu/"):
        answer = client.get(address, {key: odd})

        assert answer.status_code == (404 if "inconnu" in address else 200), address
        body = answer.content.decode()
        assert "variable indéfinie" not in body
        assert '<script>"' not in body
        assert 'value="<script>' not in body


def test_thousands_of_parameters_are_answered(client, zone):
    ProductFactory(name="Yaourt")
    many = "&".join(f"p{n}=1" for n in range(5_000))

    for address in ("/rayons/yaourts/", "/recherche/", "/recherche/suggestions/", "/"):
        answer = client.get(f"{address}?{many}&page=1&tri=prix&q=yaourt")

        assert answer.status_code in {200, 400}
        assert b"p4999" not in answer.content


@pytest.mark.parametrize("slug", ["x" * 5_000, "-", "_", "9" * 300, "YAOURTS", "yaourts-"])
def test_an_overlong_or_unknown_slug_is_not_found(client, zone, slug):
    ProductFactory(name="Yaourt")

    for kind in ("rayons", "produits"):
        assert client.get(f"/{kind}/{slug}/").status_code == 404


# --- what engines may know --------------------------------------------------------------------------


def head_of(client, query):
    return client.get(reverse("search") + query).content.decode().partition("</head>")[0]


def test_a_search_for_what_the_shop_sells_may_be_known_under_one_address(client, indexed):
    ProductFactory(name="Yaourt nature")
    indexed()

    for query in ("?q=Yaourt", "?q=yaourt&utm_source=ailleurs"):
        head = head_of(client, query)

        assert 'name="robots"' not in head
        assert '<link rel="canonical" href="http://127.0.0.1:8000/recherche/?q=yaourt">' in head


@pytest.mark.parametrize(
    "query",
    [
        "", "?q=", "?q=viagra+pas+cher", "?q=yaourt+viagra", "?q=yahourt", "?q=yaourt&tel_quel=1", "?q=yaourt&tri=prix",
        "?q=yaourt&prix_min=1", "?q=yaourt+yaourt", "?q=yaourt+🎰", "?q=yaourt+★+t.me/x",
        "?q=" + "yaourt+" * 8 + "viagra+pas+cher", "?q=yaourt+le+la+de+du+des+un+une+au+casino",
    ],
)  # fmt: skip
def test_nobody_else_s_words_are_known_under_the_shop_s_name(client, indexed, query):
    ProductFactory(name="Yaourt nature", price="2.50")
    ProductFactory(name="Yaourt nature bio", price="3.50")
    indexed()

    head = head_of(client, query)

    assert 'content="noindex' in head and 'rel="canonical"' not in head
