import logging

from celery import shared_task
from django.utils import timezone

from config.media import sweep_private
from shop.claims import services
from shop.claims.models import Claim
from shop.claims.queries import under_way

logger = logging.getLogger(__name__)
# So many in one run; the next ones follow with the next.
AT_ONCE = 100


@shared_task
def carry_on() -> None:
    """Money that was decided on and not taken yet. Each claim alone: one that fails is logged, the next ones go on."""
    for claim_id in under_way(AT_ONCE):
        try:
            services.carry_on(claim_id=claim_id)
        except Exception as fault:
            # The type alone: a message of the database may quote a customer's data.
            logger.error("claim %s not carried on: %s", claim_id, type(fault).__name__)


@shared_task
def forget() -> None:
    """Each night."""
    services.forget_photos()
    sweep_private(Claim._meta.get_field("photo"), now=timezone.now())
