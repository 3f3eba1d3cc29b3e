"""Every address of the shop, by room."""

from importlib.util import find_spec

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

from config.health import health

# In the order of the house, so that a more precise address is never shadowed.
ROOMS_WITH_PAGES = [
    "shop.search",
    "shop.basket",
    "shop.lists",
    "shop.payments",
    "shop.orders",
    "shop.checkout",
    "crm.insights",
    "crm.desk",
    "crm.outbox",
]

urlpatterns = [
    path("sante/", health, name="health"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    *(path("", include(f"{room}.urls")) for room in ROOMS_WITH_PAGES if find_spec(f"{room}.urls")),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
