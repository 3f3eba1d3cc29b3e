"""Stripe, through its official SDK: hosted Checkout, manual capture, webhooks.

The SDK's own retries are off: what to do with an unknown answer is decided in one place, ours. The API
version is pinned, so that upgrading the SDK does not silently change what is asked.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

import stripe
from django.conf import settings

from shop.payments.errors import (
    CardRefused,
    InvalidWebhook,
    ProviderBusy,
    ProviderFailed,
    ProviderRejected,
    ProviderUnavailable,
)
from shop.payments.gateways.base import Answer, Message, PageRequest, RefundAnswer, Status
from shop.payments.rules import cents, euros

logger = logging.getLogger(__name__)
# The SDK logs the provider's error messages, which may quote what a customer typed.
logging.getLogger("stripe").setLevel(logging.WARNING)

API_VERSION = "2026-10-28.endive"
# Connecting, then reading: a customer waits for the page to open.
TIMEOUT_SECONDS = (3.05, 15.0)
# Clocks differ; a page is looked for from a little before we asked for it.
CLOCK_SKEW = timedelta(minutes=5)
LOOK_BACK_PAGES = 20
# What is read with a page: its intents, and whose card they name. A page is opened with less: a key that is asked again
# must be asked with the very same words.
READ_WITH_PAGE = ["payment_intent.payment_method", "setup_intent.payment_method"]
T = TypeVar("T")

_INTENT_STATUSES: dict[str, Status] = {
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "cancelled",
    "requires_payment_method": "refused",
}


def stripe_gateway() -> "StripeGateway":
    timeout = getattr(settings, "STRIPE_TIMEOUT_SECONDS", None) or TIMEOUT_SECONDS
    return _gateway(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, timeout)


@lru_cache(maxsize=4)
def _gateway(secret: str, base: str, timeout: tuple[float, float]) -> "StripeGateway":
    client = stripe.StripeClient(
        secret,
        stripe_version=API_VERSION,
        max_network_retries=0,
        base_addresses={"api": base} if base else None,
        http_client=stripe.RequestsClient(timeout=timeout),
    )
    return StripeGateway(client)


class StripeGateway:
    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def open_page(self, request: PageRequest) -> Answer:
        params = self._page_params(request)
        if request.saves_card:
            customer = _asked(
                lambda: self._client.v1.customers.create(
                    {"metadata": {"order_reference": request.order_reference}},
                    {"idempotency_key": f"{request.key}-customer"},
                )
            )
            params["customer"] = customer["id"]
        session = _asked(
            lambda: self._client.v1.checkout.sessions.create(
                params,  # type: ignore[arg-type]
                {"idempotency_key": request.key},
            )
        )
        return _page_answer(session)

    @staticmethod
    def _page_params(request: PageRequest) -> dict[str, Any]:
        marks = {"operation_key": request.key, "order_reference": request.order_reference}
        shared = {
            "client_reference_id": request.key,
            "metadata": marks,
            "locale": "fr",
            "success_url": request.return_url,
            "cancel_url": request.cancel_url,
            "expires_at": int(request.expires_at.timestamp()),
            "allowed_payment_method_types": ["card"],
            "expand": ["payment_intent", "setup_intent"],
        }
        if request.saves_card:
            # "any" asks for strong authentication now: the bank will not ask for it again two days before.
            return shared | {
                "mode": "setup",
                "setup_intent_data": {"metadata": marks},
                "payment_method_options": {"card": {"request_three_d_secure": "any"}},
            }
        return shared | {
            "mode": "payment",
            "adaptive_pricing": {"enabled": False},
            "payment_intent_data": {"capture_method": "manual", "metadata": marks},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": cents(request.amount),
                        "product_data": {"name": f"Commande Cabas {request.order_reference}"},
                    },
                }
            ],
        }

    def read_page(self, session_id: str) -> Answer:
        return _page_answer(
            _asked(lambda: self._client.v1.checkout.sessions.retrieve(session_id, {"expand": READ_WITH_PAGE}))
        )

    def find_page(self, key: str, since: datetime) -> Answer | None:
        for session in self._pages_since(since):
            if session.get("client_reference_id") == key:
                return self.read_page(session["id"])
        return None

    def _pages_since(self, since: datetime) -> Iterator[dict[str, Any]]:
        after: dict[str, Any] = {}
        # Newest first; bounded, so that a busy day does not hold the task: the rest is for a later look.
        for _page in range(LOOK_BACK_PAGES):
            window = {"created": {"gte": int((since - CLOCK_SKEW).timestamp())}, "limit": 100}
            params = window | after
            found = _asked(lambda: self._client.v1.checkout.sessions.list(params))  # type: ignore[arg-type] # noqa: B023
            yield from found["data"]
            if not found["has_more"]:
                return
            after = {"starting_after": found["data"][-1]["id"]}
        raise ProviderUnavailable("too many sessions to look through")

    def expire_page(self, session_id: str) -> Answer:
        try:
            _asked(lambda: self._client.v1.checkout.sessions.expire(session_id))
        except ProviderRejected:
            # Only an open page expires: it was paid or expired meanwhile, and reading it says which.
            logger.info("payment page was no longer open when expired")
        return self.read_page(session_id)

    def authorise_saved(
        self,
        *,
        key: str,
        order_reference: str,
        amount: Decimal,
        provider_customer_id: str,
        payment_method_id: str,
    ) -> Answer:
        params: dict[str, Any] = {
            "amount": cents(amount),
            "currency": "eur",
            "customer": provider_customer_id,
            "payment_method": payment_method_id,
            "allowed_payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            "off_session": True,
            "metadata": {"operation_key": key, "order_reference": order_reference},
        }
        return _intent_answer(
            _asked(
                lambda: self._client.v1.payment_intents.create(
                    params,  # type: ignore[arg-type]
                    {"idempotency_key": key},
                )
            )
        )

    def find_intent(self, key: str, provider_customer_id: str) -> Answer | None:
        found = _asked(
            lambda: self._client.v1.payment_intents.list({"customer": provider_customer_id, "limit": 100})
        )
        for intent in found["data"]:
            if (intent.get("metadata") or {}).get("operation_key") == key:
                return _intent_answer(intent)
        return None

    def read_intent(self, intent_id: str) -> Answer:
        return _intent_answer(_asked(lambda: self._client.v1.payment_intents.retrieve(intent_id)))

    def capture(self, *, key: str, intent_id: str, amount: Decimal) -> Answer:
        return _intent_answer(
            _asked(
                lambda: self._client.v1.payment_intents.capture(
                    intent_id, {"amount_to_capture": cents(amount)}, {"idempotency_key": key}
                )
            )
        )

    def cancel(self, *, key: str, intent_id: str) -> Answer:
        try:
            return _intent_answer(
                _asked(
                    lambda: self._client.v1.payment_intents.cancel(intent_id, {}, {"idempotency_key": key})
                )
            )
        except (ProviderRejected, ProviderFailed):
            return self.read_intent(intent_id)

    def refund(self, *, key: str, intent_id: str, amount: Decimal) -> RefundAnswer:
        return _refund_answer(
            _asked(
                lambda: self._client.v1.refunds.create(
                    {
                        "payment_intent": intent_id,
                        "amount": cents(amount),
                        "metadata": {"operation_key": key},
                    },
                    {"idempotency_key": key},
                )
            )
        )

    def find_refund(self, key: str, intent_id: str) -> RefundAnswer | None:
        found = _asked(lambda: self._client.v1.refunds.list({"payment_intent": intent_id, "limit": 100}))
        for refund in found["data"]:
            if (refund.get("metadata") or {}).get("operation_key") == key:
                return _refund_answer(refund)
        return None

    def forget_customer(self, provider_customer_id: str) -> None:
        try:
            _asked(lambda: self._client.v1.customers.delete(provider_customer_id))
        except ProviderRejected as said:
            if said.code != "resource_missing":
                raise

    def read_message(self, raw_body: bytes, signature: str) -> Message:
        try:
            event = stripe.Webhook.construct_event(raw_body, signature, settings.STRIPE_WEBHOOK_SECRET)
            return _message(event.to_dict())
        except (stripe.SignatureVerificationError, ValueError, TypeError, AttributeError, KeyError) as said:
            raise InvalidWebhook(type(said).__name__) from None


def _asked(call: Callable[[], Any]) -> dict[str, Any]:
    """Make one call and say its failure in our words. The provider's own message, which may quote what a
    customer typed, goes nowhere.
    """
    try:
        return call().to_dict()  # type: ignore[no-any-return]
    except stripe.CardError as said:
        raise CardRefused(_code(said, "card_declined"), _refused_intent(said)) from None
    except (stripe.RateLimitError, stripe.APIConnectionError) as said:
        raise ProviderUnavailable(type(said).__name__) from None
    except (stripe.AuthenticationError, stripe.PermissionError) as said:
        # Our own credentials: nothing was done, and once they are right the same key resumes.
        logger.error("payment provider refuses our credentials: %s", type(said).__name__)
        raise ProviderUnavailable(type(said).__name__) from None
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as said:
        logger.error(
            "payment provider rejected a request: %s, request %s", _code(said, "invalid"), said.request_id
        )
        raise ProviderRejected(_code(said, "invalid_request")) from None
    except stripe.StripeError as said:
        if said.http_status == 409:
            raise ProviderBusy("409") from None
        if said.http_status:
            raise ProviderFailed(str(said.http_status)) from None
        raise ProviderUnavailable(type(said).__name__) from None


def _code(said: stripe.StripeError, otherwise: str) -> str:
    """The bank's word when it said one, else the provider's."""
    decline = getattr(said.error, "decline_code", None) if said.error else None
    code = said.code or otherwise
    return str(decline if code == "card_declined" and decline else code)[:80]


def _refused_intent(said: stripe.StripeError) -> str:
    body: Any = said.json_body
    error = body.get("error") if isinstance(body, Mapping) else None
    intent = error.get("payment_intent") if isinstance(error, Mapping) else None
    return str(intent.get("id", "")) if isinstance(intent, Mapping) else ""


def _page_answer(session: dict[str, Any]) -> Answer:
    """What a Checkout Session with its intents expanded says."""
    payment, setup = session.get("payment_intent") or {}, session.get("setup_intent") or {}
    found: dict[str, Any] = {
        "session_id": session["id"],
        "url": session.get("url") or "",
        "intent_id": payment.get("id", ""),
        "provider_customer_id": session.get("customer") or "",
    }
    status: Status
    if session["status"] == "expired":
        status = "expired"
    elif session["mode"] == "setup":
        found["payment_method_id"] = _id_of(setup.get("payment_method"))
        found["card_fingerprint"] = _fingerprint(setup.get("payment_method"))
        status = "card_saved" if setup.get("status") == "succeeded" else "open"
        found["error_code"] = _last_error(setup.get("last_setup_error"))
    elif not payment:
        status = "open"
    else:
        intent = _intent_answer(payment)
        found |= {
            "authorised": intent.authorised,
            "captured": intent.captured,
            "error_code": intent.error_code,
            "card_fingerprint": intent.card_fingerprint,
        }
        status = intent.status
        if status == "cancelled" and session["status"] == "open":
            status = "open"
    if status == "open" and found.get("error_code"):
        status = "refused"
    if status == "refused" and not found.get("error_code"):
        status = "open"
    return Answer(status=status, **found)


def _intent_answer(intent: dict[str, Any]) -> Answer:
    captured = euros(intent.get("amount_received"))
    return Answer(
        status=_INTENT_STATUSES.get(intent["status"], "processing"),
        intent_id=intent["id"],
        provider_customer_id=intent.get("customer") or "",
        payment_method_id=_id_of(intent.get("payment_method")),
        card_fingerprint=_fingerprint(intent.get("payment_method")),
        authorised=euros(intent.get("amount_capturable")),
        captured=captured,
        error_code=_last_error(intent.get("last_payment_error")),
    )


def _id_of(method: Any) -> str:
    """Of a payment method that is named, or told whole."""
    return str(method.get("id", "") if isinstance(method, Mapping) else method or "")


def _fingerprint(method: Any) -> str:
    """The same for one card whoever pays with it (docs.stripe.com/api/payment_methods: `card.fingerprint`)."""
    card = method.get("card") if isinstance(method, Mapping) else None
    return str(card.get("fingerprint") or "")[:80] if isinstance(card, Mapping) else ""


def _last_error(error: dict[str, Any] | None) -> str:
    if not error:
        return ""
    return str(error.get("decline_code") or error.get("code") or "declined")[:80]


def _refund_answer(refund: dict[str, Any]) -> RefundAnswer:
    return RefundAnswer(
        refund_id=refund["id"],
        is_accepted=refund["status"] in {"succeeded", "pending"},
        error_code=str(refund.get("failure_reason") or "")[:80],
    )


def _message(event: dict[str, Any]) -> Message:
    """Raises KeyError, TypeError, AttributeError, ValueError on anything but an event of ours."""
    thing = event["data"]["object"]
    kind = thing["object"]
    marks = thing.get("metadata") or {}
    message = Message(
        event_id=_short(event["id"]),
        type=_short(event["type"], 100),
        operation_key=_short(marks.get("operation_key") or "", 40),
        session_id=_short(thing["id"]) if kind == "checkout.session" else "",
        intent_id=_short((thing["id"] if kind == "payment_intent" else thing.get("payment_intent")) or ""),
    )
    if not message.event_id:
        raise ValueError("an event has an id")
    return message


def _short(text: Any, most: int = 255) -> str:
    if not isinstance(text, str) or len(text) > most:
        raise ValueError("an identifier is a short text")
    return text
