import logging

from celery import shared_task
from django.utils import timezone

from loyalty.points import services
from loyalty.points.queries import guests_with_points, wrong_accounts

logger = logging.getLogger(__name__)


@shared_task
def expire() -> None:
    """Each night."""
    services.expire(now=timezone.now())


@shared_task
def announce() -> None:
    """Each day, at an hour at which one reads letters."""
    services.announce(now=timezone.now())


@shared_task
def verify() -> None:
    """Each night: an account that is not the sum of its entries is a fault, told by its number alone. Points of guests that
    were counted as they became customers follow them.
    """
    for customer_id, guest_ids in guests_with_points().items():
        services.gather(customer_id=customer_id, guest_ids=guest_ids)
    for wrong in wrong_accounts():
        logger.error("account of points %s: %s", wrong.account_id, wrong.what)
