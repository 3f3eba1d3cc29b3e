"""Every address of the shop, by room."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from config.doors import favicon, robots
from config.health import health
from config.media import picture
from config.sitemaps import sitemap_index, sitemap_section

# Django's own form would let staff in by password alone, past the second factor and the sign-in limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# In the order of the house, so that a more precise address is never shadowed.
ROOMS_WITH_PAGES = [
    "delivery.tracking",
    "loyalty.referrals",
    "loyalty.milestones",
    "shop.search",
    "shop.reviews",
    "shop.basket",
    "shop.lists",
    "shop.payments",
    "shop.orders",
    "shop.documents",
    "shop.checkout",
    "shop.picking",
    "shop.recalls",
    "shop.claims",
    "shop.home",
    "crm.audience",
    "crm.insights",
    "crm.desk",
    "crm.outbox",
]

urlpatterns = [
    path("sante/", health, name="health"),
    path("robots.txt", robots, name="robots"),
    path("sitemap.xml", sitemap_index, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemap_section, name="sitemap_section"),
    path("favicon.ico", favicon, name="favicon"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    *(path("", include(f"{room}.urls")) for room in ROOMS_WITH_PAGES if find_spec(f"{room}.urls")),
    *([re_path(r"^media/(?P<path>.+)$", picture)] if settings.SERVE_MEDIA else []),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
