from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from crm.outbox.webhooks import patterns

# Without a secret anybody could tell us that a letter bounced, or that a customer wrote: then the doors do not exist.
urlpatterns: list[URLPattern | URLResolver] = (
    [path("anymail/", patterns())] if settings.ANYMAIL.get("WEBHOOK_SECRET") else []
)
