"""What to do when an article is missing: chosen once for all, and article by article where wanted."""

import re

import pytest
from django.urls import reverse

from shop.customers.models import Customer
from shop.orders.models import Order
from shop.orders.rules import effective_choice
from tests.factories import CustomerFactory, ProductFactory
from tests.shop.checkout.conftest import RECIPIENT, Walk, ready, slot, terms, walk, zone  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(client, slot):  # noqa: F811
    """A signed-in customer at the recap, with two articles."""
    customer = CustomerFactory()
    client.force_login(customer.user)
    steps = Walk(client).fill(ProductFactory(name="Brie"), ProductFactory(name="Comté")).hold(slot)
    steps.say_who()
    steps.customer = customer
    return steps


def line_field(name):
    return f"manque-{ProductFactory._meta.model.objects.get(name=name).pk}"


def lines_of(order):
    return dict(order.lines.values_list("name", "shortage_choice"))


def checked(page):
    return re.search(r'name="shortage" value="(\w+)"[^>]* checked', page.content.decode())[1]


def test_nobody_has_to_choose_and_is_asked(ready):  # noqa: F811
    page = ready.recap()

    assert "Si un article manque\u202f: me demander" in page.content.decode() and checked(page) == "ask"
    assert "rien n’est remplacé sans vous le demander" in page.content.decode()
    ready.order()
    assert Order.objects.get().shortage_choice == "ask"
    assert lines_of(Order.objects.get()) == {"Comté": ""}


def test_a_choice_for_all_and_another_for_one_are_kept_with_the_order(own):
    own.order(shortage="leave_out", **{line_field("Brie"): "cancel"})

    order = Order.objects.get()
    assert order.shortage_choice == "leave_out"
    assert lines_of(order) == {"Brie": "cancel", "Comté": ""}


def test_what_was_chosen_is_chosen_next_time(own):
    own.order(shortage="later")

    assert Customer.objects.get(pk=own.customer.pk).shortage_choice == "later"
    assert checked(own.recap()) == "later"
    assert "Si un article manque\u202f: le livrer plus tard" in own.recap().content.decode()


@pytest.mark.parametrize("field", ["shortage", "line"])
@pytest.mark.parametrize("value", ["rien", "ASK", "<script>rien", "x" * 5000])
def test_a_forged_choice_orders_nothing(own, field, value):
    name = "shortage" if field == "shortage" else line_field("Brie")

    answer = own.order(**{name: value})

    assert answer.status_code == 302 and not Order.objects.exists()
    text = own.client.get(answer.headers["Location"]).content.decode()
    assert "choix valide" in text and "<script>rien" not in text


def test_cancelling_everything_is_no_answer_for_all(own):
    own.order(shortage="cancel")

    assert not Order.objects.exists()


def test_a_choice_for_what_is_not_in_the_basket_is_nothing(own):
    stranger = ProductFactory(name="Autre")

    own.order(**{f"manque-{stranger.pk}": "cancel", "manque-abc": "cancel"})

    assert set(lines_of(Order.objects.get()).values()) == {""}


def test_a_refused_form_keeps_what_was_chosen(own):
    answer = own.order(terms="", shortage="leave_out", **{line_field("Brie"): "later"})

    page = own.client.get(answer.headers["Location"]).content.decode()
    assert re.search(r'value="leave_out"[^>]* checked', page)
    assert '<option value="later" selected>' in page
    assert '<details class="fold" open>' in page


def test_another_choice_before_paying_makes_another_order(own):
    own.order(shortage="ask")
    first = Order.objects.get()

    own.order(shortage="leave_out")

    first.refresh_from_db()
    assert first.status == Order.Status.ABANDONED
    assert Order.objects.exclude(pk=first.pk).get().shortage_choice == "leave_out"


def test_the_same_choice_again_resumes_the_same_order(own):
    choice = {"shortage": "later", line_field("Comté"): "ask"}
    own.order(**choice)
    own.order(**choice)

    assert Order.objects.count() == 1


def test_the_order_says_what_was_chosen(own):
    own.come_back(own.pay(own.order(shortage="substitute", **{line_field("Brie"): "leave_out"})))

    page = own.client.get(reverse("order", args=[Order.objects.get().reference])).content.decode()

    assert "Le remplacer par le plus proche, jamais plus cher." in page
    assert "Brie\u202f: ne pas le livrer, ne pas le payer" in page
    assert "rien n’est remplacé sans vous le demander" in page


@pytest.mark.parametrize(
    ("of_order", "of_line", "rank", "expected"),
    [
        ("ask", "", 1, "ask"), ("substitute", "", 1, "ask"), ("substitute", "", 3, "ask"),
        ("substitute", "", 4, "substitute"), ("leave_out", "substitute", 2, "ask"), ("leave_out", "", 1, "leave_out"),
        ("ask", "substitute", 9, "substitute"), ("substitute", "cancel", 1, "cancel"), ("later", "ask", 9, "ask"),
    ],
)  # fmt: skip
def test_the_first_three_orders_are_never_replaced_without_asking(of_order, of_line, rank, expected):
    assert effective_choice(of_order=of_order, of_line=of_line, rank=rank) == expected


def test_a_guest_leaves_no_choice_to_anybody_else(ready):  # noqa: F811
    customer = CustomerFactory(user__email=RECIPIENT["email"])

    ready.order(shortage="later")

    customer.refresh_from_db()
    assert (Order.objects.get().shortage_choice, customer.shortage_choice) == ("later", "ask")
