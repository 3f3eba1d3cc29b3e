"""What search engines are given to read (https://www.sitemaps.org/protocol.html)."""

import gzip
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config import sitemaps
from crm.desk.services import publish_page
from shop.catalogue.models import Product
from tests.factories import AisleFactory, ProductFactory, ZoneFactory

pytestmark = pytest.mark.django_db
SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SECTIONS = ["rayons", "produits", "pages"]


@pytest.fixture(autouse=True)
def shop(settings):
    settings.SITE_URL = "https://cabas.example"
    cache.clear()
    ZoneFactory()


def read(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/xml")
    root = ET.fromstring(answer.content)  # noqa: S314 - our own
    return root, [{part.tag.removeprefix(SPACE): part.text for part in entry} for entry in root]


def section(client, name, page=1):
    return read(client, f"/sitemap-{name}.xml" + (f"?p={page}" if page > 1 else ""))[1]


def test_the_index_names_every_file_by_its_whole_address(client):
    product = ProductFactory()

    root, files = read(client, "/sitemap.xml")

    assert root.tag == f"{SPACE}sitemapindex"
    assert [file["loc"] for file in files] == [
        f"https://cabas.example/sitemap-{name}.xml" for name in SECTIONS
    ]
    assert datetime.fromisoformat(files[1]["lastmod"]) == product.updated_at
    for file in files:
        assert client.get(file["loc"].removeprefix("https://cabas.example")).status_code == 200


@pytest.mark.parametrize("name", SECTIONS)
def test_every_address_is_whole_its_own_and_opens(client, name):
    publish_page(slug="cgv", title="CGV", body="Conditions.")
    ProductFactory.create_batch(3)

    entries = section(client, name)

    addresses = [entry["loc"] for entry in entries]
    assert 0 < len(addresses) == len(set(addresses)) <= 50_000
    for address in addresses:
        assert address.startswith("https://cabas.example/")
        page = client.get(address.removeprefix("https://cabas.example"))
        assert page.status_code == 200
        assert f'<link rel="canonical" href="{address}">' in page.content.decode() or "/creneaux/" in address
    assert all(datetime.fromisoformat(entry["lastmod"]) for entry in entries if "lastmod" in entry)


def test_only_what_is_on_sale_is_named(client):
    sold, draft = ProductFactory(), ProductFactory(draft=True)
    AisleFactory(slug="vide")

    products = [entry["loc"] for entry in section(client, "produits")]
    aisles = [entry["loc"] for entry in section(client, "rayons")]

    assert products == [f"https://cabas.example/produits/{sold.slug}/"] and draft.slug not in str(products)
    assert [address.split("/")[-2] for address in aisles[1:]] == ["cremerie", "yaourts"]


def test_an_aisle_changes_with_its_latest_product(client):
    ProductFactory.create_batch(2)
    latest = datetime(2026, 11, 20, 10, tzinfo=UTC)
    Product.objects.update(updated_at=latest - timedelta(days=3))
    Product.objects.filter(pk=Product.objects.latest("pk").pk).update(updated_at=latest)

    assert section(client, "rayons")[0]["lastmod"].startswith("2026-11-20")


def test_many_products_are_split_over_files(client, monkeypatch):
    monkeypatch.setattr(sitemaps.ProductSitemap, "limit", 4)
    ProductFactory.create_batch(9)

    _root, files = read(client, "/sitemap.xml")
    pages = [section(client, "produits", page) for page in (1, 2, 3)]

    assert [file["loc"].partition("produits.xml")[2] for file in files if "produits" in file["loc"]] == [
        "",
        "?p=2",
        "?p=3",
    ]
    assert [len(page) for page in pages] == [4, 4, 1]
    assert len({entry["loc"] for page in pages for entry in page}) == 9
    for wrong in ("4", "0", "-1", "abc", "%00"):
        assert client.get(f"/sitemap-produits.xml?p={wrong}").status_code == 404


def test_an_unknown_file_is_not_found(client):
    assert client.get("/sitemap-inconnu.xml").status_code == 404


@pytest.mark.parametrize("address", ["/sitemap.xml", *(f"/sitemap-{name}.xml" for name in SECTIONS)])
def test_the_cost_does_not_grow_and_is_paid_once_an_hour(client, address):
    ProductFactory.create_batch(3)
    counts = []
    for _time in range(2):
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
        ProductFactory.create_batch(5)
        AisleFactory.create_batch(2)
    with CaptureQueriesContext(connection) as again:
        answer = client.get(address)

    assert counts[0] == counts[1] <= 5
    assert len(again) == 0
    assert "max-age=3600" in answer.headers["Cache-Control"]


def test_a_file_goes_compressed_to_whoever_takes_it_so(client):
    ProductFactory.create_batch(5)

    answer = client.get("/sitemap-produits.xml", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    root = ET.fromstring(gzip.decompress(answer.content))  # noqa: S314 - our own
    assert root.tag == f"{SPACE}urlset"


def test_robots_are_told_where_the_map_is_in_a_real_shop_only(client, settings):
    real = client.get("/robots.txt").content.decode()
    settings.DEMONSTRATION = True
    shown = client.get("/robots.txt").content.decode()

    assert real.endswith("\n\nSitemap: https://cabas.example/sitemap.xml\n")
    assert shown == "User-agent: *\nDisallow: /\n"
    assert reverse("sitemap") == "/sitemap.xml"
    assert 'content="noindex, nofollow"' in client.get("/").content.decode()
