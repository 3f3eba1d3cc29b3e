from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shop.payments import ports, services
from shop.payments.gateways import stripe as adapter
from shop.payments.models import PaymentAccount, PaymentOperation
from tests.fakes.stripe import FakeStripe
from tests.fakes.stripe.server import KEY, WEBHOOK_SECRET

RETURN, CANCEL = "https://cabas.example/commande/retour/", "https://cabas.example/commande/"


class Desk:
    """The orders' side: every order waits until the test says otherwise."""

    def __init__(self):
        self.given_up, self.deadlines = set(), {}

    def is_waiting(self, order_reference):
        return order_reference not in self.given_up

    def deadline(self, order_reference):
        return self.deadlines.get(order_reference)


@pytest.fixture(autouse=True)
def desk():
    previous = ports._desk
    desk = Desk()
    ports.bind_order_desk(desk)
    yield desk
    ports.bind_order_desk(previous)


@pytest.fixture
def provider(settings):
    fake = FakeStripe().start()
    settings.PAYMENT_GATEWAY = "stripe"
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, WEBHOOK_SECRET
    settings.STRIPE_API_BASE = fake.base
    settings.STRIPE_TIMEOUT_SECONDS = (2.0, 2.0)
    adapter._gateway.cache_clear()
    yield fake
    adapter._gateway.cache_clear()
    fake.stop()


@pytest.fixture
def impatient(settings, provider):
    """A provider that is silent for half a second is silent."""
    settings.STRIPE_TIMEOUT_SECONDS = (2.0, 0.4)
    return provider


@pytest.fixture
def facts(monkeypatch):
    """The facts published, in order."""
    from shop.payments.services import answers, capturing, refunding, renewing

    told = []
    for module in (answers, capturing, refunding, renewing):
        real = module.publish
        monkeypatch.setattr(module, "publish", lambda fact, real=real: (told.append(fact), real(fact)))
    return told


def prepare(reference="CAB-1", amount="80.00", days=2, customer_id=7, occasion=""):
    return services.prepare_payment(
        occasion=occasion,
        order_reference=reference,
        customer_id=customer_id,
        amount=Decimal(amount),
        slot_starts_at=timezone.now() + timedelta(days=days),
    )


def open_page(operation):
    return services.open_payment_page(key=operation.key, return_url=RETURN, cancel_url=CANCEL)


def opened(reference="CAB-1", amount="80.00", days=2, occasion=""):
    operation = prepare(reference, amount, days, occasion=occasion)
    open_page(operation)
    return again(operation)


def payment_sums(reference):
    """The account of an order: what was authorised, captured, released, refunded."""
    found = PaymentAccount.objects.filter(order_reference=reference).first()
    return found or PaymentAccount(order_reference=reference)


def payment_key(reference):
    pages = PaymentOperation.objects.filter(account_id=reference, kind__in=PaymentOperation.PAGE_KINDS)
    return pages.latest("id").key


def again(operation):
    return PaymentOperation.objects.get(key=operation.key)


def authorised(provider, reference="CAB-1", amount="80.00", occasion=""):
    operation = opened(reference, amount, occasion=occasion)
    provider.pay(operation.session_id)
    services.refresh(key=operation.key)
    return again(operation)


def saved(provider, reference="CAB-1", amount="80.00", later=None):
    operation = opened(reference, amount, days=10)
    provider.pay(operation.session_id, later=later)
    services.refresh(key=operation.key)
    return again(operation)


def captured(provider, reference="CAB-1", amount="80.00", authorised_amount="80.00"):
    authorised(provider, reference, authorised_amount)
    taking = take(amount, reference)
    services.perform(key=taking.key)
    return again(taking)


def take(amount="80.00", reference="CAB-1"):
    """The one capture of an order with one authorisation."""
    (taking,) = services.capture(order_reference=reference, amount=Decimal(amount))
    return taking


def give_back(amount, occasion="plainte-1", reference="CAB-1", reason="missing"):
    """The one refund of an order with one capture."""
    (giving,) = services.refund(
        order_reference=reference, amount=Decimal(amount), occasion=occasion, reason=reason
    )
    return giving


def perform_all(reference="CAB-1"):
    """What the worker does: everything that was asked, releases that these bring included."""
    for _round in range(3):
        waiting = PaymentOperation.objects.filter(account_id=reference, state__in=["prepared", "unknown"])
        for key in (
            waiting.exclude(kind__in=PaymentOperation.PAGE_KINDS).order_by("id").values_list("key", flat=True)
        ):
            services.perform(key=key)
