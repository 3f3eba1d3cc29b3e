from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shop.search import queries


def menu(request: HttpRequest) -> dict[str, Any]:
    """The aisles for the header. Built only by a page that shows them; no query when cached."""
    return {"menu": SimpleLazyObject(queries.menu)}
