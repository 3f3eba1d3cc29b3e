"""Who drives in the demonstration: its courier, a van, and shifts for today and tomorrow."""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from config.demonstration.accounts import ACCOUNTS
from config.staff import StaffGroup
from delivery.rounds.models import Carrier, Courier, Shift, Van
from delivery.zones.models import Depot
from shop.customers.models import User

PLATE = "DE-500-MO"
# Twice half a day, with a break between: each has a round of its own.
HOURS = ((time(7), time(13, 30)), (time(14), time(21, 30)))


@transaction.atomic
def make_courier() -> None:
    """Let the courier's account drive today and tomorrow. Nothing without a depot."""
    account = next(one for one in ACCOUNTS if one.group is StaffGroup.COURIER)
    user = User.objects.filter(email=account.email).first()
    depot = Depot.objects.filter(is_default=True).first()
    if user is None or depot is None:
        return
    carrier, _new = Carrier.objects.get_or_create(code="cabas", defaults={"name": "Cabas", "is_own": True})
    courier, _new = Courier.objects.get_or_create(
        user=user,
        defaults={"first_name": account.first_name, "carrier": carrier, "trained_on": timezone.localdate()},
    )
    van, _new = Van.objects.get_or_create(plate=PLATE, defaults={"depot": depot, "name": "Camionnette 1"})
    for days in (0, 1):
        for hours in HOURS:
            _shift(courier, van, days, *hours)


def _shift(courier: Courier, van: Van, days: int, begins: time, ends: time) -> None:
    day = timezone.localdate() + timedelta(days=days)
    zone = timezone.get_current_timezone()
    starts_at, ends_at = datetime.combine(day, begins, zone), datetime.combine(day, ends, zone)
    taken = Shift.objects.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
    if not (taken.filter(courier=courier).exists() or taken.filter(van=van).exists()):
        Shift.objects.create(courier=courier, van=van, starts_at=starts_at, ends_at=ends_at)
