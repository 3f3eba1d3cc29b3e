from celery import shared_task
from django.utils import timezone

from loyalty.referrals import services


@shared_task
def forget() -> None:
    """Each night."""
    services.forget_traces(now=timezone.now())
