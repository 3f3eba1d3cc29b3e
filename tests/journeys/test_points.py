"""A multiplied product is found as such, its basket and the last step say what the order brings, by telephone, and the order keeps it."""

import re

import pytest
from playwright.sync_api import expect

from loyalty.points.models import PointTerms
from shop.catalogue.models import Product
from shop.orders.models import OrderLine
from tests.journeys import steps
from tests.shop.pricing.promoting import promote

BRINGS = re.compile(r"Cette commande vous rapportera \d+ points, dont \d+ par les points multipliés")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_points_multiplied_are_told_from_the_shelf_to_the_last_step(shop, open_page, phone):
    assert PointTerms.objects.exists()
    butter = (
        Product.objects.filter(name__icontains="beurre", minimum_age=None, price__gte=1)
        .order_by("pk")
        .first()
    )
    promote("points", aisles=[butter.shelf], name="Semaine de la crémerie")
    page = open_page(phone=phone)
    steps.say_postcode(page, shop)
    steps.hold_first_slot(page)

    page.goto(f"{shop}/rayons/{butter.shelf.slug}/")
    expect(page.get_by_text("Points\u00a0×3").first).to_be_visible()
    page.goto(f"{shop}/produits/{butter.slug}/")
    expect(page.locator("main")).to_contain_text("30 points par tranche de 15\u00a0€")
    steps.add_found(page, shop, butter.name, 30)
    page.goto(f"{shop}/panier/")
    expect(page.locator(".summary")).to_contain_text(BRINGS)
    page.get_by_role("link", name="Passer commande").click()
    steps.fill_recipient(page)
    expect(page.locator("h1")).to_have_text("Tout est juste ?")
    expect(page.locator(".summary:visible").first).to_contain_text(BRINGS)
    steps.press_order(page)
    steps.pay(page)

    expect(page.locator("h1")).to_contain_text("Merci")
    assert set(OrderLine.objects.values_list("points_factor", flat=True)) == {3}
    assert page.problems == []
