"""A nudge to the worker once the transaction is committed. The rows are the queue: without a broker the
reconciliation of the next minute does the same.
"""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def soon(task: str, argument: str) -> None:
    """Ask for ``shop.payments.tasks.<task>(argument)`` after commit."""
    transaction.on_commit(lambda: _send(task, argument), robust=True)


def _send(task: str, argument: str) -> None:
    try:
        current_app.send_task(f"shop.payments.tasks.{task}", args=[argument], retry=False)
    except (OperationalError, OSError) as fault:
        logger.warning("broker unreachable, reconciliation will do it: %s", type(fault).__name__)
