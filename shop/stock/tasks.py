from celery import shared_task

from shop.stock import services


@shared_task
def tell_restocked() -> None:
    """For what came back otherwise than by a delivery: published again, or asked for as it arrived."""
    services.tell_restocked()


@shared_task
def forget_old_alerts() -> None:
    services.forget_old_alerts()
