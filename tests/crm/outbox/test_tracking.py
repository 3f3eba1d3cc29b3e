import json
from base64 import b64encode

import pytest
from anymail.signals import AnymailTrackingEvent, tracking
from django.urls import include, path
from django.utils import timezone

from crm.outbox.models import Message, State, Suppression
from tests.crm.outbox.support import queue

pytestmark = pytest.mark.django_db

urlpatterns = [path("anymail/", include("anymail.urls"))]


def in_doubt(**changes):
    message = queue()
    Message.objects.update(state=State.CLAIMED, claimed_at=timezone.now())
    Message.objects.update(state=State.UNKNOWN, **changes)
    return message


def say(message, event, **changes):
    given = {"event_type": event, "recipient": message.recipient, "metadata": {"message": str(message.pk)}}
    tracking.send(sender=None, event=AnymailTrackingEvent(**(given | changes)), esp_name="Test")
    message.refresh_from_db()
    return message.state


def test_the_provider_settles_a_doubt_by_our_id():
    assert say(in_doubt(), "delivered") == State.SENT


def test_the_provider_settles_a_doubt_by_its_own_id():
    message = in_doubt(provider_message_id="abc-123")

    assert say(message, "delivered", metadata={}, message_id="abc-123") == State.SENT


def test_a_bounce_undoes_sent_and_is_remembered():
    message = in_doubt()
    say(message, "sent")

    assert say(message, "bounced", reject_reason="bounced") == State.FAILED

    assert message.reason == "bounced:bounced"
    assert Suppression.objects.get().reason == Suppression.Reason.BOUNCED


def test_events_repeated_or_out_of_order_change_nothing_more():
    message = in_doubt()
    say(message, "bounced", reject_reason="bounced")

    assert say(message, "delivered") == State.FAILED
    assert say(message, "bounced", reject_reason="bounced") == State.FAILED

    assert Suppression.objects.count() == 1


def test_a_full_mailbox_is_not_a_wrong_address():
    say(in_doubt(), "bounced", reject_reason="other")

    assert not Suppression.objects.exists()


def test_a_complaint_is_remembered_and_the_letter_stays_sent():
    message = in_doubt()
    say(message, "delivered")

    assert say(message, "complained", recipient="Client1@Exemple.fr") == State.SENT

    assert Suppression.objects.get().address == "client1@exemple.fr"


def test_a_queued_message_is_beyond_the_providers_word():
    message = queue()

    assert say(message, "bounced", reject_reason="bounced") == State.QUEUED


@pytest.mark.parametrize(
    "metadata", [{}, {"message": "x"}, {"message": "9" * 40}, {"message": "-1"}, {"message": "١٢"}]
)
def test_an_event_about_nothing_of_ours_is_ignored(metadata):
    message = in_doubt()

    assert say(message, "delivered", metadata=metadata) == State.UNKNOWN


def test_another_recipient_does_not_settle_our_letter():
    assert say(in_doubt(), "bounced", recipient="autre@exemple.fr") == State.UNKNOWN


def test_the_door_is_closed_without_a_secret(client):
    assert (
        client.post("/anymail/postmark/tracking/", "{}", content_type="application/json").status_code == 404
    )


@pytest.mark.urls("tests.crm.outbox.test_tracking")
class TestTheDoor:
    event = {
        "RecordType": "Delivery",
        "MessageID": "m-1",
        "Recipient": "client1@exemple.fr",
        "DeliveredAt": "2026-11-26T10:00:00Z",
    }

    @pytest.fixture(autouse=True)
    def _secret(self, settings):
        settings.ANYMAIL = {"WEBHOOK_SECRET": "anymail:mot-de-passe"}

    def post(self, client, credentials):
        return client.post(
            "/anymail/postmark/tracking/", json.dumps(self.event), content_type="application/json",
            headers={"authorization": "Basic " + b64encode(credentials.encode()).decode()},
        )  # fmt: skip

    def test_a_stranger_settles_nothing(self, client):
        message = in_doubt(provider_message_id="m-1")

        assert self.post(client, "anymail:faux").status_code == 400

        message.refresh_from_db()
        assert message.state == State.UNKNOWN

    def test_the_provider_is_heard(self, client):
        message = in_doubt(provider_message_id="m-1")

        assert self.post(client, "anymail:mot-de-passe").status_code == 200

        message.refresh_from_db()
        assert message.state == State.SENT
