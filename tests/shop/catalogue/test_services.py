from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.catalogue import services
from shop.catalogue.models import Product
from shop.catalogue.rules import Particular
from shop.search.queries import find
from tests.factories import AisleFactory, BrandFactory, ProductFactory

pytestmark = pytest.mark.django_db
NUTRITION = {
    "energy_kj": 270, "fat_g": 3.5, "saturated_fat_g": 2.2, "carbohydrates_g": 4.7, "sugars_g": 4.7,
    "proteins_g": 3.9, "salt_g": 0.1,
}  # fmt: skip


def found(words):
    return set(
        Product.objects.filter(pk__in=find(words, None, as_typed=True).ids).values_list("name", flat=True)
    )


def test_price_moves_with_the_version():
    product = ProductFactory(invented=["price", "stock"])

    services.set_price(product_id=product.pk, price=Decimal("3.10"))

    stored = Product.objects.get()
    assert (stored.price, stored.version, stored.invented) == (Decimal("3.10"), 2, ["stock"])


def test_same_price_again_changes_nothing():
    product = ProductFactory(price=Decimal("2.50"))

    services.set_price(product_id=product.pk, price=Decimal("2.50"))

    assert Product.objects.get().version == 1


@pytest.mark.parametrize("price", ["0", "-1", "1.234", "10000", "NaN", "Infinity"])
def test_what_is_not_a_price_is_refused(price):
    product = ProductFactory(price=Decimal("2.50"))

    with pytest.raises(services.PriceRefused):
        services.set_price(product_id=product.pk, price=Decimal(price))

    stored = Product.objects.get()
    assert (stored.price, stored.version) == (Decimal("2.50"), 1)


def test_several_prices_cost_as_many_queries_as_one():
    products = ProductFactory.create_batch(8)

    with CaptureQueriesContext(
        connection,
    ) as few:
        services.change_prices(prices={products[0].pk: Decimal(3)})
    with CaptureQueriesContext(connection) as many:
        services.change_prices(prices={product.pk: Decimal(4) for product in products})

    assert len(few) == len(many)


def test_incomplete_product_is_not_published():
    product = ProductFactory(draft=True, net_quantity=None)

    with pytest.raises(services.NotPublishable) as refused:
        services.publish(product_id=product.pk)

    stored = Product.objects.get()
    assert refused.value.reasons == [Particular.PRICE, Particular.NET_QUANTITY, Particular.NUTRITION]
    assert not stored.is_published
    assert stored.version == 1


def test_complete_product_is_published_and_withdrawn():
    product = ProductFactory(is_published=False, nutrition=NUTRITION)

    services.publish(product_id=product.pk)
    published = Product.objects.get()
    services.unpublish(product_id=product.pk)
    withdrawn = Product.objects.get()

    assert published.is_published and published.version == 2
    assert not withdrawn.is_published and withdrawn.withdrawn_at and withdrawn.version == 3


def test_completed_product_is_published_in_a_demonstration_only(settings):
    product = ProductFactory(is_published=False, invented=["price"], allergens=None)

    with pytest.raises(services.NotPublishable):
        services.publish(product_id=product.pk)
    settings.DEMONSTRATION = True
    services.publish(product_id=product.pk)

    assert Product.objects.get().is_published


def test_form_save_never_writes_price_or_publication():
    product = ProductFactory(nutrition=NUTRITION)
    stale = Product.objects.get()
    services.set_price(product_id=product.pk, price=Decimal("9.99"))

    stale.name = "Yaourt de brebis"
    services.save_product(product=stale, changed=["name"])

    stored = Product.objects.get()
    assert (stored.name, stored.price, stored.version) == ("Yaourt de brebis", Decimal("9.99"), 3)
    assert stored.sort_name == "yaourt de brebis"


def test_product_on_sale_cannot_lose_a_particular():
    product = ProductFactory(nutrition=NUTRITION)

    product.ingredients = ""
    with pytest.raises(services.NotPublishable):
        services.save_product(product=product, changed=["ingredients"])

    assert Product.objects.get().ingredients


def test_new_product_is_a_draft_with_an_address():
    product = services.save_product(
        product=Product(ean="3017620422003", name="Pâte d’œufs", price=Decimal(1))
    )

    stored = Product.objects.get(pk=product.pk)
    assert stored.slug == "pate-doeufs-3017620422003"
    assert stored.price is None and not stored.is_published
    assert "price" in stored.missing


@pytest.mark.parametrize(
    "words", ["oeufs", "œuf", "ŒUFS", "Ecreme", "écrémé", "2000000000", "bio", "crèmerie fraîche", "ferme"]
)
def test_search_ignores_accents_case_and_ligatures(words):
    shelf = AisleFactory(
        slug="fraiche", name="Fraîche", parent=AisleFactory(slug="cremerie", name="Crèmerie")
    )
    product = ProductFactory(
        name="Œufs au lait écrémé", shelf=shelf, brand=BrandFactory(slug="f", name="La Fermé"), labels=["Bio"],
        ean="2000000000",
    )  # fmt: skip

    services.refresh_search(product_ids=[product.pk])

    assert found(words) == {"Œufs au lait écrémé"}


def test_five_products_are_made_findable_by_two_statements():
    products = ProductFactory.create_batch(5)

    with CaptureQueriesContext(connection) as queries:
        services.refresh_search(product_ids=[product.pk for product in products])

    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 2
    assert len(found("yaourt")) == 5


def test_renamed_shelf_finds_its_products_and_checks_them_again():
    product = ProductFactory(nutrition=NUTRITION)
    shelf = product.shelf

    shelf.name, shelf.requires = "Laitages", ["origin"]
    services.save_aisle(aisle=shelf)

    stored = Product.objects.get()
    assert found("laitages") == {product.name}
    assert (stored.missing, stored.version) == (["origin"], 2)
