"""The two addresses that every browser and search engine tries, asked for or not."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

# What is somebody's own, or of no use to whoever searches.
PRIVATE = (
    "/accounts/", "/admin/", "/commande/", "/commandes/", "/compte/", "/fidelite/", "/listes/", "/livreur/",
    "/panier/", "/preparation/", "/preferences/", "/desabonnement/", "/r/", "/recherche/suggestions/", "/reponse/", "/retrait/", "/suivi/",
)  # fmt: skip


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """A demonstration keeps search engines out altogether: its prices are invented."""
    closed = ("/",) if settings.DEMONSTRATION else PRIVATE
    rules = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    if not settings.DEMONSTRATION:
        rules += ["", f"Sitemap: {settings.SITE_URL.rstrip('/')}{reverse('sitemap')}"]
    return HttpResponse("\n".join(rules) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Pages name the icon themselves; this is for whoever asks at the old address."""
    return redirect(static("favicon.svg"))
