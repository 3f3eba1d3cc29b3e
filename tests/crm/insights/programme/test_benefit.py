"""Whether spenders come back more than those alike who keep their points; and that nothing is claimed of few."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from crm.insights.programme.benefit import SPENT, Purchase, benefit
from crm.insights.programme.wording import benefit_said, method_said
from crm.insights.queries.spenders import purchases
from crm.insights.recovery.episodes import Cost, Kind
from loyalty.points.models import PointTerms
from loyalty.points.services import spend
from shop.orders.models import Order
from tests.crm.insights.programme.selling import paid_with, sold
from tests.factories import CustomerFactory
from tests.loyalty.points.earning import counts, programme

DAY = timedelta(days=1)
FIRST = datetime(2026, 9, 1, 18, tzinfo=UTC)
SINCE, UNTIL = datetime(2026, 8, 1).date(), datetime(2026, 11, 20).date()
_customers = count(1)


def purchase(*, spent=False, **said):
    usual = {
        "customer_id": next(_customers), "orders_so_far": 3, "rhythm_days": 10, "zone": "", "basket": Decimal(80),
        "observed_days": 90, "had_points": 150, "usual_margin": Decimal(20),
    }  # fmt: skip
    paid = {"causes": (SPENT,), "costs": (Cost(SPENT, Kind.GESTURE, Decimal(3)),)} if spent else {}
    return Purchase(**(usual | paid | said))


def several(number, returned, **said):
    return [purchase(**said, returned_after_days=10 if at < returned else None) for at in range(number)]


def test_spenders_are_compared_with_those_alike_who_kept_their_points():
    told = benefit([*several(100, 60, spent=True), *several(400, 160)], reward=100)

    compared = told.group.comparison
    assert compared is not None
    assert (compared.disappointed, compared.comparable.share.value) == (0.6, 0.4)
    assert compared.is_real
    assert told.cost == Decimal("300.00")
    assert told.extra is not None and told.extra.value == Decimal("400.00")
    assert told.extra.low < told.extra.value < told.extra.high
    said = benefit_said(told)
    assert said[0].startswith(
        "60\u00a0% de ceux qui ont payé avec leurs points ont recommandé dans les 30 jours, contre 40"
    )
    assert said[1].startswith("L’écart est établi")
    assert "les points ont coûté 300,00\u00a0€" in said[2]


def test_where_nothing_sets_them_apart_nothing_is_claimed():
    told = benefit([*several(60, 30, spent=True), *several(400, 200)], reward=100)

    assert told.group.comparison is not None and not told.group.comparison.is_real
    assert benefit_said(told)[1] == "L’écart n’est pas établi\u202f: son intervalle contient 0."


def test_those_with_fewer_points_than_the_first_reward_are_like_nobody():
    told = benefit([*several(60, 30, spent=True), *several(400, 200, had_points=99)], reward=100)

    assert told.group.comparison is None


def test_those_with_many_more_points_are_not_alike():
    told = benefit([*several(60, 30, spent=True), *several(400, 200, had_points=900)], reward=100)

    assert told.group.unmatched == 60


@pytest.mark.parametrize("number", [0, 1, 29])
def test_too_few_are_said_with_their_number(number):
    told = benefit([*several(number, number // 2, spent=True), *several(400, 200)], reward=100)

    [said] = benefit_said(told)
    assert said.startswith(f"Pas assez pour comparer\u202f: {number} client")
    assert told.cost is told.extra is None


def test_without_a_margin_no_gain_is_told():
    told = benefit([*several(60, 30, spent=True, usual_margin=None), *several(400, 200)], reward=100)

    assert told.extra is None and told.cost == Decimal("180.00")


def test_a_part_of_the_customers_is_said_to_be_one():
    assert "un client sur 20" in method_said(benefit([], one_in=20, reward=100))[-1]
    assert not any("client sur" in said for said in method_said(benefit([], reward=100)))


# --- what is read -----------------------------------------------------------------------------------------------------


@pytest.fixture
def me(db):
    programme()
    return CustomerFactory()


def bought(owner, at, *, cents=15_000):
    """Placed, counted for points the same evening, and handed over the day after."""
    order = sold("50.00", placed_at=at, customer=owner)
    Order.objects.filter(pk=order.pk).update(status="delivered", delivered_at=at + DAY)
    counts(owner.pk, order.reference, cents, delivered_at=at + DAY, now=at + timedelta(hours=1))
    return order


def test_an_order_tells_the_points_its_customer_had_and_what_they_did_next(me):
    bought(me, FIRST)
    second = bought(me, FIRST + 30 * DAY)
    bought(me, FIRST + 45 * DAY)
    spend(customer_id=me.pk, points=100, source="exchange-a", now=FIRST + 29 * DAY)
    paid_with(second, "3.00", source="exchange-a")

    found, one_in = purchases(SINCE, UNTIL)

    assert one_in == 1
    assert [one.had_points for one in found] == [0, 100, 100]
    assert [one.is_incident for one in found] == [False, True, False]
    assert [one.returned_after_days for one in found] == [29, 14, None]
    assert [one.days_since_incident for one in found] == [None, None, 15]
    assert found[1].costs[0].amount == Decimal("3.00")


def test_reading_takes_as_many_queries_for_more_orders(me, django_assert_num_queries):
    for n in range(6):
        bought(me, FIRST + n * 10 * DAY)
        if n in {1, 5}:
            with django_assert_num_queries(5):
                assert len(purchases(SINCE, UNTIL)[0]) == n + 1


def test_of_many_accounts_one_in_so_many_is_read(me, monkeypatch):
    monkeypatch.setattr("crm.insights.queries.spenders.ENOUGH_ACCOUNTS", 2)
    for n in range(6):
        bought(CustomerFactory(), FIRST + n * DAY)

    found, one_in = purchases(SINCE, UNTIL)

    assert one_in == 3
    assert {one.customer_id % 3 for one in found} == {0}
    assert PointTerms.objects.count() == 1
