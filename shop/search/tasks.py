from celery import shared_task
from django.utils import timezone

from config.jobs import first_run
from shop.search import missed


@shared_task
def collect_missed() -> None:
    """Take the searches that found nothing from the cache to their table."""
    missed.collect()


@shared_task
def forget_missed() -> None:
    """Once a day, drop what is older than thirteen months."""
    if first_run("search.forget_missed", timezone.localdate().isoformat()):
        missed.forget_old()
