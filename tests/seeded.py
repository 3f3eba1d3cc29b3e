"""The demonstration shop, seeded once a session and copied back into each test that wants it."""

from django.core.management import call_command
from django.db import connection

_snapshot: list[tuple[str, bytes]] = []


def load_demonstration_shop() -> None:
    """Fill an emptied database as `make run` does. Seconds the first time, a blink after."""
    if not _snapshot:
        call_command("seed_defaults", verbosity=0)
        call_command("demo", verbosity=0)
        _snapshot.extend(_copied_out())
        return
    with connection.cursor() as cursor:
        # Rows were consistent when they were copied out: neither keys nor triggers need to look again.
        cursor.execute("SET session_replication_role = replica")
        for table, _rows in _snapshot:
            cursor.execute(f'TRUNCATE "{table}" CASCADE')
        for table, rows in _snapshot:
            with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                copy.write(rows)
        cursor.execute("SET session_replication_role = DEFAULT")
        for table, column in _identities():
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'),"
                f' (SELECT coalesce(max("{column}"), 0) + 1 FROM "{table}"), false)'
            )


def _copied_out() -> list[tuple[str, bytes]]:
    copied = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == "django_migrations":
                continue
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                rows = b"".join(bytes(part) for part in copy)
            if rows:
                copied.append((table, rows))
    return copied


def _identities() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND is_identity = 'YES'"
        )
        return cursor.fetchall()
