from celery import shared_task

from loyalty.milestones import services
from loyalty.milestones.ports import anniversaries_today


@shared_task
def celebrate() -> None:
    """Some times a day; again on the same day gives nothing twice."""
    for customer_id, years in anniversaries_today():
        services.celebrate(customer_id=customer_id, years=years)
