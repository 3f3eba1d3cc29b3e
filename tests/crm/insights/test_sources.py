"""What recruits brought in, by how they came: the same days of each, the costs of their coming taken off."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from crm.insights.queries.sources import brought_in, sources_report
from crm.insights.sources import LEAST_RECRUITS, Source
from loyalty.vouchers.models import Voucher
from shop.orders.models import Order, OrderBill, OrderLine, Refund, RefundLine
from tests.factories import CustomerFactory, SlotFactory, UserFactory, ZoneFactory
from tests.loyalty.points.earning import DAY, programme
from tests.loyalty.referrals.inviting import comes, invited, rules
from tests.loyalty.vouchers.granting import granted

pytestmark = pytest.mark.django_db
ADDRESS = reverse("admin:insights_sources")


@pytest.fixture(autouse=True)
def _in_force():
    cache.clear()
    programme()
    rules()
    yield
    cache.clear()


@pytest.fixture
def slot():
    return SlotFactory(zone=ZoneFactory())


NUMBERS = iter(range(10**6))


def bought(slot, customer, days_ago, *, share="0", **line):
    """An order of one article at 10.55 € (5.5 % VAT: 10 € without), which cost 6 €."""
    at, number = timezone.now() - days_ago * DAY, next(NUMBERS)
    price = Decimal("10.55")
    order = Order.objects.create(
        reference=f"CB-S{number}", customer=customer, basket_key=f"{number:08d}-0000-0000-0000-000000000000",
        status="delivered", zone=slot.zone, depot=slot.zone.depot, slot=slot, email="a@exemple.fr", first_name="L",
        last_name="M", phone="", line1="1 rue", postcode="75011", city="Paris", goods_total=price,
        delivery_fee=0, total=price, placed_at=at - timedelta(hours=5), delivered_at=at, terms_version="1",
    )  # fmt: skip
    OrderBill.objects.create(order=order, goods_total=price, deposit_total=0, delivery_fee=0, total=price)
    usual = {
        "sold_by": "piece", "quantity": 1, "picked": 1, "unit_price": price, "vat_rate": Decimal("5.5"),
        "total": price, "vat_amount": Decimal("0.55"), "unit_cost": Decimal(6), "billed": price,
        "billed_share": Decimal(share),
    }  # fmt: skip
    OrderLine.objects.create(
        order=order, ean=str(number), name="Comté", cost_on=timezone.localdate(), **(usual | line)
    )
    return order


def of(source, horizon=30):
    return next(one for one in brought_in(horizon) if one.source == source)


def friend_of(sponsor, slot, days_ago=60, **first):
    friend = CustomerFactory()
    referral = invited(sponsor.pk, friend.pk, now=timezone.now() - (days_ago + 10) * DAY)
    order = bought(slot, friend, days_ago, **first)
    comes(referral, reference=order.reference, placed_at=order.placed_at)
    return friend


def test_a_recruit_counts_from_the_first_delivery_for_so_many_days(slot):
    customer = CustomerFactory()
    for days_ago in (100, 80, 71, 69):
        bought(slot, customer, days_ago)

    thirty, ninety = of(Source.OTHER), of(Source.OTHER, 90)

    assert (thirty.recruits, thirty.orders, thirty.turnover, thirty.margin) == (1, 3, 30, 12)
    assert (ninety.orders, ninety.margin, ninety.orders_each) == (4, 16, 4)


def test_a_friend_costs_what_was_given_for_coming(slot):
    friend_of(CustomerFactory(), slot, share="5.275")

    found = of(Source.REFERRAL)

    # Ten euros without VAT less five of the voucher, six to buy it, 300 points at three euros a hundred.
    assert (found.turnover, found.cost, found.rewards) == (Decimal("5.00"), 6, 9)
    assert found.margin == found.margin_each == Decimal("-10.00") and found.rate == Decimal("-200.0")
    assert of(Source.OTHER).recruits == 0


def test_a_referral_that_was_not_rewarded_costs_nothing(slot):
    friend_of(CustomerFactory(), slot)
    doubtful = invited(CustomerFactory().pk, CustomerFactory().pk, now=timezone.now() - 70 * DAY)
    bought(slot, doubtful.friend, 60)

    found = of(Source.REFERRAL)

    assert (found.recruits, found.rewards) == (2, 9)


def test_a_first_order_with_a_voucher_to_win_customers_is_a_source_of_its_own(slot):
    customer = CustomerFactory()
    order = bought(slot, customer, 60)
    voucher, _code = granted(origin="campaign", owner_id=customer.pk)
    Voucher.objects.filter(pk=voucher.pk).update(
        order_reference=order.reference, amount=Decimal(5), used_at=timezone.now()
    )

    assert of(Source.CAMPAIGN).recruits == 1 and of(Source.OTHER).recruits == 0


def test_guests_count_as_whom_they_turned_out_to_be(slot):
    customer = CustomerFactory()
    bought(slot, CustomerFactory(guest=True, merged_into=customer), 65)
    bought(slot, customer, 60)

    assert (of(Source.OTHER).recruits, of(Source.OTHER).orders) == (1, 2)


def test_weights_cost_by_the_kilogram_and_what_was_given_back_is_not_sold(slot):
    order = bought(slot, CustomerFactory(), 60, sold_by="weight", quantity=500, picked=500)
    refund = Refund.objects.create(order=order, occasion="staff-1", reason="damaged", amount=Decimal("2.11"))
    RefundLine.objects.create(
        refund=refund, line=order.lines.get(), quantity=100, amount=Decimal("2.11"), vat_rate=Decimal("5.5")
    )

    found = of(Source.OTHER)

    assert (found.turnover, found.cost) == (8, 3)


def test_who_is_too_recent_waits_and_who_came_long_ago_is_left_out(slot):
    bought(slot, CustomerFactory(), 10)
    bought(slot, CustomerFactory(), 500)

    found = of(Source.OTHER)

    assert (found.recruits, found.waiting, found.orders) == (0, 1, 0)
    assert found.margin_each is None and found.rate is None


def test_few_are_said_to_be_few(slot, client):
    friend_of(CustomerFactory(), slot)
    for _n in range(LEAST_RECRUITS):
        bought(slot, CustomerFactory(), 60)
    client.force_login(UserFactory(staff=True, is_superuser=True))

    page = client.get(ADDRESS, {"jours": "30"}).content.decode()

    assert (
        page.count("trop peu pour conclure") == 1 and "variable indéfinie" not in page[page.index("<table") :]
    )
    assert client.get(ADDRESS, {"jours": "abc"}).status_code == 200


def test_twice_the_orders_cost_the_same_two_queries(slot):
    def cost():
        with CaptureQueriesContext(connection) as made:
            brought_in(90)
        return len(made)

    friend_of(CustomerFactory(), slot)
    few = cost()
    for _n in range(5):
        friend_of(CustomerFactory(), slot)
        bought(slot, CustomerFactory(), 60)

    assert cost() == few == 2


def test_looking_again_reads_no_order_and_each_number_of_days_has_its_own_figures(slot):
    bought(slot, CustomerFactory(), 60)
    first = sources_report(30)
    bought(slot, CustomerFactory(), 60)

    with CaptureQueriesContext(connection) as made:
        again = sources_report(30)

    assert again == first and not made.captured_queries
    assert sum(one.waiting for one in sources_report(90)) == 2


@pytest.mark.parametrize(
    ("group", "status"),
    [(StaffGroup.MARKETING, 200), (StaffGroup.MANAGER, 200), (StaffGroup.CUSTOMER_SERVICE, 403)],
)
def test_the_page_is_for_who_reads_figures(client, group, status):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)

    assert client.get(ADDRESS).status_code == status
