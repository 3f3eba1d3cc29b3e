"""The zones the shop ships with. Staff own them afterwards: a second run adds what is missing, never corrects."""

from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from typing import Any

from django.db import transaction

from delivery.zones.models import Depot, PickupPoint, Zone, ZoneArea
from delivery.zones.services import zones_changed

# Code → name, latitude, longitude: in Gennevilliers, Vénissieux, Lons and Anglet.
DEPOTS = {
    "paris": ("Dépôt de Paris", 48.9260, 2.3000),
    "lyon": ("Dépôt de Lyon", 45.7100, 4.8800),
    "pau": ("Dépôt de Pau", 43.3200, -0.4000),
    "anglet": ("Dépôt d’Anglet", 43.4850, -1.5200),
}
DEFAULT_DEPOT = "paris"


@dataclass(frozen=True, kw_only=True)
class ShippedZone:
    """Money in euros including VAT, hours in local time, the cut-off in minutes before the slot starts."""

    slug: str
    name: str
    depot: str
    prefixes: tuple[str, ...]
    hours: tuple[int, int] = (8, 22)
    weekdays: str = "123456"
    cutoff_minutes: int = 240
    capacity: int = 20
    price: str = "4.90"
    peak: str = "6.90"
    minimum: str = "40"
    free_from: str = "120"

    def fields(self) -> dict[str, Any]:
        opens, closes = self.hours
        return {
            "name": self.name, "opens_at": time(opens), "closes_at": time(closes),
            "open_weekdays": self.weekdays, "cutoff_minutes": self.cutoff_minutes,
            "slot_capacity": self.capacity, "slot_price": Decimal(self.price),
            "peak_price": Decimal(self.peak), "minimum_order": Decimal(self.minimum),
            "free_delivery_from": Decimal(self.free_from),
        }  # fmt: skip


# The inner suburbs share one offer, the outer ones another: longer drives, earlier cut-offs, fewer hours.
_NEAR = ShippedZone(
    slug="", name="", depot="paris", prefixes=(), price="5.90", peak="7.90", capacity=16
)  # fmt: skip
_FAR = replace(
    _NEAR, price="7.90", peak="9.90", capacity=12, hours=(9, 21), cutoff_minutes=360, free_from="150"
)

ZONES = (
    ShippedZone(
        slug="paris", name="Paris", depot="paris", prefixes=("75",), weekdays="1234567",
        cutoff_minutes=180, capacity=30, free_from="100",
    ),
    replace(_NEAR, slug="hauts-de-seine", name="Hauts-de-Seine", prefixes=("92",)),
    replace(_NEAR, slug="seine-saint-denis", name="Seine-Saint-Denis", prefixes=("93",)),
    replace(_NEAR, slug="val-de-marne", name="Val-de-Marne", prefixes=("94",)),
    replace(_FAR, slug="seine-et-marne", name="Seine-et-Marne", prefixes=("77",)),
    replace(_FAR, slug="yvelines", name="Yvelines", prefixes=("78",)),
    replace(_FAR, slug="essonne", name="Essonne", prefixes=("91",)),
    replace(_FAR, slug="val-doise", name="Val-d’Oise", prefixes=("95",)),
    ShippedZone(
        slug="lyon", name="Lyon", depot="lyon", capacity=24, cutoff_minutes=180, free_from="100",
        prefixes=tuple(f"6900{district}" for district in range(1, 10)),
    ),
    ShippedZone(
        slug="lyon-alentours", name="Villes voisines de Lyon", depot="lyon", capacity=14,
        price="5.90", peak="7.90", hours=(8, 21),
        prefixes=(
            "69100",  # Villeurbanne
            "69110",  # Sainte-Foy-lès-Lyon
            "69120",  # Vaulx-en-Velin
            "69130",  # Écully
            "69140",  # Rillieux-la-Pape
            "69150",  # Décines-Charpieu
            "69160",  # Tassin-la-Demi-Lune
            "69190",  # Saint-Fons
            "69200",  # Vénissieux
            "69300",  # Caluire-et-Cuire
            "69310",  # Pierre-Bénite
            "69340",  # Francheville
            "69350",  # La Mulatière
            "69410",  # Champagne-au-Mont-d’Or
            "69500",  # Bron
            "69600",  # Oullins
            "69680",  # Chassieu
            "69800",  # Saint-Priest
        ),
    ),
    ShippedZone(
        slug="pau", name="Pau et ses voisines", depot="pau", capacity=10, hours=(9, 21),
        prefixes=(
            "64000",  # Pau
            "64110",  # Jurançon, Gelos
            "64140",  # Billère, Lons
            "64320",  # Bizanos, Idron
        ),
    ),
    ShippedZone(
        slug="anglet", name="Anglet, Bayonne et Biarritz", depot="anglet", capacity=10, hours=(9, 21),
        prefixes=(
            "64600",  # Anglet
            "64100",  # Bayonne
            "64200",  # Biarritz
        ),
    ),
)  # fmt: skip


# Invented counters: a demonstration alone has them.
DEMO_POINTS: tuple[dict[str, Any], ...] = (
    {
        "slug": "retrait-bastille", "name": "Cabas Bastille", "depot": "paris",
        "line1": "14 rue de la Roquette", "postcode": "75011", "city": "Paris",
        "directions": "Entrée par la cour, sonnette « Cabas ». Place d’arrêt dix minutes devant le 16.\nOuvert de 10\u00a0h à 20\u00a0h, du lundi au samedi.",
        "opens_at": time(10), "closes_at": time(20),
    },
    {
        "slug": "retrait-villeurbanne", "name": "Cabas Gratte-Ciel", "depot": "lyon",
        "line1": "8 avenue Henri-Barbusse", "postcode": "69100", "city": "Villeurbanne",
        "directions": "Au rez-de-chaussée, à gauche de la pharmacie. Métro Gratte-Ciel.\nOuvert de 12\u00a0h à 20\u00a0h, du mardi au samedi.",
        "opens_at": time(12), "closes_at": time(20), "open_weekdays": "23456",
    },
)  # fmt: skip


@transaction.atomic
def seed_demo_points() -> int:
    """Add the demonstration's pickup points that are missing, once the depots are there; how many."""
    depots = {depot.code: depot for depot in Depot.objects.all()}
    known = set(Zone.objects.values_list("slug", flat=True))
    missing = [fields for fields in DEMO_POINTS if fields["slug"] not in known and fields["depot"] in depots]
    for fields in missing:
        PickupPoint.objects.create(**_FREE_OF_CHARGE | fields | {"depot": depots[fields["depot"]]})
    if missing:
        zones_changed()
    return len(missing)


_FREE_OF_CHARGE: dict[str, Any] = {
    "slot_price": Decimal(0), "peak_price": Decimal(0), "minimum_order": Decimal(15),
    "free_delivery_from": Decimal(15), "cutoff_minutes": 180, "slot_capacity": 8,
}  # fmt: skip


@transaction.atomic
def seed_zones() -> list[Zone]:
    """Add the shipped depots and zones that are missing; the zones added.

    What exists under a code is left as staff made it, areas included: an area removed or moved stays so.
    Three queries when nothing is missing.
    """
    depots = _seed_depots()
    known = set(Zone.objects.values_list("slug", flat=True))
    missing = [shipped for shipped in ZONES if shipped.slug not in known]
    if missing:
        zones_changed()
    return [_add(shipped, depots[shipped.depot]) for shipped in missing]


def _seed_depots() -> dict[str, Depot]:
    depots = {depot.code: depot for depot in Depot.objects.all()}
    has_default = any(depot.is_default for depot in depots.values())
    for code, (name, latitude, longitude) in DEPOTS.items():
        if code not in depots:
            is_default = code == DEFAULT_DEPOT and not has_default
            depots[code] = Depot.objects.create(
                code=code, name=name, latitude=latitude, longitude=longitude, is_default=is_default
            )
    return depots


def _add(shipped: ShippedZone, depot: Depot) -> Zone:
    zone = Zone.objects.create(slug=shipped.slug, depot=depot, **shipped.fields())
    ZoneArea.objects.bulk_create(
        [ZoneArea(zone=zone, prefix=prefix) for prefix in shipped.prefixes],
        ignore_conflicts=True,  # staff already gave this area to a zone of theirs
    )
    return zone
