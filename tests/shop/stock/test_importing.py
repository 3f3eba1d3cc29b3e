"""Files good and bad. Whatever is wrong with a file, there is never half an import."""

import csv
import io
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from openpyxl import Workbook

from shop.catalogue.models import Aisle, Brand, Product
from shop.catalogue.queries import aisles_version
from shop.catalogue.services import unpublish
from shop.stock.importing import FileRefused, ImportBusy, load_starter, run_import
from shop.stock.importing.starter import STARTER_FILE
from shop.stock.models import StockItem
from tests.factories import AisleFactory, DepotFactory, ProductFactory, ean13

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
HEADING = ["ean", "name", "brand", "aisle", "net_quantity", "net_unit", "sold_by", "weight_step_g", "price", "cost",
           "stock", "ingredients", "allergens", "nutrition", "labels", "alcohol_degree"]  # fmt: skip
GOOD = {
    "ean": ean13(1), "name": "Yaourt nature", "brand": "Cabas", "aisle": "yaourts", "net_quantity": "500",
    "net_unit": "g", "sold_by": "piece", "price": "1,95", "cost": "1.20", "stock": "24", "ingredients": "LAIT.",
    "allergens": "lait", "labels": "AB|Label Rouge",
    "nutrition": '{"energy_kj":270,"fat_g":3.5,"saturated_fat_g":2.2,"carbohydrates_g":4.7,"sugars_g":4.7,'
    '"proteins_g":3.9,"salt_g":0.1}',
}  # fmt: skip
OFF_HEADING = [
    "ean",
    "name",
    "brand",
    "brand_source",
    "quantity",
    "rayon",
    "category",
    "category_path",
    "category_source",
    "nutriscore",
    "nutriscore_source",
    "ingredients",
    "allergens_marked",
    "allergens_found",
    "kcal_100g",
    "kcal_source",
    "fat_100g",
    "saturated_fat_100g",
    "carbohydrates_100g",
    "sugars_100g",
    "fiber_100g",
    "proteins_100g",
    "salt_100g",
    "image_path",
]
OFF = {
    "ean": "3017620422003", "name": "PATE A TARTINER", "brand": "FERRERO,Nutella", "rayon": "Épicerie sucrée",
    "category": "Pâtes à tartiner", "nutriscore": "e", "nutriscore_source": "off", "ingredients": "Sucre.",
    "allergens_marked": "lait", "allergens_found": "lait", "kcal_100g": "539", "kcal_source": "off",
    "fat_100g": "30.9", "saturated_fat_100g": "10.6", "carbohydrates_100g": "57.5", "sugars_100g": "56.3",
    "proteins_100g": "6.3", "salt_100g": "0.10699999999999",
}  # fmt: skip


@pytest.fixture
def shop(db, settings, tmp_path):
    settings.STATE_DIR = tmp_path / "state"
    AisleFactory(slug="yaourts", parent=AisleFactory(slug="cremerie"))
    return DepotFactory()


@pytest.fixture
def demonstration(shop, settings):
    settings.DEMONSTRATION = True
    return shop


def text_of(rows, heading=HEADING, separator=","):
    target = io.StringIO()
    writer = csv.DictWriter(target, heading, delimiter=separator, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def written(tmp_path, content, name="produits.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def imported(tmp_path, *rows, heading=HEADING, **options):
    return run_import(written(tmp_path, text_of(rows, heading)), **options)


def sheet(tmp_path, *rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = tmp_path / "produits.xlsx"
    book.save(path)
    return path


def everything():
    return (
        list(Product.objects.order_by("pk").values()),
        list(StockItem.objects.order_by("pk").values()),
        Brand.objects.count(),
        Aisle.objects.count(),
    )


# What a good file does


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
    assert product.search and product.is_published and product.vat_rate == Decimal("5.5")
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
    before = aisles_version()

    with django_capture_on_commit_callbacks(execute=True):
        imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    assert aisles_version() != before


# What a demonstration completes, and what it never does


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
    StockItem.objects.all().delete()
    Product.objects.all().delete()

    imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    assert Product.objects.values("price", "net_quantity").get() == first


def test_real_price_replaces_an_illustration_and_is_never_invented_again(demonstration, tmp_path):
    imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    imported(tmp_path, {"ean": OFF["ean"], "price": "4,20"}, heading=["ean", "price"])
    report = imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)

    product = Product.objects.get()
    assert (product.price, report.unchanged) == (Decimal("4.20"), 1)
    assert product.invented == ["net_quantity", "stock", "cost"]


def test_invented_stock_never_replaces_a_count(demonstration, tmp_path):
    imported(tmp_path, OFF, heading=OFF_HEADING, demonstration=True)
    StockItem.objects.update(available=3)

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


# Rows that are refused, alone


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ean": "3017620422004"}, "ean"),
        ({"ean": ""}, "ean"),
        ({"ean": "1101803"}, "ean"),
        ({"ean": "٣٠١٧٦٢٠٤٢٢٠٠٣"}, "ean"),
        ({"name": ""}, "name"),
        ({"name": "=cmd|' /C calc'!A0"}, "formula"),
        ({"name": " @SUM(A1)"}, "formula"),
        ({"ingredients": "+33 000"}, "formula"),
        ({"brand": "-2+3"}, "formula"),
        ({"labels": "AB|=1+1"}, "formula"),
        ({"name": "Lait\x07"}, "control"),
        ({"name": "x" * 201}, "too_long"),
        ({"brand": "x" * 121}, "too_long"),
        ({"aisle": "rayon-inconnu"}, "shelf"),
        ({"price": "-1"}, "number"),
        ({"price": "1e3"}, "number"),
        ({"price": "١٢"}, "number"),
        ({"price": "1.234"}, "number"),
        ({"price": "0"}, "range"),
        ({"price": "10000"}, "range"),
        ({"net_quantity": "NaN"}, "number"),
        ({"net_quantity": "0"}, "range"),
        ({"net_unit": "kg"}, "choice"),
        ({"net_unit": ""}, "choice"),
        ({"sold_by": "boîte"}, "choice"),
        ({"sold_by": "weight"}, "weight_step"),
        ({"sold_by": "weight", "weight_step_g": "0"}, "range"),
        ({"stock": "1.5"}, "number"),
        ({"stock": "9" * 25}, "range"),
        ({"allergens": "caca huète"}, "allergen"),
        ({"allergens": "aucun|lait"}, "allergen"),
        ({"nutrition": "{"}, "nutrition"),
        ({"nutrition": "[" * 5000}, "nutrition"),
        ({"nutrition": '{"fat_g": 1e999}'}, "nutrition"),
        ({"nutrition": '{"fat_g": NaN}'}, "nutrition"),
        ({"nutrition": '{"poison": 1}'}, "nutrition"),
        ({"alcohol_degree": "97"}, "range"),
    ],
)
def test_bad_row_is_refused_and_the_others_come_in(shop, tmp_path, change, reason):
    report = imported(tmp_path, GOOD | change, GOOD | {"ean": ean13(7)})

    assert [(reject.line, reject.reason) for reject in report.rejects] == [(2, reason)]
    assert list(Product.objects.values_list("ean", flat=True)) == [ean13(7)]
    rejects = report.reject_path.read_text(encoding="utf-8-sig").splitlines()
    assert rejects[0] == "ligne,ean,motif" and rejects[1].startswith("2,") and len(rejects) == 2


def test_narrow_spaces_in_numbers_are_understood(shop, tmp_path):
    imported(tmp_path, GOOD | {"price": "1\u202f234,50", "stock": "1\u00a0200"})

    assert Product.objects.get().price == Decimal("1234.50")
    assert StockItem.objects.get().available == 1200


def test_second_row_of_a_code_is_refused(shop, tmp_path):
    report = imported(tmp_path, GOOD, GOOD | {"name": "Autre", "ean": f"0{ean13(1)}"})

    assert [(reject.line, reject.reason) for reject in report.rejects] == [(3, "duplicate")]
    assert Product.objects.get().name == "Yaourt nature"


def test_row_with_a_cell_too_many_is_refused(shop, tmp_path):
    text = text_of([GOOD, GOOD | {"ean": ean13(2)}]).replace("\n", "\n", 1)
    lines = text.splitlines(keepends=True)
    lines[1] = lines[1].rstrip("\n") + ",surplus\n"

    report = run_import(written(tmp_path, "".join(lines)))

    assert dict(report.refused) == {"columns": 1} and report.created == 1


def test_formula_cell_of_a_workbook_is_refused(shop, tmp_path):
    good = [GOOD.get(name, "") for name in HEADING]
    bad = [ean13(2), "=1+1", *good[2:]]

    report = run_import(sheet(tmp_path, HEADING, good, bad))

    assert [(reject.line, reject.reason) for reject in report.rejects] == [(3, "formula")]
    assert report.created == 1


def test_reject_file_never_starts_a_formula(shop, tmp_path):
    report = imported(tmp_path, GOOD | {"ean": "=2+5"}, GOOD | {"ean": ean13(2)})

    assert "'=2+5" in report.reject_path.read_text(encoding="utf-8-sig")
    assert report.reject_path.stat().st_mode & 0o077 == 0


def test_windows_slips_and_invisible_marks_are_repaired(shop, tmp_path):
    imported(tmp_path, GOOD | {"name": "  B\x9cuf\u200b   de Chalosse\ufeff "})

    assert Product.objects.get().name == "Bœuf de Chalosse"


# Files that are refused, whole


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vide"),
        (b"\n\n", "ean"),
        (text_of([GOOD]).encode("utf-16"), "UTF-16"),
        (text_of([GOOD]).encode() + b"\x81\x8d\xff", "Encodage"),
        (text_of([GOOD]).encode() + b"\0\0", "texte"),
        (b"%PDF-1.7 ...", "ean"),
        (text_of([GOOD]).replace(",", "|").encode(), "ean"),
        (text_of([GOOD]).replace("name", "nom", 1).encode(), "inconnues"),
        (text_of([GOOD]).replace("brand", "name", 1).encode(), "deux fois"),
        (b"ean,sold_by\n", "weight_step_g"),
        (b"ean,net_quantity\n", "net_unit"),
        (text_of([GOOD, GOOD | {"ean": ean13(2), "ingredients": "x" * 70_000}]).encode(), "64"),
        (text_of([GOOD]).encode() + b"z" * 70_000, "64"),
        (text_of([GOOD]).encode() + ean13(2).encode() + b',"Ouvert' + b"\n,,\n" * 30_000, "64"),
        (text_of([GOOD]).encode() + ean13(2).encode() + b',"Ouvert', "guillemets"),
        (text_of([GOOD]).encode() + ean13(2).encode() + b',"Mal" plac\xc3\xa9,x\n', "guillemets"),
        (text_of([GOOD, GOOD | {"ean": ean13(2)}])[:-150].encode(), "guillemets"),
        (text_of([GOOD]).encode() + ean13(2).encode() + b",Tronqu", "ronqu"),
        (b"PK\x03\x04 not a workbook", "XLSX"),
    ],
)
def test_broken_file_leaves_the_shop_untouched(shop, tmp_path, content, words):
    ProductFactory()
    before = everything()

    with pytest.raises(FileRefused, match=words):
        run_import(written(tmp_path, content))

    assert everything() == before
    assert not (tmp_path / "state").exists()


def test_truncated_workbook_is_refused(shop, tmp_path):
    path = sheet(tmp_path, HEADING, [GOOD.get(name, "") for name in HEADING])
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(FileRefused, match="XLSX"):
        run_import(path)

    assert not Product.objects.exists()


def test_workbook_bomb_is_refused_before_it_is_read(shop, tmp_path):
    import zipfile

    path = tmp_path / "bombe.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/x.xml", "w") as entry:
        for _piece in range(450):
            entry.write(b"0" * 1024 * 1024)

    with pytest.raises(FileRefused, match="démesuré"):
        run_import(path)


def test_missing_file_and_depot_are_said_in_one_line(shop, tmp_path):
    with pytest.raises(FileRefused, match="illisible"):
        run_import(tmp_path / "absent.csv")
    with pytest.raises(CommandError, match="Dépôt inconnu : pau"):
        call_command("import_products", written(tmp_path, text_of([GOOD])), depot=["pau"])

    assert not Product.objects.exists()


def test_fault_of_the_database_leaves_no_half(shop, tmp_path, monkeypatch):
    from shop.stock.importing import apply

    def broken(_depots):
        raise RuntimeError

    monkeypatch.setattr(apply, "apply_stock", broken)
    before = everything()

    with pytest.raises(RuntimeError):
        imported(tmp_path, GOOD)

    assert everything() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_second_import_at_the_same_time_is_told_to_wait(shop, tmp_path):
    outcome = []

    def other():
        try:
            imported(tmp_path, GOOD)
        except ImportBusy as busy:
            outcome.append(busy)
        finally:
            connection.close()

    with transaction.atomic():
        imported(tmp_path, GOOD)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)

    assert len(outcome) == 1 and Product.objects.count() == 1


# The command and the starter catalogue


def test_command_says_counts_and_where_the_rejects_are(shop, tmp_path):
    out, err = io.StringIO(), io.StringIO()
    path = written(tmp_path, text_of([GOOD, GOOD]))

    call_command("import_products", path, stdout=out, stderr=err)

    text = out.getvalue()
    assert "1 article créé" in text and "1 ligne refusée" in text and "-produits-rejets.csv" in text
    assert "Application" in err.getvalue()


def test_command_refuses_to_invent_outside_a_demonstration(shop, tmp_path):
    with pytest.raises(CommandError, match="démonstration"):
        call_command("import_products", written(tmp_path, text_of([GOOD])), demonstration=True)

    assert not Product.objects.exists()


def test_starter_catalogue_is_complete_and_leaves_staff_changes_alone(db):
    DepotFactory(), DepotFactory(code="lyon", is_default=False)

    first = load_starter()
    Product.objects.filter(ean="2000001000106").update(price=Decimal("9.99"))
    StockItem.objects.update(available=1)
    again = load_starter()

    with STARTER_FILE.open(encoding="utf-8", newline="") as file:
        rows = sum(1 for _row in csv.DictReader(file))
    assert (first.created, first.published, first.rejects) == (rows, rows, [])
    assert (again.created, again.updated, again.unchanged) == (0, 0, rows)
    assert Product.objects.get(ean="2000001000106").price == Decimal("9.99")
    assert StockItem.objects.count() == 2 * rows
    assert not StockItem.objects.exclude(available=1).exists()
    assert not Product.objects.exclude(invented=[]).exists()
    assert not Aisle.objects.filter(slug__startswith="autres-").exists()


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "catalogue_fr_large.csv").exists(), reason="shared data not here")
def test_both_shared_files_come_in_whole_and_twice(demonstration):
    for name, rows, created, published in (
        ("catalogue_fr_reference.csv", 1052, 1042, 928),
        ("catalogue_fr_large.csv", 14_000, 13_972, 9_861),
    ):
        first = run_import(DATA / name, demonstration=True)
        again = run_import(DATA / name, demonstration=True)

        assert (first.rows, first.created, first.published) == (rows, created, published)
        assert first.created + len(first.rejects) == rows
        assert (again.created, again.updated, again.unchanged) == (0, 0, created)
    assert not Product.objects.exclude(allergens=None).exists()
    published = Product.objects.filter(is_published=True)
    assert not published.filter(net_quantity=None).exists()
    assert not published.filter(
        shelf__slug__in=["bieres-et-cidres", "spiritueux"], alcohol_degree=None
    ).exists()
