"""What is read of a page, and the main ones."""

import re
from html import unescape

from django.urls import reverse

from shop.catalogue.models import Product

NARROW = "\u202f"


def content(response):
    """What stands in <main>, unescaped, on one line."""
    page = response.content.decode()
    main = re.search(r"<main.*?</main>", page, re.DOTALL)
    return " ".join(unescape(main.group() if main else page).split())


def addresses():
    return [
        reverse("home"),
        reverse("aisle", args=["yaourts"]),
        reverse("product", args=[Product.objects.earliest("id").slug]),
        reverse("search") + "?q=yaourt",
    ]
