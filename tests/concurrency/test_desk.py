"""Two agents never answer one matter at once, a mail handed in twice is one, a call is owed once."""

import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Q

from crm.desk import queries, services
from crm.desk.models import CallAttempt, Callback, Conversation, Entry, IncomingMail, PhoneOrder
from crm.desk.services import callbacks, conversations, inbound, phone_orders, publish_page, taking
from crm.outbox.models import Message
from shop.orders.models import Order
from tests.concurrency.racing import meet_after, meet_before, together, without_row_locks
from tests.crm.desk.talking import key, last_entry, mail, written
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    ProductFactory,
    SlotFactory,
    UserFactory,
    ZoneFactory,
)

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
AGENTS = 4
letters = Message.objects.filter(purpose="contact_answered")


def agents(number=AGENTS):
    return [UserFactory(staff=True).pk for _ in range(number)]


def test_of_agents_who_take_it_at_once_one_has_it():
    received, who = written(), agents()

    answers = together(AGENTS, lambda n: services.take(Conversation, pk=received.pk, user_id=who[n]))

    had = [n for n, answer in enumerate(answers) if answer is None]
    assert len(had) == 1
    assert all(isinstance(answer, services.TakenByAnother) for answer in answers if answer is not None)
    received.refresh_from_db()
    assert received.assigned_to_id == who[had[0]]
    assert {answer.by_id for answer in answers if answer is not None} == {who[had[0]]}


def test_control_without_the_condition_every_agent_believes_to_have_it(monkeypatch):
    received, who = written(), agents(2)
    # The statement's own condition is taken away: whoever is free is read first, and written after.
    monkeypatch.setattr(taking, "Q", lambda **_condition: AnyRow())

    answers = together(2, lambda n: services.take(Conversation, pk=received.pk, user_id=who[n]))

    assert answers == [None, None]


class AnyRow:
    """Half of a condition that every row meets."""

    def __or__(self, _other):
        return Q()


def press(received, who, seen):
    return lambda n: services.answer_conversation(
        conversation_id=received.pk, text=f"De {n}.", user_id=who[n], key=key(), seen_entry_id=seen
    )


def test_agents_who_answer_at_once_send_one_letter():
    received, who = written(), agents()

    answers = together(AGENTS, press(received, who, last_entry(received)))

    sent = [answer for answer in answers if isinstance(answer, Entry)]
    assert len(sent) == 1
    assert sum(isinstance(answer, services.TakenByAnother) for answer in answers) == AGENTS - 1
    assert letters.count() == 1
    received.refresh_from_db()
    assert received.assigned_to_id == sent[0].written_by_id


def test_control_without_the_lock_two_agents_answer_one_matter(monkeypatch):
    received, who = written(), agents(2)
    without_row_locks(monkeypatch)
    meet_after(monkeypatch, conversations, "_last_words", 2)

    answers = together(2, press(received, who, last_entry(received)))

    assert all(isinstance(answer, Entry) for answer in answers), answers
    assert letters.count() == 2


def test_same_mail_handed_in_at_once_is_one():
    once = mail()

    answers = together(AGENTS, lambda _n: services.receive_mail(once))

    assert {answer.pk for answer in answers} == {IncomingMail.objects.get().pk}
    assert Conversation.objects.count() == Entry.objects.count() == 1
    assert Message.objects.count() == 1


def test_control_without_its_key_the_same_mail_is_two(monkeypatch):
    once = mail()
    monkeypatch.setattr(
        inbound, "_claim", lambda _mail: (IncomingMail.objects.create(key=key(), became="empty"), True)
    )

    together(2, lambda _n: services.receive_mail(once))

    assert Conversation.objects.count() == 2


def test_order_sent_from_two_tabs_is_one_with_one_letter():
    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")
    slot, brie = SlotFactory(), ProductFactory(price=Decimal("4.00"))
    customer = CustomerFactory()
    AddressFactory(customer=customer)
    [agent] = agents(1)
    started = phone_orders.start_phone_order(agent_id=agent, customer_id=customer.pk)
    own = {"phone_order_id": started.pk, "agent_id": agent}
    phone_orders.set_phone_line(**own, product_id=brie.pk, quantity=20)
    phone_orders.hold_phone_slot(**own, slot_id=slot.pk)
    seen = queries.phone_recap(queries.on_the_phone(started)).totals.total

    answers = together(AGENTS, lambda _n: phone_orders.send_phone_order(**own, seen_total=seen))

    assert sum(isinstance(answer, Order) for answer in answers) == 1, answers
    assert sum(isinstance(answer, phone_orders.NotRunning) for answer in answers) == AGENTS - 1
    assert Order.objects.count() == Message.objects.filter(purpose="order_to_agree").count() == 1


def test_order_begun_twice_at_once_is_begun_once():
    ZoneFactory()
    customer, [agent] = CustomerFactory(), agents(1)

    together(AGENTS, lambda _n: phone_orders.start_phone_order(agent_id=agent, customer_id=customer.pk))

    assert PhoneOrder.objects.filter(ended_at=None).count() == 1


def test_call_asked_for_at_once_is_owed_once():
    def ask(_n):
        return services.ask_callback(
            occasion="signalement-1", reason="damaged", order_reference="", customer_id=None
        )

    answers = together(AGENTS, ask)

    assert {answer.pk for answer in answers} == {Callback.objects.get().pk}


def ask_about_one_order(n):
    return services.ask_callback(
        occasion=f"claim-{n}", reason="damaged", order_reference="CB-2F7K-9ABC", customer_id=None
    )


def all_look_first(monkeypatch, number):
    """So many threads have each found no call about the order before any of them asks for one."""
    met, real, here = threading.Barrier(number), callbacks._joined, threading.local()

    def looked(asked):
        found = real(asked)
        if not hasattr(here, "has_met"):
            here.has_met = True
            met.wait(30)
        return found

    monkeypatch.setattr(callbacks, "_joined", looked)


def test_calls_about_one_order_asked_for_at_once_are_one(monkeypatch):
    all_look_first(monkeypatch, AGENTS)

    answers = together(AGENTS, ask_about_one_order)

    call = Callback.objects.get()
    assert {answer.pk for answer in answers} == {call.pk}, answers
    assert {call.occasion, *call.also} == {f"claim-{n}" for n in range(AGENTS)}


@pytest.fixture
def calls_about_one_order():
    """The guard removed, and put back."""
    guard = next(rule for rule in Callback._meta.constraints if rule.name == "one_open_call_per_order")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Callback, guard)
    yield
    Callback.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Callback, guard)


def test_control_without_the_guard_one_order_is_called_about_twice(monkeypatch, calls_about_one_order):
    all_look_first(monkeypatch, 2)

    together(2, ask_about_one_order)

    assert Callback.objects.filter(order_reference="CB-2F7K-9ABC", state="due").count() == 2


def call_about(received):
    return lambda _n: services.call_about_conversation(conversation_id=received.pk)


def test_call_about_a_conversation_asked_for_at_once_is_owed_once():
    received = written()

    answers = together(AGENTS, call_about(received))

    assert {answer.pk for answer in answers} == {Callback.objects.get().pk}


def test_control_without_the_lock_a_conversation_is_called_about_twice(monkeypatch):
    received = written()
    without_row_locks(monkeypatch)
    meet_before(monkeypatch, callbacks, "ask_callback", 2)

    together(2, call_about(received))

    assert Callback.objects.count() == 2


def test_call_that_two_agents_end_at_once_ends_once():
    call = services.ask_callback(occasion="a", reason="late", order_reference="", customer_id=None)
    who = agents(2)

    answers = together(2, attempt(call, who))

    assert sorted(type(answer).__name__ for answer in answers) == ["CallAttempt", "MoveRefused"]
    assert CallAttempt.objects.count() == 1


def attempt(call, who):
    return lambda n: services.record_attempt(
        callback_id=call.pk, result="reached", note="", user_id=who[n], key=key()
    )


def test_control_without_the_lock_both_have_ended_it(monkeypatch):
    call = services.ask_callback(occasion="a", reason="late", order_reference="", customer_id=None)
    who = agents(2)
    without_row_locks(monkeypatch)
    meet_after(monkeypatch, callbacks, "_open", 2)

    answers = together(2, attempt(call, who))

    assert all(isinstance(answer, CallAttempt) for answer in answers), answers
    assert CallAttempt.objects.count() == 2
