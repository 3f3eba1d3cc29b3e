"""What shared codes must know of what is sold and bought; both stand above, and are bound in config/wiring.py."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from loyalty.vouchers.rules import Buying, Scope

PRODUCTS, AISLES, BRANDS = "products", "aisles", "brands"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a code may not be for these articles, or what staff should know of it: a code for `wording`, and the article or
    shelf it is about.
    """

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Judged:
    """``faults`` keep a code from being written; ``notices`` are told."""

    faults: Sequence[Fault] = ()
    notices: Sequence[Fault] = ()


class Shelves(Protocol):
    """The catalogue, as whoever writes a code sees it. A kind is one of PRODUCTS, AISLES, BRANDS."""

    def named(self, scope: Scope) -> Mapping[str, Mapping[int, str]]:
        """Kind → id → name, what is gone left out. Three queries at most."""

    def found(self, text: str) -> Sequence[tuple[str, int, str]]:
        """Kind, id and name of what is called so, a few of each. Three queries."""

    def judged(self, scope: Scope, percent: Decimal | None) -> Judged:
        """What the law says of taking so many percent off these articles; None for a sum of money. Four queries at most."""


_shelves: list[Shelves] = []
_buying: list[Callable[[int], Buying]] = []


def bind_shelves(shelves: Shelves) -> None:
    _shelves[:] = [shelves]


def bind_buying(buying: Callable[[int], Buying]) -> None:
    _buying[:] = [buying]


def shelves() -> Shelves:
    return _shelves[0]


def buying_of(customer_id: int) -> Buying:
    """What this party has bought, merged guests included. One query."""
    return _buying[0](customer_id)


def names_of(scope: Scope) -> list[str]:
    """What a code is for, shelves first, in words. Three queries at most, none for the whole basket."""
    return names_of_each([scope])[0]


def names_of_each(scopes: Sequence[Scope]) -> list[list[str]]:
    """The same for several codes, in the same queries."""
    ids: dict[str, frozenset[int]] = {
        PRODUCTS: frozenset().union(*(scope.products for scope in scopes)),
        AISLES: frozenset().union(*(scope.aisles for scope in scopes)),
        BRANDS: frozenset().union(*(scope.brands for scope in scopes)),
    }
    everything = Scope(ids[PRODUCTS], ids[AISLES], ids[BRANDS])
    named = shelves().named(everything) if everything else {}
    return [_in_words(scope, named) for scope in scopes]


def _in_words(scope: Scope, named: Mapping[str, Mapping[int, str]]) -> list[str]:
    kinds = ((AISLES, scope.aisles), (BRANDS, scope.brands), (PRODUCTS, scope.products))
    return [
        name
        for kind, pks in kinds
        for name in sorted(known for pk, known in named.get(kind, {}).items() if pk in pks)
    ]
