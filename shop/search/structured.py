"""What search engines read: schema.org data in JSON-LD, as Google's documentation of September 2026 asks for it.

Only what the page itself shows; a demonstration's invented figures are read by nobody (see `config.doors`).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from shop.search.queries import ProductPage

CONTEXT = "https://schema.org"
Data = dict[str, Any]


def absolute(address: str) -> str:
    return str(urljoin(settings.SITE_URL.rstrip("/") + "/", address))


def crumbs(path: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The way to a page as its breadcrumb shows it; the page itself comes last, without a link."""
    links = [{"name": step["name"], "url": reverse("aisle", args=[step["slug"]])} for step in path[:-1]]
    return [*links, {"name": path[-1]["name"], "url": ""}]


def canonical(path: str, page: int = 1, **words: str) -> str:
    """The one address of a page: no sort, the first page without its number, what was looked for in small letters."""
    asked = {name: word.lower() for name, word in words.items()} | ({"page": str(page)} if page > 1 else {})
    return absolute(path) + (f"?{urlencode(asked)}" if asked else "")


def breadcrumb(crumbs: Sequence[dict[str, str]], *, address: str) -> Data:
    """The way shown above a page, which ends with the page itself at ``address``."""
    steps = [("Accueil", absolute("/")), *((step["name"], step["url"]) for step in crumbs)]
    return {
        "@context": CONTEXT,
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": place,
                "name": name,
                "item": absolute(url) if url else address,
            }
            for place, (name, url) in enumerate(steps, start=1)
        ],
    }


def product(shown: ProductPage, *, address: str, zone: str) -> Data:
    """A product and its offer, as they stand in the depot that the page shows."""
    card = shown["card"]
    data: Data = {
        "@context": CONTEXT, "@type": "Product", "@id": f"{address}#produit", "name": card["name"],
        "description": shown["description"] or shown["legal_name"] or card["name"], "sku": shown["ean"],
        "image": [
            absolute(shown["picture_original"] or static("social.png")),
            *(absolute(picture["original"]) for picture in shown["more_pictures"]),
        ],
        "category": " > ".join(step["name"] for step in shown["path"]),
        "offers": _offer(shown, address, zone),
    }  # fmt: skip
    if gtin := _gtin(shown["ean"]):
        data |= gtin
    ratings = shown["reviews"].summary
    if ratings.count:
        data["aggregateRating"] = {
            "@type": "AggregateRating", "ratingValue": str(ratings.average), "reviewCount": ratings.count,
            "bestRating": "5", "worstRating": "1",
        }  # fmt: skip
    if card["brand"]:
        data["brand"] = {"@type": "Brand", "name": card["brand"]}
    if shown["net_weight"]:
        value, unit = shown["net_weight"]
        data["weight"] = {"@type": "QuantitativeValue", "value": value, "unitCode": unit}
    return data


def _offer(shown: ProductPage, address: str, zone: str) -> Data:
    card = shown["card"]
    price = f"{card['price']:.2f}"
    offer: Data = {
        "@type": "Offer", "url": address, "price": price, "priceCurrency": "EUR",
        "itemCondition": f"{CONTEXT}/NewCondition",
        "availability": f"{CONTEXT}/{'InStock' if card['is_available'] else 'OutOfStock'}",
        "seller": {"@id": f"{absolute('/')}#organisation"},
        "priceSpecification": _unit_price(shown, price),
    }  # fmt: skip
    if zone:
        offer["areaServed"] = zone
    return offer


def _unit_price(shown: ProductPage, price: str) -> Data:
    """What the price is for: a kilogram for what is weighed, one article otherwise. VAT included."""
    unit = "KGM" if shown["card"]["sold_by_weight"] else "C62"
    return {
        "@type": "UnitPriceSpecification", "price": price, "priceCurrency": "EUR", "valueAddedTaxIncluded": True,
        "referenceQuantity": {"@type": "QuantitativeValue", "value": 1, "unitCode": unit},
    }  # fmt: skip


def _gtin(ean: str) -> Data:
    """Codes of our own (20 to 29) identify nothing outside the shop."""
    if len(ean) == 13:
        return {} if ean.startswith("2") else {"gtin13": ean}
    return {"gtin8": ean} if len(ean) == 8 and not ean.startswith(("0", "2")) else {}
