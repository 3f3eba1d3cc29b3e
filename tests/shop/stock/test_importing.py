"""What a good file does."""

from decimal import Decimal

import pytest
from django.db import connection
from openpyxl import Workbook

from config import kept
from shop.catalogue.models import Product
from shop.catalogue.services import unpublish
from shop.search.queries import find
from shop.stock.importing import run_import
from shop.stock.models import StockItem
from tests.factories import ean13
from tests.shop.stock.files import (
    GOOD,
    HEADING,
    OFF,
    OFF_HEADING,
    everything,
    imported,
    sheet,
    text_of,
    written,
)


def test_native_row_becomes_a_published_product(shop, tmp_path):
    report = imported(tmp_path, GOOD)

    product = Product.objects.get()
    assert (report.created, report.published, report.rejects) == (1, 1, [])
    assert (product.price, product.net_quantity, product.allergens) == (
        Decimal("1.95"),
        Decimal(500),
        ["lait"],
    )
    assert (product.brand.name, product.shelf.slug, product.labels) == (
        "Cabas",
        "yaourts",
        ["AB", "Label Rouge"],
    )
    assert product.slug == f"yaourt-nature-{ean13(1)}"
    assert (
        product.is_published
        and find(product.name, None).ids == [product.pk]
        and product.vat_rate == Decimal("5.5")
    )
    assert list(StockItem.objects.values_list("available", "unit_cost")) == [(24, Decimal("1.2000"))]


def test_same_file_again_changes_nothing(shop, tmp_path):
    imported(tmp_path, GOOD)
    before = everything()

    report = imported(tmp_path, GOOD)

    assert (report.created, report.updated, report.unchanged) == (0, 0, 1)
    assert everything() == before


def test_changed_row_updates_and_bumps_the_version(shop, tmp_path):
    imported(tmp_path, GOOD)

    report = imported(tmp_path, GOOD | {"price": "2,10", "name": "Yaourt au lait cru"})

    product = Product.objects.get()
    assert (report.updated, product.price, product.version) == (1, Decimal("2.10"), 3)
    assert product.sort_name == "yaourt au lait cru"
    assert product.slug.startswith("yaourt-nature-"), "addresses are stable"


def test_empty_price_and_stock_cells_change_nothing_but_others_clear(shop, tmp_path):
    imported(tmp_path, GOOD)

    imported(tmp_path, GOOD | {"price": "", "stock": "", "cost": "", "labels": ""})

    product = Product.objects.get()
    assert (product.price, product.labels) == (Decimal("1.95"), [])
    assert StockItem.objects.get().available == 24


def test_price_list_touches_prices_only(shop, tmp_path):
    imported(tmp_path, GOOD)

    report = imported(
        tmp_path, {"ean": ean13(1), "price": "3"}, {"ean": ean13(2), "price": "4"}, heading=["ean", "price"]
    )

    product = Product.objects.get()
    assert (product.price, product.name, product.ingredients) == (Decimal(3), "Yaourt nature", "LAIT.")
    assert dict(report.refused) == {"unknown_product": 1}


def test_product_that_loses_a_particular_leaves_the_shop(shop, tmp_path):
    imported(tmp_path, GOOD)

    report = imported(tmp_path, GOOD | {"aisle": ""})

    assert not Product.objects.get().is_published
    assert (report.updated, dict(report.not_published)) == (1, {"shelf": 1})


def test_withdrawn_product_is_never_put_back_on_sale(shop, tmp_path):
    imported(tmp_path, GOOD)
    unpublish(product_id=Product.objects.get().pk)

    report = imported(tmp_path, GOOD | {"price": "9"})

    assert not Product.objects.get().is_published
    assert dict(report.not_published) == {"withdrawn": 1}


def test_incomplete_rows_are_drafts_counted_by_reason(shop, tmp_path):
    report = imported(
        tmp_path, GOOD | {"price": ""}, GOOD | {"ean": ean13(2), "price": "", "allergens": ""},
        GOOD | {"ean": ean13(3), "allergens": "aucun"},
    )  # fmt: skip

    assert (report.published, report.unpublished) == (1, 2)
    assert dict(report.not_published) == {"price": 2, "allergens": 1}
    assert Product.objects.get(ean=ean13(3)).allergens == []
    assert Product.objects.get(ean=ean13(2)).allergens is None


def test_preview_counts_and_writes_nothing(shop, tmp_path):
    before = everything()

    report = imported(tmp_path, GOOD, GOOD, preview=True)

    assert (report.created, report.published, len(report.rejects)) == (1, 1, 1)
    assert everything() == before
    assert report.reject_path is None


def test_query_count_does_not_grow_with_the_file(shop, tmp_path):
    from django.test.utils import CaptureQueriesContext

    imported(tmp_path, GOOD)
    with CaptureQueriesContext(connection) as few:
        imported(tmp_path, GOOD | {"ean": ean13(100)})
    with CaptureQueriesContext(connection) as many:
        imported(tmp_path, *(GOOD | {"ean": ean13(200 + n)} for n in range(60)))

    assert len(few) == len(many)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_usual_spreadsheet_exports_are_read(shop, tmp_path, separator, encoding):
    text = text_of([GOOD | {"name": "Crème brûlée à l’œuf"}], separator=separator).replace("\n", "\r\n")

    report = run_import(written(tmp_path, text.encode(encoding)))

    assert Product.objects.get().name == "Crème brûlée à l’œuf"
    assert bool(report.notes) is (encoding == "cp1252")


def test_xlsx_is_read_with_its_numbers(shop, tmp_path):
    path = sheet(tmp_path, HEADING, [GOOD.get(name, "") for name in HEADING])
    book = Workbook()
    book.active.append(HEADING)
    row = [GOOD.get(name) for name in HEADING]
    row[0], row[4], row[8], row[9], row[10] = int(ean13(1)), 500, 1.1 + 0.85, 1.2, 24
    book.active.append(row)
    book.save(path)

    report = run_import(path)

    assert (report.created, report.published) == (1, 1)
    assert Product.objects.get().price == Decimal("1.95")


def test_new_shelves_show_in_the_menu_at_once(demonstration, tmp_path, django_capture_on_commit_callbacks):
    before = kept.version("aisles")

    with django_capture_on_commit_callbacks(execute=True):
        imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    assert kept.version("aisles") != before
