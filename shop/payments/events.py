"""What payments tell the house. ``kind`` is authorise, save_card or authorise_saved.

``occasion`` is "" for the order's own payment, else what an extra payment or a refund is for. Facts recorded before
there was one have none.
"""

from dataclasses import dataclass

from config.facts import fact


@fact("payments.PaymentSecured")
@dataclass(frozen=True, slots=True)
class PaymentSecured:
    """An amount is authorised, or a card saved, for an order that still waits for it."""

    order_reference: str
    operation_key: str
    kind: str
    occasion: str = ""


@fact("payments.PaymentRefused")
@dataclass(frozen=True, slots=True)
class PaymentRefused:
    """A card was refused on the payment page. The page stays open for another card."""

    order_reference: str
    operation_key: str
    code: str
    occasion: str = ""


@fact("payments.PaymentLapsed")
@dataclass(frozen=True, slots=True)
class PaymentLapsed:
    """A payment page closed unpaid, or an authorisation ended without us: nothing is secured any more."""

    order_reference: str
    operation_key: str
    occasion: str = ""


@fact("payments.PaymentActionNeeded")
@dataclass(frozen=True, slots=True)
class PaymentActionNeeded:
    """A saved card was refused, or an authorisation is about to end and no card is saved (``authorisation_ends``):
    its holder must pay again, before the cut-off.
    """

    order_reference: str
    operation_key: str
    code: str
    occasion: str = ""


@fact("payments.PaymentReleased")
@dataclass(frozen=True, slots=True)
class PaymentReleased:
    """What was authorised is given back, and the saved card forgotten."""

    order_reference: str
    operation_key: str
    amount_cents: int
    occasion: str = ""


@fact("payments.LatePaymentVoided")
@dataclass(frozen=True, slots=True)
class LatePaymentVoided:
    """A payment succeeded after its order was given up, and was given back. 0 cents: a card was forgotten."""

    order_reference: str
    operation_key: str
    amount_cents: int


@fact("payments.PaymentCaptured")
@dataclass(frozen=True, slots=True)
class PaymentCaptured:
    """All the money asked for an order was taken, from as many authorisations as it needed; what is left is released.

    The operation is the last capture, the sum that of all.
    """

    order_reference: str
    operation_key: str
    amount_cents: int


@fact("payments.PaymentCaptureFailed")
@dataclass(frozen=True, slots=True)
class PaymentCaptureFailed:
    """Money could not be taken, for good: the authorisation had ended. What to do is for a person, or a new payment."""

    order_reference: str
    operation_key: str
    amount_cents: int


@fact("payments.PaymentRefunded")
@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    """Money goes back to one card. A refund over several captures tells one fact for each."""

    order_reference: str
    operation_key: str
    amount_cents: int
    occasion: str = ""


@fact("payments.PaymentRefundRefused")
@dataclass(frozen=True, slots=True)
class PaymentRefundRefused:
    """The provider refused a refund for good, or its part of it: the money is still ours until it is asked anew."""

    order_reference: str
    operation_key: str
    occasion: str = ""
