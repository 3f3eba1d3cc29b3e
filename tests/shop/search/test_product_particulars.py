"""What a product's own page states, as a stranger gets it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from shop.catalogue.models import Product, ProductPicture
from shop.stock.models import StockItem
from tests.factories import (
    BrandFactory,
    ProductFactory,
)  # fmt: skip
from tests.shop.search.pages import addresses, content

pytestmark = pytest.mark.django_db


def test_product_page_states_every_particular(client, zone):
    ProductFactory(
        slug="complet", name="Mousse au chocolat", brand=BrandFactory(slug="ferme", name="La Ferme"),
        price=Decimal("2.40"), net_quantity=Decimal(400), packaging="pot verre", labels=["AB", "Label Rouge"],
        ingredients="LAIT, sucre, ŒUFS.", allergens=["lait", "œufs"], legal_name="Dessert lacté aérien", traces=["soja"],
        operator="La Ferme SAS, 29200 Brest", instructions="Remuer avant de servir.", origin="France, Bretagne",
        storage="Entre 0 et 4 °C.", description="Montée à la main.", deposit=Decimal("0.30"),
        stated_nutriscore="d", nutrition={"energy_kj": 584, "energy_kcal": 140, "fat_g": 9.8, "salt_g": 0.31},
    )  # fmt: skip

    response = client.get("/produits/complet/")
    page = content(response)

    for words in (
        "2,40 €", "6,00 €/kg", "400 g", "pot verre", "AB", "Label Rouge",
        "<strong>LAIT</strong>, sucre, <strong>ŒUFS</strong>.", "Dessert lacté aérien", "La Ferme SAS, 29200 Brest",
        "Remuer avant de servir.", "soja", "lait, œufs",
        "France, Bretagne", "Entre 0 et 4 °C.", "Montée à la main.", "0,30 € de consigne", "D, d’après le producteur",
        "pour 100 g", "584 kJ / 140 kcal", "9,8 g", "0,31 g", Product.objects.get().ean, "En stock, zone Paris",
        "de 5,90 € à 7,90 €",
    ):  # fmt: skip
        assert " ".join(words.split()) in page, words
    assert "Mousse au chocolat – La Ferme" in response.content.decode().split("</title>")[0]
    assert "illustration" not in page


def test_allergens_are_stated_or_said_not_to_be(client, zone):
    for slug, allergens in (("tus", None), ("sans", []), ("avec", ["lait"])):
        ProductFactory(slug=slug, allergens=allergens)

    silent, none, some = (content(client.get(f"/produits/{slug}/")) for slug in ("tus", "sans", "avec"))

    assert "non communiqués par le producteur" in silent
    assert "aucun, d’après le producteur" in none
    assert "<strong>lait</strong>" in some


def test_nutri_score_is_shown_only_when_stated(client, zone):
    ProductFactory(slug="muet", nutrition={"nutriscore": "a", "fat_g": 3})

    assert "Nutri-Score" not in content(client.get("/produits/muet/"))


def test_facts_from_an_open_database_name_it_and_are_not_the_producers(client, zone):
    ProductFactory(slug="libre", stated_nutriscore="b", source="off")

    page = content(client.get("/produits/libre/"))

    assert "B, d’après Open Food Facts" in page and "B, d’après le producteur" not in page
    assert "Source des informations : Open Food Facts" in page


def test_alcohol_carries_the_legal_words(client, zone):
    ProductFactory(slug="vin", alcohol=True, net_unit="ml", net_quantity=Decimal(750))

    page = content(client.get("/produits/vin/"))

    assert "L’abus d’alcool est dangereux pour la santé, à consommer avec modération" in page
    assert "Vente interdite aux moins de 18 ans" in page
    assert "12,5 % vol." in page


def test_things_that_are_not_food_speak_of_no_allergen(client, zone):
    ProductFactory(slug="eponge", is_food=False, ingredients="", allergens=None)

    assert "Allergènes" not in content(client.get("/produits/eponge/"))


def test_photograph_is_described_on_its_own_page_and_silent_on_a_card(client, zone):
    product = ProductFactory()
    for position, words in ((2, "Dos du paquet"), (1, "Deux yaourts <ouverts> sur une table")):
        ProductPicture.objects.create(
            product=product,
            image=f"produits/{position}.jpg",
            alt=words,
            position=position,
            width=400,
            height=400,
        )

    own = client.get(reverse("product", args=[product.slug])).content.decode()
    card = client.get(reverse("aisle", args=[product.shelf.slug])).content.decode()

    assert 'class="product__picture gallery" tabindex="0" role="group" aria-label="Photographies"' in own
    assert re.findall(r'<img src="(/media/[^"]+)" alt="([^"]+)"', own)[1:] == [
        ("/media/produits/2.jpg", "Dos du paquet")
    ]
    assert own.count("/media/produits/2.jpg") == 2, "shown once, told to engines once"
    assert "produits/2.jpg" not in card
    shown = re.search(r'<span class="packshot[^"]*"([^>]*)><img src="([^"]+)" alt="([^"]*)"', own)
    assert shown.groups() == ("", "/media/produits/1.jpg", "Deux yaourts &lt;ouverts&gt; sur une table")
    silent = re.search(r'<span class="packshot[^"]*"([^>]*)><img src="([^"]+)" alt="([^"]*)"', card)
    assert silent.groups() == (' aria-hidden="true"', "/media/produits/1.jpg", "")


def test_photograph_without_a_description_is_decorative(client, zone):
    product = ProductFactory()
    ProductPicture.objects.create(product=product, image="produits/1.jpg", width=400, height=400)

    own = client.get(reverse("product", args=[product.slug])).content.decode()

    assert re.search(r'<span class="packshot[^"]*" aria-hidden="true"><img src="[^"]+" alt=""', own)
    assert "gallery" not in own
    ProductPicture.objects.create(product=product, image="produits/2.jpg", width=400, height=400, position=2)
    Product.objects.update(version=product.version + 1)
    assert 'alt="Photo n° 2"' in client.get(reverse("product", args=[product.slug])).content.decode()


def test_sold_out_product_says_when_it_is_back(client, zone):
    ProductFactory(slug="rupture", stock=0)
    day = timezone.localdate() + timedelta(days=2)
    StockItem.objects.update(expected_restock_on=day)

    page = content(client.get("/produits/rupture/"))

    assert "Épuisé pour la zone Paris. De retour le " in page
    assert "Épuisé pour la zone Paris." in page


def test_last_pieces_are_counted(client, zone):
    ProductFactory(slug="reste", stock=2)

    assert "Plus que 2 en stock" in content(client.get("/produits/reste/"))


def test_demonstration_marks_each_invented_fact_and_keeps_engines_out(client, full_shop, settings):
    settings.DEMONSTRATION = True
    ProductFactory(slug="faux", invented=["price", "net_quantity", "stock"])

    page = content(client.get("/produits/faux/"))

    assert page.count(">illustration<") == 4
    for address in addresses():
        assert "noindex" in client.get(address).content.decode()


def test_markup_in_a_product_is_text(client, zone, indexed):
    ProductFactory(
        name="<script>alert(1)</script>", slug="x", description="<b>gras</b>", ingredients="<i>sel</i>"
    )
    indexed()

    for address in ("/produits/x/", "/", "/rayons/yaourts/", "/recherche/suggestions/?q=alert"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b>gras" not in page
        assert "<i>sel" not in page
