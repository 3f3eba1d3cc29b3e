"""What was taken off what was sold, and the budget it is held against."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from crm.insights.programme.sales import DELIVERY, POINTS, PROMOTIONS, Held, Sales, together
from crm.insights.programme.wording import heaviest_said, held_said, state_said
from crm.insights.queries.programme import first_days
from crm.insights.queries.sales import sales_by_day
from loyalty.points.services import spend
from shop.orders.models import Order
from tests.crm.insights.programme.selling import billed, line, paid_with, sold
from tests.loyalty.points.earning import customer, programme, usable

PARIS = ZoneInfo("Europe/Paris")


def today():
    day = timezone.localdate()
    return sales_by_day(day, day + timedelta(days=1)).get(day, Sales())


# --- plain arithmetic -------------------------------------------------------------------------------------------------


def test_days_are_added_up_and_weighed():
    both = together(
        [Sales(2, Decimal(80), {"a": Decimal(3), "b": Decimal(1)}), Sales(1, Decimal(20), {"b": Decimal(4)})]
    )

    assert (both.orders, both.turnover, both.total, both.share) == (3, 100, 8, 8)
    assert both.by_weight == [("b", 5), ("a", 3)]
    assert both.heaviest == ("b", 5)
    assert Sales().heaviest is None and Sales().share is None


def held(discounts, *, orders=100, turnover=1000, share="5", warn_at=80):
    sales = Sales(orders, Decimal(turnover), {"promotions": Decimal(discounts)})
    return Held(sales, Decimal(share), warn_at)


@pytest.mark.parametrize(
    ("discounts", "near", "over"),
    [("39.99", False, False), ("40.00", True, False), ("50.00", True, False), ("50.01", True, True)],
)
def test_somebody_is_warned_at_the_share_that_was_said_and_beyond_the_budget(discounts, near, over):
    one = held(discounts)

    assert one.allowed == Decimal("50.00")
    assert (one.is_near, one.is_over) == (near, over)


def test_of_few_orders_no_alarm_is_given_and_their_number_is_said():
    one = held("500", orders=29)

    assert not one.is_near and not one.is_over
    assert held_said(one) == "Pas assez\u202f: 29 commandes, il en faut 30."


def test_nothing_sold_and_nothing_taken_off_is_no_alarm():
    assert not held(0, turnover=0).is_near
    assert held(0, turnover=0).spent_percent is None


def test_the_budget_is_told_with_what_weighs_most():
    assert state_said(held(60)) == "Budget dépassé de 10,00\u00a0€."
    assert state_said(held(45)) == "Budget presque atteint\u202f: il reste 5,00\u00a0€."
    assert state_said(held(10)) == "Dans le budget\u202f: il reste 40,00\u00a0€."
    assert "6,0\u202f%, pour 5,0\u202f% prévus." in held_said(held(60))
    assert heaviest_said(held(60).sales) == "Ce qui pèse le plus\u202f: promotions, 60,00\u00a0€."


def test_months_go_back_over_the_new_year():
    assert [f"{first:%Y-%m-%d}" for first in first_days(datetime(2027, 2, 28).date(), 4)] == [
        "2027-02-01", "2027-01-01", "2026-12-01", "2026-11-01",
    ]  # fmt: skip


# --- what is read -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_turnover_is_what_is_paid_for_goods_and_delivery_without_deposits():
    order = sold("50.00")
    Order.objects.filter(pk=order.pk).update(
        deposit_total=Decimal(3), delivery_fee=Decimal("5.90"), total=Decimal("58.90")
    )

    assert (today().orders, today().turnover) == (1, Decimal("55.90"))


@pytest.mark.django_db
def test_once_it_is_billed_the_bill_counts():
    order = sold("50.00")
    paid_with(order, "5.00")
    billed(order, "40.00", voucher="4.00")

    assert today().turnover == Decimal("36.00")


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["cancelled", "returned", "abandoned", "awaiting_payment"])
def test_what_does_not_stand_is_no_sale_and_no_discount(status):
    order = sold("50.00")
    line(order, discount="5.00")
    paid_with(order, "5.00")
    Order.objects.update(status=status)

    assert today() == Sales()


@pytest.mark.django_db
def test_what_is_delivered_once_more_at_no_cost_is_no_sale():
    first = sold("50.00")
    sold("0.00", makes_good=first)

    assert today().orders == 1


@pytest.mark.django_db
def test_promotions_count_for_what_was_delivered_without_prices_that_were_kept():
    order = sold("50.00")
    line(order, discount="3.00", price_kept="1.00")
    line(order, discount="4.00", quantity=4, picked=1)
    line(order, discount="9.00", picked=0)
    line(order, discount="1.00", quantity=2, picked=3)

    assert today().discounts == {PROMOTIONS: Decimal("4.00")}


@pytest.mark.django_db
def test_a_stand_in_sold_at_the_price_of_what_was_missing_is_no_promotion():
    order = sold("50.00")
    line(order, discount="3.00", is_promotion=False)
    line(order, discount="1.00")

    assert today().discounts == {PROMOTIONS: Decimal("1.00")}


@pytest.mark.django_db
def test_sales_take_six_queries(django_assert_num_queries):
    line(sold("50.00"), discount="1.00")

    with django_assert_num_queries(6):
        today()


@pytest.mark.django_db
def test_a_delivery_that_a_promotion_offers_costs_its_slot_and_one_that_is_free_anyway_nothing():
    sold("50.00", delivery_label="Livraison offerte le mardi")
    sold("150.00")

    assert today().discounts == {DELIVERY: Decimal("5.90")}


@pytest.mark.django_db
def test_points_had_as_a_voucher_count_once_as_it_is_used_and_others_as_they_are_spent():
    programme()
    me = customer()
    usable(me, 300)
    spend(customer_id=me, points=100, source="exchange-1")
    spend(customer_id=me, points=100, source="reward-1")
    order = sold("50.00")
    paid_with(order, "3.00")
    paid_with(sold("50.00"), "5.00", origin="compensation")

    assert today().discounts == {
        "voucher-loyalty": Decimal("3.00"), "voucher-compensation": Decimal("5.00"), POINTS: Decimal("3.00"),
    }  # fmt: skip


@pytest.mark.django_db
@time_machine.travel(datetime(2026, 12, 1, 12, tzinfo=PARIS), tick=False)
def test_days_are_those_of_paris():
    sold("50.00", placed_at=datetime(2026, 12, 1, 0, 15, tzinfo=PARIS))
    sold("20.00", placed_at=datetime(2026, 11, 30, 23, 45, tzinfo=PARIS))

    found = sales_by_day(datetime(2026, 11, 30).date(), datetime(2026, 12, 2).date())

    assert {f"{day:%d}": sales.turnover for day, sales in found.items()} == {"30": 20, "01": 50}


@pytest.mark.django_db
def test_as_many_queries_for_more_orders(django_assert_num_queries):
    for n in range(6):
        order = sold("50.00")
        line(order, discount="3.00")
        paid_with(order, "3.00")
        if n in {1, 5}:
            with django_assert_num_queries(6):
                assert today().orders == n + 1
