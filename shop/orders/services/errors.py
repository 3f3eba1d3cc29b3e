"""Why an order does not do what was asked."""

from datetime import date

from shop.orders.models import Order, Pickup


class BasketAlreadyOrdered(Exception):
    """An order of this basket exists; ``reference`` names it."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class MoveRefused(Exception):
    """The order's state does not allow this."""


class TooLateToPlace(MoveRefused):
    """The slot's cut-off came before the payment."""


class QuantityRefused(Exception):
    """Not what a picker can have put in the crates for this line: below nothing, or far more than ordered."""


class KeepsTooShort(Exception):
    """It would expire before the day promised, or its date was not read; ``until`` is the earliest it may bear."""

    def __init__(self, until: date) -> None:
        super().__init__(until)
        self.until = until


class AlreadyPicked(Exception):
    """Somebody wrote something else for this line meanwhile."""


class LinesLeft(Exception):
    """Shelves of this order were not visited yet; ``number`` tells how many lines."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class WaitsForAnswer(Exception):
    """The customer was asked about a missing article and still has time to answer."""


class AlreadyAnswered(Exception):
    """This question has its answer."""


class AnswerTooLate(Exception):
    """The deadline has passed: what was announced is being done."""


class OfferGone(Exception):
    """The article that was to stand in is no longer there either."""


class TooLateToCancel(MoveRefused):
    """The slot's cut-off has passed."""


class WrongCode(Exception):
    """No order of this point has that code."""


class PickupClosed(Exception):
    """Handed over already, or cancelled; ``pickup`` tells which."""

    def __init__(self, pickup: Pickup) -> None:
        super().__init__(pickup.pk)
        self.pickup = pickup


class NotReady(MoveRefused):
    """``order`` is not packed yet."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.status)
        self.order = order


class AgeNotChecked(Exception):
    """It holds alcohol, and nobody says that whoever fetches it is of age."""


class NotBilled(MoveRefused):
    """Its crates are not closed: nothing was charged that could go back."""


class MoreThanBilled(Exception):
    """More of a line than was delivered and not given back, or more at a VAT rate than was billed at it."""


class NothingToRefund(Exception):
    """What was chosen cost nothing."""


class NoReplacement(Exception):
    """No line of this order that stands in for another one."""


class RefusalTooLate(Exception):
    """More than a day has passed since the end of its slot."""


class NotWithdrawable(Exception):
    """The right of withdrawal does not hold for this, or no more, or not for so much."""


class NothingToRedo(Exception):
    """Not ordered, ordered less, or sold no more."""
