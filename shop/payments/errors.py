"""What can be wrong with a payment, as domain nouns. Views word them in French."""


class PaymentError(Exception):
    """Any of the below."""


class ProviderUnavailable(PaymentError):
    """No answer, or none that says what happened. The same key resumes; never a new one."""


class ProviderBusy(ProviderUnavailable):
    """The provider is still at work on a first request with this key."""


class ProviderFailed(ProviderUnavailable):
    """The provider answered that it failed inside; replaying the key only replays that answer."""


class ProviderRejected(PaymentError):
    """The provider says no for good; ``code`` is its own word, without personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CardRefused(ProviderRejected):
    """The bank says no to this card, or wants its holder present (``authentication_required``)."""

    def __init__(self, code: str, intent_id: str = "") -> None:
        super().__init__(code)
        self.intent_id = intent_id


class InvalidAmount(PaymentError):
    """Not a payable amount of euros."""


class InvalidOccasion(PaymentError):
    """An extra payment or a refund says what it is for, in 64 characters at most."""


class InvalidReason(PaymentError):
    """A refund has one of the reasons of PaymentOperation.Reason."""


class AmountChanged(PaymentError):
    """A live payment of this order asks for another amount."""


class AmountFixed(PaymentError):
    """The amount due can no longer be changed: it was asked for, authorised, or there is no saved card."""


class CardNotYetCharged(PaymentError):
    """No extra payment beside a saved card that is still to be charged: change the amount due instead."""


class PaymentClosed(PaymentError):
    """This payment has lapsed, was released, or is being released: it cannot be paid any more."""


class PaymentAlreadySecured(PaymentError):
    """Nothing is left to pay: the amount is authorised, or the card saved."""


class PaymentUncertain(PaymentError):
    """An earlier request is unanswered; another could charge twice. Reconciliation will tell."""


class NothingAuthorised(PaymentError):
    """No authorisation stands for this order."""


class AlreadyCaptured(PaymentError):
    """Money of this order, or of this occasion, was captured, or a capture of another amount was asked."""


class CaptureAboveAuthorised(PaymentError):
    """More was to be captured than is authorised."""


class AlreadyRefunded(PaymentError):
    """Another sum was refunded, or is being refunded, for the same occasion."""


class RefundAboveCaptured(PaymentError):
    """More was to be refunded, with what is under way, than was captured."""


class CalledInTransaction(PaymentError):
    """A service that talks to the provider was called while rows are locked."""


class DeskUnbound(PaymentError):
    """No room has said whether orders still wait for their payment (ports.bind_order_desk)."""


class InvalidWebhook(PaymentError):
    """A body that the provider did not sign, or not an event."""
