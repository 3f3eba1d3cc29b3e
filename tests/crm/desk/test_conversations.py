"""A matter is answered, noted, closed and comes back; nobody answers past a colleague or past new words."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, transaction

from crm.desk import services
from crm.desk.models import Conversation, Entry
from crm.outbox.models import Message
from shop.customers.rules import PhoneInvalid
from tests.crm.desk.talking import agent, answered, filed, fresh, key, last_entry, mail, noted_in, written
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
RECEIVED = datetime(2026, 11, 28, 22, 40, tzinfo=UTC)
letters = Message.objects.filter(purpose="contact_answered").order_by("pk")


def test_clock_runs_from_reception_and_the_letter_says_until_when():
    with time_machine.travel(RECEIVED, tick=False):
        received = written()

    letter = Message.objects.get(purpose="contact_acknowledged")
    assert received.due_at == RECEIVED + timedelta(hours=24)
    assert "dimanche 29 novembre à 23\u00a0h\u00a040" in letter.text
    assert "dimanche 29 novembre à 23" in letter.html


def test_answer_is_kept_signed_timed_and_sent_with_what_was_asked():
    received, by = written(message="Et mon avoir ?"), UserFactory(staff=True)

    entry = answered(received, by)

    now = fresh(received)
    assert (now.state, now.due_at, now.first_answer_at, now.assigned_to) == ("answered", None, entry.at, by)
    letter = letters.get()
    assert letter.occasion == f"contact-{received.pk}-{entry.pk}"
    assert "Nous vous remboursons." in letter.text and "Et mon avoir ?" in letter.text


def test_several_answers_are_several_letters_and_the_first_one_counts():
    received, by = written(), UserFactory(staff=True)

    first = answered(received, by)
    answered(received, by, "Encore un mot.")

    assert letters.count() == 2
    assert fresh(received).first_answer_at == first.at


def test_same_form_sent_twice_is_one_answer():
    received, by, once = written(), UserFactory(staff=True), key()

    first = answered(received, by, key=once)
    second = answered(received, by, key=once)

    assert first == second
    assert letters.count() == 1


def refused(received, why, **details):
    before, said = fresh(received), received.entries.count()
    with pytest.raises(why) as refusal:
        answered(received, **details)
    assert received.entries.count() == said
    now = fresh(received)
    assert (now.state, now.assigned_to_id) == (before.state, before.assigned_to_id)
    return refusal.value


def test_what_a_colleague_looks_after_is_not_answered_over_them():
    received, colleague = written(), UserFactory(staff=True)
    services.take(Conversation, pk=received.pk, user_id=colleague.pk)

    refusal = refused(received, services.TakenByAnother, by=UserFactory(staff=True))

    assert refusal.by_id == colleague.pk
    assert not letters.exists()


def test_answer_written_before_new_words_came_does_not_leave():
    received, by = written(), UserFactory(staff=True)
    seen = last_entry(received)
    services.receive_mail(
        mail(sender="e@exemple.fr", headers={"in-reply-to": message_id_of(received)}, text="C’est réglé.")
    )

    refused(received, services.AnsweredMeanwhile, by=by, seen_entry_id=seen)

    assert not letters.exists()


@pytest.mark.parametrize("act", ["file", "call"])
def test_new_words_are_neither_filed_nor_answered_by_a_call_made_before_them(act):
    received, by = written(), UserFactory(staff=True)
    seen = last_entry(received)
    services.receive_mail(
        mail(sender="e@exemple.fr", headers={"in-reply-to": message_id_of(received)}, text="Et autre chose.")
    )

    with pytest.raises(services.AnsweredMeanwhile):
        if act == "file":
            filed(received, by, seen_entry_id=seen)
        else:
            noted_in(received, by, "phone", is_answer=True, seen_entry_id=seen)

    now = fresh(received)
    assert (now.state, now.outcome, now.due_at) == ("waiting", "", received.due_at)
    assert received.entries.count() == 2


def test_note_that_answers_nothing_is_added_whatever_came():
    received, by = written(), UserFactory(staff=True)
    seen = last_entry(received)
    services.receive_mail(mail(sender="e@exemple.fr", headers={"in-reply-to": message_id_of(received)}))

    noted_in(received, by, "phone", seen_entry_id=seen)

    assert fresh(received).state == "waiting"
    assert received.entries.count() == 3


def message_id_of(conversation):
    from crm.outbox.sending import message_id

    return message_id(Message.objects.get(occasion=f"contact-{conversation.pk}").pk)


def test_internal_note_of_a_colleague_does_not_hold_an_answer_back():
    received, by = written(), UserFactory(staff=True)
    seen = last_entry(received)
    noted_in(received, by)

    answered(received, by, seen_entry_id=seen)

    assert letters.count() == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Bonjour ⟦prenom⟧", ["prenom"]),
        ("Le {creneau}", ["créneau"]),
        ("⟦la date⟧ et {total}", ["la date", "total"]),
    ],
)
def test_answer_with_a_gap_never_leaves(text, names):
    received = written()

    refusal = refused(received, services.GapsLeft, by=UserFactory(staff=True), text=text)

    assert refusal.names == names
    assert not letters.exists()


def test_closed_matter_is_reopened_before_it_is_answered():
    received, by = written(), UserFactory(staff=True)
    filed(received, by, "no_answer")

    refused(received, services.MoveRefused, by=by)
    services.reopen_conversation(conversation_id=received.pk, user_id=by.pk)
    answered(received, by)

    assert fresh(received).state == "answered"
    assert fresh(received).outcome == ""


def test_closing_keeps_its_reason_and_sends_nothing():
    received, by = written(), UserFactory(staff=True)

    filed(received, by, "spam")

    now = fresh(received)
    assert (now.state, now.outcome, now.due_at, now.first_answer_at) == ("closed", "spam", None, None)
    assert not letters.exists()
    with pytest.raises(services.MoveRefused):
        filed(received, by)
    assert fresh(received).outcome == "spam"


def test_call_that_settles_what_was_written_stops_the_clock():
    received, by = written(), UserFactory(staff=True)

    noted_in(received, by, "phone", "Remboursée de vive voix.", is_answer=True)

    now = fresh(received)
    assert (now.state, now.due_at) == ("answered", None)
    assert now.first_answer_at is not None


def test_internal_note_answers_nobody_whatever_it_says():
    received = written()

    noted_in(received, UserFactory(), is_answer=True)

    assert fresh(received).state == "waiting"


@pytest.mark.parametrize("kind", ["form", "email", "reply", "automatic", "intrus"])
def test_nobody_writes_by_hand_what_only_a_machine_or_a_letter_says(kind):
    received = written()

    with pytest.raises(services.MoveRefused):
        noted_in(received, UserFactory(), kind)

    assert received.entries.count() == 1


def noted(**changes):
    details = {
        "channel": "phone", "subject": "refund", "text": "Demande où est son avoir.", "key": key(), "is_settled": False,
        "user_id": UserFactory(staff=True).pk,
    } | changes  # fmt: skip
    return services.note_contact(**details)


def test_call_that_is_not_settled_joins_the_queue_with_its_clock():
    conversation = noted(phone="+33 6 12 34 56 78")

    assert (conversation.state, conversation.phone) == ("waiting", "0612345678")
    assert conversation.due_at == conversation.received_at + timedelta(hours=24)


def test_call_that_is_settled_waits_for_nothing():
    conversation = noted(is_settled=True)

    assert (conversation.state, conversation.due_at) == ("answered", None)
    assert conversation.first_answer_at == conversation.received_at


def test_call_noted_twice_under_one_key_is_one():
    once, by = key(), UserFactory(staff=True).pk

    assert noted(key=once, user_id=by) == noted(key=once, user_id=by)
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "why"), [({"phone": "12"}, PhoneInvalid), ({"channel": "form"}, services.MoveRefused)]
)
def test_call_that_cannot_be_kept_keeps_nothing(changes, why):
    with pytest.raises(why):
        noted(**changes)

    assert not Conversation.objects.exists()


def test_nobody_is_written_to_without_an_address():
    conversation = noted()
    by = conversation.assigned_to

    refused(conversation, services.NoAddress, by=by)


def test_taking_leaving_and_taking_over():
    received, first, second = written(), UserFactory(staff=True), UserFactory(staff=True)
    services.take(Conversation, pk=received.pk, user_id=first.pk)

    with pytest.raises(services.TakenByAnother):
        services.take(Conversation, pk=received.pk, user_id=second.pk)
    services.release(Conversation, pk=received.pk, user_id=second.pk)
    assert fresh(received).assigned_to == first
    services.take_over(Conversation, pk=received.pk, from_id=first.pk, user_id=second.pk)
    assert fresh(received).assigned_to == second
    with pytest.raises(services.TakenByAnother):
        services.take_over(Conversation, pk=received.pk, from_id=first.pk, user_id=UserFactory().pk)
    services.release(Conversation, pk=received.pk, user_id=second.pk)

    assert fresh(received).assigned_to is None


def test_what_was_said_is_never_changed_nor_deleted():
    entry = written().entries.get()

    for change in ({"text": "Autre chose."}, {"text": ""}, {"kind": "note"}):
        with pytest.raises(ProgrammingError), transaction.atomic():
            Entry.objects.filter(pk=entry.pk).update(**change)
    with pytest.raises(ProgrammingError), transaction.atomic():
        entry.delete()

    assert Entry.objects.get(pk=entry.pk).text == "Bonjour."


def test_database_refuses_a_move_the_table_does_not_know():
    received = written()
    answered(received, UserFactory(staff=True))
    filed(received, fresh(received).assigned_to)

    with pytest.raises(ProgrammingError), transaction.atomic():
        Conversation.objects.filter(pk=received.pk).update(state="answered", outcome="")


@pytest.mark.parametrize("change", [{"due_at": None}, {"outcome": "spam"}])
def test_database_refuses_a_state_that_contradicts_itself(change):
    received = written()

    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.filter(pk=received.pk).update(**change)


def test_attaching_says_whose_it_is():
    received, customer = written(), CustomerFactory()

    services.attach_to(conversation_id=received.pk, customer_id=customer.pk, order_reference="CB-2F7K-9ABC")

    now = fresh(received)
    assert (now.customer, now.order_reference) == (customer, "CB-2F7K-9ABC")


def test_bad_address_is_refused_and_nothing_is_kept():
    with pytest.raises(ValidationError):
        written(email="elodie")

    assert not Conversation.objects.exists()
    assert not Message.objects.exists()


def test_agents_are_those_of_the_table():
    assert agent().has_perm("desk.change_conversation")
