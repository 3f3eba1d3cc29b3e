"""Each group has only its rights; seeding adds and never removes; the admin's home follows rights."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import RIGHTS, StaffGroup, UnknownRight, rights_of, seed_groups
from crm.desk.services import receive_contact_request
from crm.outbox.models import Message
from shop.orders.models import Order
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db
SENSITIVE = ("customers.", "orders.", "payments.", "outbox.", "desk.view_conversation")


def blocks_of(client):
    context = client.get(reverse("admin:index")).context
    return {str(block.title): block for block in context["calls"] + context["sales"] + context["plans"]}


def member(group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group.value))
    return user


def test_each_group_gets_exactly_the_table():
    seed_groups()

    for group in StaffGroup:
        held = {
            f"{right.content_type.app_label}.{right.codename}"
            for right in Group.objects.get(name=group.value).permissions.select_related("content_type")
        }
        assert held == rights_of(group)


def test_seeding_again_keeps_what_staff_added_and_doubles_nothing():
    seed_groups()
    group = Group.objects.get(name=StaffGroup.PICKING.value)
    extra = Permission.objects.get(codename="view_coveragerequest")
    group.permissions.add(extra)
    before = group.permissions.count()

    seed_groups()

    assert group.permissions.count() == before
    assert extra in group.permissions.all()
    assert Group.objects.count() == len(StaffGroup)


def test_misspelt_right_is_refused_and_nothing_is_seeded(monkeypatch):
    monkeypatch.setitem(RIGHTS, StaffGroup.MANAGER, {"orders.ordre": frozenset({"view"})})

    with pytest.raises(UnknownRight):
        seed_groups()

    assert not Group.objects.exists()


@pytest.mark.parametrize("group", [StaffGroup.CATALOGUE, StaffGroup.COURIER, StaffGroup.MARKETING])
def test_groups_that_need_no_customer_see_none(group):
    assert not [right for right in rights_of(group) if right.startswith(SENSITIVE)]


@pytest.mark.parametrize("group", list(StaffGroup))
def test_no_group_may_delete_what_accounts_and_law_keep(group):
    kept = (
        "orders.",
        "payments.",
        "customers.",
        "outbox.",
        "desk.legal",
        "desk.conversation",
        "desk.callback",
        "desk.phoneorder",
        "catalogue.delete_product",
    )

    deletes = {right for right in rights_of(group) if ".delete_" in right} - {
        "catalogue.delete_productpicture"
    }
    assert not [right for right in deletes if right.startswith(kept)]


@pytest.mark.parametrize("group", list(StaffGroup))
def test_home_and_every_entry_of_the_sidebar_open_for_each_group(client, group):
    from config.navigation import sidebar

    client.force_login(member(group))
    answer = client.get(reverse("admin:index"))

    assert answer.status_code == 200
    entries = [entry for part in sidebar(answer.wsgi_request) for entry in part["items"]]
    assert len(entries) > 1
    for entry in entries:
        assert client.get(entry["link"]).status_code == 200, entry["link"]
    for block in blocks_of(client).values():
        for link in [block.link, *(line.link for line in block.lines)]:
            assert client.get(link).status_code == 200, link


def test_home_shows_a_courier_slots_only(client):
    client.force_login(member(StaffGroup.COURIER))

    assert list(blocks_of(client)) == ["Créneaux d’aujourd’hui et de demain"]


def test_home_without_any_right_says_so(client):
    client.force_login(UserFactory(staff=True))

    page = client.get(reverse("admin:index")).content.decode()

    assert "Rien ne demande votre attention" in page


def test_home_is_closed_to_customers_and_strangers(client):
    assert client.get(reverse("admin:index")).status_code == 302
    client.force_login(UserFactory())
    assert client.get(reverse("admin:index")).status_code in {302, 403}


def busy_day(number):
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    for turn in range(number):
        slot = SlotFactory(starts_at=noon + timedelta(hours=turn), capacity=10, booked=5)
        place_order(slot, Decimal(20))
        ProductFactory(stock=0)
        receive_contact_request(name="É", email="e@exemple.fr", subject="other", message="Bonjour.")


def place_order(slot, total, status="placed", placed_at=None):
    basket_key = uuid4()
    return Order.objects.create(
        reference=basket_key.hex[:12].upper(), customer=CustomerFactory(), basket_key=basket_key, status=status,
        zone=slot.zone, depot=slot.zone.depot, slot=slot, email="e@exemple.fr", first_name="É", last_name="M",
        phone="0612345678", line1="1 rue", postcode="75011", city="Paris", goods_total=total,
        delivery_fee=Decimal(0), total=total, terms_version="2026-11-22", placed_at=placed_at,
    )  # fmt: skip


@time_machine.travel("2026-11-26 09:30+01:00", tick=False)
def test_home_shows_todays_orders_by_hour_in_paris_and_links_to_them(client):
    at = datetime(2026, 11, 26, 19, tzinfo=ZoneInfo("Europe/Paris"))
    evening, late, tomorrow = (
        SlotFactory(starts_at=at + timedelta(hours=hours), capacity=10, booked=4) for hours in (0, 4, 5)
    )
    seen = [place_order(evening, Decimal("30.00")), place_order(evening, Decimal("12.50"))]
    unseen = [place_order(evening, Decimal(9), "cancelled"), place_order(tomorrow, Decimal(9))]
    place_order(late, Decimal("1.00"))
    client.force_login(UserFactory(staff=True, is_superuser=True))

    block = blocks_of(client)["À livrer aujourd’hui"]

    assert block.figure == "3"
    assert block.note.startswith("43,50")
    assert [(line.label, line.value) for line in block.lines] == [
        ("19\u00a0h–20\u00a0h", "2 commandes"),
        ("23\u00a0h–0\u00a0h", "1 commande"),
    ]
    listed = client.get(block.lines[0].link).content.decode()
    assert all(order.reference in listed for order in seen)
    assert not any(order.reference in listed for order in unseen)


@time_machine.travel("2026-11-26 00:30+01:00", tick=False)
def test_home_counts_the_orders_placed_since_midnight_in_paris_and_links_to_them(client):
    slot = SlotFactory(starts_at=datetime(2026, 11, 28, 19, tzinfo=ZoneInfo("Europe/Paris")), capacity=10)
    now = timezone.now()
    seen = [
        place_order(slot, Decimal("30.00"), placed_at=now),
        place_order(slot, Decimal("12.50"), placed_at=now - timedelta(minutes=30)),
    ]
    unseen = [
        place_order(slot, Decimal(9), placed_at=now - timedelta(minutes=31)),
        place_order(slot, Decimal(9), "cancelled", placed_at=now),
        place_order(slot, Decimal(9), "awaiting_payment"),
    ]
    client.force_login(member(StaffGroup.MANAGER))

    block = blocks_of(client)["Commandes passées aujourd’hui"]

    assert (block.figure, block.note) == ("2", "42,50\u00a0€")
    listed = client.get(block.link).content.decode()
    assert all(order.reference in listed for order in seen)
    assert not any(order.reference in listed for order in unseen)


@time_machine.travel("2026-11-26 09:30+01:00", tick=False)
def test_home_tells_pickers_how_many_orders_but_not_what_they_are_worth(client):
    slot = SlotFactory(starts_at=datetime(2026, 11, 26, 19, tzinfo=ZoneInfo("Europe/Paris")), capacity=10)
    place_order(slot, Decimal("42.50"), placed_at=timezone.now())
    client.force_login(member(StaffGroup.PICKING))

    blocks = blocks_of(client)

    assert blocks["Commandes passées aujourd’hui"].figure == "1"
    assert blocks["À livrer aujourd’hui"].figure == "1"
    assert "42,50" not in client.get(reverse("admin:index")).content.decode()


@time_machine.travel("2026-11-26 09:30+01:00", tick=False)
def test_home_shows_how_full_each_zone_is_today_and_tomorrow(client):
    at = datetime(2026, 11, 26, 19, tzinfo=ZoneInfo("Europe/Paris"))
    SlotFactory(starts_at=at, capacity=10, booked=4)
    SlotFactory(starts_at=at + timedelta(hours=1), capacity=10, booked=12)
    SlotFactory(starts_at=at + timedelta(hours=2), capacity=50, booked=0, is_closed=True)
    SlotFactory(starts_at=at + timedelta(days=1), capacity=4, booked=1)
    SlotFactory(starts_at=at + timedelta(days=2), capacity=99, booked=9)
    client.force_login(member(StaffGroup.COURIER))

    block = blocks_of(client)["Créneaux d’aujourd’hui et de demain"]

    assert [(line.label, line.value, line.share) for line in block.lines] == [
        ("Paris, aujourd’hui", "16 / 20", 80),
        ("Paris, demain", "1 / 4", 25),
    ]
    assert client.get(block.lines[1].link).status_code == 200


def test_home_says_what_waits(client):
    busy_day(2)
    client.force_login(UserFactory(staff=True, is_superuser=True))

    blocks = blocks_of(client)

    assert blocks["Ruptures de stock"].figure == "2"
    assert blocks["Ruptures de stock"].is_alert
    assert blocks["Demandes à traiter"].figure == "2"
    assert blocks["Messages non partis"].figure == "0"
    assert not blocks["Messages non partis"].is_alert
    assert blocks["À livrer aujourd’hui"].figure == "2"


def undelivered(number, state, reason="", **changes):
    return Message.objects.create(
        purpose="p", occasion=str(number), recipient="a@b.fr", subject=f"Lettre {number}", state=state,
        reason=reason, **changes
    )  # fmt: skip


def test_home_counts_only_letters_that_somebody_can_do_something_about(client):
    gone = timezone.now() - timedelta(minutes=1)
    for number, reason in enumerate(("expired", "no_consent", "suppressed")):
        undelivered(number, "failed", reason)
    undelivered(4, "failed", "smtp_550", expires_at=gone)
    undelivered(5, "unknown", "sender_lost", expires_at=gone)
    undelivered(6, "sent", sent_at=gone)
    client.force_login(UserFactory(staff=True, is_superuser=True))
    assert blocks_of(client)["Messages non partis"].figure == "0"
    assert not blocks_of(client)["Messages non partis"].is_alert

    undelivered(7, "failed", "smtp_550")
    undelivered(8, "unknown", "sender_lost")
    undelivered(9, "failed", "smtp_550", expires_at=timezone.now() + timedelta(hours=1))

    block = blocks_of(client)["Messages non partis"]
    assert (block.figure, block.is_alert) == ("3", True)
    assert [line.value for line in block.lines] == ["2", "1"]
    listed = client.get(block.link).content.decode()
    assert [n for n in range(10) if f"Lettre {n}" in listed] == [7, 8, 9]
    assert "Lettre 8" not in client.get(block.lines[0].link).content.decode()


def test_home_makes_as_many_queries_on_a_busy_day(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as quiet:
        client.get(reverse("admin:index"))
    busy_day(6)

    with CaptureQueriesContext(connection) as busy:
        client.get(reverse("admin:index"))

    assert len(busy) == len(quiet)


def test_defaults_are_seeded_once_and_again_without_harm(capsys):
    call_command("seed_defaults")
    first = capsys.readouterr().out
    call_command("seed_defaults")
    second = capsys.readouterr().out

    assert "pages légales\u202f: 6 de plus" in first
    assert "zones de livraison\u202f: 0" not in first
    assert "créneaux\u202f: 0" not in first
    for line in second.splitlines():
        assert line.endswith("\u202f: 0 de plus"), line
