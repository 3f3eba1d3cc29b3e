"""One migrated template database per migration hash; each worker copies it."""

import hashlib
import os
from pathlib import Path

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parents[1]

# A slow moment of the machine is no fault of the code.
hypothesis.settings.register_profile("shop", deadline=None)
hypothesis.settings.load_profile("shop")


def _migration_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(
        [*ROOT.glob("*/*/migrations/*.py"), *ROOT.glob("*/migrations/*.py"), ROOT / "requirements/run.lock"]
    ):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _administer() -> psycopg.Connection:
    given = settings.DATABASES["default"]
    return psycopg.connect(
        host=given["HOST"] or None, port=given["PORT"] or None, user=given["USER"] or None,
        password=given["PASSWORD"] or None, dbname="postgres", autocommit=True,
    )  # fmt: skip


def _ensure_template(name: str) -> None:
    from django.core.management import call_command

    with _administer() as server:
        server.execute("SELECT pg_advisory_lock(20261122)")
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        for (old,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'cabas_template_%'"):
            server.execute(f'DROP DATABASE "{old}"')
        building = f"{name}_building"
        server.execute(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{building}"')
        connections["default"].settings_dict["NAME"] = building
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        connections["default"].close()
        server.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker, worker_id):
    template = f"cabas_template_{_migration_hash()}"
    own = f"cabas_test_{worker_id}_{os.getpid()}"
    with django_db_blocker.unblock():
        _ensure_template(template)
        with _administer() as server:
            server.execute(f'CREATE DATABASE "{own}" TEMPLATE "{template}"')
        connections["default"].settings_dict["NAME"] = own
        connections["default"].settings_dict["TEST"]["NAME"] = own
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        with _administer() as server:
            server.execute(f'DROP DATABASE "{own}" WITH (FORCE)')


@pytest.fixture(scope="session")
def worker_id(request):
    return getattr(request.config, "workerinput", {}).get("workerid", "alone")
