"""A friend's first order, from the basket to what both get for it: doors and cards compared, facts told in any order."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from config.facts import deliver_all, publish
from loyalty.points.models import PointEntry
from loyalty.referrals.models import Referral
from loyalty.referrals.rules import NotNew
from loyalty.vouchers.models import Voucher
from shop.orders import services
from shop.orders.events import OrderDelivered
from shop.orders.households import door_of, doors_of, many_at_one_door
from shop.orders.models import Order
from shop.payments.models import PaymentOperation
from tests.factories import CustomerFactory, PickupPointFactory, ProductFactory
from tests.loyalty.points.earning import figures, programme
from tests.loyalty.referrals.inviting import DAY, invited, rules
from tests.shop.checkout.conftest import Walk, terms, zone  # noqa: F401
from tests.shop.claims.reporting import delivered
from tests.shop.orders.depot import lines_of, new_slot, packed, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_force():
    programme(pending_days=0, starts_at=timezone.now() - 10 * DAY)
    rules()


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("4.00"), stock=500)


def buys(zone, customer, product, *, card="accepte", use=None, quantity=20, **who):  # noqa: F811
    """A signed-in customer orders; ``use``: the voucher they pick."""
    client = Client()
    client.force_login(customer.user)
    slot = new_slot(zone, starts_in=timedelta(hours=3 + Order.objects.count()))
    walk = Walk(client).fill(product, quantity=quantity).hold(slot)
    walk.say_who(**who)
    if use:
        client.post("/commande/bon/", {"voucher": use.pk})
    walk.come_back(walk.pay(walk.order(), card=card))
    return Order.objects.order_by("-pk").first()


@pytest.fixture
def sponsor(zone, comte):  # noqa: F811
    """Somebody who was delivered at 12 rue des Lilas, and paid with the usual card."""
    found = CustomerFactory(first_name="Camille")
    delivered(buys(zone, found, comte))
    return found


@pytest.fixture
def friend(sponsor):
    found = CustomerFactory(first_name="Lou")
    invited(sponsor.pk, found.pk)
    return found


ELSEWHERE = {"line1": "3 place des Fêtes", "postcode": "75012"}


def gifts(customer):
    return figures(customer.pk)[0] - counted(customer)


def counted(customer):
    earned = PointEntry.objects.filter(account=customer.pk).exclude(kind="gift")
    return sum(earned.values_list("points", flat=True))


def state(friend):
    referral = Referral.objects.get(friend=friend)
    return referral.state, referral.reason or referral.signals


def test_a_friend_orders_with_the_voucher_and_both_are_rewarded_at_the_delivery(zone, comte, sponsor, friend):  # noqa: F811
    order = buys(zone, friend, comte, card="autre", use=Voucher.objects.get(owner=friend), **ELSEWHERE)
    deliver_all()
    assert order.voucher_discount == 10 and state(friend)[0] == "ordered" and gifts(sponsor) == 0

    delivered(order)

    assert state(friend) == ("rewarded", []) and gifts(sponsor) == 300


def test_whatever_comes_twice_or_first_rewards_once(zone, comte, sponsor, friend):  # noqa: F811
    order = packed(buys(zone, friend, comte, card="autre", **ELSEWHERE))
    services.hand_over(reference=order.reference)
    deliver_all()
    assert state(friend)[0] == "ordered"

    settle()
    publish(OrderDelivered(order_reference=order.reference, customer_id=order.customer_id))
    deliver_all()
    services.tell_referral(reference=order.reference)

    assert state(friend)[0] == "rewarded" and gifts(sponsor) == 300


def test_the_sponsors_door_however_it_is_spelt_and_another_card_is_looked_at(zone, comte, sponsor, friend):  # noqa: F811
    delivered(buys(zone, friend, comte, card="autre", line1="12, Rue des LILAS", floor="1er"))

    assert state(friend) == ("review", ["address_sponsor"]) and gifts(sponsor) == 0


def test_the_sponsors_card_at_another_door_is_looked_at(zone, comte, sponsor, friend):  # noqa: F811
    delivered(buys(zone, friend, comte, **ELSEWHERE))

    assert state(friend) == ("review", ["card_sponsor"]) and gifts(sponsor) == 0


def test_door_and_card_of_the_sponsor_are_looked_at_by_somebody_too(zone, comte, sponsor, friend):  # noqa: F811
    delivered(buys(zone, friend, comte))

    assert state(friend) == ("review", ["address_sponsor", "card_sponsor"]) and gifts(sponsor) == 0


def test_a_pickup_point_is_nobodys_door(zone, comte, sponsor, friend):  # noqa: F811
    order = buys(zone, friend, comte, card="autre", **ELSEWHERE)
    point = PickupPointFactory()
    Order.objects.filter(pk=order.pk).update(zone=point)

    assert door_of(Order.objects.get(pk=order.pk)) == "" and doors_of([friend.pk]) == frozenset()
    assert len(doors_of([sponsor.pk])) == 1


def test_a_cancelled_first_order_rewards_nobody(zone, comte, sponsor, friend):  # noqa: F811
    order = buys(zone, friend, comte, card="autre", **ELSEWHERE)
    deliver_all()

    services.cancel_order(reference=order.reference)
    deliver_all()

    assert state(friend)[0] == "accepted" and gifts(sponsor) == 0


def test_an_order_given_back_whole_before_it_is_told_rewards_nobody(zone, comte, sponsor, friend):  # noqa: F811
    order = packed(buys(zone, friend, comte, card="autre", **ELSEWHERE))
    settle()
    give_back(order, 20)
    services.hand_over(reference=order.reference)
    deliver_all()

    assert state(friend)[0] in {"accepted", "ordered"} and gifts(sponsor) == 0


def give_back(order, quantity):
    services.give_back(
        order_reference=order.reference, reason="damaged", occasion="staff-1",
        lines=[services.Returned(lines_of(order)["Comté"].pk, quantity)],
    )  # fmt: skip


def test_an_order_given_back_for_the_most_part_is_looked_at(zone, comte, sponsor, friend):  # noqa: F811
    order = packed(buys(zone, friend, comte, card="autre", **ELSEWHERE))
    settle()
    give_back(order, 15)
    services.hand_over(reference=order.reference)
    deliver_all()

    assert state(friend) == ("review", ["mostly_back"])


def test_whoever_ordered_before_accepts_no_invitation(zone, comte, sponsor):  # noqa: F811
    with pytest.raises(NotNew):
        invited(CustomerFactory().pk, sponsor.pk)


def test_nobodys_friend_costs_two_queries(sponsor, django_assert_num_queries):
    order = Order.objects.get()

    with django_assert_num_queries(4):
        services.tell_referral(reference=order.reference)


def test_an_order_placed_after_the_time_of_the_invitation_is_worked_on_no_more(
    zone,  # noqa: F811
    comte,
    sponsor,
    friend,
    django_assert_num_queries,
):
    order = buys(zone, friend, comte, card="autre", **ELSEWHERE)
    late = Referral.objects.get(friend=friend).ends_at
    Order.objects.filter(pk=order.pk).update(placed_at=late)

    with django_assert_num_queries(4):
        services.tell_referral(reference=order.reference)

    assert state(friend)[0] == "accepted"


def test_neither_a_door_nor_a_card_is_read_anywhere(zone, comte, sponsor, friend):  # noqa: F811
    delivered(buys(zone, friend, comte, card="autre", **ELSEWHERE))

    kept = str(list(Referral.objects.values()))
    assert "Fêtes" not in kept and "place" not in kept and "autre" not in kept


def test_streets_are_the_same_however_they_are_written(zone, comte):  # noqa: F811
    for line1 in ("12 boulevard Voltaire", "12, Bd Voltaire", "12 BD. VOLTAIRE"):
        buys(zone, CustomerFactory(), comte, line1=line1)
    buys(zone, CustomerFactory(), comte, line1="12 bis boulevard Voltaire", card="autre")

    since = timezone.now() - DAY
    assert [len(found) for found in many_at_one_door(since, 2, 10)] == [3]
    assert many_at_one_door(since, 4, 10) == []
    digests = PaymentOperation.objects.exclude(card_digest="").values_list("card_digest", flat=True)
    assert len(digests) == 4 and len(set(digests)) == 2
