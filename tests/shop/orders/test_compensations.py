"""What a broken promise is made good with: money and vouchers, once, and its customer is told unasked."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from config.facts import deliver_all, publish
from crm.outbox.models import Message
from delivery.promise import services as promises
from delivery.promise.events import CompensationGranted
from delivery.promise.models import Compensation, Rule, RuleWeek
from delivery.promise.rules import week_of
from delivery.promise.services import NewVersion
from delivery.promise.services.rulebook import SHIPPED_AT
from loyalty.points.models import PointEntry
from loyalty.vouchers.models import Voucher
from shop.orders import services, tasks
from shop.orders.compensations import made_good
from shop.orders.models import Order, Refund
from shop.orders.watch import watched
from shop.payments.models import PaymentAccount
from tests.factories import ProductFactory, UserFactory
from tests.loyalty.points.earning import programme
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import packed, place, settle
from tests.shop.orders.returning import read, signed_in

pytestmark = pytest.mark.django_db
State = Compensation.State


@pytest.fixture(autouse=True)
def shipped(db):
    promises.seed_rules()


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("10.00"), stock=90)


@contextmanager
def after_its_slot(order, **later):
    with time_machine.travel(order.slot.ends_at + timedelta(**later or {"hours": 1})):
        yield


def come(order, minutes):
    """It is at the door so long after its slot, and everybody is told."""
    promises.record_arrival(
        order_reference=order.reference, at=order.slot.ends_at + timedelta(minutes=minutes), carrier="cabas"
    )
    deliver_all()


def late_order(zone, basket, minutes=45, **how):  # noqa: F811
    """Packed, paid and late."""
    order = packed(place(zone, basket, **how))
    settle()
    with after_its_slot(order):
        come(order, minutes)
        settle()
    return Order.objects.select_related("slot").get(pk=order.pk)


def week_is_full(order):
    """Whatever its delay is worth, staff decide."""
    RuleWeek.objects.create(
        rule=Rule.objects.get(key="retard"), monday_on=week_of(order.slot.starts_at), spent_cents=99_999
    )


def granted():
    return Compensation.objects.get()


def test_late_its_delivery_is_given_back_and_its_customer_told(zone, comte):  # noqa: F811
    order = late_order(zone, {comte: 5})

    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.occasion) == (Decimal("5.90"), "late", granted().occasion)
    assert granted().state == State.CARRIED_OUT
    assert PaymentAccount.objects.get(order_reference=order.reference).refunded == Decimal("5.90")
    letter = Message.objects.get(purpose="compensation_granted")
    assert letter.recipient == order.email and letter.occasion == f"{order.reference} {granted().pk}"
    assert "Votre livraison vous est remboursée" in letter.subject
    assert "45 minutes de retard, plus de 30" in letter.text and "L216-1" in letter.text


def test_on_time_and_complete_nobody_is_written_to(zone, comte):  # noqa: F811
    late_order(zone, {comte: 5}, minutes=0)

    assert not Compensation.objects.exists() and not Refund.objects.exists()
    assert not Message.objects.filter(purpose="compensation_granted").exists()


def test_an_offered_delivery_is_made_good_by_a_voucher_for_the_next(zone, comte):  # noqa: F811
    order = late_order(zone, {comte: 30})

    voucher = Voucher.objects.get()
    assert order.delivery_fee == 0
    assert (voucher.kind, voucher.origin, voucher.source) == ("delivery", "compensation", granted().occasion)
    assert voucher.owner_id == order.customer_id and granted().state == State.CARRIED_OUT
    assert timedelta(days=90) < voucher.valid_until - granted().granted_at < timedelta(days=92)
    letter = Message.objects.get(purpose="compensation_granted")
    assert "Votre prochaine livraison est offerte" in letter.subject and "sans compte" in letter.text


def given_points(zone, basket):  # noqa: F811
    """A late order under a rule that gives points for five euros."""
    wanted = NewVersion(trigger="late", late_minutes=30, remedy="points", amount_cents=500)
    wanted.of(Rule.objects.get(key="retard"), number=2, starts_at=SHIPPED_AT + timedelta(days=1)).save()
    return late_order(zone, basket)


def test_points_for_a_late_order_may_be_spent_at_once_and_are_told_of(zone, comte):  # noqa: F811
    programme()
    order = given_points(zone, {comte: 5})

    given = PointEntry.objects.get(kind="gift")
    # A hundred are worth 3 €: never less than was promised.
    assert (given.points, given.order_reference) == (167, order.reference)
    assert granted().state == State.CARRIED_OUT
    letter = Message.objects.get(purpose="compensation_granted")
    assert "points de fidélité" in letter.subject and "sous Fidélité" in letter.text
    services.make_good(compensation_id=granted().pk)
    assert PointEntry.objects.filter(kind="gift").count() == 1


def test_where_no_programme_runs_staff_see_that_points_could_not_be_given(zone, comte):  # noqa: F811
    given_points(zone, {comte: 5})

    assert (granted().state, granted().failed_because) == (State.FAILED, "NoProgramme")


def test_absent_articles_give_the_delivery_back_for_what_is_missing(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 6}, choice="leave_out"), {comte: 4})
    settle()

    with after_its_slot(order):
        come(order, -20)

    assert Refund.objects.get().reason == "missing"


@pytest.fixture
def unpaid(zone, comte, monkeypatch):  # noqa: F811
    """Late, and its money was not taken yet."""
    order = packed(place(zone, {comte: 5}))
    with after_its_slot(order):
        come(order, 45)
    return order


def test_money_that_was_not_taken_yet_is_given_back_once_it_was(unpaid):
    assert granted().state == State.GRANTED and not Refund.objects.exists()
    settle()

    with after_its_slot(unpaid, hours=2):
        tasks.make_good_due()
        tasks.make_good_due()

    assert granted().state == State.CARRIED_OUT and Refund.objects.get().amount == Decimal("5.90")


def test_what_stays_undone_is_shown_to_staff(unpaid):
    def undone():
        return [late.reference for step in watched() if step.key == "compensations" for late in step.late]

    with after_its_slot(unpaid, hours=1, minutes=30):
        assert undone() == []
    with after_its_slot(unpaid, hours=3):
        assert undone() == [unpaid.reference]


def test_a_delivery_that_was_given_back_before_is_for_staff(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 5}))
    settle()
    services.give_back(
        order_reference=order.reference, reason="goodwill", occasion="staff-1", with_delivery=True
    )

    with after_its_slot(order):
        come(order, 45)

    assert (granted().state, granted().failed_because) == (State.FAILED, "NothingToRefund")
    assert Refund.objects.count() == 1


def test_told_twice_and_late_it_is_carried_out_once(zone, comte):  # noqa: F811
    order = late_order(zone, {comte: 5})
    made = granted()

    for _n in range(2):
        with transaction.atomic():
            publish(
                CompensationGranted(
                    made.pk, order.reference, made.customer_id, made.remedy, made.amount_cents
                )
            )
        deliver_all()

    assert Refund.objects.count() == 1
    assert Message.objects.filter(purpose="compensation_granted").count() == 1


def test_carried_out_by_the_task_before_its_fact_comes_it_is_once(unpaid):
    settle()

    answers = [services.make_good(compensation_id=granted().pk) for _n in range(2)]

    assert answers == ["done", ""] and Refund.objects.count() == 1


def test_what_staff_grant_is_carried_out_too(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 5}))
    settle()
    week_is_full(order)
    with after_its_slot(order):
        come(order, 45)
        assert granted().state == State.TO_DECIDE and not Refund.objects.exists()
        assert not Message.objects.filter(purpose="compensation_granted").exists()

        promises.grant_by_staff(
            compensation_id=granted().pk, why="our_fault", by_id=UserFactory(staff=True).pk
        )
        deliver_all()

    assert Refund.objects.get().amount == Decimal("5.90") and granted().state == State.CARRIED_OUT
    assert Message.objects.filter(purpose="compensation_granted").count() == 1


def test_nobody_carries_out_what_is_not_theirs():
    assert services.make_good(compensation_id=999) == ""


# --- what its pages say ---------------------------------------------------------------------------


def test_its_page_and_its_tracking_say_what_was_given_and_why(zone, comte):  # noqa: F811
    order = late_order(zone, {comte: 5})

    own = read(signed_in(order).get(reverse("order", args=[order.reference])))
    tracking = read(Client().get(reverse("tracking", args=[order.tracking_token])))

    for page in (own, tracking):
        assert "Votre livraison vous est remboursée" in page
        assert "45 minutes de retard, plus de 30, livraison remboursée (5,90\u00a0€)." in page


def test_what_staff_have_still_to_decide_is_no_promise(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 5}))
    week_is_full(order)
    with after_its_slot(order):
        come(order, 45)

    page = read(Client().get(reverse("tracking", args=[order.tracking_token])))

    assert granted().state == State.TO_DECIDE
    assert "remboursée" not in page


def test_an_order_that_gave_a_lot_is_read_in_as_many_queries(
    zone,  # noqa: F811
    comte,
    django_assert_num_queries,
):
    order = late_order(zone, {comte: 5})
    promises.record_life_broken(order_reference=order.reference, units=1, occasion="signalement-1")
    deliver_all()

    with django_assert_num_queries(1):
        assert len(made_good(order.reference)) == 2
