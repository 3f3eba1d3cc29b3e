"""Where an order under way stands: by what was done for it, and by the clock where nothing more is known. Pure."""

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
    ASKED = "asked"
    OPEN = "open"
    CLOSED = "closed"
    PREPARING = "preparing"
    READY = "ready"
    ARRIVING = "arriving"
    OVER = "over"


# What the depot has done by then, as words of an order's status.
_AT_THE_DEPOT = {"placed": Stage.CLOSED, "picking": Stage.PREPARING, "packed": Stage.READY}


def stage(
    *,
    status: str,
    needs_payment: bool,
    is_asked: bool,
    cutoff_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> Stage:
    """What happens next to an order that waits for its payment, or stands and was not handed over.

    A payment to be made again no longer can be after the cut-off; ``is_asked``, its customer has something to choose.
    """
    if status not in _AT_THE_DEPOT:
        return Stage.UNPAID
    if needs_payment and now < cutoff_at:
        return Stage.PAY_AGAIN
    if is_asked:
        return Stage.ASKED
    if status == "placed" and now < cutoff_at:
        return Stage.OPEN
    if now < starts_at:
        return _AT_THE_DEPOT[status]
    return Stage.ARRIVING if now < ends_at else Stage.OVER
