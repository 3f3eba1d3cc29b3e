"""A nudge to the worker once the transaction is committed. The rows are the queue: without a broker the
reconciliation of the next minute does the same.
"""

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# A dead broker is not asked again for each payment: customers wait for that answer.
PAUSE_SECONDS = 30.0
_silent_until = 0.0


def soon(task: str, argument: str) -> None:
    """Ask for ``shop.payments.tasks.<task>(argument)`` after commit."""
    transaction.on_commit(lambda: _send(task, argument), robust=True)


def _send(task: str, argument: str) -> None:
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        current_app.send_task(
            f"shop.payments.tasks.{task}", args=[argument], retry=False, ignore_result=True, expires=300
        )
    except (OperationalError, OSError) as fault:
        _silent_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("broker unreachable, reconciliation will do it: %s", type(fault).__name__)
