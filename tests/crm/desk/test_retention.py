"""What is forgotten: names, addresses, words and files; rows, dates and figures stay."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from crm.desk import queries, services
from crm.desk.incoming import IncomingFile
from crm.desk.models import Attachment, CallAttempt, Callback, Conversation, Entry, IncomingMail
from crm.desk.services import inbound
from crm.desk.services.retention import CUT_KEPT, KEPT, erase_words_of, forget_cuts, forget_old_conversations
from crm.desk.tasks import end_phone_orders, forget_old
from crm.outbox.models import Message
from tests.crm.desk.talking import answered, filed, fresh, key, mail, noted_in, written
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
NAME, EMAIL, PHONE, WORDS = "Zébulon", "zebulon@exemple.fr", "0698765432", "Mon secret"


def whole_story(customer_id=None, by=None):
    by = by or UserFactory(staff=True)
    received = written(name=NAME, email=EMAIL, message=WORDS, customer_id=customer_id)
    answered(received, by, f"{WORDS}, {NAME}")
    services.receive_mail(
        mail(
            sender=EMAIL, recipients=[f"aide+{received.pk}-{received.reply_token}@cabas.example"],
            text=f"{WORDS}\n\n> {WORDS}", files=[IncomingFile("secret.pdf", b"%PDF-secret"), IncomingFile("x", b"z")],
        )
    )  # fmt: skip
    call = services.ask_callback(
        occasion=f"c-{received.pk}", reason="asked", order_reference="", customer_id=customer_id,
        conversation_id=received.pk, name=NAME, phone=PHONE,
    )  # fmt: skip
    services.record_attempt(callback_id=call.pk, result="no_answer", note=WORDS, user_id=by.pk, key=key())
    return received


@pytest.fixture(autouse=True)
def takes_mail_in(settings):
    settings.INBOUND_EMAIL = "aide@cabas.example"


def kept():
    """Everything the desk holds, in one text."""
    models = (Message, Conversation, Entry, IncomingMail, Attachment, Callback, CallAttempt)
    return " ".join(str(row) for model in models for row in model.objects.values())


def is_forgotten():
    return not any(word in kept() for word in (NAME, EMAIL, PHONE, WORDS, "secret.pdf", "%PDF-secret"))


def test_the_story_holds_what_is_to_be_forgotten():
    whole_story()

    assert all(word in kept() for word in (NAME, EMAIL, PHONE, WORDS, "secret.pdf", "%PDF-secret"))


def test_erasing_a_customer_forgets_what_was_said_and_keeps_that_it_was():
    customer, other = CustomerFactory(), written(message="À moi.")
    received = whole_story(customer.pk)
    before = queries.answer_times(timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1))

    erased = erase_words_of(customer_ids=[customer.pk])

    assert erased == 1
    assert is_forgotten()
    now = fresh(received)
    assert (now.state, now.outcome, now.due_at) == ("closed", "settled", None)
    assert now.first_answer_at is not None
    assert fresh(other).entries.get().text == "À moi."
    after = queries.answer_times(timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1))
    assert after.median_minutes == before.median_minutes
    assert Callback.objects.get().state == "closed"


def test_words_sent_from_a_proven_address_are_its_owners():
    whole_story()

    erase_words_of(customer_ids=[], emails=[EMAIL.upper()])

    assert is_forgotten()


def test_blank_address_erases_nobody():
    written(email="e@exemple.fr")
    services.note_contact(
        channel="phone", subject="other", text="x", key=key(), is_settled=True, user_id=UserFactory().pk
    )

    assert erase_words_of(customer_ids=[], emails=["", "autre@exemple.fr"]) == 0
    assert Conversation.objects.filter(erased_at=None).count() == 2


def test_erasing_twice_changes_nothing_more():
    customer = CustomerFactory()
    received = whole_story(customer.pk)
    erase_words_of(customer_ids=[customer.pk])
    at = fresh(received).erased_at

    assert erase_words_of(customer_ids=[customer.pk]) == 0
    assert fresh(received).erased_at == at


def test_reply_to_what_was_erased_opens_another_conversation():
    customer = CustomerFactory()
    received = whole_story(customer.pk)
    erase_words_of(customer_ids=[customer.pk])

    row = services.receive_mail(mail(recipients=[f"aide+{received.pk}-{received.reply_token}@cabas.example"]))

    assert row.became == "opened"
    assert row.entry.conversation != received


def test_reply_that_comes_while_its_conversation_is_erased_opens_another(monkeypatch):
    received = whole_story((customer := CustomerFactory()).pk)
    found = inbound.conversation_named

    def erased_as_soon_as_found(number, token):
        known = found(number, token)
        erase_words_of(customer_ids=[customer.pk])
        return known

    monkeypatch.setattr(inbound, "conversation_named", erased_as_soon_as_found)

    row = services.receive_mail(mail(recipients=[f"aide+{received.pk}-{received.reply_token}@cabas.example"]))

    assert row.became == "opened"
    assert row.entry.conversation != received
    assert fresh(received).state == "closed"


@pytest.mark.parametrize("act", ["reopen", "note", "attach", "close", "answer", "call"])
def test_nothing_more_is_written_under_what_was_erased(act):
    customer, by = CustomerFactory(), UserFactory(staff=True)
    received = whole_story(customer.pk, by)
    erase_words_of(customer_ids=[customer.pk])
    before, said = fresh(received), received.entries.count()

    with pytest.raises(services.Erased):
        {
            "reopen": lambda: services.reopen_conversation(conversation_id=received.pk, user_id=by.pk),
            "note": lambda: noted_in(received, by),
            "attach": lambda: services.attach_to(
                conversation_id=received.pk, customer_id=CustomerFactory().pk, order_reference="CB-2F7K-9ABC"
            ),
            "close": lambda: filed(received, by),
            "answer": lambda: answered(received, by),
            "call": lambda: services.call_about_conversation(conversation_id=received.pk),
        }[act]()

    now = fresh(received)
    assert (now.state, now.customer_id, now.order_reference) == ("closed", before.customer_id, "")
    assert received.entries.count() == said
    assert not received.callbacks.filter(state__in=Callback.OPEN).exists()


def test_three_years_after_the_last_word_it_is_forgotten():
    with time_machine.travel(timezone.now() - KEPT - timedelta(days=1)):
        old = whole_story()
    recent = written()

    forget_old()

    assert is_forgotten()
    assert fresh(old).erased_at is not None
    assert fresh(recent).erased_at is None


def test_what_is_two_years_old_is_kept_and_a_night_forgets_so_many_at_most():
    with time_machine.travel(timezone.now() - KEPT - timedelta(days=1)):
        for _ in range(3):
            written()
    with time_machine.travel(timezone.now() - timedelta(days=730)):
        kept_one = written()

    assert forget_old_conversations(timezone.now(), limit=2) == 2
    assert forget_old_conversations(timezone.now(), limit=2) == 1
    assert forget_old_conversations(timezone.now(), limit=2) == 0
    assert fresh(kept_one).erased_at is None


def test_quotations_are_kept_three_months():
    with time_machine.travel(timezone.now() - CUT_KEPT - timedelta(days=1)):
        whole_story()
        services.receive_mail(mail(text=""))
    assert IncomingMail.objects.count() == 2

    forget_cuts(timezone.now())

    assert [row.cut for row in IncomingMail.objects.all()] == [""]
    assert WORDS in Entry.objects.order_by("-pk").first().text


def test_erasing_does_not_grow_with_what_was_said(django_assert_max_num_queries):
    customer, by = CustomerFactory(), UserFactory(staff=True)
    for _ in range(4):
        whole_story(customer.pk, by)

    with django_assert_max_num_queries(22):
        erase_words_of(customer_ids=[customer.pk])


def test_task_of_phone_orders_runs_with_nothing_to_do():
    end_phone_orders()

    assert not Callback.objects.exists()
