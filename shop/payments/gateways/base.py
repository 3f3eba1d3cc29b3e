"""What a payment provider must be able to do, in our words.

Every call may raise ProviderUnavailable: then nobody knows what happened, and the same key asks again.
``find_*`` look an operation up by its key, for when a replay cannot tell.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

Status = Literal[
    "open", "processing", "authorised", "card_saved", "captured", "cancelled", "refused", "expired"
]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """All that opening a page says: the same for the same key, always. No personal data."""

    key: str
    order_reference: str
    saves_card: bool
    amount: Decimal
    return_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider knows of a payment now. Euros."""

    status: Status
    session_id: str = ""
    url: str = ""
    intent_id: str = ""
    provider_customer_id: str = ""
    payment_method_id: str = ""
    # The provider's own mark of a card, the same whoever pays with it; empty where it tells none.
    card_fingerprint: str = ""
    authorised: Decimal = Decimal(0)
    captured: Decimal = Decimal(0)
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    refund_id: str
    is_accepted: bool
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """An event of the provider, as far as we read it: which objects to look at again."""

    event_id: str
    type: str
    operation_key: str = ""
    session_id: str = ""
    intent_id: str = ""


class Gateway(Protocol):
    def open_page(self, request: PageRequest) -> Answer:
        """Open the payment page, or find the one this key opened. Raises ProviderRejected."""
        ...

    def read_page(self, session_id: str) -> Answer: ...

    def find_page(self, key: str, since: datetime) -> Answer | None: ...

    def expire_page(self, session_id: str) -> Answer:
        """Close the page for good. A page that was paid meanwhile stays paid, and is answered so."""
        ...

    def authorise_saved(
        self,
        *,
        key: str,
        order_reference: str,
        amount: Decimal,
        provider_customer_id: str,
        payment_method_id: str,
    ) -> Answer:
        """Authorise a saved card without its holder. Raises CardRefused, ProviderRejected."""
        ...

    def find_intent(self, key: str, provider_customer_id: str) -> Answer | None: ...

    def read_intent(self, intent_id: str) -> Answer: ...

    def capture(self, *, key: str, intent_id: str, amount: Decimal) -> Answer:
        """Take money, once; the rest of the authorisation goes. Raises ProviderRejected."""
        ...

    def cancel(self, *, key: str, intent_id: str) -> Answer:
        """Give an authorisation back. Answers "captured" when it is too late for that."""
        ...

    def refund(self, *, key: str, intent_id: str, amount: Decimal) -> RefundAnswer:
        """Raises ProviderRejected."""
        ...

    def find_refund(self, key: str, intent_id: str) -> RefundAnswer | None: ...

    def forget_customer(self, provider_customer_id: str) -> None:
        """Erase the provider's customer and its cards. Erasing again is no error."""
        ...

    def read_message(self, raw_body: bytes, signature: str) -> Message:
        """Verify and read a webhook. Raises InvalidWebhook."""
        ...
