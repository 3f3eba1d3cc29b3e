from celery import shared_task
from django.utils import timezone

from shop.payments import services


@shared_task
def reconcile() -> None:
    services.reconcile()


@shared_task
def authorise_due() -> None:
    services.authorise_due()


@shared_task
def renew_ending() -> None:
    services.renew_ending()


@shared_task
def forget_digests() -> None:
    """Each night."""
    services.forget_digests(now=timezone.now())


@shared_task
def perform(key: str) -> None:
    services.perform(key=key)


@shared_task
def process_event(event_pk: str) -> None:
    services.process_event(int(event_pk))
