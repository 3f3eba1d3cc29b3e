"""Staff find an order, and what is about one, by its reference as a customer reads it aloud."""

from typing import Any

from django.http import HttpRequest

from shop.orders.rules import spoken_reference


class FindsByReference:
    """For an admin that searches references: they are heard without their dashes, or with words around them."""

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = spoken_reference(search_term) or search_term
        found: tuple[Any, bool] = super().get_search_results(request, queryset, term)  # type: ignore[misc]
        return found
