"""How long the database takes to understand a query and find its products: count and ids, cards not counted."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence

from delivery.zones.models import Zone
from shop.search.queries import find
from shop.search.queries.matches import BRANDS_SUGGESTED, SUGGESTIONS

# What shoppers type: common words, several words, quantities, brands, mistakes, glued words, unknown ones.
QUERIES = (
    "lait", "lait demi écrémé", "lait 1/2 écrémé 1l", "beurre doux", "beurre demi sel", "camembert", "camenbert",
    "yaourt nature", "yahourt nature", "fromage de chevre", "emmental rapé", "emental", "crème fraîche épaisse",
    "oeufs plein air", "jambon blanc", "jambon", "saucisson", "filet de poulet", "steak haché", "saumon fumé", "thon",
    "sardines à l'huile", "pizza 4 fromages", "pates completes", "spagetti", "riz basmati", "lentilles vertes",
    "haricots verts", "tomates pelées", "sauce tomate", "huile d'olive", "huile dolive", "vinaigre balsamique",
    "moutarde", "mayonaise", "sel", "poivre", "chips", "olives", "nutella", "confiture fraise", "miel", "céréales",
    "muesli", "café moulu", "caffé", "thé vert", "biscuits chocolat", "chocolat noir", "chocolat", "bonbons", "farine t55",
    "sucre en poudre", "levure", "compote pomme", "eau 6x1,5l", "eau gazeuse", "jus d'orange", "jusdorange", "coca",
    "coca zero", "limonade", "sirop menthe", "vin rouge", "bordeaux", "bière blonde", "champagne", "frites surgelées",
    "glace vanille", "sorbet citron", "lait 2e âge", "couches taille 4", "bio", "sans gluten", "sans sucres", "vegan",
    "paindemie", "pain de mie complet", "brioche", "croissant", "baguette", "demi ecreme", "lait de coco", "tofu fumé",
    "houmous", "quinoa", "soupe", "ratatouille", "cassoulet", "foie gras", "gingembre", "licorne", "zzzzyx", "5 % mg",
)  # fmt: skip
# What is in the field after each key: two letters, three, half a word.
BEGUN = ("la", "lai", "cam", "camenb", "yao", "cho", "choco", "po", "pom", "fro", "fromage de c", "ja", "caf", "bi", "su", "to", "coc")  # fmt: skip
ROUNDS = 5
HEADING = ("in the database", "median ms", "p95 ms")


def rows() -> Iterator[tuple[str, float, float]]:
    """(figure, 50th and 95th percentile in ms), once warm, with the first zone of the shop and its depot."""
    zone, depot = Zone.objects.order_by("pk").values_list("pk", "depot").first() or (None, None)

    def search(query: str) -> object:
        return find(query, depot, zone)

    def suggest(query: str) -> object:
        return find(query, depot, zone, most=SUGGESTIONS * 4, brands=BRANDS_SUGGESTED)

    yield ("search", *percentiles(search, QUERIES))
    yield ("suggestions", *percentiles(suggest, (*BEGUN, *QUERIES)))


def percentiles(subject: Callable[[str], object], queries: Sequence[str]) -> tuple[float, float]:
    """Over the queries, each by its median of five turns: a slow moment of the machine is no slow query."""
    taken: dict[str, list[float]] = {query: [] for query in queries}
    for _round in range(ROUNDS + 1):
        for query in queries:
            started = time.perf_counter()
            subject(query)
            taken[query].append((time.perf_counter() - started) * 1000)
    medians = [statistics.median(turns[1:]) for turns in taken.values()]
    return statistics.median(medians), statistics.quantiles(medians, n=20)[-1]
