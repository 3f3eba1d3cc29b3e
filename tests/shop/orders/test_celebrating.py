"""What orders tell milestones: anniversaries on their day, guests included; the year of the delivery; what goes along next."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from config.facts import deliver_all
from loyalty.rewards.models import Present
from shop.orders import services
from shop.orders.celebrations import anniversaries_today, is_known_otherwise, spent_in
from shop.orders.models import Order
from tests.factories import CustomerFactory, ProductFactory
from tests.loyalty.milestones.reaching import milestone, welcome
from tests.loyalty.rewards.giving import item
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import packed, place, settle
from tests.shop.orders.sales import bought_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("4.00"), stock=90)


def first_delivery(customer, where, at):
    order = bought_by(customer, where)
    Order.objects.filter(pk=order.pk).update(status="delivered", delivered_at=at)


@pytest.mark.parametrize(
    ("today", "first", "years"),
    [
        ("2027-03-10", datetime(2025, 3, 10, 12, tzinfo=UTC), 2),
        ("2027-03-11", datetime(2025, 3, 10, 12, tzinfo=UTC), None),
        # Half past midnight in Paris is the day before in UTC.
        ("2027-07-02", datetime(2026, 7, 1, 22, 30, tzinfo=UTC), 1),
        ("2027-03-01", datetime(2024, 2, 29, 12, tzinfo=UTC), 3),
        ("2028-02-29", datetime(2024, 2, 29, 12, tzinfo=UTC), 4),
    ],
)
def test_a_first_delivery_is_celebrated_on_its_day(zone, today, first, years):  # noqa: F811
    owner = CustomerFactory()
    with time_machine.travel(first, tick=False):
        first_delivery(owner, zone, first)
    with time_machine.travel(f"{today}T09:00+00:00", tick=False):
        assert anniversaries_today() == ([(owner.pk, years)] if years else [])


def test_a_guests_first_delivery_counts_for_the_customer_they_became_and_for_nobody_before(zone):  # noqa: F811
    at = timezone.now().replace(month=6, day=15) - timedelta(days=365)
    guest, owner = CustomerFactory(user=None), CustomerFactory()
    first_delivery(guest, zone, at)
    first_delivery(owner, zone, at + timedelta(days=100))
    with time_machine.travel(at.replace(year=at.year + 1), tick=False):
        assert anniversaries_today() == []
        guest.merged_into = owner
        guest.save()
        assert anniversaries_today() == [(owner.pk, 1)]


def test_a_year_is_that_of_the_delivery_and_is_looked_at_once_its_money_is_taken(zone, comte):  # noqa: F811
    milestone(40, item(), trigger="year_spend", name="40 € de courses")
    order = packed(place(zone, {comte: 12}))
    services.hand_over(reference=order.reference)
    services.tell_milestones(reference=order.reference)
    assert not Present.objects.exists()

    settle()
    deliver_all()

    assert Present.objects.get().name == "40 € de courses"
    year = timezone.localdate().year
    assert spent_in(order.customer_id, year) == Order.objects.get().bill.total
    assert spent_in(order.customer_id, year - 1) == 0


def test_what_an_order_leaves_goes_with_the_next_one_that_is_open(zone, comte):  # noqa: F811
    welcome(item("Tablier"))
    first = place(zone, {comte: 12}, rank=1)
    second = place(zone, {comte: 12}, rank=2, starts_in=timedelta(hours=6))
    Order.objects.filter(pk=second.pk).update(customer=first.customer_id)
    deliver_all()

    services.cancel_order(reference=first.reference)
    deliver_all()

    going = Present.objects.values_list("name", "order_reference")
    assert sorted(going) == [
        ("Lettre et fiches de bienvenue", second.reference), ("Tablier", second.reference),
    ]  # fmt: skip


def test_whoever_ordered_under_the_same_address_is_known(zone, comte):  # noqa: F811
    first = place(zone, {comte: 12}, rank=1, email="camille@exemple.fr")
    again = place(zone, {comte: 12}, rank=1, email="camille@exemple.fr", starts_in=timedelta(hours=6))
    other = place(zone, {comte: 12}, rank=1, email="lou@exemple.fr", starts_in=timedelta(hours=9))

    assert [is_known_otherwise(order) for order in (first, again, other)] == [False, True, False]


def test_what_is_sent_once_more_at_no_cost_reaches_nothing(zone, comte):  # noqa: F811
    welcome(item())
    order = place(zone, {comte: 12}, rank=9)
    Order.objects.filter(pk=order.pk).update(
        makes_good=place(zone, {comte: 12}, starts_in=timedelta(hours=6)), rank=1
    )

    services.tell_milestones(reference=order.reference)

    assert not Present.objects.exists()
