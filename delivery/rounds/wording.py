"""What staff read of rounds, in French."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from config.templatetags.cabas import first_of_month, hour


def hours(starts_at: datetime, ends_at: datetime) -> str:
    """« jeu. 26/11, 19 h–20 h »."""
    local = timezone.localtime(starts_at)
    day = date_format(local, "D").lower().rstrip(".")
    return f"{day}. {local:%d/%m}, {hour(starts_at)}–{hour(ends_at)}"


def half_day(planning: object) -> str:
    """« jeudi 26 novembre, matin »."""
    day = first_of_month(date_format(planning.day, "l j F").lower())  # type: ignore[attr-defined]
    return f"{day}, {planning.get_half_display()}"  # type: ignore[attr-defined]
