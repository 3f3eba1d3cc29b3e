"""Why an order does not do what was asked."""

from datetime import date
from decimal import Decimal

from shop.orders.models import Order, OrderLine, Pickup


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


class ProductRecalled(Exception):
    """It is being recalled: nobody takes it from its shelf."""


class RecalledInCrates(Exception):
    """Recalled articles still lie in the crates of this order."""

    def __init__(self, lines: list[OrderLine]) -> None:
        super().__init__(len(lines))
        self.lines = lines


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


class DelayOver(Exception):
    """Nothing is to be chosen any more: it has come, or somebody chose before."""


class ChoiceGone(Exception):
    """What was chosen is not on offer, or no more: another slot, a point, or an end to it."""


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


class NothingToCharge(Exception):
    """The crates of this order are not closed, its bill is nothing, or that was taken or is being."""


class NothingToRefund(Exception):
    """What was chosen cost nothing."""


class NoReplacement(Exception):
    """No line of this order that stands in for another one."""


class RefusalTooLate(Exception):
    """More than a day has passed since the end of its slot."""


class NotWithdrawable(Exception):
    """The right of withdrawal does not hold for this, or no more, or not for so much."""


class WithdrawalEnded(Exception):
    """Its goods are back, or it was closed: nothing is left to decide."""


class GoodsMayStillCome(Exception):
    """The fortnight in which a customer sends goods back is not over."""


class NothingToRedo(Exception):
    """Not ordered, ordered less, or sold no more."""


class AmendmentRefused(Exception):
    """Wishes that an order cannot follow: any of the below."""


class LineUnknown(AmendmentRefused):
    """No line of this order."""


class Named(AmendmentRefused):
    """About one article; ``name`` is what it is called, empty where it is not known."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class LineSettled(Named):
    """Something was agreed, or is being asked, about this article since."""


class WrongQuantity(Named):
    """Not a whole number of steps, or more than one order may hold."""


class NotForSale(Named):
    """Nothing more of it is sold."""


class NotThatMuch(Named):
    """The depot has only ``left`` more of it, pieces or grams."""

    def __init__(self, name: str, sold_by: str, left: int) -> None:
        super().__init__(name)
        self.sold_by, self.left = sold_by, left


class TooManyLines(AmendmentRefused):
    """More different articles than one order holds."""


class AgeUnknown(AmendmentRefused):
    """It would hold alcohol, and nobody knows that its customer is of age."""


class BelowZoneMinimum(AmendmentRefused):
    """``missing`` euros lack to what is delivered at least, or nothing at all is left."""

    def __init__(self, missing: Decimal, *, is_empty: bool = False) -> None:
        super().__init__(missing)
        self.missing, self.is_empty = missing, is_empty


class SlotElsewhere(AmendmentRefused):
    """No slot of the order's zone or point."""


class SlotTooFar(AmendmentRefused):
    """What was authorised beside the first payment would end before that slot."""


class ElsewhereDelivered(AmendmentRefused):
    """Another depot or nobody delivers there; the postcode is in ``args``."""


class ProposalChanged(AmendmentRefused):
    """The sums are not those the customer saw: they decide again."""


class NothingChanges(AmendmentRefused):
    """The order is that already."""


class PaymentFirst(AmendmentRefused):
    """The order's own payment is being settled, or to be made anew, before anything else."""


class AmendmentUnderWay(AmendmentRefused):
    """Another amendment of this order waits for its payment; ``amendment_id`` names it."""

    def __init__(self, amendment_id: int) -> None:
        super().__init__(amendment_id)
        self.amendment_id = amendment_id


class TooLateToAmend(MoveRefused):
    """The slot's cut-off has passed, or its preparation has begun."""
