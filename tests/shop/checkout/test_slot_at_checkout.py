"""The slot at checkout: lapsed, of another zone, chosen on the way."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from delivery.slots.models import Hold
from shop.checkout.models import CheckoutDraft
from tests.factories import (
    ProductFactory,
    ZoneFactory,
)

pytestmark = pytest.mark.django_db


def test_a_lapsed_slot_offers_others_inside_checkout(ready, slot):
    Hold.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    answer = ready.client.get(reverse("checkout_recap"), follow=True)

    assert answer.redirect_chain[-1][0] == reverse("checkout_slot")
    assert "n’est plus réservé" in answer.content.decode()
    assert "Réserver" in answer.content.decode()


def test_a_slot_of_another_zone_is_not_taken_for_this_address(walk, slot):
    ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    walk.fill(ProductFactory()).hold(slot)

    answer = walk.say_who(postcode="69003", city="Lyon")

    told = walk.client.get(answer.headers["Location"]).content.decode()
    assert answer.headers["Location"] == reverse("checkout_slot")
    assert (
        "n’est plus réservé, car il ne dessert pas le 69003" in told and "choisissez-en un pour Lyon" in told
    )
    assert walk.client.session["postcode"] == "69003"
    slot.refresh_from_db()
    assert slot.booked == 0


def test_while_a_payment_runs_the_address_stays_in_its_zone(ready, slot):
    ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    ready.order()

    answer = ready.say_who(postcode="69003", city="Lyon")

    assert "Un paiement est en cours" in ready.client.get(answer.headers["Location"]).content.decode()
    assert CheckoutDraft.objects.get().postcode == "75011"
    assert ready.client.session.get("postcode") != "69003"
    slot.refresh_from_db()
    assert slot.booked == 1


def test_holding_a_slot_inside_checkout_leads_on_to_the_recap(walk, slot):
    walk.fill(ProductFactory()).say_who()
    page = walk.client.get(reverse("checkout_slot")).content.decode()

    answer = walk.client.post(
        reverse("hold_slot", args=[slot.pk]), {"next": reverse("checkout_recap"), "code_postal": "75011"}
    )

    assert f'name="next" value="{reverse("checkout_recap")}"' in page
    assert answer.headers["Location"] == reverse("checkout_recap")
