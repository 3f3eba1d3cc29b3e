from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

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
