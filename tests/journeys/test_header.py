"""The header on a desktop: nothing of it is cut."""

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
