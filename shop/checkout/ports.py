"""What checkout needs from above, bound in config/wiring.py."""

from typing import Protocol


class SellingClosed(Exception):
    """No terms of sale are published: nothing can be sold under them."""


class Terms(Protocol):
    def __call__(self) -> str:
        """The version of the terms of sale in force. Raises SellingClosed."""


_terms: Terms | None = None


def bind_terms(terms: Terms) -> None:
    global _terms
    _terms = terms


def current_terms_version() -> str:
    if _terms is None:
        raise RuntimeError("config/wiring.py binds no terms of sale")
    return _terms()
