"""A round that is planned, and what its courier's phone says of it."""

from datetime import timedelta
from uuid import uuid4

from django_domain_events.models.event_record import EventRecord

from delivery.rounds import services as rounds
from delivery.rounds.models import Round
from delivery.tracking import services
from delivery.tracking.models import Visit
from tests.delivery.rounds.fleet import AFTERNOON, drop, manifest, planned, shift, slot

START = slot(14)
LOADING = START - timedelta(minutes=30)


def minutes(number):
    return timedelta(minutes=number)


def loaded(*hours, now=LOADING, **said):
    """A courier who has opened a round with a stop in each of these hours; the run."""
    drops = [drop(hour=hour, **said) for hour in hours]
    on = shift(hours=(13, 22))
    planned(drops[0], now=AFTERNOON - minutes(90))
    return services.open_run(courier_id=on.courier_id, round_id=Round.objects.get(shift=on).pk, now=now)


def say(run, kind, at, number=None, *, now=None, key=None, photo=None, **data):
    visit = Visit.objects.get(run=run, number=number) if number else None
    said = services.Said(
        key=key or uuid4(),
        kind=kind,
        run_id=run.pk,
        at=at,
        visit_id=visit.pk if visit else None,
        data=data,
        photo=photo,
    )
    return services.report(courier_id=run.courier_id, said=said, now=now or at)


def out(*hours, at=START, **said):
    """The same, on its way."""
    run = loaded(*hours, **said)
    say(run, "left", at)
    run.refresh_from_db()
    return run


def visit(run, number):
    return Visit.objects.select_related("drop").get(run=run, number=number)


def facts(name):
    """The facts of a name that were published, their fields."""
    return [row.payload for row in EventRecord.objects.filter(name=name).order_by("pk")]


def moved(one, hour):
    """To another slot of its day, as its order says anew."""
    return rounds.write_drop(
        manifest(one.order_reference, hour=hour, zone=one.zone, postcode=one.postcode, line1=one.line1)
    )
