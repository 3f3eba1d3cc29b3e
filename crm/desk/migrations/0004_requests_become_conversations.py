"""Each request becomes a conversation under its own number, with what was written and what was answered."""

import secrets
from datetime import timedelta

from django.db import migrations

STATES = {"new": "waiting", "answered": "answered", "closed": "closed"}
AT_ONCE = 500


def copy_requests(apps, schema_editor):
    """Those that have no conversation yet: run again, it copies what came in between."""
    Request = apps.get_model("desk", "ContactRequest")
    Conversation = apps.get_model("desk", "Conversation")
    known = Conversation.objects.values("pk")
    waiting = list(Request.objects.exclude(pk__in=known).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(waiting), AT_ONCE):
        some = list(Request.objects.filter(pk__in=waiting[start : start + AT_ONCE]).order_by("pk"))
        Conversation.objects.bulk_create([_conversation(Conversation, one) for one in some])
        apps.get_model("desk", "Entry").objects.bulk_create(
            [entry for one in some for entry in _entries(apps.get_model("desk", "Entry"), one)]
        )
    schema_editor.execute(
        "SELECT setval(pg_get_serial_sequence('desk_conversation', 'id'), GREATEST("
        " (SELECT coalesce(max(id), 1) FROM desk_conversation),"
        " (SELECT last_value FROM desk_conversation_id_seq)))"
    )


def _conversation(model, one):
    state = STATES[one.state]
    return model(
        pk=one.pk, channel="form", subject=one.subject, customer_id=one.customer_id, name=one.name,
        email=one.email.lower(), order_reference=one.order_reference, reply_token=secrets.token_hex(10),
        state=state, outcome="no_answer" if state == "closed" else "", received_at=one.received_at,
        due_at=one.received_at + timedelta(hours=24) if state == "waiting" else None,
        first_answer_at=one.answered_at, last_at=one.answered_at or one.received_at,
        assigned_to_id=one.answered_by_id, assigned_at=one.answered_at if one.answered_by_id else None,
    )  # fmt: skip


def _entries(model, one):
    yield model(conversation_id=one.pk, kind="form", text=one.message, at=one.received_at)
    if one.answer:
        yield model(
            conversation_id=one.pk, kind="reply", text=one.answer, written_by_id=one.answered_by_id,
            is_answer=True, at=one.answered_at,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("desk", "0003_conversations")]

    operations = [migrations.RunPython(copy_requests, migrations.RunPython.noop)]
