"""The admin's content policy: no inline script is allowed, and no page of the admin needs one."""

import html5lib
import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from tests.factories import AddressFactory, ProductFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db
DATA = {"application/json", "application/ld+json"}


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


def addresses():
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found = model._default_manager.first()
        for page, args in (("changelist", []), ("add", []), ("export", []), ("change", [found and found.pk])):
            if args == [None]:
                continue
            try:
                yield reverse(f"{name}_{page}", args=args)
            except NoReverseMatch:
                continue


def inline_code(html):
    """Whatever a policy without 'unsafe-inline' would refuse to run."""
    found = []
    for element in html5lib.parse(html, namespaceHTMLElements=False).iter():
        if element.tag == "script" and not element.get("src") and element.get("type") not in DATA:
            found.append(f"<script>{(element.text or '')[:60]}")
        found += [f"{name}={value}" for name, value in element.attrib.items() if str(name).startswith("on")]
        found += [
            value for value in element.attrib.values() if value.strip().lower().startswith("javascript:")
        ]
    return found


def test_the_search_for_inline_code_finds_it():
    rogue = '<p onclick="a()"></p><script>b()</script><a href=" JavaScript:c()">c</a><script src="/d.js"></script>'

    assert len(inline_code(rogue)) == 3


def test_no_admin_page_carries_inline_code(staff):
    ProductFactory()
    SlotFactory()
    AddressFactory()
    opened = 0

    for address in addresses():
        answer = staff.get(address)
        if answer.status_code == 200 and "html" in answer["Content-Type"]:
            opened += 1
            assert inline_code(answer.content.decode()) == [], address

    assert opened > 30


def test_admin_allows_no_inline_script_and_the_shop_no_evaluation(staff):
    policy = staff.get(reverse("admin:index"))["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))

    assert "'unsafe-inline'" not in scripts
    assert "unsafe-eval" not in staff.get("/aide/")["Content-Security-Policy"]
