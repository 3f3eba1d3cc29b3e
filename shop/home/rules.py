"""Where an order under way stands, by the clock alone: until couriers record more, nothing else is known. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

# How long after its slot an order is still spoken of: by then whoever misses something has called.
STAYS = timedelta(hours=3)
# Fewer ratings say nothing of a service.
ENOUGH_RATINGS = 10


class Stage(StrEnum):
    """From the payment to the door."""

    UNPAID = "unpaid"
    PAY_AGAIN = "pay_again"
    OPEN = "open"
    PREPARING = "preparing"
    ARRIVING = "arriving"
    OVER = "over"


def stage(
    *,
    is_placed: bool,
    needs_payment: bool,
    cutoff_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> Stage:
    """What happens to the order next. A payment to be made again no longer can be after the cut-off."""
    if not is_placed:
        return Stage.UNPAID
    if now < cutoff_at:
        return Stage.PAY_AGAIN if needs_payment else Stage.OPEN
    if now < starts_at:
        return Stage.PREPARING
    return Stage.ARRIVING if now < ends_at else Stage.OVER
