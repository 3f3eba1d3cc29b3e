"""The search field as an editable combobox, by keyboard, by mouse and on a slow network."""

import re
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Error, expect

from tests.journeys.conftest import PICTURES


def field(page):
    return page.get_by_role("combobox", name="Rechercher un produit")


def active(page):
    """The option that assistive technology is on, or None."""
    return page.evaluate(
        "() => { const id = document.getElementById('recherche').getAttribute('aria-activedescendant');"
        " const option = id && document.getElementById(id);"
        " return option && option.getAttribute('aria-selected') === 'true' ? option.id : null; }"
    )


def photograph(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def test_combobox_is_walked_by_keyboard(shop, open_page):
    page = open_page()
    page.goto(shop)
    box = field(page)
    expect(box).to_have_attribute("aria-expanded", "false")

    box.press_sequentially("camenb")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(options.first).to_contain_text("Camembert")
    expect(page.locator(".search [role=status]")).to_have_text(re.compile(r"^\d+ suggestions$"))
    photograph(page, "search-suggestions-1280")

    box.press("ArrowDown")
    assert active(page) == options.first.get_attribute("id")
    box.press("ArrowUp")
    assert active(page) is None
    box.press("ArrowUp")
    assert active(page) == "suggestion-tout"
    box.press("Home")
    assert active(page) is None
    expect(box).to_be_focused()
    box.press("Escape")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("camenb")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Enter")
    page.wait_for_url(re.compile("/produits/camembert"))

    box = field(page)
    box.fill("lait")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Tab")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press("Enter")
    page.wait_for_url(re.compile(r"/recherche/\?q=lait"))
    assert page.problems == []


def test_suggestion_is_taken_by_mouse_and_old_answers_never_win(shop, open_page):
    page = open_page(phone=True)
    page.goto(shop)
    box = field(page)
    held = []

    def slow(route):
        asked = parse_qs(urlsplit(route.request.url).query)["q"][0]
        if asked == "la":
            held.append(route)
        else:
            route.continue_()

    page.route("**/recherche/suggestions/**", slow)
    box.press_sequentially("l")
    page.wait_for_timeout(400)
    assert page.get_by_role("option").count() == 0
    box.press_sequentially("a")
    page.wait_for_timeout(400)
    box.press_sequentially("it")
    expect(page.get_by_role("option").first).to_contain_text("Lait")
    before = page.get_by_role("option").all_inner_texts()
    for route in held:
        # The browser may have given the request up already, which is as good.
        with suppress(Error):
            route.fulfill(body='<a role="option" id="vieux">Vieux</a>')
    page.wait_for_timeout(300)

    assert page.get_by_role("option").all_inner_texts() == before
    photograph(page, "search-suggestions-390")
    page.get_by_role("option").first.click()
    page.wait_for_url(re.compile("/produits/"))


def test_without_javascript_the_field_still_searches(shop, open_page):
    page = open_page(javascript=False)
    page.goto(shop)

    page.get_by_label("Rechercher un produit").fill("camenbert")
    page.get_by_role("button", name="Lancer la recherche").click()

    expect(page.get_by_text("Résultats pour")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("tel quel"))).to_be_visible()
