"""Vans, couriers, shifts and what they deliver, for tests of rounds."""

from datetime import UTC, datetime, timedelta
from itertools import count

from django.utils import timezone

from delivery.rounds import services
from delivery.rounds.models import Carrier, Courier, Planning, Shift, Van
from delivery.rounds.problem import Call, Legs, Load, Point, Problem, Vehicle
from delivery.rounds.rules import half_of
from delivery.rounds.seed import seed_places
from tests.factories import DepotFactory, UserFactory, ZoneFactory

# Thursday: 14 h in Paris is 13 h UTC in November.
MORNING = datetime(2026, 11, 26, 6, tzinfo=UTC)
AFTERNOON = datetime(2026, 11, 26, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)
_numbers = count(1)


def slot(hour, day=26):
    """The hour of Paris as it begins, in November."""
    return datetime(2026, 11, day, hour - 1, tzinfo=UTC)


def manifest(reference=None, *, hour=15, day=26, **said):
    number = next(_numbers)
    starts_at = said.pop("starts_at", slot(hour, day))
    zone = said.pop("zone", None) or ZoneFactory()
    usual = {
        "order_reference": reference or f"CB-{number:06d}",
        "depot_id": zone.depot_id, "zone_id": zone.pk, "slot_starts_at": starts_at, "slot_ends_at": starts_at + HOUR,
        "rank": 7, "recipient": "Élodie Martin", "phone": "0612345678", "line1": f"{number} rue des Lilas",
        "line2": "", "floor": "3", "door_code": "A45B", "instructions": "", "postcode": "75011", "city": "Paris",
        "crates": {"ambient": 2, "chilled": 1}, "grams": 24_000,
        "articles": [{"ref": "1", "name": "Comté", "quantity": "2 ×"}], "requires_age_check": False,
    }  # fmt: skip
    return services.Manifest(**(usual | said))


def drop(reference=None, **said):
    seed_places()
    return services.write_drop(manifest(reference, **said))


def van(**fields):
    number = next(_numbers)
    usual = {"depot": DepotFactory(), "name": f"Camionnette {number}", "plate": f"AB-{number:03d}-CD"}
    return Van.objects.create(**(usual | fields))


def courier(**fields):
    carrier, _new = Carrier.objects.get_or_create(code="cabas", defaults={"name": "Cabas", "is_own": True})
    usual = {
        "user": fields.pop("user", None) or UserFactory(staff=True), "first_name": "Yanis", "carrier": carrier,
        "trained_on": AFTERNOON.date(),
    }  # fmt: skip
    return Courier.objects.create(**(usual | fields))


def shift(*, hours=(13, 22), day=26, van_fields=None, courier_fields=None):
    return Shift.objects.create(
        courier=courier(**(courier_fields or {})),
        van=van(**(van_fields or {})),
        starts_at=slot(hours[0], day),
        ends_at=slot(hours[1], day),
    )


def planning_of(one):
    day, half = half_of(one.slot_starts_at)
    return Planning.objects.get(depot=one.depot_id, day=day, half=half)


def planned(one, **how):
    """The half-day of a drop, planned."""
    planning = planning_of(one)
    services.plan_half_day(planning_id=planning.pk, **({"now": AFTERNOON - 2 * HOUR} | how))
    planning.refresh_from_db()
    return planning


def later(minutes):
    return timezone.now() + timedelta(minutes=minutes)


# --- without a database -------------------------------------------------------------------------------


def line(minutes):
    """Places along a street so many minutes apart, the depot first: 600 m for each minute."""
    return Legs(
        [[abs(one - other) * 60 for other in minutes] for one in minutes],
        [[abs(one - other) * 600 for other in minutes] for one in minutes],
    )


def call(key, window, *, service=300, load=None, new=False):
    """``window`` in minutes."""
    return Call(
        key,
        Point(48.8, 2.3),
        window[0] * 60,
        window[1] * 60,
        service,
        load or Load(2, 0, 20_000),
        is_newcomer=new,
    )


def vehicle(key=1, *, holds=None, hours=(0, 480)):
    return Vehicle(key, holds or Load(80, 16, 900_000), hours[0] * 60, hours[1] * 60)


def problem(calls, vehicles, minutes):
    return Problem(calls, vehicles, line([0, *minutes]))
