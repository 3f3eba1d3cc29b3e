"""A courier's phone as the server sees it: signed in, with a round that is loaded or out."""

from uuid import uuid4

import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from config.staff import StaffGroup, seed_groups
from delivery.rounds.models import Courier
from tests.delivery.tracking.road import visit

EVENT = reverse("courier_event")
JSON = {"Accept": "application/json"}


def phone_of(courier):
    """Whoever drives, signed in."""
    seed_groups()
    courier.user.groups.add(Group.objects.get(name=StaffGroup.COURIER))
    client = Client()
    client.force_login(courier.user)
    return client


def phone(run):
    return phone_of(Courier.objects.select_related("user").get(pk=run.courier_id))


def fields(run, kind, number=None, **more):
    said = {"key": str(uuid4()), "kind": kind, "run": run.pk, **more}
    return said | ({"visit": visit(run, number).pk} if number else {})


def sent(client, run, kind, number=None, **more):
    """As the queue sends it."""
    return client.post(EVENT, fields(run, kind, number, **more), headers=JSON)


def typed(client, run, kind, number=None, **more):
    """As a form without script posts it."""
    return client.post(EVENT, fields(run, kind, number, **more))


def at(instant):
    """At this very instant, for everything below."""
    return time_machine.travel(instant, tick=False)
