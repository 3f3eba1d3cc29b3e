"""The demonstration's provider: a payment page of our own, cards that behave, no money.

It keeps its memory in DemoSession, so that a restart forgets nothing, and behaves as the real one does
where it matters: one key, one session; an expired page is not paid; capture within the authorisation.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.payments.errors import CardRefused, InvalidWebhook, ProviderRejected, ProviderUnavailable
from shop.payments.gateways.base import Answer, Message, PageRequest, RefundAnswer, Status
from shop.payments.models import DemoSession

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SILENCE = timedelta(seconds=30)
LATENESS = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class DemoCard:
    """``later`` is what the bank says when the saved card is charged without its holder."""

    code: str
    number: str
    label: "StrPromise"
    refusal: str = ""
    later: str = ""
    is_silent: bool = False
    is_late: bool = False


CARDS = (
    DemoCard("accepte", "4242 4242 4242 4242", _("accepte")),
    DemoCard("autre", "5555 5555 5555 4444", _("accepte, une autre carte")),
    DemoCard("refuse", "4000 0000 0000 0002", _("est refusée"), refusal="card_declined"),
    DemoCard("silence", "4000 0000 0000 0119", _("laisse sans réponse pendant 30 secondes"), is_silent=True),
    DemoCard(
        "retard", "4000 0000 0000 0077", _("accepte, mais répond 20 secondes après le retour"), is_late=True
    ),
    DemoCard(
        "authentification",
        "4000 0025 0000 3155",
        _("accepte, mais demande une authentification deux jours avant la livraison"),
        later="authentication_required",
    ),
    DemoCard(
        "refus_plus_tard",
        "4000 0000 0000 0341",
        _("accepte, mais est refusée deux jours avant la livraison"),
        later="card_declined",
    ),
)
CARD_BY_CODE = {card.code: card for card in CARDS}
Held = DemoSession.Status


class DemoGateway:
    def open_page(self, request: PageRequest) -> Answer:
        session, _is_new = DemoSession.objects.get_or_create(
            key=request.key,
            defaults={
                "order_reference": request.order_reference,
                "mode": DemoSession.Mode.SETUP if request.saves_card else DemoSession.Mode.PAYMENT,
                "amount": request.amount,
                "return_url": request.return_url,
                "cancel_url": request.cancel_url,
                "expires_at": request.expires_at,
            },
        )
        return _answer(session)

    def read_page(self, session_id: str) -> Answer:
        return _answer(_find(session_id))

    def find_page(self, key: str, since: datetime) -> Answer | None:
        session = DemoSession.objects.filter(key=key).first()
        return _answer(session) if session else None

    @transaction.atomic
    def expire_page(self, session_id: str) -> Answer:
        session = _lock(session_id)
        answer = _answer(session)
        if session.status == Held.OPEN:
            session.status = Held.EXPIRED
            session.save(update_fields=["status"])
            return _answer(session)
        return answer

    def authorise_saved(
        self,
        *,
        key: str,
        order_reference: str,
        amount: Decimal,
        provider_customer_id: str,
        payment_method_id: str,
    ) -> Answer:
        card = CARD_BY_CODE.get(payment_method_id.partition(":")[0])
        if card is None:
            raise ProviderRejected("resource_missing")
        session, _is_new = DemoSession.objects.get_or_create(
            key=key,
            defaults={
                "order_reference": order_reference,
                "mode": DemoSession.Mode.OFF_SESSION,
                "amount": amount,
                "card": card.code,
                "status": Held.REFUSED if card.later else Held.AUTHORISED,
                "error_code": card.later,
            },
        )
        if session.error_code:
            raise CardRefused(session.error_code, session.token)
        return _answer(session)

    def find_intent(self, key: str, provider_customer_id: str) -> Answer | None:
        return self.find_page(key, timezone.now())

    def read_intent(self, intent_id: str) -> Answer:
        return _answer(_find(intent_id))

    @transaction.atomic
    def capture(self, *, key: str, intent_id: str, amount: Decimal) -> Answer:
        session = _lock(intent_id)
        if session.status != Held.AUTHORISED or amount > session.amount:
            raise ProviderRejected("payment_intent_unexpected_state")
        session.status, session.captured = Held.CAPTURED, amount
        session.save(update_fields=["status", "captured"])
        return _answer(session)

    @transaction.atomic
    def cancel(self, *, key: str, intent_id: str) -> Answer:
        session = _lock(intent_id)
        if session.status == Held.AUTHORISED:
            session.status = Held.CANCELLED
            session.save(update_fields=["status"])
        return _answer(session)

    @transaction.atomic
    def refund(self, *, key: str, intent_id: str, amount: Decimal) -> RefundAnswer:
        session = _lock(intent_id)
        if key not in session.refunds:
            given = sum((Decimal(one) for one in session.refunds.values()), amount)
            if given > session.captured:
                raise ProviderRejected("charge_already_refunded")
            session.refunds[key] = str(amount)
            session.save(update_fields=["refunds"])
        return RefundAnswer(refund_id=f"demo_refund_{key}", is_accepted=True)

    def find_refund(self, key: str, intent_id: str) -> RefundAnswer | None:
        known = key in _find(intent_id).refunds
        return RefundAnswer(refund_id=f"demo_refund_{key}", is_accepted=True) if known else None

    def forget_customer(self, provider_customer_id: str) -> None:
        DemoSession.objects.filter(token=provider_customer_id, mode=DemoSession.Mode.SETUP).update(card="")

    def read_message(self, raw_body: bytes, signature: str) -> Message:
        raise InvalidWebhook("the demo gateway sends no messages")


class PageClosed(Exception):
    """This demo page was paid or has expired."""


@transaction.atomic
def pay(*, token: str, card_code: str) -> DemoSession:
    """The customer's click on the demo page. Raises DemoSession.DoesNotExist, PageClosed, KeyError."""
    session = DemoSession.objects.select_for_update().get(
        token=token, mode__in=[DemoSession.Mode.PAYMENT, DemoSession.Mode.SETUP]
    )
    card = CARD_BY_CODE[card_code]
    if not is_open(session):
        raise PageClosed
    now = timezone.now()
    session.card, session.error_code = card.code, card.refusal
    if not card.refusal:
        is_setup = session.mode == DemoSession.Mode.SETUP
        session.status = Held.CARD_SAVED if is_setup else Held.AUTHORISED
        session.silent_until = now + SILENCE if card.is_silent else None
        session.answers_at = now + LATENESS if card.is_late else None
    session.save()
    return session


def is_in_use() -> bool:
    return bool(settings.PAYMENT_GATEWAY == "demo")


def is_open(session: DemoSession) -> bool:
    return session.status == Held.OPEN and not _has_expired(session)


def _has_expired(session: DemoSession) -> bool:
    return session.expires_at is not None and session.expires_at <= timezone.now()


def _find(token: str) -> DemoSession:
    session = DemoSession.objects.filter(token=token).first()
    if session is None:
        raise ProviderRejected("resource_missing")
    return session


def _lock(token: str) -> DemoSession:
    session = DemoSession.objects.select_for_update().filter(token=token).first()
    if session is None:
        raise ProviderRejected("resource_missing")
    return session


def _answer(session: DemoSession) -> Answer:
    """Raises ProviderUnavailable while the card that answers nothing keeps silent."""
    now = timezone.now()
    if session.silent_until and session.silent_until > now:
        raise ProviderUnavailable("demo card")
    status: Status = session.status  # type: ignore[assignment]
    if session.answers_at and session.answers_at > now:
        status = "processing"
    elif status == "open" and _has_expired(session):
        status = "expired"
    elif status == "open" and session.error_code:
        status = "refused"
    is_setup = session.mode == DemoSession.Mode.SETUP
    is_page = session.mode != DemoSession.Mode.OFF_SESSION
    return Answer(
        status=status,
        session_id=session.token if is_page else "",
        # A path: the demonstration may run on any port.
        url=reverse("demo_payment", args=[session.token]) if is_page else "",
        intent_id="" if is_setup else session.token,
        provider_customer_id=session.token if is_setup else "",
        payment_method_id=f"{session.card}:{session.token}" if is_setup else "",
        card_fingerprint=session.card,
        authorised=session.amount if status == "authorised" else Decimal(0),
        captured=session.captured,
        error_code=session.error_code,
    )
