"""Points are spent once, however many want them at once, and end or are spent, never both."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loyalty.points import services
from loyalty.points.models import PointAccount, PointEntry
from loyalty.points.queries import standing, wrong_accounts
from loyalty.points.rules import AboveCeiling, PointsShort
from tests.concurrency.racing import together
from tests.loyalty.points.earning import counts, customer, programme, usable

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def me():
    programme()
    owner = customer()
    usable(owner, 100)
    return owner


def unlocked(customer_id):
    return PointAccount.objects.get(pk=customer_id)


def test_fifty_redemptions_of_a_hundred_points_buy_what_they_cover(me):
    answers = together(50, lambda n: services.spend(customer_id=me, points=30, source=f"reward-{n}"))

    assert sum(isinstance(one, PointEntry) for one in answers) == 3
    assert sum(isinstance(one, PointsShort) for one in answers) == 47
    assert standing([me], timezone.now()).usable == 10
    assert wrong_accounts() == []


def test_control_without_the_accounts_lock_more_is_bought_than_was_there(me, monkeypatch):
    monkeypatch.setattr(services, "_locked", unlocked)

    answers = together(50, lambda n: services.spend(customer_id=me, points=30, source=f"reward-{n}"))

    assert sum(isinstance(one, PointEntry) for one in answers) > 3
    assert wrong_accounts()


def test_one_redemption_pressed_many_times_at_once_is_one(me):
    answers = together(20, lambda _n: services.spend(customer_id=me, points=30, source="reward-1"))

    assert len({one.pk for one in answers}) == 1
    assert standing([me], timezone.now()).usable == 70


def test_what_ends_as_it_is_spent_is_spent_or_ended(me):
    end = standing([me], timezone.now()).expires_at

    for n in range(8):
        owner = customer()
        usable(owner, 100, reference=f"CB-E{n}")
        jobs = [
            lambda owner=owner: services.spend(
                customer_id=owner, points=100, source="reward-1", now=end - timedelta(seconds=1)
            ),
            lambda: services.expire(now=end),
        ]
        together(2, lambda n, jobs=jobs: jobs[n]())

        kinds = [one.kind for one in PointEntry.objects.filter(account=owner).exclude(kind="earned")]
        assert kinds in (["spent"], ["expired"])
    assert wrong_accounts() == []


@pytest.fixture
def colleague(me):
    return PointAccount.objects.select_related("customer").get(pk=me).customer.user_id


def test_colleagues_who_give_at_once_stay_below_the_ceiling_together(me, colleague):
    answers = together(10, lambda n: _given(me, n, colleague))

    assert sum(isinstance(one, PointEntry) for one in answers) == 3
    assert sum(isinstance(one, AboveCeiling) for one in answers) == 7
    assert wrong_accounts() == []


def test_control_without_the_accounts_lock_they_give_more(me, colleague, monkeypatch):
    monkeypatch.setattr(services, "_locked", unlocked)

    answers = together(10, lambda n: _given(me, n, colleague))

    assert sum(isinstance(one, PointEntry) for one in answers) > 3


def _given(owner, n, by_id):
    by_hand = services.ByHand(by_id=by_id, reason="thanks", ceiling=300)
    return services.give(customer_id=owner, points=100, source=f"staff:{n}", by_hand=by_hand)


def test_an_order_told_by_many_at_once_counts_once(me):
    together(20, lambda _n: counts(me, "CB-1", 3000))

    assert PointEntry.objects.filter(order_reference="CB-1").count() == 1
    assert wrong_accounts() == []


def test_a_first_account_is_opened_once_however_many_orders_come_at_once():
    programme()
    owner = customer()

    answers = together(10, lambda n: counts(owner, f"CB-{n}", 1500))

    assert answers == [None] * 10
    assert PointAccount.objects.get(pk=owner).balance == 100
