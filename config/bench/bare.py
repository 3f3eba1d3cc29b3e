"""The baseline of the page figures, frozen: a bare Django view of 24 product cards.

No middleware, no session, no context processor; one ``.values()`` query, one flat template with the same
card HTML as the shop's. It never changes with the shop: a test holds its digest.
"""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.test.utils import override_settings
from django.urls import path

from shop.catalogue.models import Product

FIELDS = (
    "id", "slug", "name", "brand__name", "net_quantity", "net_unit", "price", "sold_by", "packshot",
    "shelf__tint",
)  # fmt: skip


def cards(_request: HttpRequest) -> HttpResponse:
    products = Product.objects.filter(is_published=True).order_by("-popularity", "id").values(*FIELDS)[:24]
    template = loader.get_template("bench/bare.html")
    return HttpResponse(template.render({"products": products}))


urlpatterns = [path("", cards)]


class BareRequest(WSGIRequest):
    urlconf = __name__


class BareHandler(WSGIHandler):
    """Answers as a project would that has nothing but this view."""

    request_class = BareRequest

    def load_middleware(self, *args: Any, **kwargs: Any) -> None:
        with override_settings(MIDDLEWARE=[]):
            super().load_middleware(*args, **kwargs)
