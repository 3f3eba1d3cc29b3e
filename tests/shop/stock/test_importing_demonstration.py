"""What a demonstration completes in a file, and what it never does."""

from decimal import Decimal

from shop.catalogue.models import Product
from shop.stock.models import StockItem
from tests.factories import ean13
from tests.shop.stock.files import OFF, OFF_HEADING, imported


def test_open_food_facts_row_is_completed_and_marked(demonstration, tmp_path):
    report = imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    product = Product.objects.get()
    assert (report.created, report.published) == (1, 1)
    assert product.invented == ["price", "net_quantity", "stock", "cost"]
    assert (product.name, product.brand.name) == ("Pate a tartiner", "Ferrero")
    assert (product.shelf.slug, product.packshot, product.vat_rate) == (
        "petit-dejeuner",
        "jar",
        Decimal("5.5"),
    )
    assert product.nutrition["salt_g"] == 0.11 and product.nutrition["energy_kcal"] == 539
    assert (product.stated_nutriscore, product.source) == ("e", "off")
    assert product.allergens is None, "neither contributors' marks nor keywords are a statement"


def test_computed_figures_are_never_stored(demonstration, tmp_path):
    row = OFF | {"nutriscore_source": "computed-2017", "kcal_source": "computed"}

    imported(tmp_path, row, heading=OFF_HEADING, demonstration=True)

    product = Product.objects.get()
    assert product.stated_nutriscore == ""
    assert "energy_kcal" not in product.nutrition and product.nutrition["fat_g"] == 30.9


def test_without_demonstration_such_rows_are_drafts(shop, tmp_path):
    report = imported(tmp_path, OFF, heading=OFF_HEADING)

    product = Product.objects.get()
    assert not product.is_published and product.invented == [] and product.price is None
    assert dict(report.not_published) == {"price": 1, "net_quantity": 1, "allergens": 1}
    assert not StockItem.objects.exists()


def test_row_without_aisle_is_a_draft_even_in_a_demonstration(demonstration, tmp_path):
    report = imported(tmp_path, OFF | {"rayon": ""}, heading=OFF_HEADING, demonstration=True)

    assert report.published == 0 and report.not_published["shelf"] == 1
    assert Product.objects.get().invented == []


def test_completion_is_the_same_for_ever(demonstration, tmp_path):
    imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)
    first = Product.objects.values("price", "net_quantity").get()
    # As if it had never been there; what its shelves knew stays with it.
    Product.objects.update(ean=ean13(7), slug="un-autre")

    imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    assert Product.objects.values("price", "net_quantity").get(ean=OFF["ean"]) == first


def test_real_price_replaces_an_illustration_and_is_never_invented_again(demonstration, tmp_path):
    imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    imported(tmp_path, {"ean": OFF["ean"], "price": "4,20"}, heading=["ean", "price"])
    report = imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    product = Product.objects.get()
    assert (product.price, report.unchanged) == (Decimal("4.20"), 1)
    assert product.invented == ["net_quantity", "stock", "cost"]


def test_invented_stock_never_replaces_a_count(demonstration, tmp_path):
    imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)
    StockItem.objects.update(on_hand=3)

    imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    assert StockItem.objects.get().available == 3


def test_alcohol_without_a_degree_is_never_sold(demonstration, tmp_path):
    wine = OFF | {"rayon": "Cave, bières et spiritueux", "name": "Vin rouge", "category": "Vins rouges"}

    imported(
        tmp_path, wine, wine | {"ean": ean13(2), "name": "Bière blonde, 5,5% vol", "category": "Bières blondes"},
        heading=OFF_HEADING, demonstration=True,
    )  # fmt: skip

    unknown, beer = Product.objects.order_by("name").reverse()
    assert (unknown.is_published, unknown.missing, unknown.minimum_age) == (False, ["alcohol_degree"], 18)
    assert (beer.is_published, beer.alcohol_degree, beer.minimum_age) == (True, Decimal("5.5"), 18)
    assert beer.vat_rate == 20


def test_contradictory_nutrition_is_left_out(demonstration, tmp_path):
    imported(tmp_path, OFF | {"carbohydrates_100g": "293.0"}, heading=OFF_HEADING, demonstration=True)

    assert Product.objects.get().nutrition == {}
