"""What an order tells of itself: what it was promised, and what lay in its crates."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from config.facts import deliver_all
from delivery.promise.models import Outcome
from delivery.promise.queries import outcome_of
from shop.orders import services
from shop.orders.models import Order, ShortageQuestion
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import Walk, terms, zone  # noqa: F401
from tests.shop.orders.changes import amend
from tests.shop.orders.depot import close, new_slot, packed, pick, place, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("10.00"), stock=50)


@pytest.fixture
def apples():
    return ProductFactory(name="Pommes", weighed=True, stock=50_000)


def told(order):
    outcome = outcome_of(order.reference)
    return (outcome.units_ordered, outcome.units_missing, outcome.units_told)


def test_a_placed_order_is_promised_its_slot_and_each_of_its_articles(zone, comte, apples):  # noqa: F811
    order = place(zone, {comte: 5, apples: 1500})

    outcome = outcome_of(order.reference)
    assert (outcome.slot_starts_at, outcome.slot_ends_at) == (order.slot.starts_at, order.slot.ends_at)
    assert outcome.customer_id == order.customer_id and outcome.zone_id == zone.pk
    assert told(order) == (6, 0, 0)
    assert (outcome.fee_cents, outcome.total_cents) == (order.delivery_fee * 100, order.total * 100)
    assert outcome.ready_at is None


def test_an_order_that_is_not_paid_is_promised_nothing(zone, comte):  # noqa: F811
    walk = Walk(Client())
    walk.fill(comte, quantity=10).hold(new_slot(zone)).say_who()

    walk.order()

    assert Order.objects.get().status == Order.Status.AWAITING_PAYMENT
    assert not Outcome.objects.exists()


def test_cancelled_it_is_promised_nothing_any_more(zone, comte):  # noqa: F811
    order = place(zone, {comte: 5})

    services.cancel_order(reference=order.reference)

    assert outcome_of(order.reference).cancelled_at


def test_packed_whole_it_is_complete(zone, comte, apples):  # noqa: F811
    order = packed(place(zone, {comte: 5, apples: 1000}), {apples: 960})

    outcome = outcome_of(order.reference)
    assert told(order) == (6, 0, 0) and outcome.is_complete
    assert outcome.ready_at == order.packed_at and outcome.total_cents == order.bill.total * 100


def test_what_nobody_told_is_missing(zone, comte, apples):  # noqa: F811
    order = place(zone, {comte: 5, apples: 1000}, choice="leave_out")

    order = packed(order, {comte: 2, apples: 300})

    assert told(order) == (6, 4, 0)


def test_what_was_told_early_and_dropped_is_told(zone, comte):  # noqa: F811
    order = place(zone, {comte: 5})
    question = services.tell_shortage(
        reference=order.reference, line_id=order.lines.get().pk, missing=2, cause="forecast"
    )
    services.answer_shortage(token=question.token, answer="leave_out")

    packed(order)

    assert told(order) == (5, 0, 2)


def at_shelf(order, product, found):
    """Its shelf is short, and its customer is asked."""
    started(order)
    pick(order, {product: found})
    deliver_all()
    return ShortageQuestion.objects.filter(order=order).first()


def test_what_was_answered_at_the_empty_shelf_is_told(zone, comte):  # noqa: F811
    order = place(zone, {comte: 5, ProductFactory(stock=9): 1})
    question = at_shelf(order, comte, 3)

    services.answer_shortage(token=question.token, answer="leave_out")
    services.pack_order(reference=order.reference)

    assert told(order) == (6, 0, 2)


def test_what_nobody_answered_at_the_empty_shelf_is_missing(zone, comte):  # noqa: F811
    order = place(zone, {comte: 5, ProductFactory(stock=9): 1})
    question = at_shelf(order, comte, 3)
    ShortageQuestion.objects.filter(pk=question.pk).update(answer_by=order.placed_at)

    services.settle_unanswered(question_id=question.pk, is_back=lambda _q: False)
    services.pack_order(reference=order.reference)

    assert told(order) == (6, 2, 0)


def test_what_was_replaced_as_its_customer_wished_is_told_and_what_lacks_of_that_is_missing(zone, comte):  # noqa: F811
    brie = ProductFactory(name="Brie", price=Decimal("9.90"), stock=50)
    order = place(zone, {comte: 5}, choice="substitute")
    started(order)
    pick(order, {comte: 1})
    [line] = services.settle_at_shelf(references=[order.reference])
    stand = services.replace_at_shelf(line_id=line.pk, product_id=brie.pk, by_id=None)

    pick(order, {brie: 3})
    services.settle_at_shelf(references=[order.reference])
    services.pack_order(reference=order.reference)

    assert stand.quantity == 4
    assert told(order) == (5, 1, 3)


def test_amended_it_is_promised_what_it_is_then(zone, comte):  # noqa: F811
    order = place(zone, {comte: 10})
    later = new_slot(zone, starts_in=timedelta(hours=5))

    amend(order, {comte: 8}, slot=later)

    outcome, order = outcome_of(order.reference), Order.objects.get(pk=order.pk)
    assert outcome.slot_starts_at == later.starts_at
    assert outcome.units_ordered == 8 and outcome.total_cents == order.total * 100


def test_what_makes_a_delivery_good_is_promised_too(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 10}))
    slot = new_slot(zone)
    type(slot).objects.filter(pk=slot.pk).update(cutoff_at=slot.starts_at)

    redone = services.redo_delivery(
        order_reference=order.reference, quantities={order.lines.get().pk: 2}, slot_id=slot.pk, key=uuid4()
    )

    outcome = outcome_of(redone.reference)
    assert (outcome.units_ordered, outcome.fee_cents, outcome.total_cents) == (2, 0, 0)


def test_an_order_of_before_promises_were_kept_gets_its_own_with_its_crates(zone, comte):  # noqa: F811
    order = started(close(place(zone, {comte: 5})))
    Outcome.objects.filter(order_reference=order.reference).update(order_reference="CB-AUTRE")

    pick(order)
    services.pack_order(reference=order.reference)

    assert told(order) == (5, 0, 0)
