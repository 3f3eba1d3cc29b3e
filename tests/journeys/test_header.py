"""The header on a desktop, the bar of shortcuts on a phone: nothing of them is cut."""

import pytest

CUT = """() => [...document.querySelectorAll("#menu-rayons a")].filter(link => {
  const box = link.getBoundingClientRect();
  return !box.width || document.elementFromPoint(box.right - 2, box.y + box.height / 2) !== link;
}).map(link => link.textContent)"""


@pytest.mark.parametrize("width", [1024, 1280])
def test_every_aisle_is_in_sight(shop, open_page, width):
    page = open_page()
    page.set_viewport_size({"width": width, "height": 800})

    page.goto(shop)

    assert page.locator("#menu-rayons a").count() > 10
    assert page.evaluate(CUT) == []


def test_shortcuts_lie_along_the_foot_of_a_phone_and_nowhere_else(shop, open_page):
    phone, desk = open_page(phone=True), open_page()
    phone.goto(shop)
    desk.goto(shop)

    box = phone.locator("nav[aria-label=Raccourcis]").bounding_box()
    assert (box["x"], box["width"]) == (0, 390) and box["height"] >= 56
    assert box["y"] + box["height"] == 844
    assert not desk.locator("nav[aria-label=Raccourcis]").is_visible()
