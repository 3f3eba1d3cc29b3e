"""The index and the dictionary of known words, kept by one door."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.catalogue import services
from shop.catalogue.models import Brand, Product
from shop.search import index
from shop.search.models import KnownWord, SearchEntry
from shop.search.queries import find
from shop.search.synonyms import seed_synonyms
from shop.stock.importing import load_starter
from tests.factories import AisleFactory, BrandFactory, DepotFactory, ProductFactory

pytestmark = pytest.mark.django_db


def dictionary():
    return {row["word"]: row for row in KnownWord.objects.values()}


def counts():
    return dict(KnownWord.objects.values_list("word", "products"))


def entries():
    return list(SearchEntry.objects.order_by("pk").values())


def make(name, **fields):
    product = ProductFactory(name=name, **fields)
    services.refresh_search(product_ids=[product.pk])
    return product


def test_import_and_one_save_at_a_time_know_the_same_words():
    DepotFactory()
    load_starter()
    seed_synonyms()
    imported, indexed = dictionary(), entries()
    KnownWord.objects.all().delete()
    SearchEntry.objects.all().delete()

    for pk in Product.objects.order_by("-pk").values_list("pk", flat=True):
        index.index_products(product_ids=[pk])
    index.teach_words()

    shown = {"written"}
    assert {word: {k: v for k, v in row.items() if k not in shown} for word, row in dictionary().items()} == {
        word: {k: v for k, v in row.items() if k not in shown} for word, row in imported.items()
    }
    assert entries() == indexed
    assert len(imported) > 1000


def test_rebuilding_changes_nothing_that_was_right():
    DepotFactory()
    make("Lait entier", popularity=3)
    make("Lait cru")
    before = dictionary(), entries()

    index.rebuild()

    assert (dictionary(), entries()) == before


def test_renamed_product_takes_its_old_words_back():
    product = make("Brousse de brebis")
    make("Tomme de brebis")

    Product.objects.filter(pk=product.pk).update(name="Ricotta de brebis")
    services.refresh_search(product_ids=[product.pk])

    assert "brousse" not in counts()
    assert (counts()["ricotta"], counts()["brebis"]) == (1, 2)
    assert find("brousse", None, as_typed=True).ids == []


def test_product_off_sale_leaves_index_and_dictionary():
    product = make("Brousse")

    services.unpublish(product_id=product.pk)

    assert "brousse" not in counts()
    assert not SearchEntry.objects.exists()


def test_published_product_is_found_at_once():
    product = ProductFactory(name="Brousse", shelf=AisleFactory(slug="divers", requires=[]))
    services.unpublish(product_id=product.pk)

    services.publish(product_id=product.pk)

    assert find("brousse", None).ids == [product.pk]


def test_renamed_brand_and_shelf_find_their_products():
    product = make("Brousse", brand=BrandFactory(slug="b", name="Ancienne"))
    brand = Brand.objects.get(slug="b")

    brand.name = "Bergerie"
    services.save_brand(brand=brand)
    shelf = product.shelf
    shelf.name = "Laitages"
    services.save_aisle(aisle=shelf)

    assert (
        find("bergerie", None, as_typed=True).ids == find("laitages", None, as_typed=True).ids == [product.pk]
    )
    assert find("ancienne", None, as_typed=True).ids == []
    assert "ancienne" not in counts()


def test_one_save_costs_two_statements_however_many_words():
    product = ProductFactory(name="Un nom de produit vraiment très long avec beaucoup de mots différents")

    with CaptureQueriesContext(connection) as made:
        services.refresh_search(product_ids=[product.pk])

    assert len([query for query in made if "SAVEPOINT" not in query["sql"]]) == 2


def test_numbers_are_known_but_correct_nothing():
    make("Farine T55")

    assert counts()["t55"] == 1
    assert find("t56", None).ids == []


def test_empty_index_is_built_by_the_shipped_defaults_and_left_alone_after():
    product = ProductFactory(name="Brousse")

    index.ensure_index()
    SearchEntry.objects.update(popularity=77)
    index.ensure_index()

    assert find("brousse", None).ids == [product.pk]
    assert SearchEntry.objects.get().popularity == 77
