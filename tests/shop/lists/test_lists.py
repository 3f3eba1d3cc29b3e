"""Named lists: kept from the basket, put back in it in one click."""

from decimal import Decimal

import html5lib
import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shop.basket.models import BasketLine
from shop.lists.models import ListItem, ShoppingList
from shop.lists.services import LISTS_AT_MOST
from tests.factories import CustomerFactory, ProductFactory, ZoneFactory

pytestmark = pytest.mark.django_db
ROGUE = "<script>alert(1)</script> O’Brien & fils"


@pytest.fixture(autouse=True)
def zone():
    return ZoneFactory()


@pytest.fixture
def customer(client):
    made = CustomerFactory()
    client.force_login(made.user)
    return made


@pytest.fixture
def weekly(customer):
    """A list of two products."""
    made = ShoppingList.objects.create(customer=customer, name="Semaine")
    for name, quantity in (("Brie", 2), ("Comté", 3)):
        ListItem.objects.create(shopping_list=made, product=ProductFactory(name=name), quantity=quantity)
    return made


def fill(client, *products, quantity=2):
    for product in products:
        client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": quantity})


def create(client, name):
    return client.post(reverse("create_list"), {"name": name})


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def in_basket():
    return dict(BasketLine.objects.values_list("product__name", "quantity"))


def page(client, *args):
    answer = client.get(reverse(*args[:1], args=args[1:]))
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "variable indéfinie" not in body
    assert html5lib.parse(body) is not None
    return body


# --- creating -------------------------------------------------------------------------------------


def test_the_basket_becomes_a_list(client, customer):
    fill(client, ProductFactory(name="Brie"), ProductFactory(name="Comté"), quantity=4)

    answer = create(client, "Semaine")

    assert answer.headers["Location"] == reverse("lists")
    made = customer.shopping_lists.get()
    assert made.name == "Semaine"
    assert set(made.items.values_list("product__name", "quantity")) == {("Brie", 4), ("Comté", 4)}
    assert set(in_basket()) == {"Brie", "Comté"}
    assert "Semaine" in page(client, "lists")
    assert "2 produits" in page(client, "lists")


def test_a_name_already_used_is_refused(client, customer, weekly):
    fill(client, ProductFactory())

    answer = create(client, "Semaine")

    assert told(answer)[-1] == "Vous avez déjà une liste de ce nom."
    assert customer.shopping_lists.get().items.count() == 2


def test_two_customers_may_use_the_same_name(client, customer):
    ShoppingList.objects.create(customer=CustomerFactory(), name="Semaine")
    fill(client, ProductFactory())

    create(client, "Semaine")

    assert customer.shopping_lists.get().name == "Semaine"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "\x00", "x" * 100_000])
def test_an_impossible_name_is_told_and_keeps_nothing(client, customer, name):
    fill(client, ProductFactory())

    answer = create(client, name)

    assert answer.status_code == 302
    assert told(answer)
    assert not ShoppingList.objects.exists()


def test_sixty_characters_are_a_name(client, customer):
    fill(client, ProductFactory())

    create(client, "é" * 60)

    assert customer.shopping_lists.get().name == "é" * 60


def test_a_basket_without_anything_makes_an_empty_list_or_none(client, customer):
    answer = create(client, "Semaine")

    assert answer.status_code == 302
    for made in ShoppingList.objects.all():
        assert "Semaine" in page(client, "list", made.pk)
        assert client.post(reverse("list_to_basket", args=[made.pk])).status_code == 302
    assert in_basket() == {}


def test_the_thirty_first_list_is_refused(client, customer):
    for number in range(LISTS_AT_MOST):
        ShoppingList.objects.create(customer=customer, name=f"Liste {number}")
    fill(client, ProductFactory())

    answer = create(client, "Une de trop")

    assert "30 listes" in told(answer)[-1]
    assert customer.shopping_lists.count() == LISTS_AT_MOST


def test_a_name_is_text_whatever_it_holds(client, customer):
    fill(client, ProductFactory())

    create(client, ROGUE)

    made = customer.shopping_lists.get()
    assert made.name == ROGUE
    for body in (page(client, "lists"), page(client, "list", made.pk)):
        assert "<script>alert(1)" not in body
        assert "&lt;script&gt;alert(1)&lt;/script&gt; O’Brien &amp; fils" in body


# --- renaming, deleting, removing -----------------------------------------------------------------


def test_a_list_is_renamed(client, weekly):
    client.post(reverse("rename_list", args=[weekly.pk]), {"name": "Quinzaine"})

    weekly.refresh_from_db()
    assert weekly.name == "Quinzaine"


@pytest.mark.parametrize("name", ["", "x" * 61, "\x00", "Dimanche"])
def test_an_impossible_new_name_is_told_and_changes_nothing(client, customer, weekly, name):
    ShoppingList.objects.create(customer=customer, name="Dimanche")

    answer = client.post(reverse("rename_list", args=[weekly.pk]), {"name": name})

    weekly.refresh_from_db()
    assert (answer.status_code, weekly.name) == (302, "Semaine")
    assert told(answer)


def test_a_list_is_deleted_and_the_basket_stays(client, weekly):
    fill(client, ProductFactory(name="Lait"))

    client.post(reverse("delete_list", args=[weekly.pk]))

    assert not ShoppingList.objects.exists()
    assert not ListItem.objects.exists()
    assert set(in_basket()) == {"Lait"}


def test_deleting_twice_finds_nothing(client, weekly):
    client.post(reverse("delete_list", args=[weekly.pk]))

    assert client.post(reverse("delete_list", args=[weekly.pk])).status_code == 404


def test_one_product_leaves_the_list(client, weekly):
    first = weekly.items.first()

    for _again in range(2):
        client.post(reverse("remove_list_item", args=[weekly.pk, first.product_id]))

    assert list(weekly.items.values_list("product__name", flat=True)) == ["Comté"]


def test_a_list_tells_what_each_pack_holds_and_costs_and_is_not_deleted_by_one_tap(client, weekly):
    page = plain(client.get(reverse("list", args=[weekly.pk])).content.decode())

    assert "2 × · 500 g · 2,50 € (5,00 €/kg)" in page
    before, fold, form = page.partition('<details class="fold"><summary>Supprimer cette liste')
    assert fold and reverse("delete_list", args=[weekly.pk]) in form and "delete_list" not in before


# --- back in the basket ---------------------------------------------------------------------------


def test_the_whole_list_goes_to_the_basket_in_one_click(client, weekly):
    answer = client.post(reverse("list_to_basket", args=[weekly.pk]))

    assert answer.headers["Location"] == reverse("basket")
    assert in_basket() == {"Brie": 2, "Comté": 3}
    assert told(answer) == ["2 produits remis dans votre panier."]


def test_what_is_gone_is_told_and_the_rest_is_added(client, weekly):
    brie = weekly.items.get(product__name="Brie").product
    brie.is_published = False
    brie.save()

    answer = client.post(reverse("list_to_basket", args=[weekly.pk]))

    assert in_basket() == {"Comté": 3}
    assert told(answer) == ["1 produit remis dans votre panier.", "Brie n’est plus disponible."]


def test_what_is_short_is_added_as_far_as_it_goes(client, weekly):
    brie = weekly.items.get(product__name="Brie").product
    brie.stock_items.update(on_hand=1)

    answer = client.post(reverse("list_to_basket", args=[weekly.pk]))

    assert in_basket() == {"Brie": 1, "Comté": 3}
    assert any(message.startswith("Brie : il en reste moins") for message in map(plain, told(answer)))


def test_a_changed_price_is_todays(client, weekly):
    brie = weekly.items.get(product__name="Brie").product
    brie.price = Decimal("9.99")
    brie.save()

    client.post(reverse("list_to_basket", args=[weekly.pk]))

    assert in_basket() == {"Brie": 2, "Comté": 3}


def plain(text):
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_a_list_whose_products_all_went_tells_so(client, weekly):
    for item in weekly.items.select_related("product"):
        item.product.is_published = False
        item.product.save()

    answer = client.post(reverse("list_to_basket", args=[weekly.pk]))

    assert in_basket() == {}
    assert told(answer) == ["Brie n’est plus disponible.", "Comté n’est plus disponible."]
    assert page(client, "list", weekly.pk)


def test_the_list_twice_in_the_basket_is_not_bought_twice_past_the_stock(client, weekly):
    for _again in range(2):
        client.post(reverse("list_to_basket", args=[weekly.pk]))

    stock = {"Brie": 100, "Comté": 100}
    assert all(quantity <= stock[name] for name, quantity in in_basket().items())
    assert set(in_basket()) == set(stock)


# --- somebody else's ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["list", "rename_list", "delete_list", "list_to_basket", "remove_list_item"])
def test_another_customers_list_is_not_found(client, weekly, name):
    client.force_login(CustomerFactory().user)
    arguments = [weekly.pk, weekly.items.first().product_id] if name == "remove_list_item" else [weekly.pk]

    read, written = client.get(reverse(name, args=arguments)), client.post(reverse(name, args=arguments))

    assert {read.status_code, written.status_code} == {404, 405}
    assert ShoppingList.objects.get().name == "Semaine"
    assert weekly.items.count() == 2
    assert in_basket() == {}


@pytest.mark.parametrize("pk", [0, 999_999_999, 2**63, 10**30])
def test_a_list_that_is_not_there_is_not_found(client, customer, pk):
    for name in ("list", "rename_list", "delete_list", "list_to_basket"):
        answer = (client.get if name == "list" else client.post)(reverse(name, args=[pk]))

        assert answer.status_code == 404


# --- cost -----------------------------------------------------------------------------------------


def test_a_list_costs_the_same_with_twice_the_products(client, weekly):
    for product in ProductFactory.create_batch(8):
        ListItem.objects.create(shopping_list=weekly, product=product)
    page(client, "list", weekly.pk)
    with CaptureQueriesContext(connection) as few:
        page(client, "list", weekly.pk)
    for product in ProductFactory.create_batch(10):
        ListItem.objects.create(shopping_list=weekly, product=product)

    with CaptureQueriesContext(connection) as many:
        page(client, "list", weekly.pk)

    assert len(many) == len(few) <= 10
