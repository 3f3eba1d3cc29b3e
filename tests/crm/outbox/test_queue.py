from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from config.facts import deliver_all, publish
from crm.outbox import handlers, secrets, services
from crm.outbox.letters import LetterUnknown
from crm.outbox.models import MOVES, Message, State
from delivery.zones.events import CoverageOpened
from delivery.zones.models import CoverageRequest
from shop.orders.events import OrderPlaced
from tests.crm.outbox.support import CONTEXTS, order_context, queue, queue_secret
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_message_outside_a_transaction_is_refused():
    with pytest.raises(services.OutsideTransaction):
        services.queue_message(
            purpose="coverage_opened",
            occasion="1",
            recipient="a@b.fr",
            template="coverage_opened",
            context={"postcode": "64000"},
        )

    assert not Message.objects.exists()


def test_the_same_occasion_is_told_once():
    first = queue(1)

    second = queue(1, recipient="autre@exemple.fr", context={"postcode": "75001"})

    assert second.pk == first.pk
    assert Message.objects.get().recipient == "client1@exemple.fr"


def test_another_occasion_is_another_message():
    queue(1)

    queue(2)

    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    "address",
    ["", "pas une adresse", "a@b.fr\nBcc: x@y.fr", "a@b.fr, c@d.fr", "x" * 10_000 + "@b.fr", "a@b.fr\x00"],
)
def test_an_address_no_mail_can_go_to_is_refused(address):
    with pytest.raises(ValidationError):
        queue(recipient=address)

    assert not Message.objects.exists()


def test_an_unknown_letter_is_refused():
    with pytest.raises(LetterUnknown):
        queue(template="facture")

    assert not Message.objects.exists()


def test_a_secret_is_sealed_in_the_table():
    message = queue_secret()

    assert "1234-5678" not in message.html + message.text + message.subject
    assert "1234-5678" in secrets.unseal(message.text)
    assert "1234-5678" in secrets.unseal(message.html)


def test_a_secret_of_another_key_is_unreadable(settings):
    message = queue_secret()
    settings.SECRET_KEY = "another" * 10

    with pytest.raises(secrets.Unreadable):
        secrets.unseal(message.text)


def test_a_secret_is_still_read_while_the_key_is_being_changed(settings):
    message = queue_secret()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10

    assert "1234-5678" in secrets.unseal(message.text)


def test_a_secret_without_an_end_is_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        queue_secret(expires_at=None)

    assert not Message.objects.exists()


def test_an_expired_secret_is_blanked():
    gone, alive = queue_secret(1, lives=timedelta(seconds=-1)), queue_secret(2)

    assert services.purge_secrets() == 1

    gone.refresh_from_db()
    alive.refresh_from_db()
    assert (gone.html, gone.text) == ("", "")
    assert gone.purged_at
    assert alive.text
    assert services.purge_secrets() == 0


@pytest.mark.parametrize("before", State.values)
@pytest.mark.parametrize("after", State.values)
def test_the_database_holds_the_table_of_moves(before, after):
    now = timezone.now()
    message = Message.objects.create(
        purpose="p", occasion="o", recipient="a@b.fr", subject="s", state=before, claimed_at=now, sent_at=now
    )
    allowed = after == before or after in MOVES[before]

    try:
        with transaction.atomic():
            Message.objects.filter(pk=message.pk).update(state=after)
    except DatabaseError:
        assert not allowed
    else:
        assert allowed


@pytest.mark.django_db(transaction=True)
def test_a_placed_order_is_confirmed_once_however_often_it_is_told(monkeypatch):
    customer = CustomerFactory()
    monkeypatch.setattr(
        handlers,
        "letter_context",
        lambda reference: order_context(reference=reference, customer_id=customer.pk),
    )

    for _ in range(2):
        with transaction.atomic():
            publish(
                OrderPlaced(order_reference="CB-2F7K9", customer_id=customer.pk, rank=1, total_cents=124450)
            )
    deliver_all()

    message = Message.objects.get()
    assert (message.purpose, message.occasion) == ("order_confirmation", "CB-2F7K9")
    assert message.recipient == "elodie@exemple.fr"
    assert message.customer == customer
    assert "Comté" in message.html


def test_queueing_costs_two_queries(django_assert_num_queries):
    queue(1)

    with transaction.atomic(), django_assert_num_queries(2):
        services.queue_message(
            purpose="coverage_opened",
            occasion="2",
            recipient="a@b.fr",
            template="coverage_opened",
            context=CONTEXTS["coverage_opened"],
        )


@pytest.mark.django_db(transaction=True)
def test_each_opening_of_a_zone_is_told_once():
    asked = CoverageRequest.objects.create(email="lou@exemple.fr", postcode="64000", told_at=timezone.now())

    for _ in range(2):
        with transaction.atomic():
            publish(CoverageOpened(request_id=asked.pk))
    deliver_all()
    assert Message.objects.count() == 1

    CoverageRequest.objects.update(told_at=timezone.now())
    with transaction.atomic():
        publish(CoverageOpened(request_id=asked.pk))
        publish(CoverageOpened(request_id=asked.pk + 1))
    deliver_all()

    assert Message.objects.filter(purpose="coverage_opened", recipient="lou@exemple.fr").count() == 2
