"""A pickup point: a zone of the other kind, found from a postcode, with an address of its own."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from delivery.slots.models import Slot
from delivery.slots.queries import first_free_slots
from delivery.slots.services import generate_slots
from delivery.zones.forms import PickupPointForm
from delivery.zones.models import PickupPoint, Zone
from delivery.zones.queries import active_zones, known_zones, zone_for_postcode
from delivery.zones.rules import department_of, distance
from delivery.zones.seed import DEMO_POINTS, seed_demo_points, seed_zones
from delivery.zones.services import zones_changed
from tests.factories import DepotFactory, PickupPointFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db


def test_a_point_delivers_no_postcode_and_is_nobody_s_default():
    ZoneFactory()
    point = PickupPointFactory()
    zones_changed()

    assert zone_for_postcode("75011").slug == "paris"
    assert known_zones().default().slug == "paris"
    assert known_zones().point(point.pk) == point
    assert known_zones().point(zone_for_postcode("75011").pk) is None


def test_points_of_the_department_come_first_the_nearest_before_the_others():
    for name, postcode in [
        ("Lyon", "69003"),
        ("Auteuil", "75016"),
        ("Roquette", "75011"),
        ("Pantin", "93500"),
    ]:
        PickupPointFactory(slug=name.lower(), name=name, postcode=postcode)
    zones_changed()

    near, far = known_zones().points_from("75012")

    assert [point.name for point in near] == ["Roquette", "Auteuil"]
    assert {point.name for point in far} == {"Lyon", "Pantin"}


@pytest.mark.parametrize("postcode", ["", "7501", "99999", "abcde"])
def test_without_a_postcode_all_points_are_shown(postcode):
    PickupPointFactory()
    zones_changed()

    near, far = known_zones().points_from(postcode)

    assert len(near) == 1 and not far


def test_a_closed_point_is_not_shown_and_opens_no_slot():
    point = PickupPointFactory(is_active=False)
    zones_changed()
    generate_slots(days=7)

    assert known_zones().points == ()
    assert not Slot.objects.filter(zone=point).exists()


def test_a_point_opens_slots_of_its_own_hours_and_price():
    point = PickupPointFactory()
    generate_slots(days=7)

    slots = Slot.objects.filter(zone_id=point.pk)
    assert slots.exists() and {slot.price for slot in slots} == {0}
    assert Zone.objects.get(pk=point.pk) in active_zones()


def test_the_first_slots_of_all_points_cost_one_query(django_assert_num_queries):
    points = [PickupPointFactory(slug=f"point-{n}") for n in range(3)]
    generate_slots(days=7)

    with django_assert_num_queries(1):
        first = first_free_slots(points)
    assert set(first) == {point.pk for point in points}
    for point in points:
        assert (
            first[point.pk] == Slot.objects.bookable().filter(zone_id=point.pk).order_by("starts_at").first()
        )
    with django_assert_num_queries(0):
        assert first_free_slots([]) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [("line1", ""), ("city", " "), ("postcode", ""), ("postcode", "96000"), ("postcode", "7501")],
)
def test_a_point_needs_an_address_that_can_exist(field, value):
    point = PickupPointFactory.build(depot=DepotFactory(), **{field: value})

    with pytest.raises(ValidationError) as refused:
        point.full_clean()
    assert field in refused.value.message_dict


def test_the_database_refuses_a_point_without_an_address():
    with pytest.raises(IntegrityError), transaction.atomic():
        Zone.objects.create(
            slug="nulle-part", name="Nulle part", depot=DepotFactory(), kind=Zone.Kind.COLLECT
        )


def test_a_delivered_zone_needs_no_address():
    ZoneFactory().full_clean()


@pytest.mark.parametrize(
    ("postcode", "department"), [("75011", "75"), ("97110", "971"), ("98000", "980"), ("20000", "20")]
)
def test_department(postcode, department):
    assert department_of(postcode) == department


def test_the_more_figures_are_shared_the_nearer():
    near = sorted(["75020", "69001", "75012", "75011"], key=lambda other: distance("75011", other))

    assert near == ["75011", "75012", "75020", "69001"]


def test_the_demonstration_s_points_are_added_once():
    seed_zones()

    assert seed_demo_points() == len(DEMO_POINTS)
    assert seed_demo_points() == 0
    for point in PickupPoint.objects.all():
        point.full_clean()


# --- staff ----------------------------------------------------------------------------------------


@pytest.fixture
def manager(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


FORM = {
    "name": "Cabas Roquette", "slug": "roquette", "is_active": "on", "line1": "3 rue de la Roquette", "line2": "",
    "postcode": "75011", "city": "Paris", "directions": "", "opens_at": "10:00", "closes_at": "20:00",
    "open_weekdays": "123456", "cutoff_minutes": "240", "slot_capacity": "8", "slot_price": "0", "peak_price": "0",
    "minimum_order": "15", "free_delivery_from": "15",
}  # fmt: skip


def test_staff_open_a_point(manager):
    answer = manager.post(reverse("admin:zones_pickuppoint_add"), FORM | {"depot": DepotFactory().pk})

    point = PickupPoint.objects.get()
    assert answer.status_code == 302
    assert point.is_collect and point.place_lines == ["3 rue de la Roquette", "75011 Paris"]


@pytest.mark.parametrize(("wrong", "told"), [
    ({"line1": ""}, "une adresse"), ({"postcode": "96100"}, "qui existe"), ({"city": ""}, "la ville"),
    ({"opens_at": "10:30"}, "heure ronde"),
])  # fmt: skip
def test_staff_are_told_what_a_point_lacks(wrong, told):
    form = PickupPointForm(FORM | {"depot": DepotFactory().pk} | wrong)

    assert list(form.errors) == list(wrong) and told in str(form.errors)


def test_each_list_shows_its_own_kind(manager):
    ZoneFactory()
    PickupPointFactory(name="Cabas Roquette")

    zones = manager.get(reverse("admin:zones_zone_changelist")).content.decode()
    points = manager.get(reverse("admin:zones_pickuppoint_changelist")).content.decode()

    assert "Cabas Roquette" not in zones and "Cabas Roquette" in points


def test_a_point_s_form_asks_for_an_address_and_a_zone_s_for_areas(manager):
    of_point = manager.get(reverse("admin:zones_pickuppoint_add")).content.decode()
    of_zone = manager.get(reverse("admin:zones_zone_add")).content.decode()

    assert 'name="line1"' in of_point and "areas-0" not in of_point and "areas-TOTAL" not in of_point
    assert 'name="line1"' not in of_zone and "areas-TOTAL" in of_zone


# --- shoppers -------------------------------------------------------------------------------------


def test_a_shopper_finds_the_points_near_them(client):
    ZoneFactory()
    PickupPointFactory()
    PickupPointFactory(slug="lyon", name="Cabas Lyon", postcode="69003", city="Lyon")
    generate_slots(days=7)
    zones_changed()

    page = client.get(reverse("pickup_points"), {"code_postal": "75 012"}).content.decode()

    assert page.index("Cabas Bastille") < page.index("Plus loin") < page.index("Cabas Lyon")
    assert "Prochain retrait" in page and "gratuit" in page


@pytest.mark.parametrize("typed", ["", "7501", "99999", "<b>", "'; --", "7" * 500])
def test_a_wrong_postcode_is_told_and_points_are_shown_all_the_same(client, typed):
    ZoneFactory()
    PickupPointFactory()
    zones_changed()

    answer = client.get(reverse("pickup_points"), {"code_postal": typed})

    assert answer.status_code == 200
    assert (
        'id="erreur-code-postal"' in answer.content.decode() and "Cabas Bastille" in answer.content.decode()
    )


def test_a_shop_without_points_says_so_and_offers_delivery(client):
    ZoneFactory()
    zones_changed()

    assert "Aucun point de retrait" in client.get(reverse("pickup_points")).content.decode()
    assert reverse("pickup_points") not in client.get(reverse("slots")).content.decode()


def test_an_unknown_or_closed_point_has_no_page(client):
    ZoneFactory()
    closed = PickupPointFactory(is_active=False)
    zones_changed()

    assert client.get(reverse("pickup_point", args=["inconnu"])).status_code == 404
    assert client.get(reverse("pickup_point", args=[closed.slug])).status_code == 404
    assert client.get(reverse("pickup_point", args=["paris"])).status_code == 404


def test_outside_the_zones_the_points_of_the_department_are_named(client):
    ZoneFactory()
    PickupPointFactory(slug="pau", name="Cabas Pau", postcode="64000", city="Pau")
    zones_changed()

    near = client.get(reverse("slots"), {"code_postal": "64300"}).content.decode()
    far = client.get(reverse("slots"), {"code_postal": "13001"}).content.decode()

    assert "Cabas Pau" in near and "Cabas Pau" not in far


def test_more_points_cost_no_more_queries(client):
    ZoneFactory()
    PickupPointFactory()
    generate_slots(days=3)
    zones_changed()

    def queries():
        client.get(reverse("pickup_points"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(reverse("pickup_points"))
        return len(captured)

    before = queries()
    for n in range(6):
        PickupPointFactory(slug=f"autre-{n}")
    generate_slots(days=3)
    zones_changed()

    assert queries() == before <= 6
