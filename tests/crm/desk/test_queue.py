"""What waits: overdue first, then first orders, then by its hour. Alarms, and a constant number of queries."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.desk import queries, services
from crm.desk.models import Conversation
from shop.orders.models import Order
from tests.config.test_staff import place_order
from tests.crm.desk.talking import agent, answered, filed, written
from tests.factories import CustomerFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def ordered(customer, rank):
    order = place_order(SlotFactory(), Decimal(20), placed_at=timezone.now())
    Order.objects.filter(pk=order.pk).update(customer=customer, rank=rank)
    return order


def received(hours_ago, **details):
    with time_machine.travel(NOW - timedelta(hours=hours_ago), tick=False):
        return written(**details)


def rows(**which):
    return [item.row for item in queries.queue(NOW, **which).items]


def test_overdue_first_then_first_orders_then_by_the_hour():
    faithful, newcomer = CustomerFactory(), CustomerFactory()
    ordered(faithful, 12)
    ordered(newcomer, 3)
    fresh = received(1, customer_id=faithful.pk)
    older = received(5, customer_id=faithful.pk)
    first_order = received(1, customer_id=newcomer.pk)
    overdue = received(30, customer_id=faithful.pk)
    overdue_newcomer = received(25, customer_id=newcomer.pk)

    queue = queries.queue(NOW)

    assert [item.row for item in queue.items] == [overdue_newcomer, overdue, first_order, older, fresh]
    assert [item.is_newcomer for item in queue.items] == [True, False, True, False, False]
    assert (queue.total, queue.overdue) == (5, 2)


def test_fourth_order_is_no_first_one_and_merged_guests_count():
    customer = CustomerFactory()
    guest = CustomerFactory(guest=True, merged_into=customer)
    ordered(guest, 2)
    by_customer = received(1, customer_id=customer.pk)
    assert queries.queue(NOW).items[0].is_newcomer

    ordered(customer, 4)

    assert not queries.queue(NOW).items[0].is_newcomer
    assert rows() == [by_customer]


def test_stranger_who_names_a_first_order_is_served_as_its_customer():
    order = ordered(CustomerFactory(guest=True), 1)

    received(1, order_reference=order.reference)

    assert queries.queue(NOW).items[0].is_newcomer


def test_calls_stand_in_the_same_queue_with_whom_and_where_to_call():
    customer = CustomerFactory(phone="0611111111")
    order = ordered(customer, 9)
    with time_machine.travel(NOW, tick=False):
        call = services.ask_callback(
            occasion="signalement-1",
            reason="damaged",
            order_reference=order.reference,
            customer_id=customer.pk,
        )
    waiting = received(2)

    first, second = queries.queue(NOW).items

    assert (first.call, second.conversation) == (call, waiting)
    assert (first.person.name, first.person.phone) == ("É M", "0612345678")


def test_one_sees_ones_own_or_what_is_free():
    mine, theirs, free = received(3), received(2), received(1)
    me, colleague = UserFactory(staff=True), UserFactory(staff=True)
    services.take(Conversation, pk=mine.pk, user_id=me.pk)
    services.take(Conversation, pk=theirs.pk, user_id=colleague.pk)

    assert rows(user_id=me.pk) == [mine]
    assert rows(only_free=True) == [free]
    assert rows() == [mine, theirs, free]


def test_what_is_answered_or_closed_waits_no_more():
    by = UserFactory(staff=True)
    answered(received(3), by)
    filed(received(2), by)

    assert queries.queue(NOW).items == []


def test_queue_does_not_grow_with_what_waits():
    def fill(number):
        for _ in range(number):
            customer = CustomerFactory()
            order = ordered(customer, 1)
            received(1, customer_id=customer.pk, order_reference=order.reference)
            services.ask_callback(
                occasion=f"c-{customer.pk}",
                reason="late",
                order_reference=order.reference,
                customer_id=customer.pk,
            )

    fill(2)
    with CaptureQueriesContext(connection) as few:
        queries.queue(NOW)
    fill(4)
    with CaptureQueriesContext(connection) as many:
        queries.queue(NOW)

    assert len(few) == len(many) == 7


def test_only_the_first_are_read_and_all_are_counted():
    for hours in range(1, 6):
        received(hours)

    queue = queries.queue(NOW, limit=2)

    assert len(queue.items) == 2
    assert queue.total == 5


def test_backlog_alarms_once_a_promise_is_broken():
    received(1)
    quiet = queries.backlog(NOW)
    received(21)
    soon = queries.backlog(NOW)
    received(24)
    late = queries.backlog(NOW)

    assert (quiet.waiting, quiet.overdue, quiet.soon, quiet.is_alarming) == (1, 0, 0, False)
    assert (soon.soon, soon.is_alarming) == (1, False)
    assert (late.overdue, late.is_alarming) == (1, True)


def test_home_of_the_admin_shows_the_alarm_and_leads_to_the_queue(client):
    client.force_login(agent())
    received(30)

    with time_machine.travel(NOW, tick=False):
        blocks = {str(block.title): block for block in client.get("/admin/").context["calls"]}

    block = blocks["Demandes à traiter"]
    assert (block.figure, block.is_alert) == ("1", True)
    assert block.link == "/admin/desk/conversation/file/"
    assert [line.value for line in block.lines] == ["1"]
