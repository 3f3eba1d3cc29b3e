import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from config.facts import deliver_all, handler
from delivery.zones.events import CoverageOpened
from delivery.zones.models import CoverageRequest, Zone, ZoneArea
from delivery.zones.queries import (
    NoZone,
    is_valid_postcode,
    known_zones,
    normalise_postcode,
    zone_for_postcode,
)
from delivery.zones.services import AlreadyCovered, PostcodeInvalid, ask_for_coverage, tell_newly_covered
from tests.factories import DepotFactory, ZoneFactory

NONSENSE = [
    "", "7501", "750111", "abc", "75 011", " 75011", "75011 ", "75011\n", "75O11", "-7501", "7501.",
    "٧٥٠١١", "７５０１１", "00100", "96000", "99999", "75%11", "7_011", "1e4", "75011; DROP",
]  # fmt: skip
told = []


@handler(CoverageOpened, key="tests.coverage_opened")
def hear(opened):
    told.append(opened.request_id)


@pytest.fixture
def zone(db):
    told.clear()
    return ZoneFactory()


@pytest.mark.parametrize("typed", NONSENSE)
def test_nonsense_is_no_postcode_and_costs_no_query(typed, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert zone_for_postcode(typed) is None

    assert not is_valid_postcode(typed)


@pytest.mark.parametrize("postcode", ["75011", "01000", "20000", "20200", "97110", "98800"])
def test_postcodes_of_corsica_and_overseas_are_valid(postcode):
    assert is_valid_postcode(postcode)


@pytest.mark.parametrize("typed", ["75 011", " 75011 ", "75\u00a0011", "75\u202f011", "7 5 0 1 1\n"])
def test_spaces_in_a_postcode_are_forgiven_where_asked(typed):
    assert normalise_postcode(typed) == "75011"


def test_a_postcode_is_found_by_its_beginning_with_its_depot_in_one_query(zone, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = zone_for_postcode("75011")

        assert found == zone
        assert found.depot.code == "paris"


@pytest.mark.parametrize("postcode", ["69003", "20000", "64000"])
def test_a_postcode_outside_the_zones_has_none(zone, postcode):
    assert zone_for_postcode(postcode) is None


def test_the_longest_beginning_wins(zone):
    ZoneFactory(slug="passy", name="Passy", prefixes=["7511"])
    precise = ZoneFactory(slug="seizieme", name="Seizième", prefixes=["75116"])

    assert zone_for_postcode("75116") == precise
    assert zone_for_postcode("75115").slug == "passy"
    assert zone_for_postcode("75011") == zone


def test_a_suspended_town_is_not_handed_to_the_wider_zone(zone):
    ZoneFactory(slug="seizieme", name="Seizième", prefixes=["75116"], is_active=False)

    assert zone_for_postcode("75116") is None
    assert zone_for_postcode("75011") == zone


def test_pages_know_the_zones_by_the_same_rules(zone, django_assert_num_queries):
    ZoneFactory(slug="passy", name="Passy", prefixes=["7511"])
    ZoneFactory(slug="seizieme", name="Seizième", prefixes=["75116"], is_active=False)
    typed = [*NONSENSE, "75011", "75115", "75116", "69003", "20000"]
    fresh = {postcode: zone_for_postcode(postcode) for postcode in typed}

    with django_assert_num_queries(1):
        known = {postcode: known_zones().of_postcode(postcode) for postcode in typed}

    assert known == fresh
    assert {found.slug for found in known.values() if found} == {zone.slug, "passy"}
    assert model_to_dict(known["75011"]) == model_to_dict(Zone.objects.get(slug=zone.slug))


def test_the_default_zone_is_the_default_depots_first(db, django_assert_num_queries):
    ZoneFactory(slug="pau", name="Pau", depot=DepotFactory(code="pau", name="Pau"))
    paris = ZoneFactory()
    ZoneFactory(slug="yvelines", name="Yvelines", prefixes=["78"])

    with django_assert_num_queries(1):
        found = known_zones().default()

        assert found == paris
        assert found.depot.is_default


def test_a_suspended_zone_is_no_default(db):
    ZoneFactory(is_active=False)

    with pytest.raises(NoZone):
        known_zones().default()


def test_asking_twice_is_asking_once(zone):
    first = ask_for_coverage(email="Ana@Exemple.fr ", postcode="20000")

    again = ask_for_coverage(email="ana@exemple.fr", postcode="20000")

    assert first == again
    assert CoverageRequest.objects.get().email == "ana@exemple.fr"


def test_asking_for_two_postcodes_waits_for_both(zone):
    ask_for_coverage(email="ana@exemple.fr", postcode="20000")

    ask_for_coverage(email="ana@exemple.fr", postcode="13001")

    assert CoverageRequest.objects.count() == 2


@pytest.mark.parametrize("typed", NONSENSE)
def test_nonsense_is_not_waited_for(zone, typed):
    with pytest.raises(PostcodeInvalid):
        ask_for_coverage(email="ana@exemple.fr", postcode=typed)

    assert not CoverageRequest.objects.exists()


def test_a_delivered_postcode_is_not_waited_for(zone):
    with pytest.raises(AlreadyCovered):
        ask_for_coverage(email="ana@exemple.fr", postcode="75011")

    assert not CoverageRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_zone_that_opens_is_told_to_those_who_wait_for_it_once(zone):
    waiting = ask_for_coverage(email="ana@exemple.fr", postcode="69003")
    elsewhere = ask_for_coverage(email="bob@exemple.fr", postcode="64000")
    lyon = ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])

    counts = [tell_newly_covered(zone=lyon), tell_newly_covered(zone=lyon)]
    deliver_all()

    assert counts == [1, 0]
    assert told == [waiting.pk]
    assert CoverageRequest.objects.waiting().get() == elsewhere


@pytest.mark.django_db(transaction=True)
def test_a_suspended_zone_is_told_to_nobody(zone):
    ask_for_coverage(email="ana@exemple.fr", postcode="69003")
    lyon = ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"], is_active=False)

    assert tell_newly_covered(zone=lyon) == 0

    deliver_all()
    assert told == []
    assert CoverageRequest.objects.waiting().count() == 1


def test_a_wider_zone_is_not_told_to_those_of_a_more_precise_one(zone):
    ask_for_coverage(email="ana@exemple.fr", postcode="69003")
    ZoneFactory(slug="lyon-3", name="Lyon 3", prefixes=["69003"], is_active=False)
    rhone = ZoneFactory(slug="rhone", name="Rhône", prefixes=["69"])

    assert tell_newly_covered(zone=rhone) == 0


def test_who_was_told_and_lost_the_zone_again_may_wait_again(zone):
    request = ask_for_coverage(email="ana@exemple.fr", postcode="69003")
    lyon = ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    tell_newly_covered(zone=lyon)
    Zone.objects.filter(pk=lyon.pk).update(is_active=False)

    ask_for_coverage(email="ana@exemple.fr", postcode="69003")

    assert CoverageRequest.objects.waiting().get() == request


@pytest.mark.parametrize("prefix", ["7", "750111", "٧٥", "7a", "75\n", "75 ", ""])
def test_a_malformed_area_is_refused(zone, prefix):
    with pytest.raises(ValidationError):
        ZoneArea(zone=zone, prefix=prefix).full_clean()


def test_a_malformed_area_is_refused_in_french(zone):
    with pytest.raises(ValidationError, match=re.escape("Indiquez de deux à cinq chiffres.")):
        ZoneArea(zone=zone, prefix="7a").full_clean()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("opens_at", "08:30"),
        ("closes_at", "08:00"),
        ("closes_at", "07:00"),
        ("open_weekdays", "8"),
        ("open_weekdays", "0"),
        ("open_weekdays", "11"),
        ("open_weekdays", "١"),
        ("open_weekdays", "12\n"),
        ("slot_price", "-1"),
        ("minimum_order", "-0.01"),
        ("free_delivery_from", "39.99"),
        ("cutoff_minutes", 14 * 24 * 60 + 1),
    ],
)
def test_an_impossible_zone_is_refused(zone, field, value):
    setattr(zone, field, Zone._meta.get_field(field).to_python(value))

    with pytest.raises(ValidationError) as refusal:
        zone.full_clean()

    assert list(refusal.value.message_dict) == [field]


def test_the_database_refuses_a_zone_that_closes_before_it_opens(zone):
    with pytest.raises(IntegrityError), transaction.atomic():
        Zone.objects.filter(pk=zone.pk).update(opens_at="22:00", closes_at="08:00")
