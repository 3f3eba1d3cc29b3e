import logging
import time

from celery import shared_task

from shop.recalls.queries import unfinished
from shop.recalls.services import list_buyers, treat_some

logger = logging.getLogger(__name__)
# A task lasts a minute at most; the next run goes on.
SECONDS = 40.0


@shared_task
def work() -> None:
    """Go on with every recall that has something left to do. Two at once share it out."""
    until = time.monotonic() + SECONDS
    for recall_id in unfinished():
        list_buyers(recall_id=recall_id)
        treat_some(recall_id=recall_id, until=until)
