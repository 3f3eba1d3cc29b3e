"""Conversations, calls and agents for tests."""

import re
import uuid

from django.contrib.auth.models import Group

from config.staff import StaffGroup, seed_groups
from crm.desk import services
from crm.desk.incoming import Incoming
from crm.desk.models import Conversation
from tests.factories import UserFactory


def agent(group=StaffGroup.CUSTOMER_SERVICE, **details):
    seed_groups()
    user = UserFactory(staff=True, **details)
    user.groups.add(Group.objects.get(name=group.value))
    return user


def written(**changes):
    """A conversation that somebody opened by the form."""
    details = {"name": "Élodie", "email": "e@exemple.fr", "subject": "other", "message": "Bonjour."} | changes
    return services.receive_contact_request(**details)


def key():
    return uuid.uuid4().hex


def last_entry(conversation):
    return conversation.entries.order_by("-pk").first().pk


def answered(conversation, by, text="Nous vous remboursons.", **changes):
    details = {"key": key(), "seen_entry_id": last_entry(conversation)} | changes
    return services.answer_conversation(conversation_id=conversation.pk, text=text, user_id=by.pk, **details)


def filed(conversation, by, outcome="settled", **changes):
    details = {"seen_entry_id": last_entry(conversation)} | changes
    return services.close_conversation(
        conversation_id=conversation.pk, outcome=outcome, user_id=by.pk, **details
    )


def noted_in(conversation, by, kind="note", text="Cliente fidèle.", **changes):
    details = {"key": key(), "seen_entry_id": last_entry(conversation)} | changes
    return services.note_in(conversation_id=conversation.pk, kind=kind, text=text, user_id=by.pk, **details)


def mail(**changes):
    """A mail as any provider hands it in."""
    details = {
        "sender": "elodie@exemple.fr", "sender_name": "Élodie Martin", "recipients": ["aide@cabas.example"],
        "subject": "Mon beurre", "text": "Il manquait le beurre.", "html": "", "headers": {},
        "message_id": f"<{uuid.uuid4().hex}@exemple.fr>",
    } | changes  # fmt: skip
    return Incoming(**details)


def fresh(conversation):
    return Conversation.objects.get(pk=conversation.pk)


def desk_of(answer):
    """What the desk itself put on a page of the admin, with every variable known."""
    page = answer.content.decode()
    own = page[page.index('<div class="desk">') :]
    undefined = re.findall(r"[^<]{0,60}variable indéfinie[^<]{0,60}", own)
    assert not undefined, undefined
    return page
