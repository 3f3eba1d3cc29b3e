"""Whatever is wrong with a row or a file, there is never half an import."""

import threading
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from shop.catalogue.models import Aisle, Product
from shop.stock.importing import FileRefused, ImportBusy, run_import
from shop.stock.models import StockItem
from tests.factories import AisleFactory, ProductFactory, ean13
from tests.shop.stock.files import GOOD, HEADING, everything, imported, sheet, text_of, written


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


# --- shelves and brands that others stand on ----------------------------------------------------------


@pytest.fixture
def shared_shelf(shop, tmp_path):
    """The imported yoghurt, and another product on its shelf and of its brand that no file names."""
    imported(tmp_path, GOOD)
    product = Product.objects.get()
    Aisle.objects.filter(pk=product.shelf_id).update(name="Yaourts")
    AisleFactory(slug="desserts", parent=product.shelf.parent)
    return ProductFactory(ean=ean13(90_001), name="Skyr", shelf=product.shelf, brand=product.brand)


@pytest.mark.parametrize("renamed", ["Yaourts d’ici", "yaourts-d-ici", "Yaourts", "YAOURTS"])
def test_another_name_for_a_shelf_is_refused_and_nothing_moves(shared_shelf, tmp_path, renamed):
    before, aisles = everything(), list(Aisle.objects.order_by("pk").values())

    report = imported(tmp_path, GOOD | {"aisle": renamed})

    assert everything() == before
    assert list(Aisle.objects.order_by("pk").values()) == aisles
    assert [reject.reason for reject in report.rejects] == ["shelf"]
    assert "un import n’en crée ni n’en renomme aucun" in report.rejects[0].words
    assert renamed in report.rejects[0].words


def test_another_shelf_moves_the_article_of_its_row_alone_and_says_so(shared_shelf, tmp_path):
    other = list(Product.objects.filter(pk=shared_shelf.pk).values())

    report = imported(tmp_path, GOOD | {"aisle": "desserts"})

    assert Product.objects.get(ean=GOOD["ean"]).shelf.slug == "desserts"
    assert list(Product.objects.filter(pk=shared_shelf.pk).values()) == other
    assert report.moved == 1
    assert any("1 article change de rayon" in line for line in report.lines())


def test_a_file_that_moves_nothing_says_nothing_of_shelves(shared_shelf, tmp_path):
    report = imported(tmp_path, GOOD | {"price": "2,10"})

    assert report.moved == 0
    assert not any("change de rayon" in line for line in report.lines())


def test_a_brand_written_otherwise_keeps_its_name_for_the_others(shared_shelf, tmp_path):
    name = shared_shelf.brand.name

    imported(tmp_path, GOOD | {"brand": name.upper()})

    shared_shelf.brand.refresh_from_db()
    assert shared_shelf.brand.name == name
