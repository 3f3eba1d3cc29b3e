import csv
from decimal import Decimal
from pathlib import Path

import pytest

from delivery.zones.models import Depot, Zone, ZoneArea
from delivery.zones.queries import known_zones, zone_for_postcode
from delivery.zones.seed import DEPOTS, ZONES, seed_zones
from tests.factories import ZoneFactory

POSTCODES = Path(__file__).resolve().parents[3] / "shared" / "data" / "postcodes_fr.csv"
ILE_DE_FRANCE = {"75", "77", "78", "91", "92", "93", "94", "95"}


@pytest.fixture(scope="module")
def communes():
    if not POSTCODES.exists():
        pytest.skip(f"données partagées absentes : {POSTCODES}")
    with POSTCODES.open(encoding="utf-8", newline="") as file:
        return [(row["postcode"], row["insee"], row["commune"]) for row in csv.DictReader(file)]


def test_the_shop_ships_with_its_depots_and_zones(db):
    added = seed_zones()

    assert len(added) == len(ZONES) == Zone.objects.count()
    assert set(Depot.objects.values_list("code", flat=True)) == set(DEPOTS)
    assert Depot.objects.get(is_default=True).code == "paris"
    assert known_zones().default().slug == "paris"
    assert set(Zone.objects.values_list("minimum_order", flat=True)) == {Decimal(40)}


def test_every_shipped_zone_passes_the_checks_of_the_admin(db):
    for zone in seed_zones():
        zone.full_clean()
        for area in zone.areas.all():
            area.full_clean()


def test_no_area_is_shipped_twice():
    prefixes = [prefix for zone in ZONES for prefix in zone.prefixes]

    assert len(prefixes) == len(set(prefixes))


def test_a_second_seeding_changes_nothing_staff_did(db, django_assert_num_queries):
    seed_zones()
    Zone.objects.filter(slug="paris").update(name="Paris intra-muros", slot_price=3, is_active=False)
    Depot.objects.filter(code="pau").update(name="Pau, rue d’Étigny")
    ZoneArea.objects.filter(prefix="64320").delete()
    ZoneArea.objects.filter(prefix="69500").update(zone=Zone.objects.get(slug="lyon"))

    with django_assert_num_queries(4):  # two of them the savepoint's
        added = seed_zones()

    assert added == []
    paris = Zone.objects.get(slug="paris")
    assert (paris.name, paris.slot_price, paris.is_active) == ("Paris intra-muros", 3, False)
    assert Depot.objects.get(code="pau").name == "Pau, rue d’Étigny"
    assert zone_for_postcode("64320") is None
    assert zone_for_postcode("69500").slug == "lyon"


def test_an_area_that_staff_already_gave_away_stays_theirs(db):
    own = ZoneFactory(slug="bron", name="Bron", prefixes=["69500"])

    seed_zones()

    assert zone_for_postcode("69500") == own


def test_a_default_depot_that_staff_chose_stays_the_default(db):
    Depot.objects.create(code="lille", name="Lille", is_default=True)

    seed_zones()

    assert Depot.objects.get(is_default=True).code == "lille"


@pytest.mark.data
def test_every_shipped_area_exists(communes):
    existing = {postcode for postcode, _insee, _commune in communes}

    unknown = [
        prefix
        for zone in ZONES
        for prefix in zone.prefixes
        if not any(postcode.startswith(prefix) for postcode in existing)
    ]

    assert unknown == []


@pytest.mark.data
def test_every_commune_of_the_eight_departments_is_delivered_from_paris(communes, db):
    zones = {zone.slug: zone for zone in seed_zones()}
    depot_of = {prefix: zones[shipped.slug].depot.code for shipped in ZONES for prefix in shipped.prefixes}

    wrong = [
        commune
        for postcode, insee, commune in communes
        if insee[:2] in ILE_DE_FRANCE and depot_of.get(postcode[:2]) != "paris"
    ]

    assert wrong == []


@pytest.mark.data
@pytest.mark.parametrize(
    ("commune", "zone"),
    [
        *((f"LYON 0{district}", "lyon") for district in range(1, 10)),
        *(
            (town, "lyon-alentours")
            for town in ["VILLEURBANNE", "CALUIRE ET CUIRE", "BRON", "VENISSIEUX", "STE FOY LES LYON", "OULLINS",
                         "ECULLY", "TASSIN LA DEMI LUNE", "ST PRIEST", "VAULX EN VELIN", "DECINES CHARPIEU"]
        ),
        *((town, "pau") for town in ["PAU", "BILLERE", "LONS", "JURANCON", "GELOS", "BIZANOS"]),
        *((town, "anglet") for town in ["ANGLET", "BAYONNE", "BIARRITZ"]),
    ],
)  # fmt: skip
def test_the_named_towns_fall_in_their_zone(communes, db, commune, zone):
    seed_zones()
    departments = {"lyon": "69", "lyon-alentours": "69", "pau": "64", "anglet": "64"}

    postcodes = {
        postcode for postcode, insee, name in communes if name == commune and insee[:2] == departments[zone]
    }

    assert postcodes
    assert {zone_for_postcode(postcode).slug for postcode in postcodes} == {zone}


@pytest.mark.data
def test_the_rest_of_the_country_is_not_delivered_by_accident(communes, db):
    seed_zones()
    near = ILE_DE_FRANCE | {"69", "64"}
    elsewhere = sorted({postcode for postcode, _i, _c in communes if postcode[:2] not in near})

    prefixes = tuple(ZoneArea.objects.values_list("prefix", flat=True))

    assert not [postcode for postcode in elsewhere if postcode.startswith(prefixes)]
    assert zone_for_postcode("20000") is None
