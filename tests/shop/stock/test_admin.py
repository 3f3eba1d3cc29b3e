"""What staff do with products and stock in the admin, and what it refuses."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from config.staff import StaffGroup, seed_groups
from shop.catalogue.forms import AisleForm, PriceForm, ProductForm
from shop.catalogue.models import Aisle, Product, ProductPicture
from shop.catalogue.services import set_price
from shop.stock.forms import StockForm
from shop.stock.models import StockItem
from tests.factories import AisleFactory, DepotFactory, ProductFactory, UserFactory
from tests.shop.catalogue.test_services import NUTRITION
from tests.shop.stock.files import GOOD, text_of

pytestmark = pytest.mark.django_db
PRODUCTS = "/admin/catalogue/product/"
STOCK = "/admin/stock/stockitem/"
IMPORT = "/admin/stock/stockitem/importer-des-produits/"


@pytest.fixture(autouse=True, scope="module")
def lenient_templates():
    """Django's and Unfold's own admin templates count on undefined variables being empty."""
    first = settings.TEMPLATES[0]
    lenient = [first | {"OPTIONS": first["OPTIONS"] | {"string_if_invalid": ""}}]
    with override_settings(TEMPLATES=lenient):
        yield


@pytest.fixture
def staff(client):
    user = UserFactory(staff=True)
    names = ["view_product", "change_product", "add_product", "view_stockitem", "change_stockitem", "view_aisle",
             "change_aisle", "add_aisle", "delete_aisle", "view_brand", "change_brand", "add_brand",
             "view_productpicture", "add_productpicture", "change_productpicture", "delete_productpicture"]  # fmt: skip
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def page(client, address, **query):
    response = client.get(address, query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def act(client, address, action, *ids, **data):
    return client.post(address, {"action": action, "_selected_action": ids, **data}, follow=True)


def form_of(product, **changes):
    values = {
        "name": product.name, "brand": product.brand_id, "shelf": product.shelf_id, "description": "",
        "packaging": "", "packshot": "box", "sold_by": "piece", "weight_step_g": "", "net_quantity": "500",
        "net_unit": "g", "vat_rate": "5.5", "deposit": "0", "is_food": "on", "ingredients": product.ingredients,
        "allergens": ["lait"], "nutrition": "{}", "stated_nutriscore": "", "legal_name": "", "operator": "", "instructions": "", "labels": "", "origin": "",
        "storage": "", "alcohol_degree": "", "minimum_age": "", "pictures-TOTAL_FORMS": "0",
        "pictures-INITIAL_FORMS": "0",
    }  # fmt: skip
    return values | changes


def picture_bytes():
    target = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(target, "JPEG")
    return target.getvalue() + b"<?php evil ?>"


@pytest.mark.parametrize("words", ["crème brulee", "CREME", "brûlée"])
def test_products_are_found_without_accents(staff, words):
    ProductFactory(name="Crème brûlée", draft=True), ProductFactory(name="Pain noir")

    text = page(staff, PRODUCTS, q=words)

    assert "Crème brûlée" in text and "Pain noir" not in text


def test_products_are_found_by_code_and_brand(staff):
    product = ProductFactory(name="Crème brûlée", ean="3017620422003")

    assert "Crème brûlée" in page(staff, PRODUCTS, q="3017620422003")
    assert "Crème brûlée" in page(staff, PRODUCTS, q=product.brand.name)


def test_filters_narrow_by_shelf_and_by_what_is_missing(staff):
    product = ProductFactory(name="Sans origine", missing=["origin"])
    ProductFactory(name="Complet", shelf=AisleFactory(slug="pains", parent=AisleFactory(slug="boulangerie")))

    assert "Complet" not in page(staff, PRODUCTS, manque="origin")
    assert "Sans origine" not in page(staff, PRODUCTS, manque="complet")
    assert "Complet" not in page(staff, PRODUCTS, rayon=str(product.shelf.parent_id))
    assert "Sans origine" in page(staff, PRODUCTS, rayon=str(product.shelf_id))
    assert "Complet" in page(staff, PRODUCTS, manque="' OR 1=1", rayon="x")


def test_product_list_costs_the_same_with_more_products(staff, django_assert_max_num_queries):
    ProductFactory.create_batch(20)

    with django_assert_max_num_queries(14):
        page(staff, PRODUCTS)


def test_change_page_lists_what_is_missing(staff):
    product = ProductFactory(draft=True)

    text = page(staff, f"{PRODUCTS}{product.pk}/change/")

    assert "prix manquant" in text and "déclaration nutritionnelle incomplète" in text
    assert "Dépôt de Paris" in text
    assert 'name="price"' not in text and 'name="is_published"' not in text


def test_form_saves_particulars_and_never_the_price(staff):
    product = ProductFactory(draft=True)
    set_price(product_id=product.pk, price=Decimal("4.20"))

    response = staff.post(
        f"{PRODUCTS}{product.pk}/change/",
        form_of(
            product,
            name="Yaourt",
            price="0.01",
            is_published="on",
            net_quantity="1\u202f250,5",
            allergens=["aucun"],
        ),
    )

    stored = Product.objects.get()
    assert response.status_code == 302, response.context["errors"]
    assert (stored.name, stored.net_quantity, stored.allergens) == ("Yaourt", Decimal("1250.50"), [])
    assert (stored.price, stored.is_published) == (Decimal("4.20"), False)
    assert stored.sort_name == "yaourt"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""}, {"net_quantity": "-1"}, {"net_quantity": "1e3"}, {"net_quantity": "٣"}, {"deposit": "-1"},
        {"sold_by": "weight"}, {"allergens": ["aucun", "lait"]}, {"allergens": ["poison"]}, {"nutrition": "["},
        {"nutrition": '{"fat_g": 900}'}, {"stated_nutriscore": "z"}, {"alcohol_degree": "97"}, {"vat_rate": "7"},
        {"name": "x" * 201},
    ],
)  # fmt: skip
def test_form_refuses_nonsense(changes):
    product = ProductFactory(draft=True)

    sane = ProductForm({"ean": product.ean} | form_of(product), instance=product)
    form = ProductForm({"ean": product.ean} | form_of(product, **changes), instance=product)

    assert sane.is_valid(), sane.errors
    assert set(changes) & set(form.errors) or "weight_step_g" in form.errors


def test_product_on_sale_keeps_its_particulars(staff):
    product = ProductFactory(nutrition=NUTRITION)

    response = staff.post(f"{PRODUCTS}{product.pk}/change/", form_of(product, ingredients=""))

    assert "liste des ingrédients manquante" in response.content.decode()
    assert Product.objects.get().ingredients


def test_new_product_is_a_draft(staff):
    shelf = AisleFactory(slug="yaourts")

    response = staff.post(
        f"{PRODUCTS}add/",
        {**form_of(Product(ingredients="LAIT.")), "brand": "", "shelf": shelf.pk,
         "ean": "3 017620 422003", "name": "Skyr"},
    )  # fmt: skip

    assert response.status_code == 302
    stored = Product.objects.get()
    assert (stored.ean, stored.slug, stored.is_published) == ("3017620422003", "skyr-3017620422003", False)


def test_publishing_names_what_is_missing(staff):
    complete = ProductFactory(is_published=False, nutrition=NUTRITION)
    draft = ProductFactory(draft=True, name="Brouillon")

    text = act(staff, PRODUCTS, "publish_chosen", complete.pk, draft.pk).content.decode()

    assert "Brouillon\u202f: prix manquant" in text
    assert set(Product.objects.filter(is_published=True)) == {complete}


def test_withdrawing_takes_off_sale(staff):
    product = ProductFactory()

    act(staff, PRODUCTS, "unpublish_chosen", product.pk)

    assert not Product.objects.get().is_published


def test_prices_change_together_after_a_confirmation(staff):
    first, second = ProductFactory(price=Decimal("2.00")), ProductFactory(price=Decimal("3.33"))

    asked = act(staff, PRODUCTS, "change_chosen_prices", first.pk, second.pk)
    unchanged = list(Product.objects.values_list("price", flat=True))
    act(staff, PRODUCTS, "change_chosen_prices", first.pk, second.pk, confirm="1", how="percent", value="−5")

    assert "Changer les prix" in asked.content.decode()
    assert sorted(unchanged) == [Decimal("2.00"), Decimal("3.33")]
    assert sorted(Product.objects.values_list("price", flat=True)) == [Decimal("1.90"), Decimal("3.16")]


@pytest.mark.parametrize(
    ("how", "value"),
    [("fixed", "0"), ("fixed", "-2"), ("fixed", "1e3"), ("fixed", "1,234"), ("fixed", ""), ("percent", "-60"),
     ("percent", "0"), ("percent", "٥"), ("autre", "5")],
)  # fmt: skip
def test_nonsense_prices_are_refused(how, value):
    assert not PriceForm({"how": how, "value": value}).is_valid()


def test_refused_price_changes_nothing(staff):
    product = ProductFactory(price=Decimal("2.00"))

    response = act(staff, PRODUCTS, "change_chosen_prices", product.pk, confirm="1", how="fixed", value="0")

    assert "Un prix va de 0,01" in response.content.decode()
    assert Product.objects.get().price == Decimal("2.00")


def test_one_price_is_changed_from_its_own_page(staff):
    product = ProductFactory(price=Decimal("2.00"))
    address = reverse("admin:catalogue_product_change_this_price", args=[product.pk])

    asked = page(staff, address)
    staff.post(address, {"confirm": "1", "how": "fixed", "value": "2,50"})

    assert product.name in asked
    assert Product.objects.get().price == Decimal("2.50")


def test_pictures_are_cleaned_and_fakes_refused(staff, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    product = ProductFactory(draft=True)
    address = f"{PRODUCTS}{product.pk}/change/"
    inline = {
        "pictures-TOTAL_FORMS": "1",
        "pictures-0-alt": "",
        "pictures-0-position": "1",
        "pictures-0-product": product.pk,
    }

    fake = staff.post(
        address, form_of(product, **inline, **{"pictures-0-image": SimpleUploadedFile("a.jpg", b"<svg/>")})
    )
    none_kept = ProductPicture.objects.count()
    staff.post(
        address,
        form_of(product, **inline, **{"pictures-0-image": SimpleUploadedFile("../a.php", picture_bytes())}),
    )

    assert "n’est pas une image" in fake.content.decode() and none_kept == 0
    picture = ProductPicture.objects.get()
    assert picture.image.name.endswith(".jpg") and picture.width == 40
    assert b"php" not in picture.image.read()


def test_products_are_never_deleted(staff):
    product = ProductFactory()

    assert staff.post(f"{PRODUCTS}{product.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Product.objects.exists()


def member_of(group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.set(Group.objects.filter(name=group))
    return user


EXPORTS = [
    (PRODUCTS, "productresource_ean"),
    (STOCK, "stockitemresource_ean"),
]


@pytest.mark.parametrize("group", [StaffGroup.COURIER, None])
@pytest.mark.parametrize(("listed", "column"), EXPORTS)
def test_who_may_not_read_a_list_takes_no_file_of_it(client, group, listed, column):
    product = ProductFactory()
    client.force_login(member_of(group))

    asked = client.get(f"{listed}export/")
    sent = client.post(f"{listed}export/", {"format": "0", "resource": "", column: "on"})

    assert (asked.status_code, sent.status_code) == (403, 403)
    assert product.ean not in asked.content.decode() + sent.content.decode()


@pytest.mark.parametrize(("listed", "column"), EXPORTS)
def test_the_catalogue_group_takes_a_file(client, listed, column):
    product = ProductFactory()
    client.force_login(member_of(StaffGroup.CATALOGUE))

    asked = client.get(f"{listed}export/")
    sent = client.post(f"{listed}export/", {"format": "0", "resource": "", column: "on"})

    assert asked.status_code == 200
    assert sent.headers["Content-Type"].startswith("text/csv")
    assert product.ean in sent.content.decode()


def test_export_reads_back_as_an_import(staff, tmp_path, settings):
    settings.STATE_DIR = tmp_path
    product = ProductFactory(nutrition=NUTRITION, labels=["AB"], allergens=[])

    response = staff.post(
        f"{PRODUCTS}export/",
        {
            "format": "0",
            "resource": "",
            **dict.fromkeys(
                [
                    "productresource_ean",
                    "productresource_name",
                    "productresource_brand",
                    "productresource_aisle",
                ],
                "on",
            ),
        },
    )
    content = response.content if not response.streaming else b"".join(response.streaming_content)

    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0]["ean"] == product.ean and rows[0]["aisle"] == product.shelf.slug


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
    act(staff, STOCK, "change_chosen", item.pk, confirm="1", how="add", quantity="12")

    assert product.name in asked.content.decode()
    assert StockItem.objects.get().available == 17


@pytest.mark.parametrize(
    ("how", "quantity"),
    [("set", "-1"), ("add", "1.5"), ("add", "1e3"), ("add", "٣"), ("set", ""), ("x", "1")],
)
def test_nonsense_stock_is_refused(how, quantity):
    assert not StockForm({"how": how, "quantity": quantity}).is_valid()


def test_stock_never_falls_below_zero(staff):
    ProductFactory(stock=5)

    response = act(
        staff, STOCK, "change_chosen", StockItem.objects.get().pk, confirm="1", how="add", quantity="-6"
    )

    assert "sous zéro" in response.content.decode()
    assert StockItem.objects.get().available == 5


def test_the_day_of_the_next_delivery_is_noted_with_the_count(staff):
    ProductFactory(stock=5)
    item, day = StockItem.objects.get().pk, timezone.localdate() + timedelta(days=2)
    change = {"confirm": "1", "how": "set", "quantity": "0"}

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


def test_shelf_keeps_its_address_and_its_products(staff):
    product = ProductFactory()
    shelf = product.shelf

    listed = page(staff, "/admin/catalogue/aisle/")
    staff.post(
        f"/admin/catalogue/aisle/{shelf.pk}/change/",
        {"name": "Laitages", "slug": "autre", "parent": shelf.parent_id, "position": "5", "tint": "cremerie",
         "default_vat_rate": "5.5", "requires": "origin"},
    )  # fmt: skip
    deleted = staff.post(f"/admin/catalogue/aisle/{shelf.pk}/delete/", {"post": "yes"})

    stored = Aisle.objects.get(pk=shelf.pk)
    assert shelf.name in listed
    assert (stored.name, stored.slug, stored.requires) == ("Laitages", "yaourts", ["origin"])
    assert deleted.status_code == 403


def test_the_aisle_tree_has_two_levels():
    shelf = AisleFactory(slug="pains", parent=AisleFactory(slug="boulangerie"))
    data = {
        "name": "X",
        "slug": "x",
        "position": "1",
        "tint": "neutral",
        "default_vat_rate": "5.5",
        "requires": "",
    }

    below_shelf = AisleForm(data | {"parent": shelf.pk})
    below_itself = AisleForm(data | {"parent": shelf.parent_id}, instance=shelf.parent)
    right = AisleForm(data | {"parent": shelf.parent_id})

    assert "parent" in below_shelf.errors and "parent" in below_itself.errors
    assert right.is_valid(), right.errors


def test_empty_shelf_can_go(staff):
    shelf = AisleFactory(slug="vide")

    staff.post(f"/admin/catalogue/aisle/{shelf.pk}/delete/", {"post": "yes"})

    assert not Aisle.objects.exists()


def test_renamed_brand_shows_on_its_products(staff):
    product = ProductFactory()

    page(staff, "/admin/catalogue/brand/")
    staff.post(f"/admin/catalogue/brand/{product.brand_id}/change/", {"name": "Cabas Bio"})

    assert Product.objects.get().version == 2
