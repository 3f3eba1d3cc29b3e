"""A database of its own for what a benchmark writes: the shop's is not touched, and nothing is left."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql


@contextmanager
def own_database(*rooms: str) -> Iterator[None]:
    """Until it is left, every query goes to a new database that has the tables of these rooms and of those they stand on.

    Not inside a transaction. Its user must be allowed to create databases.
    """
    own = connection.settings_dict
    shop, name = own["NAME"], f"{own['NAME']}_bench_{os.getpid()}"[-63:]
    _administer("CREATE DATABASE {}", name)
    try:
        _speak_to(name)
        for room in rooms:
            call_command("migrate", room, verbosity=0, interactive=False)
        yield
    finally:
        _speak_to(shop)
        _administer("DROP DATABASE {} WITH (FORCE)", name)


def _speak_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _administer(statement: str, name: str) -> None:
    own = connection.settings_dict
    with psycopg.connect(
        host=own["HOST"] or None, port=own["PORT"] or None, user=own["USER"] or None,
        password=own["PASSWORD"] or None, dbname="postgres", autocommit=True,
    ) as server:  # fmt: skip
        server.execute(sql.SQL(statement).format(sql.Identifier(name)))
