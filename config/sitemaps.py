"""The addresses search engines may keep: aisles, products and texts (sitemaps.org, 0.9)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import SitemapIndexItem
from django.contrib.sitemaps.views import sitemap as django_sitemap
from django.db.models import Max
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.decorators.cache import cache_page
from django.views.decorators.http import require_safe

from crm.desk.models import LegalPage
from shop.catalogue.models import Aisle, Product

HOUR = 3600
# A fifth of what the protocol allows: a file is read whole, by us and by them.
PRODUCTS_A_FILE = 10_000
Page = tuple[str, datetime | None]


class _OurSitemap(Sitemap):  # type: ignore[type-arg]
    """Addresses under SITE_URL, whatever host the question came through."""

    def get_domain(self, site: Any = None) -> str:
        return str(urlsplit(settings.SITE_URL).netloc)

    def get_protocol(self, protocol: str | None = None) -> str:
        return str(urlsplit(settings.SITE_URL).scheme)

    def location(self, item: Page) -> str:
        return item[0]

    def lastmod(self, item: Page) -> datetime | None:
        return item[1]


class ProductSitemap(_OurSitemap):
    """What is on sale, in the order of its numbers: a page of the map changes only at its end. 2 queries a page."""

    limit = PRODUCTS_A_FILE

    def items(self) -> Any:
        return Product.objects.published().order_by("pk").values_list("slug", "updated_at")

    def location(self, item: Page) -> str:
        return f"/produits/{item[0]}/"

    def get_latest_lastmod(self) -> datetime | None:
        latest: datetime | None = Product.objects.published().aggregate(at=Max("updated_at"))["at"]
        return latest


class _ShortSitemap(_OurSitemap):
    """One file, read once however often Django asks for it."""

    def items(self) -> Sequence[Page]:
        return self.pages

    @cached_property
    def pages(self) -> Sequence[Page]:
        raise NotImplementedError


class AisleSitemap(_ShortSitemap):
    """Home, then every aisle and shelf something lies on, changed when one of its products was. 2 queries."""

    @cached_property
    def pages(self) -> Sequence[Page]:
        rows = (
            Product.objects.published()
            .values("shelf_id", above=Coalesce("shelf__parent_id", "shelf_id"))
            .annotate(latest=Max("updated_at"))
        )
        latest: dict[int, datetime] = {}
        for row in rows:
            for place in {row["shelf_id"], row["above"]}:
                latest[place] = max(latest.get(place, row["latest"]), row["latest"])
        slugs = Aisle.objects.filter(pk__in=latest).order_by("pk").values_list("pk", "slug")
        aisles: list[Page] = [(reverse("aisle", args=[slug]), latest[pk]) for pk, slug in slugs]
        return [(reverse("home"), max(latest.values(), default=None)), *aisles]


class TextSitemap(_ShortSitemap):
    """Help, slots, the service rate and the legal pages. One query."""

    @cached_property
    def pages(self) -> Sequence[Page]:
        legal = [
            (reverse("legal_page", args=[slug]), at)
            for slug, at in LegalPage.objects.order_by("slug").values_list("slug", "updated_at")
            # Shown by its own page.
            if slug != reverse("service_quality").strip("/")
        ]
        return [(reverse(name), None) for name in ("help", "slots", "service_quality")] + legal


SECTIONS: dict[str, Any] = {
    "rayons": AisleSitemap,
    "produits": ProductSitemap,
    "pages": TextSitemap,
}


@require_safe
@cache_page(HOUR)
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The files there are, each with its last change. 5 queries, kept an hour."""
    parts = []
    for name, section in SECTIONS.items():
        whole = section()
        address = settings.SITE_URL.rstrip("/") + reverse("sitemap_section", args=[name])
        latest = whole.get_latest_lastmod()
        for page in range(1, whole.paginator.num_pages + 1):
            parts.append(SitemapIndexItem(address if page == 1 else f"{address}?p={page}", latest))
    return TemplateResponse(request, "sitemap_index.xml", {"sitemaps": parts}, content_type="application/xml")


@require_safe
@cache_page(HOUR)
def sitemap_section(request: HttpRequest, section: str) -> HttpResponse:
    """One file. 2 queries, kept an hour; 404 for a section or a page that does not exist."""
    if section not in SECTIONS:
        raise Http404
    return django_sitemap(request, SECTIONS, section=section)
