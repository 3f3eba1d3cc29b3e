"""What of an order counts for points: the articles finally paid, from the day their money was taken."""

from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from config.facts import deliver_all
from loyalty.points.models import PointEntry, PointOrder
from shop.customers.models import User
from shop.orders import services
from shop.payments.errors import ProviderRejected
from shop.payments.gateways.demo import DemoGateway
from shop.payments.models import PaymentOperation
from tests.factories import ProductFactory
from tests.loyalty.points.earning import programme
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.claims.reporting import delivered
from tests.shop.orders.depot import lines_of, packed, place, settle
from tests.shop.orders.returning import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _programme():
    programme()


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)


def counted(order):
    return (
        PointOrder.objects.filter(order_reference=order.reference)
        .values_list("counted_cents", flat=True)
        .first()
    )


def give_back(order, name, quantity, occasion="staff-1"):
    services.give_back(
        order_reference=order.reference, reason="damaged", occasion=occasion,
        lines=[services.Returned(lines_of(order)[name].pk, quantity)],
    )  # fmt: skip
    deliver_all()


def test_articles_count_once_their_money_was_taken_and_wait_from_the_delivery_on(zone, comte):  # noqa: F811
    order = place(zone, {comte: 12})
    packed(order)
    assert counted(order) is None

    settle()
    assert counted(order) == 4800
    assert PointOrder.objects.get().delivered_at is None

    order = delivered_after(order)
    assert PointOrder.objects.get().delivered_at == order.delivered_at
    assert [entry.points for entry in PointEntry.objects.all()] == [30]


def delivered_after(order):
    services.hand_over(reference=order.reference)
    deliver_all()
    order.refresh_from_db()
    return order


def test_what_was_not_delivered_never_counts(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 12}), {comte: 11})
    settle()

    assert counted(order) == 4400


def test_what_is_given_back_counts_no_more_whatever_is_told_again(zone, comte):  # noqa: F811
    order = delivered(place(zone, {comte: 12}))

    give_back(order, "Comté", 5)
    services.count_points(reference=order.reference)

    assert counted(order) == 2800
    assert sorted(PointEntry.objects.values_list("points", flat=True)) == [-20, 30]


def test_what_the_provider_refused_counts_no_more_once_it_is_asked_anew(zone, comte):  # noqa: F811
    order = delivered(place(zone, {comte: 12}))
    give_back(order, "Comté", 5)
    PaymentOperation.objects.filter(kind="refund").update(state="refused")
    give_back(order, "Comté", 2, occasion="staff-2")
    assert counted(order) == 4000

    give_back(order, "Comté", 5)

    assert counted(order) == 2000
    assert sum(PointEntry.objects.values_list("points", flat=True)) == 10


def test_what_the_provider_refuses_counts_again_as_it_is_refused(zone, comte, monkeypatch):  # noqa: F811
    order = delivered(place(zone, {comte: 12}))
    settle()

    def refuse(*_of, **_what):
        raise ProviderRejected("no")

    with monkeypatch.context() as bank:
        bank.setattr(DemoGateway, "refund", refuse)
        give_back(order, "Comté", 5)
        settle()
    assert PaymentOperation.objects.get(kind="refund").state == "refused"
    assert counted(order) == 4800

    give_back(order, "Comté", 5)
    settle()

    assert counted(order) == 2800
    assert sum(PointEntry.objects.values_list("points", flat=True)) == 10


def test_neither_first_age_milk_nor_alcohol_nor_deposits_nor_the_way_count(zone, comte):  # noqa: F811
    milk = ProductFactory(name="Lait", price=Decimal("20.00"), is_first_age_milk=True, stock=50)
    wine = ProductFactory(
        name="Vin", price=Decimal("10.00"), minimum_age=18, deposit=Decimal("0.30"), stock=50
    )
    order = delivered(place(zone, {comte: 12, milk: 1, wine: 2}, born="31/12/1980"))

    assert order.bill.total > Decimal(88)
    assert counted(order) == 4800


def test_alcohol_counts_where_the_rules_say_so(zone, comte):  # noqa: F811
    programme(counts_alcohol=True, starts_at=timezone.now())
    wine = ProductFactory(name="Vin", price=Decimal("10.00"), minimum_age=18, stock=50)

    order = delivered(place(zone, {comte: 12, wine: 2}, born="31/12/1980"))

    assert counted(order) == 6800


def test_points_of_a_guest_follow_them_into_their_account(zone, comte):  # noqa: F811
    order = delivered(place(zone, {comte: 12}, email="lea@exemple.fr"))

    assert PointEntry.objects.get().account_id == order.customer_id


def test_an_order_says_on_its_page_what_it_brought_and_when_that_may_be_spent(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 12}))
    client = signed_in(order)
    page = order_page(client, order)
    assert "Vos points" not in page

    settle()
    assert "30 points, à dépenser une fois passés la livraison et le délai de retour." in order_page(
        client, order
    )

    order = delivered_after(order)
    assert "30 points, à dépenser dès le" in order_page(client, order)
    with time_machine.travel(order.delivered_at + timedelta(days=15)):
        client.force_login(User.objects.get())
        assert "30 points gagnés." in order_page(client, order)
    client.force_login(User.objects.get())

    give_back(order, "Comté", 9)
    assert "12,00\u00a0€ d’articles comptent pour vos prochains points." in order_page(client, order)


def order_page(client, order):
    return unescape(client.get(reverse("order", args=[order.reference])).content.decode())
