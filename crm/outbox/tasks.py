import time

from celery import shared_task

from crm.outbox import services

# The task limit is 60 s and one silent mail server takes EMAIL_TIMEOUT, 20 s: the letter in hand can still end.
BUSY_SECONDS = 30.0


@shared_task
def send_queued() -> None:
    until = time.monotonic() + BUSY_SECONDS
    while time.monotonic() < until and services.send_due(until=until):
        pass


@shared_task
def mark_lost() -> None:
    services.mark_lost()


@shared_task
def purge_secrets() -> None:
    services.purge_secrets()
