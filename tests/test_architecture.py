"""The map of the house, held by tests: import-linter holds the imports, these hold the rest."""

import ast
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.models import ForeignKey, OneToOneField
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[1]
ROOMS = [name for name in settings.ROOMS if not name.startswith("config")]
# What one room may import of another. Models only where they are a foreign key, a type or read in queries.
DOORS = {
    "models",
    "services",
    "queries",
    "events",
    "ports",
    "rules",
    "visitor",
    "visit",
    "shopper",
    "refill",
    "holding",
    "summary",
    "deliveries",
}
# The promotions in force, how they work on a basket, how far they may go, and what a price was.
DOORS |= {"book", "promotions", "caps", "past"}
# What of an order goes back, and how a credit is spread.
DOORS |= {"refunds", "refund_rules", "withdrawals", "compensations"}
# What confirms that whoever holds a link is the buyer; articles counted as promises count them.
DOORS |= {"refund_forms", "promised"}
# How often something may be tried.
DOORS |= {"limits"}
# Who is delivered at one door, or pays with one card.
DOORS |= {"households"}
# What pages, letters and admin lists of other rooms show of an order as its own do.
DOORS |= {"shown", "letters", "admin_search"}
# What a programme comes to, in points and euros.
DOORS |= {"figures"}
# Who waits for a place in a full slot.
DOORS |= {"waitlist"}
# The letter that welcomes, as it is laid out.
DOORS |= {"welcome"}
# The plain values of rounds: a point on the map, a load.
DOORS |= {"problem"}
# A form that two rooms show, the words for a rule, the shipped defaults, the bulk import.
DOORS |= {"forms", "wording", "seed", "importing"}
# Pictures that strangers send are checked in one place.
DOORS |= {"pictures"}


def _layers() -> dict[str, int]:
    """Room → height, from the import contract itself: one map, not two."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    rows = reversed(contract["layers"])
    return {room.strip(): height for height, row in enumerate(rows) for room in row.split("|")}


def _room_of(module: str) -> str | None:
    return next((room for room in ROOMS if module == room or module.startswith(f"{room}.")), None)


def _sources(*names: str) -> list[Path]:
    paths = [path for room in ROOMS for path in (ROOT / room.replace(".", "/")).rglob("*.py")]
    return [path for path in paths if "migrations" not in path.parts and (not names or path.name in names)]


def _imports(path: Path) -> list[tuple[str, str]]:
    """(module, name) of every `from … import …` in a file."""
    tree = ast.parse(path.read_text())
    return [
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]


def test_every_room_stands_on_the_map():
    assert set(ROOMS) == set(_layers()) - {"config.facts"}


@pytest.mark.parametrize("model", [m for m in apps.get_models() if _room_of(m.__module__)], ids=str)
def test_foreign_keys_point_downwards(model):
    heights = _layers()
    own = _room_of(model.__module__)

    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey | OneToOneField):
            other = _room_of(field.related_model.__module__)
            assert other is None or other == own or heights[other] < heights[own], f"{model} → {field.name}"


def test_rooms_enter_each_other_by_their_doors_only():
    wrong = [
        f"{path.relative_to(ROOT)}: {module}.{name}"
        for path in _sources()
        for module, name in _imports(path)
        if (other := _room_of(module))
        and not path.is_relative_to(ROOT / other.replace(".", "/"))
        and (module.removeprefix(other).strip(".").split(".")[0] or name) not in DOORS
    ]

    assert not wrong


def test_another_rooms_rows_are_read_in_queries_only():
    """`Other.objects` outside models and queries would be a write, or a read nobody counts."""
    wrong = []
    for path in _sources():
        # The bulk import writes products, aisles and stock in one set-based transaction (ADR 5).
        if path.name in {"models.py", "queries.py", "admin.py"} or {"admin", "importing", "queries"} & set(
            path.parts
        ):
            continue
        foreign = {
            name
            for module, name in _imports(path)
            if (other := _room_of(module))
            and module.endswith(".models")
            and not path.is_relative_to(ROOT / other.replace(".", "/"))
        }
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.value.id}.objects"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute)
            and node.attr == "objects"
            and isinstance(node.value, ast.Name)
            and node.value.id in foreign
        ]

    assert not wrong


@pytest.mark.parametrize("kind", ["events", "handlers", "receivers", "checks"])
def test_what_acts_by_being_imported_is_imported(kind):
    missing = [
        f"{room}.{kind}"
        for room in ROOMS
        if find_spec(f"{room}.{kind}") and f"{room}.{kind}" not in sys.modules
    ]

    assert not missing


def test_tasks_and_admins_are_loaded():
    from config.celery import app

    app.loader.import_default_modules()
    from django.contrib import admin

    admin.autodiscover()
    missing = [
        f"{room}.{kind}"
        for kind in ("tasks", "admin")
        for room in ROOMS
        if find_spec(f"{room}.{kind}") and f"{room}.{kind}" not in sys.modules
    ]

    assert not missing


def test_every_beat_entry_names_a_task_that_exists():
    from config.celery import app

    app.loader.import_default_modules()

    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


@pytest.mark.parametrize("path", _sources("rules.py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_rules_are_pure(path):
    impure = [
        module
        for module, _name in _imports(path)
        if module.startswith(("django.db", "django.conf", "django.utils.timezone", "config.settings"))
        or module.endswith((".models", ".services", ".queries"))
    ]

    assert not impure


def _templates() -> list[str]:
    return sorted(str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("name", _templates())
def test_every_template_compiles(name):
    get_template(name)


def test_no_inline_style_or_script_on_shopper_pages():
    wrong = []
    for path in (ROOT / "templates").rglob("*.html"):
        if {"admin", "emails"} & set(path.relative_to(ROOT / "templates").parts):
            continue
        text = path.read_text()
        if ' style="' in text or "<style" in text or "<script>" in text or " onclick=" in text:
            wrong.append(path.name)

    assert not wrong


@pytest.mark.django_db
def test_migrations_tell_the_models_as_they_are():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
