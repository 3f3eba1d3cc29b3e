import json
from dataclasses import dataclass
from typing import Any

from crm.insights.models import Metric
from crm.insights.rules import LONGEST_MS

BODY_BYTES_AT_MOST = 1024
# The names pages give themselves in `data-page`; anything else is somebody else's invention.
PAGES = frozenset(
    {"accueil", "rayon", "produit", "recherche", "panier", "creneaux", "hors-zone", "listes", "commande"}
    | {"paiement", "commandes", "suivi", "account", "aide", "page", "qualite-de-service", "avis", "prix"}
    | {"retrait", "comptoir", "reponse", "rappels", "retard", "attente", "promesses", "invitation"}
)


class BadMeasure(Exception):
    """What a browser sent is no measure of ours."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one page view felt like, in ms."""

    page: str
    values: dict[Metric, int]


def read_measure(body: bytes) -> Measure:
    """Read ``{"page": …, "lcp_ms": …, "inp_ms": …}``; a measure the browser lacks may be absent or null.

    Raises BadMeasure.
    """
    if len(body) > BODY_BYTES_AT_MOST:
        raise BadMeasure("too long")
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise BadMeasure("not JSON") from fault
    if not isinstance(sent, dict) or not sent.keys() <= {"page", "lcp_ms", "inp_ms"}:
        raise BadMeasure("unknown fields")
    page = sent.get("page")
    if not isinstance(page, str) or page not in PAGES:
        raise BadMeasure("unknown page")
    values = {metric: sent[f"{metric}_ms"] for metric in Metric if sent.get(f"{metric}_ms") is not None}
    if not values or not all(_is_duration(value) for value in values.values()):
        raise BadMeasure("no measure")
    return Measure(page, values)


def _is_duration(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LONGEST_MS
