from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.template import engines
from django.urls import reverse
from django.utils import timezone

from crm.outbox import services
from crm.outbox.models import Message, State
from tests.crm.outbox.support import CONTEXTS, order_context, queue, queue_secret
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/outbox/message/"


@pytest.fixture(autouse=True)
def _admin_templates(monkeypatch):
    """Unfold's templates rely on missing variables being empty."""
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")


def staff_with(*rights):
    user = UserFactory(staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    return user


@pytest.fixture
def reader(client):
    client.force_login(staff_with("view_message", "read_letter"))
    return client


def page(client, message):
    response = client.get(reverse("admin:outbox_message_change", args=[message.pk]))
    assert response.status_code == 200
    return response.content.decode()


def failed(message):
    Message.objects.filter(pk=message.pk).update(state=State.FAILED)
    return message


def doubtful(message):
    Message.objects.filter(pk=message.pk).update(state=State.CLAIMED, claimed_at=timezone.now())
    Message.objects.filter(pk=message.pk).update(state=State.UNKNOWN)
    return message


def test_a_letter_is_read_in_a_frame_without_scripts(reader):
    message = queue(
        purpose="order_confirmation",
        template="order_confirmation",
        context=order_context(first_name="<script>alert(1)</script>"),
    )

    body = page(reader, message)

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in body
    assert "<script>alert" not in body
    assert "Comté AOP" in body


def test_a_code_is_masked(reader):
    body = page(reader, queue_secret())

    assert "1234-5678" not in body
    assert "Masqué" in body


def test_in_the_demonstration_the_admin_is_the_mailbox(reader, settings):
    settings.DEMONSTRATION, settings.OUTBOX_DELIVERS = True, False
    message = queue_secret()
    services.send_due()

    body = page(reader, message)

    assert "1234-5678" in body
    assert "gardé dans l’administration" in body


def test_a_demonstration_that_sends_masks_codes(reader, settings):
    settings.DEMONSTRATION = True

    assert "1234-5678" not in page(reader, queue_secret())


def test_a_purged_letter_says_so(reader):
    message = queue_secret(lives=timedelta(seconds=-1))
    services.purge_secrets()

    assert "Effacé" in page(reader, message)


def test_the_list_costs_the_same_whatever_its_length(reader, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    queue(1)
    reader.get(LIST)
    with CaptureQueriesContext(connection) as few:
        assert "client1@exemple.fr" in reader.get(LIST).content.decode()
    for number in range(2, 12):
        queue(number)

    with django_assert_num_queries(len(few)):
        reader.get(LIST)


def test_readers_find_a_message_by_its_recipient(reader):
    queue(1), queue(2)

    body = reader.get(LIST, {"q": "client2@"}).content.decode()

    assert "client2@exemple.fr" in body
    assert "client1@exemple.fr" not in body


def test_others_see_that_a_message_left_but_neither_to_whom_nor_what(client):
    client.force_login(staff_with("view_message"))
    message = queue(1, context=CONTEXTS["coverage_opened"])

    seen = client.get(LIST).content.decode() + page(client, message)

    assert "client1@exemple.fr" not in seen
    assert "<iframe" not in seen
    assert f"/{message.pk}/change/" not in client.get(LIST, {"q": "client1@"}).content.decode()
    assert f"/{message.pk}/change/" in client.get(LIST).content.decode()
    assert client.get(LIST, {"recipient__startswith": "client1"}).status_code in {302, 400}


def test_staff_without_the_right_see_nothing(client):
    client.force_login(staff_with())

    assert client.get(LIST).status_code == 403


def test_failed_messages_go_back_by_an_action_and_nothing_else_does(reader):
    lost, doubt, waiting = failed(queue(1)), doubtful(queue(2)), queue(3)

    reader.post(LIST, {"action": "requeue_failed", "_selected_action": [lost.pk, doubt.pk, waiting.pk]})

    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {lost.pk: State.QUEUED, doubt.pk: State.UNKNOWN, waiting.pk: State.QUEUED}


def test_a_doubt_goes_back_only_after_a_page_that_warns(reader):
    message = doubtful(queue())
    address = reverse("admin:outbox_message_requeue_one", args=[message.pk])

    assert "peut-être déjà arrivée" in reader.get(address).content.decode()
    message.refresh_from_db()
    assert message.state == State.UNKNOWN

    reader.post(address)
    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_the_right_to_look_is_not_the_right_to_send_again(client):
    client.force_login(staff_with("view_message"))
    message = failed(queue())

    client.post(LIST, {"action": "requeue_failed", "_selected_action": [message.pk]})
    client.post(reverse("admin:outbox_message_requeue_one", args=[message.pk]))

    message.refresh_from_db()
    assert message.state == State.FAILED


@pytest.mark.parametrize("address", ["add/", "1/delete/"])
def test_messages_are_neither_written_nor_deleted_by_hand(reader, address):
    queue()

    assert reader.get(LIST + address).status_code in {302, 403, 404}
