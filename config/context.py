from typing import Any

from django.conf import settings
from django.http import HttpRequest

from crm.desk.rules import OpeningHours


def shop(request: HttpRequest) -> dict[str, Any]:
    """What every page says about the shop itself. No query."""
    return {
        "demonstration": settings.DEMONSTRATION,
        "help_phone": settings.HELP_PHONE,
        "help_email": settings.HELP_EMAIL,
        "help_hours": OpeningHours.parse(settings.HELP_HOURS).sentence(),
        "site_url": settings.SITE_URL,
    }
