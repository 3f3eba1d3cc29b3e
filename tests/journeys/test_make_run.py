"""The shop as `make run` opens it: web, worker, beat and relay, in a real browser."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from config.embedded import reachable_home
from tests.journeys import steps
from tests.journeys.running import Shop, processes_speaking_of


@pytest.fixture
def state(tmp_path):

    folder = tmp_path / "etat"
    folder.mkdir()
    yield folder
    home = reachable_home(folder)
    if home != folder:
        shutil.rmtree(home, ignore_errors=True)


def test_a_first_order_and_its_letter_in_the_real_processes(state, open_page):
    shop = Shop(state)
    first = shop.start()
    page, staff = open_page(phone=True), open_page()

    steps.order_as_a_stranger(page, shop.address)
    tracking = page.url
    steps.sign_in(staff, f"{shop.address}/admin/", "direction@cabas.example")
    letter = staff.get_by_role("link", name="Confirmation de commande").first
    for _ in range(60):
        staff.goto(
            f"{shop.address}/admin/outbox/message/?state__exact=sent&purpose__exact=order_confirmation"
        )
        if letter.count():
            break
        staff.wait_for_timeout(500)
    letter.click()
    expect(staff.frame_locator("iframe").locator("body")).to_contain_text(
        re.compile("CB-[A-Z0-9]{4}-[A-Z0-9]{4}")
    )
    said = shop.stop()

    again = shop.start()
    page.goto(tracking)
    expect(page.locator("h1")).to_contain_text("Nous arrivons")
    health = shop.get("/sante/")
    shop.stop()

    assert "camille@cabas.example" in said and "Tout est arrêté" in said
    assert '"status"' in health
    assert not processes_speaking_of(str(state), str(reachable_home(state)), f":{shop.port}")
    assert again < first
