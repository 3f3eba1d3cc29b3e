"""The aisle tree, and where a page stands in it."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from django.db.models import QuerySet

from config.wholes import Whole
from shop.catalogue.models import Aisle
from shop.search import rules


class Shelf(TypedDict):
    id: int
    slug: str
    name: str
    tint: str


class MenuAisle(Shelf):
    shelves: list[Shelf]


@dataclass(frozen=True)
class AislePlace:
    """An aisle or a shelf, and where it stands. ``shelves`` are its siblings when it is a shelf."""

    here: Shelf
    aisle: MenuAisle

    @property
    def is_shelf(self) -> bool:
        return self.here["id"] != self.aisle["id"]

    @property
    def path(self) -> list[Shelf]:
        """From the aisle to here."""
        return [self.aisle, self.here] if self.is_shelf else [self.here]

    @property
    def shelf_ids(self) -> list[int]:
        """Where its products stand; an aisle may also hold some itself."""
        if self.is_shelf:
            return [self.here["id"]]
        return [self.aisle["id"], *(shelf["id"] for shelf in self.aisle["shelves"])]


def menu() -> list[MenuAisle]:
    """The aisle tree. No query when kept, else one; built anew when an aisle is saved."""
    return MENU.now()


class Standing(NamedTuple):
    """Where a shelf stands on a walk through the shop, and the name of its aisle."""

    place: int
    aisle: str


NOWHERE = Standing(10**6, "")


def standings() -> dict[int, Standing]:
    """Where each aisle and shelf stands, by id. No query when the menu is kept."""
    walk = ((aisle["name"], shelf["id"]) for aisle in menu() for shelf in (aisle, *aisle["shelves"]))
    return {shelf_id: Standing(place, name) for place, (name, shelf_id) in enumerate(walk)}


def _shelves() -> QuerySet[Aisle, Any]:
    return Aisle.objects.order_by("position", "name", "id").values("id", "slug", "name", "tint", "parent_id")


def _tree(shelves: list[dict[str, Any]]) -> list[MenuAisle]:
    return [_branch(row, shelves) for row in shelves if row["parent_id"] is None]


MENU = Whole("aisles", _shelves, _tree)


def _branch(row: dict[str, Any], shelves: list[dict[str, Any]]) -> MenuAisle:
    return {**_shelf(row), "shelves": [_shelf(own) for own in shelves if own["parent_id"] == row["id"]]}


def _shelf(row: dict[str, Any]) -> Shelf:
    return {"id": row["id"], "slug": row["slug"], "name": row["name"], "tint": row["tint"]}


def find_aisle(slug: str) -> AislePlace | None:
    """An aisle or shelf by its slug. No query when the menu is cached; one more for a slug not in it."""
    return _find(menu(), slug) or _find(_tree(list(_shelves())), slug)


def _find(tree: list[MenuAisle], slug: str) -> AislePlace | None:
    for aisle in tree:
        for node in (aisle, *aisle["shelves"]):
            if node["slug"] == slug:
                return AislePlace(node, aisle)
    return None


def is_top_aisle(slug: str) -> bool:
    """Whether the menu itself leads there: not a shelf, not an unknown name. No query when the menu is kept."""
    return any(aisle["slug"] == slug for aisle in menu())


def aisles_named(query: str, limit: int = 3) -> list[Shelf]:
    """Aisles and shelves whose name begins a word with each word typed. No query of its own."""
    words = rules.search_words(query)
    if not words or len("".join(words)) < 2:
        return []
    nodes = [node for aisle in menu() for node in (aisle, *aisle["shelves"])]
    return [node for node in nodes if _begins_words(node["name"], words)][:limit]


def _begins_words(name: str, words: list[str]) -> bool:
    return all(any(own.startswith(word) for own in rules.search_words(name)) for word in words)
