"""Why an order does not do what was asked."""


class BasketAlreadyOrdered(Exception):
    """An order of this basket exists; ``reference`` names it."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class MoveRefused(Exception):
    """The order's state does not allow this."""


class TooLateToPlace(MoveRefused):
    """The slot's cut-off came before the payment."""


class TooLateToCancel(MoveRefused):
    """The slot's cut-off has passed."""
