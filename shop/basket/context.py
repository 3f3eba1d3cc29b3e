from typing import Any

from django.http import HttpRequest

from shop.basket.shopper import shopper_of


def shopper(request: HttpRequest) -> dict[str, Any]:
    """``shopper`` in every template; reads nothing until a template asks."""
    return {"shopper": shopper_of(request)}
