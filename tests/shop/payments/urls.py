"""The shop's addresses, and those that the base layout names before their rooms stand."""

from django.http import HttpResponse
from django.urls import path

from config.urls import urlpatterns as of_the_shop

NAMED = ("vitals", "home", "search", "search_suggestions", "slots", "account", "basket", "lists", "help",
         "service_quality", "orders", "aisles")  # fmt: skip


def nothing(request, **_kwargs):
    return HttpResponse()


urlpatterns = [
    *(path(f"essai/{name}/", nothing, name=name) for name in NAMED),
    path("essai/pages/<slug:slug>/", nothing, name="legal_page"),
    path("essai/rayons/<slug:slug>/", nothing, name="aisle"),
    *of_the_shop,
]
