from typing import Any

from django.conf import settings
from django.http import HttpRequest

from crm.desk.rules import OpeningHours


def help_phone() -> dict[str, str]:
    """The number as it is read, kept on one line, and as a telephone dials it."""
    dialled = "".join(sign for sign in settings.HELP_PHONE if sign.isdigit() or sign == "+")
    return {"help_phone": settings.HELP_PHONE.replace(" ", "\u00a0"), "help_phone_link": f"tel:{dialled}"}


def shop(request: HttpRequest) -> dict[str, Any]:
    """What every page says about the shop itself. No query."""
    return {
        "demonstration": settings.DEMONSTRATION,
        **help_phone(),
        "help_email": settings.HELP_EMAIL,
        "help_hours": OpeningHours.parse(settings.HELP_HOURS).sentence(),
        "site_url": settings.SITE_URL,
    }
