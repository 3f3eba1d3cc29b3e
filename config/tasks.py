from celery import shared_task
from django.db import transaction
from django.utils import timezone

from config.events import HeartbeatAsked
from config.facts import publish
from config.health import record_beat
from config.limits import forget_past
from shop.customers.sessions import SessionStore


@shared_task
def beat() -> None:
    with transaction.atomic():
        record_beat("worker")
        publish(HeartbeatAsked(asked_at=timezone.now().isoformat()))


@shared_task
def forget_tries() -> None:
    """Drop the counters of windows that have ended."""
    forget_past()


@shared_task
def clear_sessions() -> None:
    """Forget sessions that have expired."""
    SessionStore.clear_expired()
