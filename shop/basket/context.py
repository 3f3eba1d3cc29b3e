from typing import Any

from django.http import HttpRequest


def shopper(request: HttpRequest) -> dict[str, Any]:
    return {"shopper": None}
