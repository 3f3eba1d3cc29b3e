"""What shelves must ask the rooms above: why is a product not on its page? Bound in config/wiring.py."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OffSale:
    """A recalled product, in the words that shoppers read; ``url`` tells more."""

    name: str
    why: str
    advice: str
    url: str


class Recalls(Protocol):
    def __call__(self, slug: str) -> OffSale | None:
        """The recall that keeps a product off sale. One query."""


_recalls: Recalls | None = None


def bind_off_sale(recalls: Recalls) -> None:
    global _recalls
    _recalls = recalls


def off_sale(slug: str) -> OffSale | None:
    """Asked only for what is not on sale. As many queries as the bound answer takes."""
    if _recalls is None:
        raise RuntimeError("config/wiring.py binds no recalls")
    return _recalls(slug)
