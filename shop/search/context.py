from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shop.search import queries

# What the phone's bottom bar leads to.
DOORS = {"home", "search", "lists", "basket"}


def menu(request: HttpRequest) -> dict[str, Any]:
    """The aisles for the header, built only by a page that shows them, and which link is the page's own. No query."""
    match = getattr(request, "resolver_match", None)
    name = match.url_name if match else None
    return {
        "menu": SimpleLazyObject(queries.menu),
        "page_aisle": match.kwargs["slug"]
        if match and name == "aisle" and queries.is_top_aisle(match.kwargs["slug"])
        else "",
        "page_door": name if name in DOORS else "",
    }
