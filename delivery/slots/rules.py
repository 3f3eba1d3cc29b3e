"""Hours, prices and how long a place is kept. Pure: no clock, no database.

A slot is one real hour, made from a local date and hour of Paris. On the spring change day the hour that no
clock shows is refused; on the autumn one an hour that clocks show twice means its first showing.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
SLOT_LASTS = timedelta(hours=1)
HOLD_LASTS = timedelta(minutes=60)
HOLD_LASTS_AT_MOST = timedelta(hours=3)
AFTER_PAYMENT_AT_LEAST = timedelta(minutes=10)
# Below this gain a renewal is not worth a write: each click in the basket would be one.
WORTH_RENEWING = timedelta(minutes=1)
FEW_PLACES = 3
# A place that is free again is kept for whoever waited: long enough to read a letter, short enough for the next one.
OFFER_LASTS = timedelta(minutes=30)
# Below this nobody reads a letter in time: the list closes, and the place goes to whoever comes.
OFFER_AT_LEAST = timedelta(minutes=10)
NIGHT_BEGINS, NIGHT_ENDS = 22, 7
ANSWERED_BY = time(8)
WAITS_PER_PERSON = 3
WAITING_AT_MOST = 20

SATURDAY = 5
PEAK_EVENING = range(18, 20)
PEAK_MORNING = range(12)
NO_BREAK = "\u00a0"


class NoSuchLocalTime(ValueError):
    """The clocks of Paris skip this time."""


def local_slot_bounds(day: date, hour: int) -> tuple[datetime, datetime]:
    """The two UTC instants of the slot that starts at this local hour.

    Raises NoSuchLocalTime when its start or its end does not exist that day, ValueError outside 0–23 h.
    """
    starts_at = datetime.combine(day, time(hour))
    _to_instant(starts_at + SLOT_LASTS)
    instant = _to_instant(starts_at)
    return instant, instant + SLOT_LASTS


def _to_instant(wall: datetime) -> datetime:
    instant = wall.replace(tzinfo=PARIS, fold=0).astimezone(UTC)
    # Python moves a time inside the gap forward without a word; only the way back shows it.
    if instant.astimezone(PARIS).replace(tzinfo=None) != wall:
        raise NoSuchLocalTime(wall.isoformat())
    return instant


def local_midnight(day: date) -> datetime:
    """The instant a local day starts; the clocks of Paris never change at midnight."""
    return _to_instant(datetime.combine(day, time()))


def local_date(at: datetime) -> date:
    return at.astimezone(PARIS).date()


def up_to_five_minutes(at: datetime) -> datetime:
    """The next instant as one says an hour: nobody is called or served later than they were told."""
    past = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    return at + -past % timedelta(minutes=5)


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def is_peak(day: date, hour: int) -> bool:
    """Busy hours: 18 to 20 h from Monday to Friday, and Saturday morning."""
    if day.weekday() < SATURDAY:
        return hour in PEAK_EVENING
    return day.weekday() == SATURDAY and hour in PEAK_MORNING


def slot_price(day: date, hour: int, *, usual: Decimal, peak: Decimal) -> Decimal:
    """The slot's price in euros including VAT. It hangs on the hour alone, never on who asks."""
    return peak if is_peak(day, hour) else usual


def delivers_on(day: date, open_weekdays: str) -> bool:
    """Whether a zone drives that day; 1 is Monday, 7 Sunday."""
    return str(day.isoweekday()) in open_weekdays


def held_until(*, created_at: datetime, now: datetime, cutoff_at: datetime) -> datetime:
    """An hour from now, at most three after the hold began, never past the slot's cut-off."""
    return min(now + HOLD_LASTS, created_at + HOLD_LASTS_AT_MOST, cutoff_at)


def renewed_until(
    *, created_at: datetime, expires_at: datetime, now: datetime, cutoff_at: datetime
) -> datetime | None:
    """The new expiry of a live hold, None when less than a minute would be gained."""
    until = held_until(created_at=created_at, now=now, cutoff_at=cutoff_at)
    return until if until - expires_at >= WORTH_RENEWING else None


def after_payment(*, created_at: datetime, now: datetime, cutoff_at: datetime) -> datetime:
    """Until when a place is kept once its payment came to nothing: an hour, never beyond three in all.

    Ten minutes at least, so that whoever comes back from a refused card can choose what to do.
    """
    within = min(now + HOLD_LASTS, created_at + HOLD_LASTS_AT_MOST)
    return min(max(within, now + AFTER_PAYMENT_AT_LEAST), cutoff_at)


def offered_until(*, now: datetime, cutoff_at: datetime) -> datetime:
    """Until when a place is kept for whoever waited: half an hour, in the night until 8 h, never past the cut-off."""
    local = now.astimezone(PARIS)
    if NIGHT_ENDS <= local.hour < NIGHT_BEGINS:
        return min(now + OFFER_LASTS, cutoff_at)
    morning = local.date() + timedelta(days=1 if local.hour >= NIGHT_BEGINS else 0)
    return min(_to_instant(datetime.combine(morning, ANSWERED_BY)), cutoff_at)


def list_ends_at(cutoff_at: datetime) -> datetime:
    """When a slot's waitlist closes: no offer made later could be answered."""
    return cutoff_at - OFFER_AT_LEAST


def few_left(*, capacity: int, taken: int) -> int:
    """Places left when they are worth saying (3 or fewer), else 0."""
    left = max(capacity - taken, 0)
    return left if left <= FEW_PLACES else 0


def local_hour(at: datetime) -> int:
    return at.astimezone(PARIS).hour


def hours_label(starts_at: datetime, ends_at: datetime) -> str:
    """« 19 h–20 h », local time."""
    return f"{_hour(starts_at)}–{_hour(ends_at)}"


def hours_label_long(starts_at: datetime, ends_at: datetime) -> str:
    """« de 19 h à 20 h », for those who listen."""
    return f"de {_hour(starts_at)} à {_hour(ends_at)}"


def _hour(at: datetime) -> str:
    return f"{local_hour(at)}{NO_BREAK}h"
