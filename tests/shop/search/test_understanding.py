"""What is typed is corrected, joined, split, widened and relaxed, in one statement."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.catalogue.models import Product
from shop.catalogue.services import refresh_search
from shop.search.models import Synonym
from shop.search.queries import find, results, suggestions
from shop.search.synonyms import save_synonym
from tests.factories import BrandFactory, DepotFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelves():
    """A small shop; the depot in which everything can be had."""
    brand = BrandFactory(slug="brasserie-grillon", name="Brasserie Grillon")
    for name in (
        "Camembert de Normandie", "Emmental râpé", "Pain de mie complet", "Jus d’orange", "Lait demi-écrémé",
        "Lait entier", "Lait de coco", "Yaourts nature", "Chocolat noir", "Courgettes", "Pommes de terre", "Café moulu",
    ):  # fmt: skip
        ProductFactory(name=name, brand=None)
    ProductFactory(name="Cola sans sucres", brand=brand)
    refresh_search(product_ids=list(Product.objects.values_list("pk", flat=True)))
    return DepotFactory()


def names(query, **how):
    ids = find(query, None, **how).ids
    found = dict(Product.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [found[pk] for pk in ids]


@pytest.mark.parametrize(
    ("typed", "used", "name"),
    [
        ("camenbert", "camembert", "Camembert de Normandie"),
        ("CAMENBERT", "camembert", "Camembert de Normandie"),
        ("camenb", "camembert", "Camembert de Normandie"),
        ("yahourt nature", "yaourts nature", "Yaourts nature"),
        ("emental rapé", "emmental rapé", "Emmental râpé"),
        ("courjette", "courgettes", "Courgettes"),
        ("lati entier", "lait entier", "Lait entier"),
        ("paindemie", "pain mie", "Pain de mie complet"),
        ("jusdorange", "jus orange", "Jus d’orange"),
        ("choco lat noir", "chocolat noir", "Chocolat noir"),
        ("café moullu", "café moulu", "Café moulu"),
    ],
)
def test_unknown_words_are_corrected_and_it_says_so(shelves, typed, used, name):
    found = find(typed, shelves.id)

    assert names(typed)[0] == name
    assert (found.used, found.is_corrected, found.dropped) == (used, True, [])


def test_as_typed_corrects_nothing(shelves):
    found = find("camenbert", shelves.id, as_typed=True)

    assert (found.ids, found.used, found.is_corrected) == ([], "camenbert", False)


@pytest.mark.parametrize("typed", ["camembert", "lait", "coco", "yaourt", "jus orange"])
def test_known_words_are_left_as_they_are(shelves, typed):
    found = find(typed, shelves.id)

    assert (found.used, found.is_corrected) == (typed, False)
    assert found.ids


@pytest.mark.parametrize("typed", ["chaussettes", "tournevis", "xyzxyz", "qq"])
def test_words_of_another_shop_are_not_bent_into_ours(shelves, typed):
    assert find(typed, shelves.id).ids == []


def test_two_words_are_both_wanted(shelves):
    assert names("lait de coco") == ["Lait de coco"]
    assert names("lait demi ecreme") == names("lait 1/2 écrémé") == ["Lait demi-écrémé"]


def test_least_telling_words_are_dropped_when_nothing_has_them_all(shelves):
    found = find("camembert chocolat", shelves.id)
    unknown = find("lait licorne", shelves.id)

    assert (names("camembert chocolat"), found.dropped) == (["Camembert de Normandie"], ["chocolat"])
    assert sorted(names("lait licorne")) == ["Lait de coco", "Lait demi-écrémé", "Lait entier"]
    assert unknown.dropped == ["licorne"]
    assert find("lait licorne", shelves.id, as_typed=True).ids == []


def test_article_of_that_name_comes_before_those_that_contain_it(shelves):
    ProductFactory(name="Chocolat au lait", popularity=99)
    refresh_search(product_ids=list(Product.objects.values_list("pk", flat=True)))

    assert names("lait")[-1] == "Chocolat au lait"


def test_synonym_applies_to_the_very_next_search(shelves, django_capture_on_commit_callbacks):
    assert "Cola sans sucres" not in names("coca zero")

    with django_capture_on_commit_callbacks(execute=True):
        save_synonym(synonym=Synonym(typed="coca, coca cola", meant="cola"))
        save_synonym(synonym=Synonym(typed="zero", meant="sans sucres"))

    assert names("coca zero") == names("Coca-Cola zéro") == names("cocca zero") == ["Cola sans sucres"]


def test_changed_synonym_shows_on_the_next_page(shelves, client, django_capture_on_commit_callbacks):
    def shown():
        return [card["name"] for card in results("frometon", shelves.id).page]

    assert shown() == []
    with django_capture_on_commit_callbacks(execute=True):
        synonym = save_synonym(synonym=Synonym(typed="frometon", meant="camembert"))
    before = shown()
    with django_capture_on_commit_callbacks(execute=True):
        synonym.meant = "emmental"
        save_synonym(synonym=synonym)

    assert (before, shown()) == (["Camembert de Normandie"], ["Emmental râpé"])


def test_understanding_costs_one_query_however_many_words(shelves):
    typed = [
        "lait",
        "camenbert",
        "yahourt emental courjette choclat paindemie caffé moullu licorne",
        "x " * 60,
    ]

    for query in typed:
        with CaptureQueriesContext(connection) as made:
            find(query, shelves.id)
        assert len(made) == 1, query


def test_page_costs_three_queries_and_a_suggestion_two(shelves, django_assert_num_queries):
    with django_assert_num_queries(3):
        assert results("camenbert", shelves.id).page.paginator.count == 1
    with django_assert_num_queries(1):
        results("licorne", shelves.id)
    with django_assert_num_queries(2):
        assert [brand.name for brand in suggestions("grillon", shelves.id).brands] == ["Brasserie Grillon"]


def test_suggestions_forgive_the_same_mistakes(shelves):
    assert [card["name"] for card in suggestions("camenb", shelves.id).cards] == ["Camembert de Normandie"]
    assert suggestions("c", shelves.id).cards == []


def test_brand_with_nothing_on_sale_is_not_suggested(shelves):
    BrandFactory(slug="grillades", name="Grillades")

    assert [brand.name for brand in suggestions("grill", shelves.id).brands] == ["Brasserie Grillon"]


def test_misspelled_name_of_a_producer_does_not_hide_the_word(shelves):
    ProductFactory.create_batch(25, brand=None)
    ProductFactory(name="Yahourt vanille", brand=None)
    refresh_search(product_ids=list(Product.objects.values_list("pk", flat=True)))

    assert "Yaourts nature" in names("yahourt nature")


@pytest.mark.parametrize("sort", ["prix", "prix-au-kg", "nom"])
def test_another_order_keeps_what_was_found(shelves, sort):
    page = results("lait", shelves.id, sort=sort).page

    assert sorted(card["name"] for card in page) == ["Lait de coco", "Lait demi-écrémé", "Lait entier"]


def test_what_can_be_had_comes_first_among_equals(shelves):
    ProductFactory(name="Lait cru", brand=None, popularity=50, stock=0)
    refresh_search(product_ids=list(Product.objects.values_list("pk", flat=True)))

    shown = [card["name"] for card in results("lait", shelves.id).page]

    assert shown[-1] == "Lait cru"
