from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError

from crm.desk.queries import has_terms
from crm.desk.rules import BadHours, OpeningHours


@register
def opening_hours_can_be_read(**_kwargs: Any) -> list[CheckMessage]:
    """The hours stand on every page: better to stop a deployment than each visitor."""
    try:
        OpeningHours.parse(settings.HELP_HOURS)
    except BadHours as fault:
        hint = "Example: 1-6 08:00-21:00, 7 09:00-13:00 (1 is Monday)."
        return [Error(f"HELP_HOURS cannot be read at {fault}.", hint=hint, id="desk.E001")]
    return []


@register
def incoming_mail_has_its_secret(**_kwargs: Any) -> list[CheckMessage]:
    """Replies would be sent to an address at which nothing takes them in."""
    if settings.INBOUND_EMAIL and not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        hint = "Set ANYMAIL_WEBHOOK_SECRET, or leave INBOUND_EMAIL empty: replies then go to HELP_EMAIL."
        return [Error("INBOUND_EMAIL takes no mail in without a webhook secret.", hint=hint, id="desk.E003")]
    return []


@register(deploy=True)
def terms_are_published(**_kwargs: Any) -> list[CheckMessage]:
    """Without terms of sale the order button answers an error. One query; a database away says nothing."""
    try:
        is_there = has_terms()
    except DatabaseError:
        return []  # Before the first migration there is nothing to look at.
    if is_there:
        return []
    hint = "manage.py seed_defaults publishes the shipped draft; complete it under Pages légales."
    return [Error("No terms of sale are published: nothing can be sold.", hint=hint, id="desk.E002")]
