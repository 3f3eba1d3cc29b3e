"""What the catalogue must tell the rooms above. Bound once, in config/wiring.py."""

from collections.abc import Collection
from typing import Protocol


class Index(Protocol):
    def __call__(self, *, product_ids: Collection[int]) -> int:
        """Bring what finds these products up to date; how many can now be found.

        Called in the transaction that changed them, with their rows locked.
        """
        ...


class IndexUnbound(RuntimeError):
    """Nobody said who finds products: config/wiring.py was not loaded."""


_index: Index | None = None


def bind_index(index: Index) -> None:
    """Say who finds products."""
    global _index
    _index = index


def index() -> Index:
    """The bound index. Raises IndexUnbound."""
    if _index is None:
        raise IndexUnbound
    return _index
