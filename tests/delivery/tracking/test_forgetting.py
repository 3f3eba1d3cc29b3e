"""What is personal of a round goes when nobody can complain of it any more."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.utils import timezone

from config.media import sweep_private
from delivery.tracking import services, tasks
from delivery.tracking.models import Position, Visit
from tests.delivery.rounds.fleet import slot
from tests.delivery.tracking.road import minutes, out, say, visit
from tests.delivery.tracking.test_events import _own_storage, picture  # noqa: F401

pytestmark = pytest.mark.django_db


def test_names_photographs_and_places_are_forgotten_however_many():
    run = out(15, 16)
    say(run, "position", slot(15) - minutes(20), latitude=48.86, longitude=2.35)
    for number in (1, 2):
        photo = ContentFile(picture().read(), name=f"porte{number}.jpg")
        say(run, "delivered", slot(15) + minutes(number), number, received_by="Élodie", photo=photo)
    stored = Visit._meta.get_field("photo").storage
    names = [visit(run, number).photo.name for number in (1, 2)]
    later = slot(17) + timedelta(days=61)

    assert services.forget_receivers(now=slot(17) + timedelta(days=59)) == 0
    assert services.forget_receivers(now=later, limit=1) == 1
    assert [stored.exists(name) for name in names] == [False, True]
    assert set(Visit.objects.values_list("received_by", flat=True)) == {""}
    assert services.forget_receivers(now=later, limit=1) == 1
    assert not stored.exists(names[1])

    services.forget_positions(now=later)
    run.refresh_from_db()
    assert not Position.objects.exists() and (run.latitude, run.longitude, run.placed_at) == (
        None,
        None,
        None,
    )


def test_a_photograph_of_what_was_undone_goes_the_day_after():
    run = out(15)
    say(run, "delivered", slot(15), 1, photo=ContentFile(picture().read(), name="porte.jpg"))
    field = Visit._meta.get_field("photo")
    kept = visit(run, 1).photo.name
    orphan = field.storage.save("remises/perdue.jpg", ContentFile(picture().read()))
    now = timezone.now()

    assert sweep_private(field, now=now + timedelta(hours=23)) == 0
    assert sweep_private(field, now=now + timedelta(hours=25)) == 1

    assert field.storage.exists(kept) and not field.storage.exists(orphan)


def test_each_night_sweeps_what_nobody_names():
    field = Visit._meta.get_field("photo")
    orphan = field.storage.save("remises/perdue.jpg", ContentFile(picture().read()))

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        tasks.forget()

    assert not field.storage.exists(orphan)
