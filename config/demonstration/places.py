"""Towns of the zones the shop ships with, by postcode; a zone of the staff's own gets its first area's code."""

from delivery.zones.models import Zone
from delivery.zones.rules import longest_prefix

TOWNS = {
    **{f"750{district:02d}": "Paris" for district in range(1, 21)},
    **{f"6900{district}": "Lyon" for district in range(1, 10)},
    "92100": "Boulogne-Billancourt", "92200": "Neuilly-sur-Seine", "92300": "Levallois-Perret",
    "92130": "Issy-les-Moulineaux", "92000": "Nanterre", "92120": "Montrouge", "92600": "Asnières-sur-Seine",
    "93100": "Montreuil", "93200": "Saint-Denis", "93500": "Pantin", "93260": "Les Lilas", "93400": "Saint-Ouen",
    "94300": "Vincennes", "94000": "Créteil", "94200": "Ivry-sur-Seine", "94700": "Maisons-Alfort",
    "77000": "Melun", "77100": "Meaux", "77500": "Chelles",
    "78000": "Versailles", "78100": "Saint-Germain-en-Laye", "78500": "Sartrouville",
    "91000": "Évry-Courcouronnes", "91300": "Massy", "91120": "Palaiseau",
    "95000": "Cergy", "95100": "Argenteuil", "95880": "Enghien-les-Bains",
    "69100": "Villeurbanne", "69110": "Sainte-Foy-lès-Lyon", "69120": "Vaulx-en-Velin", "69130": "Écully",
    "69160": "Tassin-la-Demi-Lune", "69200": "Vénissieux", "69300": "Caluire-et-Cuire", "69500": "Bron",
    "69600": "Oullins", "69800": "Saint-Priest",
    "64000": "Pau", "64110": "Jurançon", "64140": "Billère", "64320": "Bizanos",
    "64600": "Anglet", "64100": "Bayonne", "64200": "Biarritz",
}  # fmt: skip
# Towns are drawn from so many tickets, shared by zone in proportion to the places it sells.
TICKETS = 1000


def tickets() -> list[tuple[int, int, str, str]]:
    """Rows of (number, zone id, postcode, town), numbered from 0; empty without an active zone that is delivered. Two queries."""
    zones = list(
        Zone.objects.filter(is_active=True, kind=Zone.Kind.DELIVERY)
        .prefetch_related("areas")
        .order_by("slug")
    )
    towns = _towns(zones)
    capacity = sum(zone.slot_capacity for zone in zones) or 1
    rows: list[tuple[int, int, str, str]] = []
    sold = 0
    for zone in zones:
        sold += zone.slot_capacity
        own = towns[zone.pk]
        while own and len(rows) < TICKETS * sold // capacity:
            postcode, town = own[len(rows) % len(own)]
            rows.append((len(rows), zone.pk, postcode, town))
    return rows


def _towns(zones: list[Zone]) -> dict[int, list[tuple[str, str]]]:
    areas = {area.prefix: zone for zone in zones for area in zone.areas.all()}
    towns: dict[int, list[tuple[str, str]]] = {zone.pk: [] for zone in zones}
    for postcode, town in TOWNS.items():
        if prefix := longest_prefix(postcode, areas):
            towns[areas[prefix].pk].append((postcode, town))
    for prefix, zone in areas.items():
        if not towns[zone.pk]:
            towns[zone.pk].append((prefix.ljust(5, "0"), zone.name[:80]))
    return towns
