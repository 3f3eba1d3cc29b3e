"""A rule that gives a call within the hour is carried out by whoever calls."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.facts import deliver_all
from crm.desk import services
from crm.desk.models import Callback
from delivery.promise.models import Compensation, Outcome
from delivery.promise.services import record_damage, seed_rules
from tests.crm.desk.talking import agent, key
from tests.factories import CustomerFactory, ZoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def damaged():
    seed_rules()
    ends = timezone.now() - timedelta(hours=1)
    outcome = Outcome.objects.create(
        order_reference="CB-1", customer=CustomerFactory(), zone=ZoneFactory(), rank=1, units_ordered=9,
        slot_starts_at=ends - timedelta(hours=1), slot_ends_at=ends, ready_at=ends - timedelta(hours=3),
        arrived_at=ends - timedelta(minutes=9),
    )  # fmt: skip
    record_damage(order_reference="CB-1", units=1, occasion="bris")
    deliver_all()
    return outcome


def test_damage_owes_a_call_once_and_whoever_reaches_them_carries_it_out(damaged):
    call = Callback.objects.get()
    given = Compensation.objects.get(remedy="call")
    assert (call.reason, call.order_reference, call.customer_id) == ("damaged", "CB-1", damaged.customer_id)
    assert given.state == "granted"

    services.call_for_compensation(compensation_id=given.pk)
    services.record_attempt(callback_id=call.pk, result="reached", note="", user_id=agent().pk, key=key())

    given.refresh_from_db()
    assert Callback.objects.count() == 1
    assert given.state == "carried_out"


def test_an_unanswered_call_leaves_it_owed(damaged):
    call = Callback.objects.get()

    services.record_attempt(callback_id=call.pk, result="no_answer", note="", user_id=agent().pk, key=key())

    assert Compensation.objects.get(remedy="call").state == "granted"


def test_a_compensation_that_nobody_knows_owes_nothing():
    assert services.call_for_compensation(compensation_id=404) is None
    assert not Callback.objects.exists()


def test_what_is_owed_about_one_order_is_one_call(damaged):
    call = services.ask_callback(
        occasion="claim-7", reason="damaged", order_reference="CB-1", customer_id=damaged.customer_id
    )
    again = services.ask_callback(
        occasion="claim-7", reason="damaged", order_reference="CB-1", customer_id=damaged.customer_id
    )

    assert call == again == Callback.objects.get()
    assert call.also == ["claim-7"]

    services.close_callback(callback_id=call.pk, user_id=agent().pk)
    assert Compensation.objects.get(remedy="call").state == "carried_out"
    # Told once more after it was made, nobody is called again.
    services.ask_callback(occasion="claim-7", reason="damaged", order_reference="CB-1", customer_id=None)
    assert Callback.objects.count() == 1


def test_a_claim_that_nobody_knows_owes_no_call():
    assert services.call_about_claim(claim_id=404) is None
