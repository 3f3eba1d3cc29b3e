"""What staff do with stock and imports in the admin, and what it refuses."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from shop.catalogue.models import Product
from shop.stock.forms import StockForm
from shop.stock.models import StockItem, StockMovement
from tests.factories import AisleFactory, DepotFactory, ProductFactory, UserFactory
from tests.shop.stock.admin_pages import IMPORT, PRODUCTS, STOCK, act, page
from tests.shop.stock.files import GOOD, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lenient_templates")]


def test_stock_is_said_in_its_units_and_offers_nothing_to_save(staff):
    ProductFactory(weighed=True, stock=85_000)
    item = StockItem.objects.get()

    text = page(staff, f"{STOCK}{item.pk}/change/")

    assert "85\u00a0kg" in text and "€/kg" in text
    assert 'name="_save"' not in text


def test_stock_is_read_only_but_for_the_bulk_action(staff):
    product = ProductFactory(stock=5)
    item = StockItem.objects.get()

    staff.post(f"{STOCK}{item.pk}/change/", {"available": "999"})
    asked = act(staff, STOCK, "change_chosen", item.pk)
    act(staff, STOCK, "change_chosen", item.pk, confirm="1", how="receipt", quantity="12")

    assert product.name in asked.content.decode()
    assert StockItem.objects.get().available == 17


@pytest.mark.parametrize(
    ("how", "quantity"),
    [
        ("count", "-1"),
        ("receipt", "1.5"),
        ("receipt", "1e3"),
        ("receipt", "٣"),
        ("receipt", "0"),
        ("count", ""),
        ("x", "1"),
        ("write_off", "1"),
        ("picked", "1"),
        ("opening", "1"),
    ],
)
def test_nonsense_stock_is_refused(how, quantity):
    assert not StockForm({"how": how, "quantity": quantity}).is_valid()


def test_stock_never_falls_below_zero(staff):
    ProductFactory(stock=5)

    response = act(
        staff, STOCK, "change_chosen", StockItem.objects.get().pk, confirm="1", how="write_off", reason="broken",
        quantity="6",
    )  # fmt: skip

    assert "sous zéro" in response.content.decode()
    assert StockItem.objects.get().available == 5


def test_the_day_of_the_next_delivery_is_noted_with_the_count(staff):
    ProductFactory(stock=5)
    item, day = StockItem.objects.get().pk, timezone.localdate() + timedelta(days=2)
    change = {"confirm": "1", "how": "count", "quantity": "0"}

    act(staff, STOCK, "change_chosen", item, **change, expected_restock_on=day.isoformat())
    noted = StockItem.objects.get().expected_restock_on
    act(staff, STOCK, "change_chosen", item, **change)

    assert noted == day == StockItem.objects.get().expected_restock_on


def test_stock_outs_are_filtered(staff):
    ProductFactory(name="Épuisé", stock=0), ProductFactory(name="Abondant")

    assert "Abondant" not in page(staff, STOCK, dispo="rupture")
    assert "Épuisé" not in page(staff, STOCK, dispo="ok")


def test_product_action_leads_to_its_stock(staff):
    product = ProductFactory(name="Cherché")
    ProductFactory(name="Autre article")

    text = act(staff, PRODUCTS, "change_chosen_stock", product.pk).content.decode()

    assert "Cherché" in text and "Autre article" not in text


def upload(client, content, name="produits.csv", **data):
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, content), "depot": "paris", **data})


def test_import_page_tries_first_then_applies(staff, settings, tmp_path):
    settings.STATE_DIR = tmp_path
    DepotFactory(), AisleFactory(slug="yaourts")
    content = text_of([GOOD, GOOD, GOOD | {"ean": "=1+1"}]).encode()

    form = page(staff, IMPORT)
    tried = upload(staff, content, preview="on").content.decode()
    after_trial = Product.objects.count()
    applied = upload(staff, content).content.decode()

    assert "fichier CSV ou XLSX" in form.lower() or "Fichier CSV ou XLSX" in form
    assert "rien n’a été écrit" in tried and after_trial == 0
    assert "Import terminé" in applied and "déjà présent plus haut" in applied
    assert Product.objects.get().is_published


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"a|b\n", "x.csv", "En-tête inattendu"),
        (b"", "x.csv", "vide"),
        (b"ean,stock\n", "x.csv", "aucun article"),
        (b"ean\n" * 10, "x.exe", "CSV ou XLSX"),
        (b"0" * (3 * 1024 * 1024 + 1), "x.csv", "import_products"),
        (b"PK\x03\x04", "x.xlsx", "abîmé"),
    ],
)
def test_import_page_says_what_is_wrong(staff, content, name, words):
    DepotFactory()

    response = upload(staff, content, name)

    assert words in response.content.decode()
    assert not Product.objects.exists()


def test_import_page_renames_no_shelf_and_says_so(staff, settings, tmp_path):
    settings.STATE_DIR = tmp_path
    DepotFactory()
    shelf = AisleFactory(slug="yaourts", name="Yaourts")
    other = ProductFactory(shelf=shelf)

    form = page(staff, IMPORT)
    said = upload(staff, text_of([GOOD | {"aisle": "Yaourts d’ici"}]).encode()).content.decode()

    assert "ne crée ni ne renomme aucun rayon" in form
    assert "un import n’en crée ni n’en renomme aucun (Yaourts d’ici)" in said
    shelf.refresh_from_db(), other.refresh_from_db()
    assert (shelf.name, shelf.slug, other.shelf_id) == ("Yaourts", "yaourts", shelf.pk)
    assert Product.objects.count() == 1


def test_import_page_needs_both_rights(client):
    DepotFactory()
    user = UserFactory(staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="change_stockitem"))
    client.force_login(user)

    assert client.get(IMPORT).status_code == 403
    assert upload(client, text_of([GOOD]).encode()).status_code == 403
    assert not Product.objects.exists()


def rejects_of(content, folder, client):
    """The address of the rejects of an import, as its page gives it."""
    text = upload(client, content).content.decode()
    assert str(folder) not in text
    return re.search(r'href="(/admin/[^"]+-rejets\.csv)"', text).group(1)


def test_refused_lines_are_downloaded_without_a_path_or_a_formula(staff, settings, tmp_path):
    settings.STATE_DIR = tmp_path
    DepotFactory(), AisleFactory(slug="yaourts")
    eans = ["=1+1", "\uff1d1+1", "12;=1+1", " @SUM(1)"]

    address = rejects_of(text_of([GOOD | {"ean": ean} for ean in eans]).encode(), tmp_path, staff)
    answer = staff.get(address)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="[\d-]+-import-rejets\.csv"', answer["Content-Disposition"])
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["ligne"] for row in rows] == ["2", "3", "4", "5"]
    cells = [cell for row in rows for part in row.values() for cell in part.split(";")]
    assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@", "\uff1d"))]


def test_rejects_that_are_gone_are_said_so(staff, settings, tmp_path):
    settings.STATE_DIR = tmp_path
    DepotFactory(), AisleFactory(slug="yaourts")
    address = rejects_of(text_of([GOOD, GOOD]).encode(), tmp_path, staff)
    for file in (tmp_path / "imports").iterdir():
        file.unlink()

    answer = staff.get(address, follow=True)

    assert answer.redirect_chain == [(IMPORT, 302)]
    assert "n’est plus là" in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["..%2f..%2fsecret", "secret.csv", "%2e%2e", "20261122-101010-000000-a-rejets.csv%00"]
)
def test_no_other_file_is_read_by_its_name(staff, settings, tmp_path, name):
    settings.STATE_DIR = tmp_path / "state"
    (tmp_path / "state" / "imports").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "state" / "imports"):
        (folder / "secret").write_text("tout")
        (folder / "secret.csv").write_text("tout")

    answer = staff.get(f"{IMPORT}rejets/{name}")

    assert answer.status_code in {301, 302, 404}
    assert not answer.streaming


def test_rejects_need_both_rights(staff, client, settings, tmp_path):
    settings.STATE_DIR = tmp_path
    DepotFactory(), AisleFactory(slug="yaourts")
    address = rejects_of(text_of([GOOD, GOOD]).encode(), tmp_path, staff)
    user = UserFactory(staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_stockitem", "change_stockitem"]))

    client.force_login(user)
    refused = client.get(address)
    client.logout()
    unknown = client.get(address)

    assert refused.status_code == 403
    assert unknown.status_code == 302 and "/login/" in unknown["Location"]


def test_viewers_get_no_action(client):
    user = UserFactory(staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_product", "view_stockitem"]))
    client.force_login(user)
    product = ProductFactory(price=Decimal("2.00"))

    act(client, PRODUCTS, "change_chosen_prices", product.pk, confirm="1", how="fixed", value="1")
    act(client, PRODUCTS, "unpublish_chosen", product.pk)
    act(client, STOCK, "change_chosen", StockItem.objects.get().pk, confirm="1", how="set", quantity="1")
    own = client.post(
        reverse("admin:catalogue_product_change_this_price", args=[product.pk]),
        {"confirm": "1", "how": "fixed", "value": "1"},
    )

    stored = Product.objects.get()
    assert (stored.price, stored.is_published, own.status_code) == (Decimal("2.00"), True, 403)
    assert StockItem.objects.get().available == 100


RECEIVING = "/admin/stock/stockitem/receptionner/"
MOVEMENTS = "/admin/stock/stockmovement/"


def deliver(client, *lines, note="BL-7", **data):
    """Send the page of a delivery; each line is a dict of its filled cells."""
    filled = {f"l-{n}-{name}": value for n, line in enumerate(lines) for name, value in line.items()}
    sizes = {"l-TOTAL_FORMS": "15", "l-INITIAL_FORMS": "0"}
    return client.post(
        RECEIVING, {"depot": "paris", "delivery_note": note, **sizes, **filled, **data}, follow=True
    )


def test_a_delivery_is_entered_line_by_line(staff):
    piece, apples = ProductFactory(name="Brie", stock=0), ProductFactory(weighed=True, stock=0)
    use_by = timezone.localdate() + timedelta(days=20)

    form = page(staff, RECEIVING)
    after = deliver(
        staff,
        {
            "ean": piece.ean,
            "quantity": "24",
            "lot": "L12",
            "best_before_on": use_by.isoformat(),
            "unit_cost": "2,15",
        },
        {"ean": f" {apples.ean} ", "quantity": "12,5 kg"},
    )

    assert "Bon de livraison" in form and "Code-barres" in form
    assert after.redirect_chain[-1][0] == f"{MOVEMENTS}?q=BL-7"
    text = after.content.decode()
    assert "2 articles reçus" in text and "+12,5\u00a0kg" in text
    assert "Brie" in text and "L12" in text and "BL-7" in text
    assert list(StockItem.objects.order_by("pk").values_list("on_hand", flat=True)) == [24, 12_500]
    assert StockItem.objects.get(product=piece).unit_cost == Decimal("2.15")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"quantity": "3"}, "obligatoire"),
        ({"ean": "3017620422004", "quantity": "3"}, "mal lu"),
        ({"ean": "5901234123457", "quantity": "3"}, "ne connaît pas ce code-barres"),
        ({"quantity": "0", "ean": "OK"}, "nombre entier"),
        ({"quantity": "-4", "ean": "OK"}, "nombre entier"),
        ({"quantity": "1,5", "ean": "OK"}, "nombre entier"),
        ({"quantity": "2 kg", "ean": "OK"}, "nombre entier"),
        ({"quantity": "9" * 12, "ean": "OK"}, "nombre entier"),
        ({"quantity": "1", "ean": "OK", "best_before_on": "2020-01-01"}, "date est passée"),
        ({"quantity": "1", "ean": "OK", "unit_cost": "-1"}, "Saisissez un nombre, par exemple"),
        ({"quantity": "1", "ean": "OK", "lot": "L" * 41}, "au plus 40"),
        ({}, "Aucune ligne"),
    ],
)
def test_a_faulty_delivery_enters_nothing_and_names_the_line(staff, line, words):
    good, product = ProductFactory(stock=0), ProductFactory(stock=0)
    if line.get("ean") == "OK":
        line = line | {"ean": product.ean}

    answer = deliver(staff, line, *([{"ean": good.ean, "quantity": "5"}] if line else []))

    assert words in answer.content.decode()
    assert not StockItem.objects.exclude(on_hand=0).exists()


def test_the_same_lot_twice_on_one_note_is_pointed_at(staff):
    line = {"ean": ProductFactory(stock=0).ean, "quantity": "5"}

    assert "qu’à la ligne 1" in deliver(staff, line, line).content.decode()
    assert StockItem.objects.get().on_hand == 0


def test_a_note_entered_twice_says_so(staff):
    line = {"ean": ProductFactory(stock=0).ean, "quantity": "5"}
    deliver(staff, line)

    assert "Ce bon est déjà entré" in deliver(staff, line).content.decode()
    assert StockItem.objects.get().on_hand == 5


def test_a_forged_number_of_lines_is_refused(staff):
    answer = deliver(staff, **{"l-TOTAL_FORMS": "100000"})

    assert answer.status_code == 200 and not StockMovement.objects.exists()


def test_only_who_changes_stock_receives(client):
    user = UserFactory(staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_stockitem"))
    client.force_login(user)

    assert client.get(RECEIVING).status_code == 403
    assert deliver(client, {"ean": ProductFactory(stock=0).ean, "quantity": "5"}).status_code == 403
    assert StockItem.objects.get().on_hand == 0


def test_what_is_short_is_filtered_and_said(staff):
    ProductFactory(name="Promis", stock=2), ProductFactory(name="Abondant")
    StockItem.objects.filter(product__name="Promis").update(reserved=5)

    text = page(staff, STOCK, dispo="manque")

    assert "Promis" in text and "5, dont 3 manquent" in text and "Abondant" not in text


def test_a_stock_shows_its_latest_movements(staff):
    product = ProductFactory(weighed=True, stock=0)
    item = StockItem.objects.get()
    deliver(staff, {"ean": product.ean, "quantity": "5000"})
    act(staff, STOCK, "change_chosen", item.pk, confirm="1", how="write_off", quantity="250", reason="spoilt")

    text = page(staff, f"{STOCK}{item.pk}/change/")

    assert "+5 kg" in text.replace("\u00a0", " ") and "−250 g" in text.replace("\u00a0", " ")
    assert "abîmé ou impropre" in text


def test_a_restock_day_that_has_passed_is_refused(staff):
    ProductFactory(stock=5)
    change = {"confirm": "1", "how": "count", "quantity": "3", "expected_restock_on": "2020-01-01"}

    answer = act(staff, STOCK, "change_chosen", StockItem.objects.get().pk, **change)

    assert "Ce jour est passé" in answer.content.decode() and StockItem.objects.get().on_hand == 5
