"""Periodic work that must happen once per period, however many beats run."""

from django.db import IntegrityError, transaction

from config.models import JobRun


def first_run(job: str, period: str) -> bool:
    """Claim a period for a job; False when another process has it. One INSERT in a savepoint."""
    try:
        with transaction.atomic():
            JobRun.objects.create(job=job, period=period)
    except IntegrityError:
        return False
    return True
