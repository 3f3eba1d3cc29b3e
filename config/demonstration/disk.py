"""Room on the database's disk, looked at before anything is written."""

import math
import shutil
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from config.demonstration.plan import Plan, Refused

# Measured on a shop of two million orders: tables, indexes, temporary tables and the write-ahead log at its
# largest, rounded up.
BYTES_PER_ORDER = 9_000
BYTES_PER_CUSTOMER = 2_000
BYTES_PER_PRODUCT = 8_000
KEPT_FREE = 500 * 2**20


def needed(plan: Plan) -> int:
    """Bytes a load takes while it runs."""
    return (
        plan.orders * BYTES_PER_ORDER
        + plan.customers * BYTES_PER_CUSTOMER
        + plan.products * BYTES_PER_PRODUCT
        + KEPT_FREE
    )


def check_disk(plan: Plan) -> bool:
    """Whether the disk could be looked at: that of a distant server cannot. Raises Refused when it is too small."""
    free = free_bytes()
    if free is None:
        return False
    if free < needed(plan):
        raise Refused(
            f"Il manque {_said(needed(plan) - free)} sur le disque de la base\u202f: il en faut {_said(needed(plan))}, "
            f"il en reste {_said(free)}."
        )
    return True


def free_bytes() -> int | None:
    """On the disk of the database's files; None when it is another machine's, or hidden from us."""
    host = str(connection.settings_dict.get("HOST") or "")
    if host and not host.startswith("/") and host not in {"localhost", "127.0.0.1", "::1"}:
        return None
    for folder in filter(None, (_data_directory(), Path(settings.STATE_DIR))):
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue
    return None


def _data_directory() -> Path | None:
    """Only a superuser, or a member of pg_read_all_settings, is told."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('data_directory')")
            return Path(cursor.fetchone()[0])
    except DatabaseError:
        return None


def _said(size: int) -> str:
    """« 12 Gio », rounded up; « 300 Mio » below one."""
    if size < 2**30:
        return f"{math.ceil(size / 2**20)}\u00a0Mio"
    return f"{math.ceil(size / 2**30)}\u00a0Gio"
