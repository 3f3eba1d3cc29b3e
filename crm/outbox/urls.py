from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

# Without a secret anybody could tell us that a letter bounced: then the door does not exist.
urlpatterns: list[URLPattern | URLResolver] = (
    [path("anymail/", include("anymail.urls"))] if settings.ANYMAIL.get("WEBHOOK_SECRET") else []
)
