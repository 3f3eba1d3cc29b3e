"""What staff do with products, aisles and brands in the admin, and what it refuses."""

import csv
import io
import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from config.staff import StaffGroup, seed_groups
from shop.catalogue.forms import AisleForm, PriceForm, ProductForm
from shop.catalogue.models import Aisle, Product, ProductPicture
from shop.catalogue.nutrition import LINES
from shop.catalogue.resources import ProductResource
from shop.catalogue.services import set_price
from shop.stock.admin.items import StockResource
from shop.stock.importing import run_import
from shop.stock.models import StockItem
from tests.factories import AisleFactory, ProductFactory, UserFactory
from tests.shop.catalogue.test_services import NUTRITION
from tests.shop.stock.admin_pages import PRODUCTS, STOCK, act, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lenient_templates")]


def form_of(product, **changes):
    values = {
        "name": product.name, "brand": product.brand_id, "shelf": product.shelf_id, "description": "",
        "packaging": "", "packshot": "box", "sold_by": "piece", "weight_step_g": "", "net_quantity": "500",
        "net_unit": "g", "vat_rate": "5.5", "deposit": "0", "is_food": "on", "ingredients": product.ingredients,
        "allergens": ["lait"], "stated_nutriscore": "", "legal_name": "", "operator": "", "instructions": "", "labels": "", "origin": "",
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
        {"sold_by": "weight"}, {"allergens": ["aucun", "lait"]}, {"allergens": ["poison"]}, {"nutrition_fat_g": "["},
        {"nutrition_fat_g": "900"}, {"nutrition_fat_g": "-1"}, {"nutrition_salt_g": "1e1"},
        {"nutrition_sugars_g": "5", "nutrition_carbohydrates_g": "4"}, {"stated_nutriscore": "z"}, {"alcohol_degree": "97"}, {"vat_rate": "7"},
        {"name": "x" * 201},
    ],
)  # fmt: skip
def test_form_refuses_nonsense(changes):
    product = ProductFactory(draft=True)

    sane = ProductForm({"ean": product.ean} | form_of(product), instance=product)
    form = ProductForm({"ean": product.ean} | form_of(product, **changes), instance=product)

    assert sane.is_valid(), sane.errors
    faulty = {name.partition("_")[0] if name.startswith("nutrition") else name for name in changes}
    assert faulty & set(form.errors) or "weight_step_g" in form.errors


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


def taken(client, listed, *columns):
    """The file of an export in which these columns were ticked, and its name."""
    sent = client.post(f"{listed}export/", {"format": "0", "resource": "", **dict.fromkeys(columns, "on")})
    content = sent.content if not sent.streaming else b"".join(sent.streaming_content)
    return content, sent.headers["Content-Disposition"]


def test_export_reads_back_as_an_import(staff, tmp_path, settings):
    settings.STATE_DIR = tmp_path
    product = ProductFactory(nutrition=NUTRITION, labels=["AB"], allergens=[])
    before = Product.objects.values().get()

    content, name = taken(
        staff, PRODUCTS, *(f"productresource_{column}" for column in ProductResource.Meta.fields)
    )
    (tmp_path / "retour.csv").write_bytes(content)
    report = run_import(tmp_path / "retour.csv")

    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert content.startswith("\ufeff".encode()) and 'filename="produits-' in name
    assert rows[0]["ean"] == product.ean and rows[0]["aisle"] == product.shelf.slug
    assert (report.rows, report.unchanged, report.rejects) == (1, 1, [])
    assert Product.objects.values().get() == before


def test_the_stock_of_a_depot_reads_back_as_an_import(staff, tmp_path, settings):
    settings.STATE_DIR = tmp_path
    ProductFactory(stock=12)

    content, name = taken(
        staff, STOCK, *(f"stockitemresource_{column}" for column in StockResource.Meta.fields)
    )
    (tmp_path / "retour.csv").write_text(content.decode("utf-8-sig").replace(";12;", ";17;", 1))
    report = run_import(tmp_path / "retour.csv")

    assert 'filename="stocks-' in name and (report.rows, report.updated, report.rejects) == (1, 1, [])
    assert StockItem.objects.values_list("on_hand", "unit_cost").get() == (17, Decimal("1.5"))


def test_shelf_keeps_its_address_and_its_products(staff):
    product = ProductFactory()
    shelf = product.shelf

    listed = page(staff, "/admin/catalogue/aisle/")
    staff.post(
        f"/admin/catalogue/aisle/{shelf.pk}/change/",
        {"name": "Laitages", "slug": "autre", "parent": shelf.parent_id, "position": "5", "tint": "cremerie",
         "default_vat_rate": "5.5", "temperature": "chilled", "requires": "origin"},
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
        "temperature": "ambient",
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


@pytest.mark.parametrize("age", ["0", "22", "999", "-1"])
def test_nobody_must_be_nine_hundred_years_old(age):
    product = ProductFactory()

    form = ProductForm(form_of(product, minimum_age=age), instance=product)

    assert "minimum_age" in form.errors


def test_one_fault_of_the_allergens_is_told_once():
    product = ProductFactory()

    form = ProductForm(
        form_of(product, allergens=["aucun", "lait"], allergens_checked_on="2026-01-05"), instance=product
    )

    assert "allergens" in form.errors and "allergens_checked_on" not in form.errors


@pytest.mark.parametrize("number", ["abc", "0", "99999999", "9" * 30])
def test_the_price_of_no_product_is_not_found(staff, number):
    assert staff.get(f"{PRODUCTS}{number}/prix/").status_code == 404


def test_the_page_of_a_price_says_what_it_is_now_and_leads_back(staff):
    product = ProductFactory(price="2.50")

    text = page(staff, f"{PRODUCTS}{product.pk}/prix/")

    assert "2,50\u00a0€" in text and f'href="{PRODUCTS}{product.pk}/change/"' in text


def test_nutrition_is_typed_line_by_line_and_read_back(staff):
    product = ProductFactory(nutrition=NUTRITION | {"energy_kj": 250, "fat_g": 3.5, "salt_g": 0.123})
    address = f"{PRODUCTS}{product.pk}/change/"

    text = page(staff, address)
    shown = dict(re.findall(r'name="nutrition_(\w+)" value="([^"]*)"', text))
    answer = staff.post(address, form_of(product, **{f"nutrition_{name}": value for name, value in shown.items()},
                                nutrition_fiber_g="2,1"))  # fmt: skip

    assert answer.status_code == 302, answer.context["errors"]
    assert (shown["energy_kj"], shown["fat_g"], shown["salt_g"]) == ("250", "3,5", "0,123")
    assert (
        all(f'for="id_nutrition_{place}"' in text for place in range(len(LINES)))
        and "dont sucres (g)" in text
    )
    assert Product.objects.get().nutrition == product.nutrition | {"fiber_g": 2.1}


def test_nutrition_that_does_not_add_up_says_what_to_look_at():
    product = ProductFactory()

    form = ProductForm(
        form_of(product, nutrition_fat_g="60", nutrition_carbohydrates_g="60"), instance=product
    )

    assert "Ces valeurs ne vont pas ensemble" in form.errors["nutrition"][0]
