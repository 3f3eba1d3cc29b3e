import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.desk.services import publish_page
from tests.factories import ProductFactory, SlotFactory, ZoneFactory

RECIPIENT = {
    "email": "lea@exemple.fr",
    "first_name": "Léa",
    "last_name": "O’Brien & fils",
    "phone": "06 12 34 56 78",
    "line1": "12 rue des Lilas",
    "line2": "",
    "floor": "3e",
    "door_code": "A12",
    "postcode": "75011",
    "city": "Paris",
    "instructions": "",
}


def total_seen(page):
    return re.search(r'name="seen_total" value="([^"]+)"', page.content.decode()).group(1)


class Walk:
    """A shopper's steps, over plain HTTP."""

    def __init__(self, client):
        self.client = client

    def fill(self, *products, quantity=20):
        for product in products:
            self.client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": quantity})
        return self

    def hold(self, slot):
        self.client.post(reverse("hold_slot", args=[slot.pk]))
        return self

    def say_who(self, **changes):
        return self.client.post(reverse("checkout"), RECIPIENT | changes)

    def recap(self):
        return self.client.get(reverse("checkout_recap"))

    def order(self, **changes):
        """Press the last button. Answers the redirect to the payment page, or the page with its errors."""
        form = {"terms": "on", "seen_total": total_seen(self.recap())} | changes
        return self.client.post(reverse("checkout_recap"), form)

    def told(self, refused):
        """What is read after a form was sent back."""
        assert refused.status_code == 302
        return self.client.get(refused.headers["Location"]).content.decode()

    def pay(self, answer, card="accepte"):
        """Choose a card on the demonstration page, and come back."""
        return self.client.post(answer.headers["Location"].replace("http://testserver", ""), {"card": card})

    def come_back(self, paid):
        return self.client.get(paid.headers["Location"].replace("http://testserver", ""))


@pytest.fixture
def terms(db):
    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")


@pytest.fixture
def zone(db, terms):
    return ZoneFactory()


@pytest.fixture
def slot(zone):
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    return SlotFactory(zone=zone, starts_at=starts)


@pytest.fixture
def walk(client):
    return Walk(client)


@pytest.fixture
def ready(walk, slot):
    """Everything chosen, at the recap."""
    walk.fill(ProductFactory(name="Comté")).hold(slot).say_who()
    return walk
