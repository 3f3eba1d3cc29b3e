"""Two browsers and one place: somebody gives it back, somebody else is told by letter and takes it."""

import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import expect

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.slots import tasks
from delivery.slots.models import Hold, Slot, WaitlistEntry
from tests.journeys.steps import hold_first_slot, say_postcode


@pytest.fixture
def last_place(shop):
    """Tomorrow has one place left in all; the other days are further than anybody looks here."""
    paris = Slot.objects.filter(zone__slug="paris", cutoff_at__gt=timezone.now())
    slot = paris.filter(starts_at__gt=timezone.now() + timedelta(hours=20)).order_by("starts_at").first()
    paris.filter(starts_at__lte=slot.starts_at + timedelta(days=2)).update(booked=F("capacity"))
    Slot.objects.filter(pk=slot.pk).update(capacity=1, booked=0)
    return slot


def link_of_letter():
    letter = Message.objects.get(purpose="slot_offered")
    return re.search(r"http\S+/creneaux/attente/\S+/", letter.text)[0]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_place_given_back_reaches_whoever_waited(shop, last_place, open_page, javascript):
    first, second, letter = open_page(), open_page(javascript=javascript, phone=True), open_page()
    say_postcode(first, shop)
    hold_first_slot(first)

    say_postcode(second, shop)
    second.locator(f'a[href*="/creneaux/{last_place.pk}/prevenir/"]').click()
    second.get_by_label("Votre adresse e-mail").fill("lea@exemple.fr")
    second.get_by_role("button", name="Me prévenir").click()
    expect(second.locator("main")).to_contain_text("nous vous prévenons")

    # The first one goes to another day; nobody but the second may have the place now.
    say_postcode(first, shop)
    hold_first_slot(first)
    say_postcode(letter, shop)
    expect(letter.locator(f'form[action="/creneaux/{last_place.pk}/reserver/"]')).to_have_count(0)
    tasks.work_waitlists()
    deliver_all()

    letter.goto(link_of_letter())
    expect(letter.locator("h1")).to_have_text("Une place vous attend")
    letter.get_by_role("button", name="Prendre cette place").click()
    expect(letter.locator("main")).to_contain_text("Créneau réservé une heure")

    held = Hold.objects.get(slot=last_place, state="held")
    assert not held.holder.startswith("attente")
    assert WaitlistEntry.objects.get().state == "taken"
    second.goto(link_of_letter())
    expect(second.locator("h1")).to_have_text("Cette place est prise")
    last_place.refresh_from_db()
    assert (last_place.booked, last_place.waiting) == (1, 0)
    assert first.problems == second.problems == letter.problems == []
