"""Who sells here, as search engines read it: schema.org data, nothing that the page does not show."""

from typing import Any

from django.conf import settings
from django.templatetags.static import static

from config.templatetags.cabas import absolute


def organization() -> dict[str, Any]:
    home = absolute("/")
    return {
        "@context": "https://schema.org", "@type": "OnlineStore", "@id": f"{home}#organisation", "name": "Cabas",
        "url": home, "logo": absolute(static("social.png")), "email": settings.HELP_EMAIL,
        "contactPoint": {
            "@type": "ContactPoint", "contactType": "customer service", "telephone": settings.HELP_PHONE,
            "email": settings.HELP_EMAIL, "areaServed": "FR", "availableLanguage": "fr",
        },
    }  # fmt: skip
