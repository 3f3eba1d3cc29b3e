"""``manage.py bench memory``: the server as it is run, looked at once it has served."""

import pytest
from django.core.management import CommandError, call_command

from config.bench import memory
from tests.factories import AisleFactory, ProductFactory, ZoneFactory
from tests.servers import database_address


@pytest.fixture
def shop(transactional_db, monkeypatch):
    ZoneFactory()
    ProductFactory.create_batch(8, shelf=AisleFactory(parent=AisleFactory()))
    monkeypatch.setenv("DATABASE_URL", database_address())
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    monkeypatch.setattr(memory, "TURNS", 2)


def test_the_master_and_each_worker_are_told(shop, capsys):
    call_command("bench", "memory")

    table = capsys.readouterr().out
    assert all(f"| {process} " in table for process in ("master", "worker 1", "worker 2"))


def test_what_a_process_has_alone_is_less_than_its_share_and_that_than_all_of_it(shop):
    for process in memory.measure():
        assert 1 < process.own < process.share < process.resident


def test_a_server_that_does_not_start_is_told(shop, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.nowhere")

    with pytest.raises(CommandError, match="n’a pas répondu"):
        call_command("bench", "memory")


def test_a_page_that_fails_is_told_with_its_address(shop, monkeypatch):
    monkeypatch.setattr(memory, "shopper_pages", lambda: {"nowhere": "/nulle-part/"})

    with pytest.raises(CommandError, match="/nulle-part/: 404"):
        call_command("bench", "memory")
