"""Two refunds of one line at once: what was billed goes back once; the control shows what the order's lock is for."""

import threading
from decimal import Decimal

import pytest

from shop.orders.models import Order, Refund
from shop.orders.services import MoreThanBilled, Returned, give_back, refunding, refuse_substitute
from shop.payments.models import PaymentOperation
from tests.concurrency.racing import together
from tests.shop.documents.selling import Sold, documented
from tests.shop.orders.depot import lines_of

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def order_of_eight():
    """A line of 8 pieces, 80 euros, and one of 200 that leaves room in what was captured."""
    return documented(Sold("Café", "10.00", 8), Sold("Vin", "200.00", 1), delivery="0")


def five_of(order):
    line = lines_of(order)["Café"].pk
    return lambda n: (
        give_back(
            order_reference=order.reference,
            lines=[Returned(line, 5)],
            reason="damaged",
            occasion=f"plainte-{n}",
        ).amount
    )


def given(order):
    return sum(part.quantity for refund in Refund.objects.filter(order=order) for part in refund.lines.all())


def test_two_refunds_of_fifty_on_eighty_at_once_are_one():
    order = order_of_eight()
    answers = together(2, five_of(order))

    assert sorted(type(answer).__name__ for answer in answers) == ["Decimal", "MoreThanBilled"]
    assert given(order) == 5
    assert PaymentOperation.objects.get(kind="refund").amount == Decimal("50.00")


def test_eight_people_each_give_one_piece_back_and_no_ninth():
    order = order_of_eight()
    line = lines_of(order)["Café"].pk
    answers = together(
        12,
        lambda n: (
            give_back(
                order_reference=order.reference,
                lines=[Returned(line, 1)],
                reason="damaged",
                occasion=f"p-{n}",
            ).amount
        ),
    )

    assert answers.count(Decimal("10.00")) == 8
    assert sum(isinstance(answer, MoreThanBilled) for answer in answers) == 4


def test_asked_by_everybody_at_once_for_one_occasion_it_is_one():
    order = order_of_eight()
    line = lines_of(order)["Café"].pk
    answers = together(
        8,
        lambda _n: (
            give_back(
                order_reference=order.reference,
                lines=[Returned(line, 5)],
                reason="damaged",
                occasion="plainte",
            ).pk
        ),
    )

    assert len(set(answers)) == 1
    assert Refund.objects.count() == PaymentOperation.objects.filter(kind="refund").count() == 1


def test_control_without_the_lock_more_goes_back_than_was_delivered(monkeypatch):
    """The line is read and written as above, by both at once: only the payment's own sum still holds."""
    both_have_read = threading.Barrier(2)
    real = refunding.ledger_of

    def read(order):
        known = real(order)
        both_have_read.wait(10)
        return known

    monkeypatch.setattr(
        refunding, "locked", lambda reference: Order.objects.select_related("slot").get(reference=reference)
    )
    monkeypatch.setattr(refunding, "ledger_of", read)
    order = order_of_eight()
    answers = together(2, five_of(order))

    assert answers == [Decimal("50.00")] * 2
    assert given(order) == 10


def test_a_replacement_refused_by_its_customer_and_at_the_door_is_refunded_once():
    order = documented(
        Sold("Café", "10.00", 1, picked=0), Sold("Thé", "9.00", 1, replaces="Café"), delivery="0"
    )
    line = lines_of(order)["Thé"].pk

    answers = together(6, lambda _n: refuse_substitute(order_reference=order.reference, line_id=line).amount)

    assert answers == [Decimal("9.00")] * 6
    assert PaymentOperation.objects.filter(kind="refund").count() == 1
