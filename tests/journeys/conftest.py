"""A real Chromium on a live server. Marked `journey`; BROWSER=skip leaves them out and says so."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.seeded import load_demonstration_shop
from tools.browser import chromium

# Playwright's loop runs in this thread; the ORM is only used between its calls.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--no-first-run",
]  # fmt: skip
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
PICTURES = Path(__file__).resolve().parents[2] / ".run" / "screenshots"


def pytest_collection_modifyitems(items):
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.django_db(transaction=True))
            if os.environ.get("BROWSER") == "skip":
                item.add_marker(pytest.mark.skip(reason="BROWSER=skip"))


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """Open a fresh visitor's page: ``open_page(phone=True, javascript=False, dark=True)``. Without ``workers`` no page
    is shown from what a browser keeps.
    """
    contexts = []

    def make(*, phone=False, javascript=True, dark=False, workers=True):
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
            service_workers="allow" if workers else "block",
            locale="fr-FR",
            timezone_id="Europe/Paris",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on(
            "console",
            lambda said: page.problems.append(said.text) if said.type == "error" else None,
        )
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def shop(live_server, settings):
    """The shop with its shipped defaults and starter catalogue, at the live server's address."""
    settings.DEMONSTRATION = True
    settings.SITE_URL = live_server.url
    load_demonstration_shop()
    return live_server.url
