"""Two tabs, a customer and staff, and everybody at the limit at once; each with a control that shows the race."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from delivery.slots.models import Slot
from shop.claims import queries, services
from shop.claims.models import Claim
from shop.claims.seed import seed_limits
from shop.claims.services import reporting
from shop.orders import services as orders
from shop.orders.models import Order, Refund
from shop.orders.services import Returned, refunding
from tests.concurrency.racing import meet_after, together
from tests.factories import CustomerFactory, ProductFactory
from tests.shop.documents.selling import Sold, documented
from tests.shop.orders.depot import lines_of

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def limits(transactional_db):
    seed_limits()


def bought(*sold, customer=None):
    """An order that came, and was paid, with room in what was captured."""
    order = documented(*sold, Sold("Vin", "200.00", 1), delivery="0")
    changes = {"status": "delivered", "delivered_at": order.created_at, "rank": 9} | (
        {"customer": customer} if customer else {}
    )
    Order.objects.filter(pk=order.pk).update(**changes)
    return Order.objects.get(pk=order.pk)


def tab(order, name, quantity):
    told = services.Reported("missing", {lines_of(order)[name].pk: quantity})
    return lambda _n: services.report(order_reference=order.reference, key=uuid4(), reported=told).state.value


def given(order):
    return sum(part.quantity for refund in Refund.objects.filter(order=order) for part in refund.lines.all())


def unlocked(monkeypatch):
    """The order is read and not held; whoever counts waits for nobody."""
    monkeypatch.setattr(
        queries, "lock_order",
        lambda reference: Order.objects.select_related("slot", "zone", "customer").get(reference=reference),
    )  # fmt: skip
    monkeypatch.setattr(queries, "lock_claimant", lambda customer_id: None)


# --- two tabs -------------------------------------------------------------------------------------


def test_two_tabs_that_report_one_article_are_one_claim():
    order = bought(Sold("Café", "6.00", 3))

    answers = together(2, tab(order, "Café", 3))

    assert sorted(str(type(answer).__name__) for answer in answers) == ["NothingToClaim", "str"]
    assert Claim.objects.count() == 1 and given(order) == 3


def test_control_without_the_orders_lock_both_tabs_are_claims(monkeypatch):
    order = bought(Sold("Café", "6.00", 3))
    unlocked(monkeypatch)
    meet_after(monkeypatch, queries, "claimable", 2)

    answers = together(2, tab(order, "Café", 3))

    # The ledger, under a lock of its own, still pays once: the other is somebody's call for nothing.
    assert sorted(answers) == ["answered", "to_call"]
    assert Claim.objects.count() == 2 and given(order) == 3


def test_a_form_sent_by_everybody_at_once_is_one_claim():
    order, key = bought(Sold("Café", "6.00", 3)), uuid4()
    told = services.Reported("missing", {lines_of(order)["Café"].pk: 1})

    answers = together(
        6,
        lambda _n: services.report(order_reference=order.reference, key=key, reported=told).pk,
    )

    assert len(set(answers)) == 1 and Refund.objects.count() == 1


# --- a claim against a refund of staff --------------------------------------------------------------


def staff_refund(order, name, quantity):
    line = lines_of(order)[name].pk

    def refund(_n):
        orders.give_back(
            order_reference=order.reference, reason="missing", occasion="staff", lines=[Returned(line, quantity)]
        )  # fmt: skip
        return "given"

    return refund


def test_a_claim_and_a_refund_of_staff_give_one_line_back_once():
    order = bought(Sold("Café", "6.00", 3))
    both = [tab(order, "Café", 3), staff_refund(order, "Café", 3)]

    answers = together(2, lambda n: both[n](n))

    assert sum(isinstance(answer, services.NothingToClaim | orders.MoreThanBilled) for answer in answers) == 1
    assert given(order) == 3


def test_control_without_the_orders_lock_one_line_is_given_back_twice(monkeypatch):
    order = bought(Sold("Café", "6.00", 3))
    unlocked(monkeypatch)
    monkeypatch.setattr(
        refunding, "locked", lambda reference: Order.objects.select_related("slot").get(reference=reference)
    )
    meet_after(monkeypatch, refunding, "ledger_of", 2)
    both = [tab(order, "Café", 3), staff_refund(order, "Café", 3)]

    answers = together(2, lambda n: both[n](n))

    assert sorted(answers) == ["answered", "given"] and given(order) == 6


# --- the limit per customer -------------------------------------------------------------------------


def at_the_limit(number=4):
    customer = CustomerFactory()
    return [bought(Sold("Café", "6.00", 3), customer=customer) for _n in range(number)]


def test_a_customer_who_reports_everywhere_at_once_passes_no_limit():
    several = at_the_limit(7)

    answers = together(7, lambda n: tab(several[n], "Café", 1)(n))

    assert sorted(answers) == ["answered"] * 4 + ["to_call"] * 3
    assert sum(given(order) for order in several) == 4


def test_control_without_the_count_being_held_all_pass(monkeypatch):
    several = at_the_limit(7)
    monkeypatch.setattr(queries, "lock_claimant", lambda customer_id: None)
    meet_after(monkeypatch, reporting, "_why_call", 7)

    answers = together(7, lambda n: tab(several[n], "Café", 1)(n))

    assert answers == ["answered"] * 7


# --- whose it was -----------------------------------------------------------------------------------


def test_two_staff_repair_one_order_once():
    lost, mine = bought(Sold("Café", "6.00", 3)), bought(Sold("Thé", "5.00", 1))
    ended = timezone.now() - timedelta(hours=1)
    Slot.objects.filter(pk=mine.slot_id).update(starts_at=ended - timedelta(hours=1), ends_at=ended)
    Order.objects.filter(pk=lost.pk).update(slot=mine.slot, depot=mine.depot)
    lost.lines.filter(name="Café").update(product=ProductFactory(name="Café"))
    line = lines_of(lost)["Café"]
    told = services.report_not_mine(
        order_reference=mine.reference, key=uuid4(), received=services.Received("Café", line.product_id)
    )
    Claim.objects.filter(pk=told.pk).update(search="staff")

    answers = together(4, lambda _n: services.repair(claim_id=told.pk, line_id=line.pk).pk)

    assert sum(isinstance(answer, int) for answer in answers) == 1, answers
    assert Refund.objects.get().amount == Decimal("6.00") and given(lost) == 1
