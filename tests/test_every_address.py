"""Every address of the shop, walked as a stranger, another customer and each staff group."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.staff import StaffGroup
from shop.lists.models import ShoppingList
from shop.orders.models import Order
from tests.factories import CustomerFactory, ProductFactory, UserFactory
from tests.shop.checkout.conftest import Walk, slot, terms, zone  # noqa: F401

pytestmark = pytest.mark.django_db
OURS = ("shop.", "crm.", "config.")


def _patterns(node=None, prefix=""):
    for entry in (node or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.app_name in {"admin"} or str(entry.pattern).startswith("accounts"):
                continue
            yield from _patterns(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern) and entry.name:
            yield entry


def own_names():
    return sorted({p.name for p in _patterns() if p.callback.__module__.startswith(OURS)})


# Pages that show or change what belongs to one customer: everybody else is sent to sign in or finds nothing.
PRIVATE = {
    "orders", "order", "reorder", "cancel_order", "lists", "list", "create_list", "rename_list", "delete_list",
    "list_to_basket", "remove_list_item",
}  # fmt: skip


@pytest.fixture
def owned(client, slot):  # noqa: F811
    """An order and a list of a customer who then leaves."""
    customer = CustomerFactory()
    client.force_login(customer.user)
    product = ProductFactory(name="Brie")
    walk = Walk(client).fill(product).hold(slot)
    walk.say_who()
    walk.come_back(walk.pay(walk.order()))
    made = ShoppingList.objects.create(customer=customer, name="Semaine")
    client.logout()
    return {"order": Order.objects.get(), "list": made, "product": product}


def address(name, owned):
    by_name = {
        "order": [owned["order"].reference],
        "reorder": [owned["order"].reference],
        "cancel_order": [owned["order"].reference],
        "list": [owned["list"].pk],
        "rename_list": [owned["list"].pk],
        "delete_list": [owned["list"].pk],
        "list_to_basket": [owned["list"].pk],
        "remove_list_item": [owned["list"].pk, owned["product"].pk],
    }
    return reverse(name, args=by_name.get(name, []))


def test_every_private_page_is_a_page():
    assert set(own_names()) >= PRIVATE


@pytest.mark.parametrize("name", sorted(PRIVATE))
def test_a_stranger_is_sent_to_sign_in(client, owned, name):
    for method in (client.get, client.post):
        answer = method(address(name, owned))

        assert answer.status_code == 405 or answer.headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", sorted(PRIVATE - {"orders", "lists", "create_list"}))
def test_another_customer_finds_nothing(client, owned, name):
    client.force_login(CustomerFactory().user)

    for method in (client.get, client.post):
        assert method(address(name, owned)).status_code in {404, 405}
    assert Order.objects.get().status == Order.Status.PLACED
    assert ShoppingList.objects.get().name == "Semaine"


@pytest.mark.parametrize("group", list(StaffGroup))
def test_staff_have_no_customers_pages(client, owned, group):
    call_command("seed_defaults", verbosity=0)
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)

    for name in sorted(PRIVATE - {"orders", "lists", "create_list"}):
        assert client.post(address(name, owned)).status_code in {404, 405}


@pytest.mark.parametrize("group", [None, *StaffGroup])
def test_the_admin_opens_to_each_group_what_its_table_says(client, zone, group):  # noqa: F811
    call_command("seed_defaults", verbosity=0)
    user = UserFactory(staff=group is not None)
    if group:
        user.groups.add(Group.objects.get(name=group))
    client.force_login(user)

    for model, options in admin.site._registry.items():
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        allowed = group and (
            user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
            or user.has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}")
        )
        expected = {200} if allowed else {302} if group is None else {403}

        assert client.get(page).status_code in expected, f"{group} {page} {options}"


def test_no_page_answers_a_get_with_a_change(client, zone):  # noqa: F811
    """A link, an image or a search engine must not be able to change anything."""
    changing = {
        name
        for name in own_names()
        if name.startswith(("set_", "hold_", "cancel", "empty", "delete", "add_"))
    }

    for pattern in _patterns():
        if pattern.name in changing and not pattern.pattern.converters:
            assert client.get(reverse(pattern.name)).status_code == 405, pattern.name
