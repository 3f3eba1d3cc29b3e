"""What staff read of rounds, in French."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from config.numbers import NO_BREAK
from config.templatetags.cabas import first_of_month, french_number, hour
from delivery.promise.wording import lasting
from delivery.rounds.models import Round


def hours(starts_at: datetime, ends_at: datetime) -> str:
    """« jeu. 26/11, 19 h–20 h »."""
    local = timezone.localtime(starts_at)
    day = date_format(local, "D").lower().rstrip(".")
    return f"{day}. {local:%d/%m}, {hour(starts_at)}–{hour(ends_at)}"


def half_day(planning: object) -> str:
    """« jeudi 26 novembre, matin »."""
    day = first_of_month(date_format(planning.day, "l j F").lower())  # type: ignore[attr-defined]
    return f"{day}, {planning.get_half_display()}"  # type: ignore[attr-defined]


def distance(metres: int) -> str:
    """« 3,4 km », « 42 km »."""
    return f"{french_number(Decimal(metres) / 1000, 1 if metres < 10_000 else 0)}{NO_BREAK}km"


def whole_way(rounds: Sequence[Round]) -> str:
    """« 42 km et 7 h 30 de tournée en tout »; nothing without a round."""
    if not rounds:
        return ""
    out = sum((one.returns_at - one.starts_at for one in rounds), timedelta())
    return _("%(distance)s et %(time)s de tournée en tout") % {
        "distance": distance(sum(one.metres for one in rounds)),
        "time": lasting(round(out.total_seconds() / 60) * 60),
    }
