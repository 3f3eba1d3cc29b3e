import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponseForbidden
from django.template import Context, engines
from django.template.loader import get_template
from django.template.loader_tags import BlockNode
from django.urls import reverse

from config.facts import deliver_all
from config.urls import urlpatterns  # noqa: F401
from delivery.slots.models import Hold, Slot
from delivery.slots.services import hold_slot, pin_hold
from delivery.slots.waitlist import wait_for_slot
from delivery.zones.models import CoverageRequest, Depot, Zone
from delivery.zones.queries import zone_for_postcode
from delivery.zones.services import ask_for_coverage
from tests.delivery.slots import NOON
from tests.factories import SlotFactory, UserFactory, ZoneFactory

# Who is refused is tested here, not how the shop words it: that page needs the addresses of every room.
pytestmark = pytest.mark.urls(__name__)


def handler403(_request, exception):
    return HttpResponseForbidden()


GRID = reverse("admin:slots_slot_changelist")
GENERATE = reverse("admin:slots_slot_generate")


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    """The admin's own templates lean on undefined variables being empty."""
    engine = engines["django"].engine
    monkeypatch.setattr(engine, "string_if_invalid", "")
    return engine


@pytest.fixture
def slot(clock):
    return SlotFactory(starts_at=NOON + timedelta(hours=6), capacity=20, booked=4)


@pytest.fixture
def staff(client):
    def sign_in(*permissions):
        user = UserFactory(staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def manager(client, db):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


def change_url(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def main_of(response):
    html = response.content.decode()
    return html[html.index('<div class="week">') :]


# the week grid


def test_the_grid_shows_each_slot_with_figures_and_words(manager, slot):
    SlotFactory(starts_at=slot.starts_at + timedelta(hours=1), capacity=20, booked=20)
    SlotFactory(starts_at=slot.starts_at + timedelta(hours=2), capacity=20, booked=17)
    SlotFactory(starts_at=slot.starts_at + timedelta(days=1), capacity=5, booked=7)
    SlotFactory(starts_at=slot.starts_at + timedelta(days=2), is_closed=True)
    SlotFactory(starts_at=slot.starts_at - timedelta(hours=9), capacity=20, booked=1)
    SlotFactory(starts_at=slot.starts_at - timedelta(hours=10), capacity=0)

    html = main_of(manager.get(GRID))

    for said in ["4/20", "20\u202f%", "20/20", "complet", "17/20", "presque complet", "7/5", "2 de trop",
                 "fermé", "clos", "0/0", "jeu. 26 nov.", "Du 23 au 29 novembre 2026", "19&nbsp;h"]:  # fmt: skip
        assert said in html, said
    assert change_url(slot) in html


def test_the_grid_says_how_many_wait(manager, slot):
    Slot.objects.update(booked=20, waiting=3)

    html = main_of(manager.get(GRID))

    assert "<strong>20/20</strong>" in html
    assert "<span>3 attendent</span>" in html
    assert "1 attend" not in html


def test_who_waits_is_read_only_and_hides_the_key_of_the_letter(manager, slot):
    Slot.objects.update(booked=20)
    entry = wait_for_slot(slot_id=slot.pk, email="ana@exemple.fr", holder="cle-du-panier")

    listed = manager.get(reverse("admin:slots_waitlistentry_changelist")).content.decode()
    page = manager.get(change_url(entry)).content.decode()

    assert "ana@exemple.fr" in listed and "ana@exemple.fr" in page
    for secret in (entry.token, "cle-du-panier"):
        assert secret not in listed + page
    assert manager.post(change_url(entry), {"state": "left"}).status_code == 403
    assert manager.get(reverse("admin:slots_waitlistentry_add")).status_code == 403
    assert (
        manager.get(reverse("admin:slots_waitlistentry_changelist"), {"token__startswith": "a"}).status_code
        == 400
    )


def test_the_grid_leaves_no_variable_undefined(manager, slot, engine, monkeypatch):
    shown = manager.get(GRID)
    content = shown.template_name if isinstance(shown.template_name, str) else "slots/week_grid.html"
    monkeypatch.setattr(engine, "string_if_invalid", "variable indéfinie : %s")
    blocks = get_template(content).template.nodelist.get_nodes_by_type(BlockNode)

    context = Context(shown.context_data)
    with context.bind_template(get_template(content).template):
        (html,) = [block.nodelist.render(context) for block in blocks if block.name == "content"]

    assert "4/20" in html
    assert "variable indéfinie" not in html.replace("variable indéfinie : csrf_token", "")


def test_the_grid_walks_through_weeks_and_zones(manager, slot):
    lyon = ZoneFactory(slug="lyon", name="Lyon")
    SlotFactory(zone=lyon, starts_at=slot.starts_at + timedelta(days=7), capacity=9, booked=2)

    here, there = manager.get(GRID), manager.get(GRID, {"zone": "lyon", "week": "2026-W49"})

    assert "?zone=paris&amp;week=2026-W47" in main_of(here)
    assert "?zone=paris&amp;week=2026-W49" in main_of(here)
    assert "2/9" in main_of(there)
    assert "2/9" not in main_of(here)


@pytest.mark.parametrize(
    "asked",
    [
        {"week": "2026-W54"},
        {"week": "2026-W00"},
        {"week": "٢٠٢٦-W48"},
        {"week": "9999-W52"},
        {"week": "<script>alert(1)</script>"},
        {"zone": "nulle-part"},
        {"zone": "' OR 1=1"},
        {"zone": "\x00"},
    ],
)
def test_a_nonsense_week_or_zone_shows_the_current_week_and_says_so(manager, slot, asked):
    response = manager.get(GRID, asked)

    assert response.status_code == 200
    assert "Cette semaine ou cette zone n’existe pas." in response.content.decode()
    assert "4/20" in main_of(response)
    assert "<script>alert" not in response.content.decode()


def test_an_unknown_parameter_of_the_usual_list_is_ignored(manager, slot):
    assert "4/20" in main_of(manager.get(GRID, {"e": "1", "q": "x", "zone__id__exact": "3"}))


@pytest.mark.parametrize("week", ["2000-W01", "2099-W53", "2027-W12", "2026-W43"])
def test_far_weeks_and_clock_change_weeks_open(manager, slot, week):
    response = manager.get(GRID, {"week": week})

    assert "Pas de créneau cette semaine." in main_of(response)


def test_an_empty_shop_says_what_to_do(manager, clock):
    assert "Aucune zone n’est encore livrée" in main_of(manager.get(GRID))


def test_the_grid_costs_the_same_queries_for_a_full_week(manager, slot, django_assert_max_num_queries):
    for n in range(1, 60):
        SlotFactory(starts_at=slot.starts_at + timedelta(hours=n))

    with django_assert_max_num_queries(5) as few:
        manager.get(GRID)

    assert len([q for q in few.captured_queries if "slots_slot" in q["sql"]]) == 1


# who may


@pytest.mark.parametrize(
    "url", [GRID, reverse("admin:slots_hold_changelist"), reverse("admin:zones_zone_changelist")]
)
def test_strangers_customers_and_staff_without_the_right_see_nothing(client, staff, slot, url):
    assert client.get(url).status_code == 302

    client.force_login(UserFactory())
    assert client.get(url).status_code == 302

    staff()
    assert client.get(url).status_code == 403


def test_staff_who_may_only_look_change_nothing(staff, slot):
    looker = staff("view_slot")

    page = looker.get(GRID)
    answers = [looker.post(GENERATE), looker.post(change_url(slot), {"capacity": 1, "is_closed": "on"})]

    assert page.status_code == 200
    assert GENERATE not in main_of(page)
    assert looker.get(change_url(slot)).status_code == 200
    assert [answer.status_code for answer in answers] == [403, 403]
    slot.refresh_from_db()
    assert (slot.capacity, slot.is_closed, Slot.objects.count()) == (20, False, 1)


def test_making_slots_takes_a_post(manager, slot):
    assert manager.get(GENERATE).status_code == 405

    assert Slot.objects.count() == 1


def test_missing_slots_are_made_on_request(staff, slot):
    response = staff("change_slot").post(GENERATE, follow=True)

    made = Slot.objects.count() - 1
    assert made > 100
    assert f"{made} créneaux ajoutés." in response.content.decode()


def test_nobody_adds_or_deletes_a_slot_by_hand(manager, slot):
    assert manager.get(reverse("admin:slots_slot_add")).status_code == 403
    assert (
        manager.post(reverse("admin:slots_slot_delete", args=[slot.pk]), {"post": "yes"}).status_code == 403
    )

    assert Slot.objects.count() == 1


# editing a slot


def test_capacity_may_be_cut_below_what_is_sold(staff, slot):
    response = staff("change_slot", "view_slot").post(change_url(slot), {"capacity": 2})

    slot.refresh_from_db()
    assert (slot.capacity, slot.booked) == (2, 4)
    assert response.url == f"{GRID}?zone=paris&week=2026-W48"


def test_a_place_taken_while_staff_edit_is_not_lost(manager, slot):
    manager.get(change_url(slot))
    hold_slot(slot_id=slot.pk, holder="panier")

    manager.post(change_url(slot), {"capacity": 25, "is_closed": "on"})

    slot.refresh_from_db()
    assert (slot.booked, slot.capacity, slot.is_closed) == (5, 25, True)


def test_price_zone_and_counts_cannot_be_posted(manager, slot):
    lyon = ZoneFactory(slug="lyon", name="Lyon")

    manager.post(
        change_url(slot),
        {"capacity": 20, "price": "0.01", "zone": lyon.pk, "booked": 0, "cutoff_at": "2030-01-01"},
    )

    before = slot.price, slot.zone_id, slot.booked, slot.cutoff_at
    slot.refresh_from_db()
    assert (slot.price, slot.zone_id, slot.booked, slot.cutoff_at) == before


@pytest.mark.parametrize("capacity", ["-1", "", "abc", "1e3", "1001", "99999999999", "2.5"])
def test_an_impossible_capacity_is_refused(manager, slot, capacity):
    response = manager.post(change_url(slot), {"capacity": capacity})

    assert response.status_code == 200
    slot.refresh_from_db()
    assert slot.capacity == 20


# holds


def test_holds_are_read_only_and_hide_the_baskets_key(manager, slot):
    hold_slot(slot_id=slot.pk, holder="cle-du-panier")
    hold = pin_hold(holder="cle-du-panier", order_reference="C1")

    listed, opened = manager.get(reverse("admin:slots_hold_changelist")), manager.get(change_url(hold))
    answers = [
        manager.post(change_url(hold), {"state": "released"}),
        manager.post(reverse("admin:slots_hold_delete", args=[hold.pk]), {"post": "yes"}),
        manager.get(reverse("admin:slots_hold_add")),
    ]

    assert "C1" in listed.content.decode()
    assert "en cours de paiement" in opened.content.decode()
    assert "cle-du-panier" not in listed.content.decode() + opened.content.decode()
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert Hold.objects.get().state == Hold.State.PINNED


# zones


def zone_form(zone=None, *, prefixes=(), **changed):
    areas = list(zone.areas.all()) if zone else []
    form = {
        "name": "Lyon", "slug": "lyon", "depot": Depot.objects.first().pk, "is_active": "on",
        "opens_at": "08:00", "closes_at": "22:00", "open_weekdays": "123456", "cutoff_minutes": "240",
        "slot_capacity": "20", "slot_price": "5.90", "peak_price": "7.90", "minimum_order": "40",
        "free_delivery_from": "120", "areas-TOTAL_FORMS": len(areas) + len(prefixes),
        "areas-INITIAL_FORMS": len(areas), "areas-MIN_NUM_FORMS": "0", "areas-MAX_NUM_FORMS": "1000",
    }  # fmt: skip
    for n, area in enumerate(areas):
        form |= {f"areas-{n}-id": area.pk, f"areas-{n}-zone": zone.pk, f"areas-{n}-prefix": area.prefix}
    for n, prefix in enumerate(prefixes, start=len(areas)):
        form |= {f"areas-{n}-id": "", f"areas-{n}-zone": zone.pk if zone else "", f"areas-{n}-prefix": prefix}
    return form | changed


@pytest.mark.django_db(transaction=True)
def test_a_zone_opened_in_the_admin_tells_those_who_wait(manager):
    ZoneFactory()
    waiting = ask_for_coverage(email="ana@exemple.fr", postcode="69003")

    response = manager.post(reverse("admin:zones_zone_add"), zone_form(prefixes=["69"]), follow=True)
    deliver_all()

    waiting.refresh_from_db()
    assert "Demandes en attente prévenues\u202f: 1." in response.content.decode()
    assert waiting.told_at is not None
    assert zone_for_postcode("69003").slug == "lyon"


def test_prices_of_a_zone_are_typed_and_read_with_a_comma(manager, db):
    zone = ZoneFactory()

    manager.post(change_url(zone), zone_form(zone, slot_price="6,35", minimum_order="45.50"))

    zone.refresh_from_db()
    assert (str(zone.slot_price), str(zone.minimum_order)) == ("6.35", "45.50")
    assert 'value="6,35"' in manager.get(change_url(zone)).content.decode()
    assert "45,50\u00a0€" in manager.get(reverse("admin:zones_zone_changelist")).content.decode()


@pytest.mark.parametrize("prefix", ["7", "abc", "٦٩", "690011", "75"])
def test_a_bad_or_taken_area_is_refused_with_its_zone(manager, db, prefix):
    ZoneFactory()

    response = manager.post(reverse("admin:zones_zone_add"), zone_form(prefixes=[prefix]))

    assert response.status_code == 200
    assert Zone.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [{"opens_at": "08:30"}, {"closes_at": "08:00"}, {"open_weekdays": "19"}, {"slot_price": "-1"},
     {"minimum_order": "1e9"}, {"free_delivery_from": "10"}, {"slug": "é à"}, {"name": ""}],
)  # fmt: skip
def test_an_impossible_zone_is_refused_by_the_form(manager, db, changed):
    ZoneFactory()

    response = manager.post(reverse("admin:zones_zone_add"), zone_form(prefixes=["69"], **changed))

    assert response.status_code == 200
    assert Zone.objects.count() == 1


def test_an_area_may_leave_a_zone_that_itself_is_never_deleted(manager, db):
    zone = ZoneFactory(prefixes=["75", "92"])
    gone = zone.areas.get(prefix="92")

    manager.post(
        change_url(zone),
        zone_form(zone, name="Paris seul") | {"areas-1-id": gone.pk, "areas-1-DELETE": "on"},
    )
    refused = manager.post(reverse("admin:zones_zone_delete", args=[zone.pk]), {"post": "yes"})

    zone.refresh_from_db()
    assert (zone.name, zone.slug) == ("Paris seul", "paris")
    assert [area.prefix for area in zone.areas.all()] == ["75"]
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "page",
    ["zones_zone_changelist", "zones_depot_changelist", "zones_coveragerequest_changelist", "zones_zone_add"],
)
def test_staff_pages_of_zones_open(manager, db, page):
    ZoneFactory()
    CoverageRequest.objects.create(email="ana@exemple.fr", postcode="20000")

    assert manager.get(reverse(f"admin:{page}")).status_code == 200


@pytest.mark.parametrize(("asked", "shown"), [("non", True), ("oui", False), ("", True), ("x", True)])
def test_requests_are_filtered_by_what_became_of_them(manager, db, asked, shown):
    CoverageRequest.objects.create(email="ana@exemple.fr", postcode="20000")

    response = manager.get(reverse("admin:zones_coveragerequest_changelist"), {"prevenue": asked})

    assert ("ana@exemple.fr" in response.content.decode()) is shown


def test_the_prices_of_a_zone_are_read_and_typed_with_a_comma(manager, clock):
    zone = ZoneFactory()
    address = reverse("admin:zones_zone_change", args=[zone.pk])

    page = manager.get(address).content.decode()
    sent = dict(re.findall(r'<input[^>]*name="([a-z_-]+)"[^>]*value="([^"]*)"', page))
    sent |= {
        "areas-TOTAL_FORMS": "0",
        "areas-INITIAL_FORMS": "0",
        "depot": zone.depot_id,
        "open_weekdays": ["1", "2"],
    }
    answer = manager.post(address, sent | {"slot_price": "4,90"})
    assert answer.status_code == 302, re.findall(
        r'<ul class="errorlist.*?</ul>', answer.content.decode(), re.DOTALL
    )
    zone.refresh_from_db()

    assert f'value="{str(zone.peak_price.normalize()).replace(".", ",")}"' in page
    assert str(zone.slot_price) == "4.90"
