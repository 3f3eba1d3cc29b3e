"""The command, the starter catalogue and the files of real products."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from shop.catalogue.models import Aisle, Product
from shop.stock.importing import load_starter, run_import
from shop.stock.importing.starter import starter_files
from shop.stock.models import StockItem
from tests.factories import DepotFactory
from tests.shop.stock.files import (
    GOOD,
    text_of,
    written,
)

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


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
    StockItem.objects.update(on_hand=1)
    again = load_starter()

    rows = sum(len(list(csv.DictReader(path.open(encoding="utf-8")))) for path in starter_files())
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


def test_command_says_in_one_line_that_a_file_is_empty(shop, tmp_path):
    with pytest.raises(CommandError, match="Le fichier est vide"):
        call_command("import_products", str(written(tmp_path, b"")))

    assert not Product.objects.exists()


def test_command_renames_no_shelf_and_says_so(shop, tmp_path, capsys):
    file = written(tmp_path, text_of([GOOD | {"aisle": "Yaourts d’ici"}]))

    call_command("import_products", str(file))

    assert "rayon inconnu, un import n’en crée ni n’en renomme aucun\u202f: 1" in capsys.readouterr().out
    assert not Aisle.objects.filter(name="Yaourts d’ici").exists()
    assert not Product.objects.exists()
