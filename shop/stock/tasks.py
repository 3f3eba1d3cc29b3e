import logging

from celery import shared_task

from shop.stock import services
from shop.stock.queries import drifted

logger = logging.getLogger(__name__)
SHOWN = 20


@shared_task
def tell_restocked() -> None:
    """For what came back otherwise than by a delivery: published again, or asked for as it arrived."""
    services.tell_restocked()


@shared_task
def forget_old_alerts() -> None:
    services.forget_old_alerts()


@shared_task
def check_drift() -> None:
    """Whoever reads the logs learns of a figure that its movements do not explain; none in a sound shop."""
    if items := drifted():
        logger.error("%d stock items are not what their movements add up to: %s", len(items), items[:SHOWN])
