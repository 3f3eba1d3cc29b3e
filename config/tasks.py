from celery import shared_task
from django.db import transaction
from django.utils import timezone

from config.events import HeartbeatAsked
from config.facts import publish
from config.health import record_beat


@shared_task
def beat() -> None:
    with transaction.atomic():
        record_beat("worker")
        publish(HeartbeatAsked(asked_at=timezone.now().isoformat()))
