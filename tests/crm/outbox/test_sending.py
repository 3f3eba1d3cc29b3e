import smtplib
from datetime import timedelta

import pytest
from anymail.exceptions import AnymailRequestsAPIError
from django.core import mail
from django.utils import timezone

from crm.outbox import sending, services
from crm.outbox.models import Message, State, Suppression
from delivery.promise.models import Outcome
from shop.customers.services import record_consent
from tests.crm.outbox.support import Mailbox, mail_server, queue, queue_secret
from tests.factories import CustomerFactory, ZoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def smtp(settings):
    def use(port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_TIMEOUT = 2

    return use


def now_as(message):
    message.refresh_from_db()
    return message.state, message.reason


def test_a_queued_message_is_sent_with_both_bodies():
    message = queue()

    assert services.send_due() == 1

    assert now_as(message) == (State.SENT, "")
    sent = mail.outbox[0]
    assert sent.to == ["client1@exemple.fr"]
    assert sent.alternatives[0].mimetype == "text/html"
    assert sent.extra_headers["Message-ID"].endswith("@cabas.example>")
    assert services.send_due() == 0


def test_a_secret_arrives_readable():
    queue_secret()

    services.send_due()

    assert "1234-5678" in mail.outbox[0].body


def test_an_expired_secret_is_not_sent():
    message = queue_secret(lives=timedelta(seconds=-1))

    services.send_due()

    assert now_as(message) == (State.FAILED, "expired")
    assert not mail.outbox


def test_a_secret_under_a_lost_key_fails_and_says_so(settings):
    message = queue_secret()
    settings.SECRET_KEY = "another" * 10

    services.send_due()

    assert now_as(message) == (State.FAILED, "unreadable")
    assert not mail.outbox


def test_the_demonstration_keeps_letters_and_sends_none(settings):
    settings.OUTBOX_DELIVERS = False
    message = queue()

    services.send_due()

    assert now_as(message) == (State.SENT, "kept")
    assert not mail.outbox


def test_a_message_due_later_waits():
    message = queue()
    Message.objects.update(due_at=timezone.now() + timedelta(minutes=1))

    assert services.send_due() == 0

    assert now_as(message) == (State.QUEUED, "")


def test_a_mail_server_that_is_down_costs_time_only(smtp):
    message = queue()
    smtp(1)

    services.send_due()

    message.refresh_from_db()
    assert message.state == State.QUEUED
    assert message.reason.startswith("unreachable:")
    assert message.attempts == 1
    assert message.due_at > timezone.now() + timedelta(seconds=15)
    assert message.handed_at is None


def test_after_enough_attempts_it_fails(smtp):
    message = queue()
    Message.objects.update(attempts=services.MOST_ATTEMPTS - 1)
    smtp(1)

    services.send_due()

    assert now_as(message)[0] == State.FAILED


def test_each_answer_of_a_mail_server_is_understood(smtp):
    mailbox = Mailbox(
        answers={
            "client1@exemple.fr": "550 5.1.1 No such user",
            "client2@exemple.fr": "451 4.7.1 Try later",
            "client4@exemple.fr": "421 4.7.0 Too many messages on this connection",
        }
    )
    first, second, third, fourth, fifth = (queue(number) for number in range(1, 6))

    with mail_server(mailbox) as port:
        smtp(port)
        services.send_due()

    assert now_as(first) == (State.FAILED, "smtp:550")
    assert now_as(second) == (State.QUEUED, "smtp:451")
    assert now_as(third) == (State.SENT, "")
    assert now_as(fourth) == (State.QUEUED, "smtp:421")
    assert now_as(fifth) == (State.SENT, "")
    assert mailbox.arrived == ["client3@exemple.fr", "client5@exemple.fr"]


def test_silence_after_the_letter_was_handed_over_is_a_doubt(smtp, settings):
    mailbox = Mailbox(pause_seconds=1.5)
    message = queue()

    with mail_server(mailbox) as port:
        smtp(port)
        settings.EMAIL_TIMEOUT = 0.3
        services.send_due()

    assert now_as(message)[0] == State.UNKNOWN
    assert message.reason.startswith("silence:")
    assert mailbox.arrived == ["client1@exemple.fr"]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (400, State.FAILED),
        (401, State.FAILED),
        (429, State.QUEUED),
        (500, State.UNKNOWN),
        (None, State.UNKNOWN),
    ],
)
def test_each_answer_of_a_provider_is_understood(status, state):
    fault = AnymailRequestsAPIError()
    fault.status_code = status

    assert sending._judge(fault).state == state


def test_a_refused_sender_is_judged_by_its_code():
    assert sending._judge(smtplib.SMTPSenderRefused(451, b"later", "a@b.fr")).state == State.QUEUED
    assert sending._judge(smtplib.SMTPSenderRefused(553, b"never", "a@b.fr")).state == State.FAILED


def test_a_marketing_letter_to_an_address_that_left_is_not_sent():
    letter = queue(1, is_marketing=True)
    services.suppress("CLIENT1@exemple.fr", reason=Suppression.Reason.LEFT)

    services.send_due()

    assert now_as(letter) == (State.FAILED, "suppressed")
    assert not mail.outbox


def test_a_code_goes_even_to_an_address_that_left():
    code = queue_secret(1)
    services.suppress("client1@exemple.fr", reason=Suppression.Reason.COMPLAINED)

    services.send_due()

    assert now_as(code) == (State.SENT, "")


@pytest.mark.parametrize(
    ("answers", "state"), [([], State.FAILED), ([True], State.SENT), ([True, False], State.FAILED)]
)
def test_a_marketing_letter_needs_consent_when_it_leaves(answers, state):
    customer = CustomerFactory()
    for answer in answers:
        record_consent(
            customer_id=customer.pk, purpose="letters", is_granted=answer, wording="Oui ?", source="test"
        )
    letter = queue(1, is_marketing=True, customer_id=customer.pk)

    services.send_due()

    assert now_as(letter)[0] == state


def test_what_time_does_not_allow_goes_back_uncounted():
    message = queue()
    claimed = services.claim_batch()

    services.send_claimed(claimed, until=0.0)

    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 0)
    assert not mail.outbox


def test_a_sender_whose_claim_was_given_away_sends_nothing():
    queue()
    claimed = services.claim_batch()
    Message.objects.update(claimed_at=timezone.now() + timedelta(seconds=1))

    services.send_claimed(claimed)

    assert not mail.outbox


# --- after a crash -------------------------------------------------------------------------------


def stale_claim(*, handed):
    message = queue()
    services.claim_batch()
    long_ago = timezone.now() - timedelta(minutes=11)
    Message.objects.update(claimed_at=long_ago, handed_at=long_ago if handed else None)
    return message


def test_a_lost_letter_that_was_handed_over_is_in_doubt_and_stays_there():
    message = stale_claim(handed=True)

    assert services.mark_lost() == 1

    assert now_as(message) == (State.UNKNOWN, "sender_lost")
    assert services.send_due() == 0
    assert not mail.outbox


def test_a_lost_letter_that_was_not_handed_over_is_sent_again():
    message = stale_claim(handed=False)

    assert services.mark_lost() == 0

    assert now_as(message)[0] == State.QUEUED
    assert services.send_due() == 1
    assert len(mail.outbox) == 1


def test_a_claim_in_hand_is_left_alone():
    message = queue()
    services.claim_batch()

    services.mark_lost()

    assert now_as(message)[0] == State.CLAIMED


# --- by hand -------------------------------------------------------------------------------------


def in_state(message, *states):
    for state in states:
        Message.objects.filter(pk=message.pk).update(
            state=state, claimed_at=timezone.now(), sent_at=timezone.now()
        )
    return message


def test_a_failed_message_can_be_queued_again():
    message = in_state(queue(), State.FAILED)

    services.requeue(message.pk)

    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.QUEUED, 0)


@pytest.mark.parametrize(
    "states", [[State.CLAIMED, State.UNKNOWN], [State.CLAIMED, State.SENT], [State.CLAIMED]]
)
def test_nothing_but_a_failure_is_queued_again_by_itself(states):
    message = in_state(queue(), *states)

    with pytest.raises(services.MoveRefused):
        services.requeue(message.pk)

    assert now_as(message)[0] == states[-1]


def test_a_doubt_is_sent_again_only_when_a_person_says_so():
    message = in_state(queue(), State.CLAIMED, State.UNKNOWN)

    services.requeue(message.pk, even_if_unknown=True)

    assert now_as(message)[0] == State.QUEUED


def test_an_expired_letter_is_never_queued_again():
    message = in_state(queue_secret(lives=timedelta(seconds=-1)), State.FAILED)

    with pytest.raises(services.MessageExpired):
        services.requeue(message.pk)

    assert now_as(message)[0] == State.FAILED


def test_nobody_is_sold_anything_while_they_were_let_down_and_it_is_not_over():
    customer = CustomerFactory()
    record_consent(
        customer_id=customer.pk, purpose="letters", is_granted=True, wording="Oui ?", source="test"
    )
    sold = queue(1, is_marketing=True, customer_id=customer.pk)
    owed = queue(2, customer_id=customer.pk)
    ends = timezone.now() - timedelta(minutes=50)
    Outcome.objects.create(
        order_reference="CB-1", customer=customer, zone=ZoneFactory(), rank=1, units_ordered=9,
        slot_starts_at=ends - timedelta(hours=1), slot_ends_at=ends, ready_at=ends - timedelta(hours=3),
    )  # fmt: skip

    services.send_due()

    sold.refresh_from_db()
    owed.refresh_from_db()
    assert (sold.state, owed.state) == ("queued", "sent")
    Outcome.objects.update(arrived_at=ends - timedelta(minutes=5))
    Message.objects.filter(pk=sold.pk).update(due_at=timezone.now())
    services.send_due()
    sold.refresh_from_db()
    assert sold.state == "sent"
