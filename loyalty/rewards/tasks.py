import logging

from celery import shared_task

from loyalty.rewards.queries import wrong_items

logger = logging.getLogger(__name__)


@shared_task
def verify() -> None:
    """Each night: a stock that is not what its moves come to is a fault."""
    for item_id in wrong_items():
        logger.error("item %s: its stock is not what its moves come to", item_id)
