"""Fingers are faster than the network: every tap on a stepper counts."""

import re
import time

import pytest
from playwright.sync_api import expect

from shop.basket.models import BasketLine
from shop.catalogue.models import Product

# All of them before the first answer can come.
TAPS = "(button, times) => { for (let n = 0; n < times; n++) button.click() }"
PIECE, WEIGHT = "piece", "weight"


@pytest.fixture
def stocked(shop):
    """One product sold by piece and one by weight, with enough of each."""
    found = {}
    for sold_by in (PIECE, WEIGHT):
        product = Product.objects.filter(sold_by=sold_by, is_published=True, alcohol_degree=None)[0]
        product.stock_items.update(on_hand=100_000)
        found[sold_by] = product
    return found


def tap(page, label, times=5):
    page.get_by_role("button", name=re.compile(f"^{label}")).first.evaluate(TAPS, times)


def box(page):
    return page.get_by_role("textbox", name=re.compile("^(Quantité|Grammes) de")).first


def where(product, place):
    return {
        "card": f"/recherche/?q={product.ean}",
        "product": f"/produits/{product.slug}/",
        "basket": "/panier/",
    }[place]


def settled(page, value):
    expect(page.locator(f'.add-control[data-quantity="{value}"]').first).to_be_visible()
    expect(box(page)).to_have_value(str(value))


@pytest.mark.parametrize("sold_by", [PIECE, WEIGHT])
@pytest.mark.parametrize("place", ["card", "product"])
def test_five_quick_taps_from_nothing_are_five(shop, open_page, stocked, sold_by, place):
    product = stocked[sold_by]
    page = open_page(phone=True)
    page.goto(shop + where(product, place))

    tap(page.locator("main"), "Ajouter")

    settled(page, 5 * product.step)
    assert BasketLine.objects.get().quantity == 5 * product.step
    assert not page.problems


@pytest.mark.parametrize("sold_by", [PIECE, WEIGHT])
@pytest.mark.parametrize("place", ["card", "product", "basket"])
def test_quick_taps_on_a_stepper_all_count(shop, open_page, stocked, sold_by, place):
    product = stocked[sold_by]
    page = open_page()
    page.goto(shop + where(product, "product"))
    tap(page.locator("main"), "Ajouter", 1)
    settled(page, product.step)
    page.goto(shop + where(product, place))

    tap(page.locator("main"), "Ajouter")
    settled(page, 6 * product.step)
    tap(page.locator("main"), "Diminuer", 2)
    settled(page, 4 * product.step)

    assert BasketLine.objects.get().quantity == 4 * product.step
    page.goto(f"{shop}/panier/")
    expect(box(page)).to_have_value(str(4 * product.step))
    assert not page.problems


def test_the_basket_page_follows_the_taps(shop, open_page, stocked):
    product = stocked[PIECE]
    page = open_page()
    page.goto(shop + where(product, "product"))
    tap(page.locator("main"), "Ajouter")
    settled(page, 5)
    page.goto(f"{shop}/panier/")
    before = page.locator(".line__total").inner_text()

    tap(page.locator("main"), "Ajouter")
    settled(page, 10)

    expect(page.locator(".line__total")).not_to_have_text(before)
    after = page.locator(".line__total").inner_text()
    page.reload()
    expect(page.locator(".line__total")).to_have_text(after)


def test_a_number_typed_after_taps_wins(shop, open_page, stocked):
    product = stocked[PIECE]
    page = open_page()
    page.goto(shop + where(product, "product"))
    tap(page.locator("main"), "Ajouter", 3)
    settled(page, 3)

    box(page).fill("12")
    box(page).press("Enter")

    settled(page, 12)
    assert BasketLine.objects.get().quantity == 12


def test_leaving_before_an_answer_keeps_the_last_tap(shop, open_page, stocked):
    product = stocked[PIECE]
    page = open_page()
    page.goto(shop + where(product, "product"))
    tap(page.locator("main"), "Ajouter", 1)
    settled(page, 1)
    page.route("**/panier/lignes/", lambda stuck: None, times=1)

    tap(page.locator("main"), "Ajouter")
    with page.expect_request(lambda asked: asked.method == "POST" and 'quantity"' in (asked.post_data or "")):
        page.goto(f"{shop}/aide/")

    page.goto(f"{shop}/panier/")
    expect(box(page)).to_have_value("6")


def test_a_lost_connection_puts_the_number_back_and_says_so(shop, open_page, stocked):
    product = stocked[PIECE]
    page = open_page()
    page.goto(shop + where(product, "product"))
    tap(page.locator("main"), "Ajouter", 2)
    settled(page, 2)
    page.route("**/panier/lignes/", lambda route: route.abort())

    tap(page.locator("main"), "Ajouter", 3)

    expect(page.locator("#annonces")).to_contain_text("rien n’a été modifié")
    expect(box(page)).to_have_value("2")
    assert BasketLine.objects.get().quantity == 2


def test_without_javascript_the_stepper_is_a_form(shop, open_page, stocked):
    product = stocked[WEIGHT]
    page = open_page(javascript=False)
    page.goto(shop + where(product, "product"))

    for _ in range(3):
        page.locator("main").get_by_role("button", name=re.compile("^Ajouter")).first.click()

    expect(box(page)).to_have_value(str(3 * product.step))


def test_a_link_pressed_while_a_tap_is_on_its_way_opens_after_it(shop, open_page, stocked):
    product = stocked[PIECE]
    page = open_page()
    page.goto(shop + where(product, "product"))
    tap(page.locator("main"), "Ajouter")
    settled(page, 5)
    page.route("**/panier/lignes/", lambda route: (time.sleep(0.6), route.continue_()))

    tap(page.locator("main"), "Ajouter", 1)
    page.get_by_role("link", name=re.compile("^Panier")).first.click()

    expect(page.locator("h1")).to_have_text("Votre panier")
    expect(box(page)).to_have_value("6")


def test_a_lost_connection_does_not_hold_a_link_back(shop, open_page, stocked):
    product = stocked[PIECE]
    page = open_page()
    page.goto(shop + where(product, "product"))
    tap(page.locator("main"), "Ajouter")
    settled(page, 5)
    page.route("**/panier/lignes/", lambda route: None)

    tap(page.locator("main"), "Ajouter", 1)
    page.get_by_role("link", name=re.compile("^Panier")).first.click()

    expect(page.locator("h1")).to_have_text("Votre panier")
