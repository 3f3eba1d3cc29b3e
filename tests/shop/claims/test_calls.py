"""What no rule may answer is talked over: the desk owes a call for it until it has its answer."""

import pytest
from django.test import Client
from django.urls import reverse

from config.facts import deliver_all
from config.staff import StaffGroup
from crm.desk import services as desk
from crm.desk.models import Callback
from shop.claims import services
from tests.factories import UserFactory
from tests.shop.claims.reporting import delivered_order, report
from tests.shop.orders.test_orders import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def service():
    client = Client()
    client.force_login(member(StaffGroup.CUSTOMER_SERVICE))
    return client


@pytest.fixture
def beyond(zone, soap):
    """Beyond what is answered at once: somebody calls."""
    return report(delivered_order(zone, {soap: 6}), {"Lessive": 4})


def test_what_is_reported_beyond_the_limits_owes_a_call_and_none_once_it_is_answered(beyond):
    deliver_all()
    call = Callback.objects.get()
    assert (call.occasion, call.reason, call.order_reference) == (
        beyond.occasion, "missing", beyond.order.reference,
    )  # fmt: skip

    services.answer_with_refund(claim_id=beyond.pk, by_id=UserFactory().pk)
    deliver_all()

    call.refresh_from_db()
    assert call.state == "closed" and call.ended_at and not call.attempts.exists()


def test_answered_before_anybody_heard_of_the_call_none_is_owed(beyond):
    services.answer_with_refund(claim_id=beyond.pk, by_id=UserFactory().pk)

    deliver_all()

    assert not Callback.objects.exists()


@pytest.mark.parametrize("is_first", [True, False])
def test_a_call_that_is_owed_for_something_else_too_is_still_owed(beyond, is_first):
    also = {"reason": "asked", "order_reference": beyond.order.reference, "customer_id": None}
    if not is_first:
        desk.ask_callback(occasion="demande-1-1", **also)
    deliver_all()
    desk.ask_callback(occasion="demande-1-1", **also)

    services.answer_with_refund(claim_id=beyond.pk, by_id=UserFactory().pk)
    deliver_all()

    call = Callback.objects.get()
    assert (call.state, call.occasion, call.also) == ("due", "demande-1-1", [])


def test_whoever_calls_finds_the_report_on_the_page_of_the_call(beyond, service):
    deliver_all()
    page = reverse("admin:desk_callback_change", args=[Callback.objects.get().pk])

    shown = service.get(page).content.decode()

    assert reverse("admin:claims_claim_change", args=[beyond.pk]) in shown
