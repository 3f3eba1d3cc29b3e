"""What payments tell the house. ``kind`` is authorise, save_card or authorise_saved."""

from dataclasses import dataclass

from config.facts import fact


@fact("payments.PaymentSecured")
@dataclass(frozen=True, slots=True)
class PaymentSecured:
    """An amount is authorised, or a card saved, for an order that still waits for it."""

    order_reference: str
    operation_key: str
    kind: str


@fact("payments.PaymentRefused")
@dataclass(frozen=True, slots=True)
class PaymentRefused:
    """A card was refused on the payment page. The page stays open for another card."""

    order_reference: str
    operation_key: str
    code: str


@fact("payments.PaymentLapsed")
@dataclass(frozen=True, slots=True)
class PaymentLapsed:
    """A payment page closed unpaid, or an authorisation ended without us: nothing is secured any more."""

    order_reference: str
    operation_key: str


@fact("payments.PaymentActionNeeded")
@dataclass(frozen=True, slots=True)
class PaymentActionNeeded:
    """A saved card was refused two days before the slot: its holder must pay again, before the cut-off."""

    order_reference: str
    operation_key: str
    code: str


@fact("payments.PaymentReleased")
@dataclass(frozen=True, slots=True)
class PaymentReleased:
    """What was authorised is given back, and the saved card forgotten."""

    order_reference: str
    operation_key: str
    amount_cents: int


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
    """Money was taken, at most what was authorised; the rest of the authorisation is released."""

    order_reference: str
    operation_key: str
    amount_cents: int


@fact("payments.PaymentRefunded")
@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    """Money goes back to the card."""

    order_reference: str
    operation_key: str
    amount_cents: int
