"""« Promis / tenu »: two lines for each order, a letter once it was handed over, a page for each year."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.promise.models import Outcome
from delivery.promise.services import decide, seed_rules
from shop.orders import services
from shop.orders.kept import two_lines
from tests.factories import CustomerFactory, ZoneFactory
from tests.shop.orders.depot import packed, place

pytestmark = pytest.mark.django_db
# 19 h to 20 h in Paris.
SLOT = datetime(2026, 11, 26, 18, tzinfo=UTC)


def outcome(reference="CB-1", *, starts=SLOT, late=-18, customer=None, **fields):
    usual = {
        "customer": customer or CustomerFactory(), "zone": ZoneFactory(), "rank": 1, "units_ordered": 24, "fee_cents": 590,
        "ready_at": starts - timedelta(hours=2), "arrived_at": starts + timedelta(hours=1, minutes=late),
    }  # fmt: skip
    return Outcome.objects.create(
        order_reference=reference,
        slot_starts_at=starts,
        slot_ends_at=starts + timedelta(hours=1),
        **(usual | fields),
    )


def said(reference="CB-1"):
    lines = two_lines(reference)
    return (
        lines.promised.replace("\u00a0", " "), lines.kept.replace("\u00a0", " "), lines.is_kept,
    )  # fmt: skip


def plain(page):
    return re.sub(r"\s+", " ", unescape(page.content.decode()))


@pytest.mark.parametrize(
    ("fields", "kept", "is_kept"),
    [
        ({}, "19 h 42, 24 articles sur 24", True),
        ({"late": 42}, "20 h 42, 42 minutes de retard, 24 articles sur 24", False),
        ({"units_missing": 2}, "19 h 42, 22 articles sur 24", False),
        ({"units_told": 1, "units_missing": 1}, "19 h 42, 22 articles sur 24 (1 annoncé ou remplacé)", False),
        ({"units_ordered": 1}, "19 h 42, 1 article sur 1", True),
        ({"late": 60 * 14}, "vendredi 27 novembre, 10 h, 14 h 00 de retard, 24 articles sur 24", False),
    ],
)
def test_two_lines_say_what_was_promised_and_what_became_of_it(fields, kept, is_kept):
    outcome(**fields)

    promised, told, was_kept = said()

    units = "1 article" if fields.get("units_ordered") == 1 else "24 articles"
    assert promised == f"jeudi 26 novembre, de 19 h à 20 h, {units}"
    assert (told, was_kept) == (kept, is_kept)


def test_a_pickup_is_promised_ready_and_what_we_called_off_was_not_kept():
    outcome(is_collect=True, ready_at=SLOT + timedelta(minutes=5), arrived_at=None)
    assert said() == (
        "jeudi 26 novembre, prête à 19 h, 24 articles",
        "19 h 05, 5 minutes de retard, 24 articles sur 24",
        False,
    )

    outcome("CB-2", cancelled_at=SLOT, is_our_doing=True, arrived_at=None)
    assert said("CB-2")[1:] == ("commande annulée de notre fait, remboursée", False)


def test_nothing_is_said_before_it_has_come():
    outcome(arrived_at=None)

    assert two_lines("CB-1") is None
    assert two_lines("CB-404") is None


def test_a_delivered_order_says_so_on_its_pages_and_in_a_letter_once(client, zone, comte, time_machine):
    order = packed(place(zone, {comte: 12}))
    at = order.slot.starts_at + timedelta(minutes=10)
    time_machine.move_to(at, tick=False)
    Outcome.objects.filter(order_reference=order.reference).update(arrived_at=at)

    services.hand_over(reference=order.reference)
    services.hand_over(reference=order.reference)
    deliver_all()

    letter = Message.objects.get(purpose="order_delivered")
    assert "12 articles sur 12" in letter.text
    page = plain(client.get(reverse("tracking", args=[order.tracking_token])))
    assert "Promis" in page and "Tenu" in page and "12 articles sur 12" in page


def test_an_order_of_before_promises_gets_no_such_letter(zone, comte):
    order = packed(place(zone, {comte: 12}))

    services.hand_over(reference=order.reference)
    deliver_all()

    assert not Message.objects.filter(purpose="order_delivered").exists()


@pytest.fixture
def elodie(client):
    customer = CustomerFactory()
    client.force_login(customer.user)
    return customer


def test_a_year_of_promises_is_told_with_what_was_given(client, elodie):
    seed_rules()
    outcome("CB-1", customer=elodie)
    outcome("CB-2", customer=elodie, starts=SLOT + timedelta(days=2), late=42)
    outcome(
        "CB-3", customer=CustomerFactory(guest=True, merged_into=elodie), starts=SLOT - timedelta(days=400)
    )
    outcome("CB-4", customer=elodie, cancelled_at=SLOT, arrived_at=None)
    outcome("CB-5")
    decide(order_reference="CB-2")

    page = plain(client.get(reverse("my_promises")))

    assert "1 / 2" in page and "5,90 €" in page
    assert "CB-1" in page and "CB-2" in page
    assert not {"CB-3", "CB-4", "CB-5"} & set(re.findall(r"CB-\d", page))
    assert "CB-3" in plain(client.get(reverse("my_promises") + "?annee=2025"))


@pytest.mark.parametrize("year", ["1999", "abc", "99999", "-1", ""])
def test_another_year_shows_the_latest(client, elodie, year):
    outcome("CB-1", customer=elodie)

    assert "CB-1" in plain(client.get(reverse("my_promises"), {"annee": year}))


def test_without_an_order_the_page_helps(client, elodie):
    assert "Faire mes courses" in plain(client.get(reverse("my_promises")))


def test_a_stranger_signs_in_first():
    assert Client().get(reverse("my_promises")).status_code == 302


@pytest.mark.parametrize("number", [2, 8])
def test_the_year_takes_as_many_queries_for_more_orders(
    client, elodie, django_assert_max_num_queries, number
):
    for n in range(number):
        outcome(f"CB-{n}", customer=elodie)
    client.get(reverse("my_promises"))

    with django_assert_max_num_queries(8):
        client.get(reverse("my_promises"))
