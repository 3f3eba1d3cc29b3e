"""Starts the servers that the tests speak to, before Django reads its settings.

Loaded by `-p tests.servers`. Workers of pytest-xdist inherit the addresses; the process that started the
servers stops them. `DATABASE_URL` and `REDIS_URL` replace them; `POSTGRES_BIN` names another PostgreSQL.
"""

import atexit
import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connections

from config import kept
from config.embedded import Postgres, Valkey, reachable_home

ROOT = Path(__file__).resolve().parents[1]


def start() -> None:
    binaries = os.environ.get("POSTGRES_BIN")
    home = reachable_home(ROOT / ".run" / ("test-debian" if binaries else "test"))
    home.mkdir(parents=True, exist_ok=True)
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(home, binaries=Path(binaries) if binaries else None, durable=False)
        postgres.start()
        atexit.register(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.url()
    if "REDIS_URL" not in os.environ:
        valkey = Valkey(home, durable=False)
        valkey.start()
        atexit.register(valkey.stop)
        os.environ["REDIS_URL"] = valkey.url()


def database_address() -> str:
    """Of the database that this worker's tests write to, for a process of their own."""
    database = connections["default"].settings_dict
    host, user = str(database["HOST"]), database["USER"]
    if host.startswith("/") and not database["PASSWORD"]:
        return f"postgres://{user}@/{host}/{database['NAME']}"
    return f"postgres://{user}:{database['PASSWORD']}@{host}:{database['PORT'] or 5432}/{database['NAME']}"


@pytest.fixture(autouse=True)
def _empty_cache():
    """What one test put in the cache or built is not there for the next."""
    cache.clear()
    kept.forget_everything()


if "PYTEST_XDIST_WORKER" not in os.environ:
    start()
