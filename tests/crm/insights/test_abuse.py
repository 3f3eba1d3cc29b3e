"""The watch over abuse: what is worth a look is listed with whom it is about, and nothing is done to anybody."""

from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from crm.insights import abuse
from crm.insights.queries.abuse import watch
from loyalty.points import services as points
from loyalty.points.services import ByHand
from shop.checkout.limits import CODES_BY_MACHINE
from shop.orders.models import Order
from shop.payments.models import PaymentAccount, PaymentOperation
from tests.crm.insights.test_sources import bought
from tests.factories import CustomerFactory, SlotFactory, UserFactory, ZoneFactory
from tests.loyalty.points.earning import DAY, programme
from tests.loyalty.referrals.inviting import comes, customer, invited, rules
from tests.loyalty.vouchers.granting import granted

pytestmark = pytest.mark.django_db
ADDRESS = reverse("admin:insights_abuse")


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


@pytest.fixture
def colleague():
    return UserFactory(staff=True)


def listed(number):
    """What a section lists: (what is said, about whom)."""
    section = watch(timezone.now())[number]
    return [(row.said, [one.pk for one in row.people]) for row in section.rows]


def gives(colleague, owner, number, each=10):
    for n in range(number):
        points.give(
            customer_id=owner,
            points=each,
            source=f"staff:{owner}-{n}",
            by_hand=ByHand(colleague.pk, "thanks", 10**6),
        )


def test_referrals_to_look_at_are_listed_with_both_and_where_to_decide():
    referral = comes(invited(customer()), address="door-sponsor")

    (row,) = watch(timezone.now())[0].rows

    assert "Livré à l’adresse du parrain." in row.said
    assert [one.pk for one in row.people] == [referral.sponsor_id, referral.friend_id]
    assert row.page == reverse("admin:referrals_referral_change", args=[referral.pk])


def test_many_gestures_of_the_staff_to_one_customer_are_listed_and_few_are_not(colleague):
    often, much, rarely = customer(), customer(), customer()
    gives(colleague, often, abuse.MANY_GESTURES)
    gives(colleague, much, 1, each=abuse.MANY_POINTS)
    gives(colleague, rarely, abuse.MANY_GESTURES - 1)
    points.give(customer_id=rarely, points=5000, source="referral-1-friend")

    (first, whom), (second, other) = listed(1)

    assert (whom, other) == ([much], [often])
    assert first == "500 points de l’équipe, en 1 geste" and second == "30 points de l’équipe, en 3 gestes"


def test_vouchers_of_the_staff_count_as_gestures(colleague):
    owner = customer()
    for _n in range(3):
        granted(owner_id=owner, by_id=colleague.pk)
    for _n in range(5):
        granted(owner_id=customer())

    ((said, people),) = listed(1)

    assert people == [owner] and "15,00\u00a0€ de bons" in said


def test_old_gestures_are_not_looked_at(colleague):
    owner = customer()
    for n in range(3):
        points.give(
            customer_id=owner, points=10, source=f"staff:{n}", by_hand=ByHand(colleague.pk, "thanks", 1000),
            now=timezone.now() - 40 * DAY,
        )  # fmt: skip

    assert listed(1) == []


def test_many_accounts_at_one_door_are_listed_whatever_the_spelling(slot):
    people = [CustomerFactory() for _n in range(abuse.MANY_AT_ONE_DOOR)]
    for one, line1 in zip(people, ["1 Rue", "1, rue", "1 RUE", "1 rue."], strict=True):
        order = bought(slot, one, 5)
        Order.objects.filter(pk=order.pk).update(line1=line1)
    Order.objects.filter(pk=bought(slot, CustomerFactory(), 5).pk).update(line1="2 rue")

    ((said, found),) = listed(2)

    assert found == sorted(one.pk for one in people) and said == "4 comptes"


def test_one_customer_who_orders_often_and_their_guests_are_one(slot):
    owner = CustomerFactory()
    for one in (owner, owner, CustomerFactory(guest=True, merged_into=owner), owner):
        bought(slot, one, 5)

    assert listed(2) == []


def paid(order, card="d"):
    account = PaymentAccount.objects.create(order_reference=order.reference, customer_id=order.customer_id)
    PaymentOperation.objects.create(
        account=account, kind="authorise", amount=10, state="succeeded", card_digest=card
    )
    return order


def test_many_accounts_on_one_card_are_listed(slot):
    people = [CustomerFactory() for _n in range(3)]
    for one in people:
        paid(bought(slot, one, 5))

    ((_said, found),) = listed(3)

    assert found == sorted(one.pk for one in people)


def test_a_regular_customers_card_guests_of_theirs_and_orders_that_do_not_stand_are_none(slot):
    owner = CustomerFactory()
    for one in (owner, owner, owner, CustomerFactory(guest=True, merged_into=owner), CustomerFactory()):
        paid(bought(slot, one, 5))
    cancelled = paid(bought(slot, CustomerFactory(), 5))
    Order.objects.filter(pk=cancelled.pk).update(status="cancelled")
    for _n in range(3):
        paid(bought(slot, CustomerFactory(), 5), card="")

    assert listed(3) == []


def test_an_old_payment_is_not_looked_at_and_the_most_shared_card_comes_first(slot):
    for card, number in (("a", 3), ("b", 4), ("old", 5)):
        for _n in range(number):
            paid(bought(slot, CustomerFactory(), 5), card=card)
    PaymentOperation.objects.filter(card_digest="old").update(created_at=timezone.now() - 91 * DAY)

    assert [said for said, _people in listed(3)] == ["4 comptes", "3 comptes"]


def test_what_many_orders_say_is_read_once_an_hour_and_what_waits_for_somebody_at_once(slot, colleague):
    gives(colleague, customer(), abuse.MANY_GESTURES)
    assert len(listed(1)) == 1

    gives(colleague, customer(), abuse.MANY_GESTURES)
    comes(invited(customer()), address="door-sponsor")

    assert (len(listed(0)), len(listed(1))) == (1, 1)


def test_codes_tried_in_a_row_are_counted_and_nobody_is_named():
    for _n in range(CODES_BY_MACHINE.most):
        CODES_BY_MACHINE.spend("192.0.2.1")
    assert listed(4) == []

    CODES_BY_MACHINE.spend("192.0.2.1")

    ((said, people),) = listed(4)
    assert people == [] and "1 au-dessus de 40 par heure, 41 essais" in said and "192" not in said


def test_more_to_look_at_costs_no_more_queries(slot, colleague):
    def cost():
        cache.clear()
        with CaptureQueriesContext(connection) as made:
            watch(timezone.now())
        return len(made)

    def some():
        comes(invited(customer()), address="door-sponsor")
        gives(colleague, customer(), 3)
        for one in [CustomerFactory() for _n in range(4)]:
            bought(slot, one, 5)

    some()
    few = cost()
    some()
    some()

    assert cost() == few <= 12


@pytest.mark.parametrize(
    ("group", "status"),
    [
        (StaffGroup.MARKETING, 403), (StaffGroup.PICKING, 403), (StaffGroup.MANAGER, 200),
        (StaffGroup.CUSTOMER_SERVICE, 200),
    ],
)  # fmt: skip
def test_the_page_is_for_who_watches_and_changes_nothing(client, group, status):
    seed_groups()
    referral = comes(invited(customer(last_name="Dupont")), address="door-sponsor")
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)

    answer = client.get(ADDRESS)

    assert answer.status_code == status
    page = unescape(answer.content.decode())
    assert ("Dupont" in page) == (status == 200)
    if status == 200:
        assert "jamais des refus" in page and "variable indéfinie" not in page[page.index("<section") :]
        assert reverse("admin:customers_customer_change", args=[referral.friend_id]) in page
    referral.refresh_from_db()
    assert referral.state == "review"
