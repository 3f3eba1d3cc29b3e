"""Requests of the former desk are conversations now: every word, date and number of theirs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories import CustomerFactory, UserFactory

BEFORE, AFTER = [("desk", "0003_conversations")], [("desk", "0005_no_more_requests")]
RECEIVED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def migrated(to):
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.fixture
def latest():
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
def test_every_request_keeps_its_number_its_words_and_its_dates(latest):
    agent, customer = UserFactory(staff=True), CustomerFactory()
    before = migrated(BEFORE)
    requests = before.get_model("desk", "ContactRequest").objects
    said = {"name": "Élodie", "email": "E@exemple.fr", "subject": "refund", "received_at": RECEIVED}
    waiting = requests.create(pk=7, message="Et mon avoir ?", customer_id=customer.pk, **said)
    answered = requests.create(
        pk=41, message="Où est-ce ?", state="answered", answer="En route.", order_reference="CB-1",
        answered_at=RECEIVED + timedelta(hours=2), answered_by_id=agent.pk, **said,
    )  # fmt: skip
    closed = requests.create(pk=42, message="Merci !", state="closed", **said)

    after = migrated(AFTER)

    conversations = after.get_model("desk", "Conversation").objects
    entries = after.get_model("desk", "Entry").objects
    assert set(conversations.values_list("pk", "state", "outcome", "email", "subject")) == {
        (waiting.pk, "waiting", "", "e@exemple.fr", "refund"),
        (answered.pk, "answered", "", "e@exemple.fr", "refund"),
        (closed.pk, "closed", "no_answer", "e@exemple.fr", "refund"),
    }
    assert list(entries.order_by("pk").values_list("conversation", "kind", "text", "written_by", "at")) == [
        (waiting.pk, "form", "Et mon avoir ?", None, RECEIVED),
        (answered.pk, "form", "Où est-ce ?", None, RECEIVED),
        (answered.pk, "reply", "En route.", agent.pk, RECEIVED + timedelta(hours=2)),
        (closed.pk, "form", "Merci !", None, RECEIVED),
    ]
    first = conversations.get(pk=waiting.pk)
    assert (first.customer_id, first.due_at) == (customer.pk, RECEIVED + timedelta(hours=24))
    assert conversations.get(pk=answered.pk).first_answer_at == RECEIVED + timedelta(hours=2)
    assert len(set(conversations.values_list("reply_token", flat=True))) == 3
    fresh = conversations.create(channel="form", state="answered")
    assert fresh.pk > 42
    assert "desk_contactrequest" not in connection.introspection.table_names()
