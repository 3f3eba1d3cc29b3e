"""Narrowing a shelf in a real browser, by keyboard alone, on a desk, on a phone and without scripts."""

import re

import pytest
from playwright.sync_api import expect

CREAMERY = "/rayons/cremerie/"


def count_of(page):
    return int(re.search(r"\d+", page.locator("#resultats .aisle__tools p").inner_text())[0])


def test_by_keyboard_on_a_desk(shop, open_page):
    page = open_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(shop + CREAMERY)
    everything = count_of(page)
    brand = page.get_by_role("checkbox", name=re.compile("^Cabas"))

    brand.focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"\?marque=cabas$"))
    chip = page.get_by_role("link", name=re.compile(r"Cabas \(retirer ce filtre\)"))
    expect(chip).to_be_visible()

    some = count_of(page)
    assert 0 < some < everything
    expect(brand).to_be_focused()
    expect(brand).to_be_checked()

    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"marque=cabas&marque=|marque=.*&marque=cabas"))
    assert count_of(page) > some

    chip.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?marque=(?!cabas)"))


def test_order_keeps_the_filters_and_the_filters_the_order(shop, open_page):
    page = open_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(shop + CREAMERY + "?marque=cabas")

    page.get_by_label("Trier par").select_option("prix")
    expect(page).to_have_url(re.compile("tri=prix"))
    page.get_by_label(re.compile("^à euros")).fill("2")
    page.keyboard.press("Tab")

    expect(page).to_have_url(re.compile(r"\?tri=prix&marque=cabas&prix_max=2.00$"))
    prices = page.locator("#resultats .price__now").all_inner_texts()
    figures = [float(price.split("\u00a0")[0].replace(",", ".")) for price in prices]
    assert figures == sorted(figures) and max(figures) <= 2


def test_by_keyboard_in_the_sheet_of_a_phone(shop, open_page):
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(shop + CREAMERY)
    opener = page.get_by_role("button", name=re.compile("^Filtrer"))

    opener.focus()
    page.keyboard.press("Enter")
    sheet = page.locator("#filtres")
    expect(sheet).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("^Cabas")).focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("marque=cabas"))
    expect(sheet).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^Voir \d+ produits?$")).focus()
    page.keyboard.press("Enter")

    expect(sheet).to_be_hidden()
    expect(page.get_by_role("button", name="Filtrer (1)")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_without_scripts_a_button_sends_the_filters(shop, browser, width):
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(shop + CREAMERY)

    if width == 390:
        page.get_by_role("button", name=re.compile("^Filtrer")).click()
    page.get_by_role("checkbox", name=re.compile("^Cabas")).check()
    page.get_by_role("button", name=re.compile(r"^(Voir \d+ produits?|Appliquer les filtres)$")).click()

    expect(page).to_have_url(re.compile("marque=cabas"))
    assert count_of(page) > 0
    context.close()
