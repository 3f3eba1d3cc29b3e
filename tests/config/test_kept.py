"""What a process keeps: exact while the cache answers, built anew while it does not, never beyond its bounds."""

import pytest
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import transaction
from django.template import Context, Template

from config import kept


def test_what_was_built_is_not_built_again():
    calls = []

    first = kept.built(("menu", 1), lambda: calls.append(1) or "menu")
    again = kept.built(("menu", 1), lambda: calls.append(1) or "another")

    assert (first, again, len(calls)) == ("menu", "menu", 1)


def test_another_version_is_built_anew():
    kept.built(("card", 1, 1), lambda: "2,50")

    assert kept.built(("card", 1, 2), lambda: "3,75") == "3,75"


def test_what_lives_for_seconds_is_built_anew_after_them(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock[0])
    kept.built("order", lambda: "first", seconds=60)

    clock[0] += 59
    assert kept.built("order", lambda: "second", seconds=60) == "first"
    clock[0] += 2
    assert kept.peek("order") is None
    assert kept.built("order", lambda: "second", seconds=60) == "second"


def test_the_oldest_go_where_room_is_short(monkeypatch):
    monkeypatch.setattr(kept, "MOST_BYTES", 10_000)

    for number in range(100):
        kept.built(number, lambda: "x" * 1_000)

    assert kept.peek(0) is None and kept.peek(99) is not None
    assert sum(entry.size for entry in kept._store.values()) == kept._size <= 10_000


def test_replacing_counts_once():
    kept.keep("one", "x" * 10, size=10)
    kept.keep("one", "y" * 30, size=30)

    assert (kept.peek("one")[0], kept._size) == ("y", 30)


@pytest.mark.django_db(transaction=True)
def test_a_whole_changes_its_version_once_the_change_commits():
    before = kept.version("aisles")

    with transaction.atomic():
        kept.changed("aisles")
        during = kept.version("aisles")

    assert during == before
    assert kept.version("aisles") != before


@pytest.mark.django_db(transaction=True)
def test_a_word_does_not_outlive_five_minutes_whoever_gave_it(monkeypatch):
    """A process that dies between its commit and the new word leaves others the old one for that long."""
    lives = []
    for name in ("add", "set"):
        given = getattr(cache, name)
        monkeypatch.setattr(
            cache,
            name,
            lambda *args, given=given, **kwargs: lives.append(kwargs["timeout"]) or given(*args, **kwargs),
        )

    kept.version("zones")
    kept.changed("zones")

    assert len(lives) == len(kept.WHOLES) + 1
    assert set(lives) == {kept.WORD_SECONDS, None} and kept.WORD_SECONDS <= 300
    assert lives.count(None) == len(kept.LASTING)


@pytest.mark.django_db(transaction=True)
def test_a_word_that_lapsed_builds_everything_anew():
    kept.built(("menu", kept.version("aisles")), lambda: "before")

    cache.delete(kept._name("aisles"))

    assert kept.built(("menu", kept.version("aisles")), lambda: "after") == "after"


@pytest.mark.django_db(transaction=True)
def test_a_change_given_up_changes_no_version():
    before = kept.version("aisles")

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        kept.changed("aisles")
        _ = 1 / 0

    assert kept.version("aisles") == before


@pytest.mark.django_db
def test_one_request_asks_the_cache_once(monkeypatch):
    asked = []
    read = kept._read_versions
    monkeypatch.setattr(kept, "_read_versions", lambda: asked.append(1) or read())

    request_started.send(sender=None)
    for whole in kept.WHOLES:
        kept.version(whole)
    request_finished.send(sender=None)

    assert len(asked) == 1


@pytest.mark.django_db
def test_the_next_request_sees_what_another_process_changed():
    request_started.send(sender=None)
    before = kept.version("zones")
    cache.set(kept._name("zones"), "another process's word")
    same_request = kept.version("zones")
    request_finished.send(sender=None)
    request_started.send(sender=None)
    after = kept.version("zones")
    request_finished.send(sender=None)

    assert (same_request, after) == (before, "another process's word")


def test_without_the_cache_every_question_builds_anew(monkeypatch):
    monkeypatch.setattr(cache, "get_many", lambda *_a, **_k: {})
    monkeypatch.setattr(cache, "add", lambda *_a, **_k: False)
    monkeypatch.setattr(cache, "get", lambda _key, default=None, **_k: default)

    assert kept.version("aisles") != kept.version("aisles")


def test_a_part_of_a_page_is_built_once_for_the_values_it_names():
    part = Template('{% load fragments %}{% kept "part" who %}{{ who }} {{ count }}{% endkept %}')

    assert part.render(Context({"who": "Léa", "count": 1})) == "Léa 1"
    assert part.render(Context({"who": "Léa", "count": 2})) == "Léa 1"
    assert part.render(Context({"who": "<Max>", "count": 3})) == "&lt;Max&gt; 3"


# --- what takes long ------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    hands = [100.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: hands[0])
    return hands


def page(build, seconds=60):
    """What a page shows; what it left for later is done once it has left."""
    kept._open(environ={"REQUEST_METHOD": "GET"})
    shown = kept.renewed("order", build, weigh=lambda _built: 1, seconds=seconds)
    kept._close()
    return shown


def test_whoever_comes_after_a_minute_is_shown_the_last_order_and_the_next_the_new_one(clock):
    page(lambda: "first")
    clock[0] += 61

    assert page(lambda: "second") == "first"
    assert page(lambda: "third") == "second"


def test_of_those_who_find_it_lapsed_one_builds_it(clock):
    page(lambda: "first")
    clock[0] += 61
    calls = []

    def build():
        calls.append(1)
        # Meanwhile somebody else asks, in another thread: theirs is a page of its own.
        found = kept._store["order"]
        assert found.value == "first" and not kept._claim("order", found)
        return "second"

    page(build)

    assert calls == [1]


def test_what_nobody_looked_at_for_long_is_built_at_once(clock):
    page(lambda: "first")
    clock[0] += 60 + 10 * 60

    assert page(lambda: "second") == "second"


def test_outside_a_page_nothing_is_late(clock):
    page(lambda: "first")
    clock[0] += 61

    assert kept.renewed("order", lambda: "second", weigh=lambda _built: 1, seconds=60) == "second"


def test_a_building_that_fails_leaves_the_last_one_and_is_tried_again(clock, caplog):
    page(lambda: "first")
    clock[0] += 61

    assert page(lambda: 1 / 0) == "first"
    assert "could not be built anew" in caplog.text
    assert page(lambda: "second") == "first"

    clock[0] += kept.CLAIM_SECONDS + 1
    assert page(lambda: "second") == "first"
    assert page(lambda: "third") == "second"


def test_a_building_that_goes_on_failing_is_not_covered_up_for_long(clock):
    page(lambda: "first")
    for _try in range(50):
        clock[0] += kept.CLAIM_SECONDS + 1
        page(lambda: 1 / 0)

    clock[0] += 200
    with pytest.raises(ZeroDivisionError):
        page(lambda: 1 / 0)
