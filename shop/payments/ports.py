"""What payments must ask the rooms above. Bound once, in config/wiring.py."""

from datetime import datetime
from typing import Protocol

from shop.payments.errors import DeskUnbound


class OrderDesk(Protocol):
    """Who knows whether an order still wants its payment. Both read without locking a row."""

    def is_waiting(self, order_reference: str) -> bool:
        """Whether a payment that succeeds now is welcome.

        True while the order awaits its payment, and while it is placed and its money not taken (its saved card is
        authorised later, an authorisation that would end first is renewed); False once it is abandoned or
        cancelled, and for an unknown reference.
        """
        ...

    def deadline(self, order_reference: str) -> datetime | None:
        """The cut-off after which authorising a saved card is no use; None when there is none."""
        ...


_desk: OrderDesk | None = None


def bind_order_desk(desk: OrderDesk | None) -> None:
    """Say who answers for orders."""
    global _desk
    _desk = desk


def is_order_desk_bound() -> bool:
    return _desk is not None


def order_desk() -> OrderDesk:
    """The bound desk. Raises DeskUnbound."""
    if _desk is None:
        raise DeskUnbound
    return _desk
