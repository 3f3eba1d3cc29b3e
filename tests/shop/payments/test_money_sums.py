"""Whatever is asked in whatever order, and whichever answers are lost: the bounds hold and the sums are the entries."""

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.payments import services
from shop.payments.errors import ProviderUnavailable
from shop.payments.gateways import demo
from shop.payments.models import DemoSession, PaymentAccount, PaymentEntry, PaymentOperation
from shop.payments.queries import capturable, refundable
from tests.shop.payments.conftest import opened, perform_all, prepare

pytestmark = pytest.mark.django_db
State = PaymentOperation.State
NUMBERS = itertools.count()
CALLS = ("capture", "cancel", "refund", "authorise_saved", "read_intent", "expire_page", "read_page")
ACTIONS = st.sampled_from(
    ["extra", "open", "capture", "refund", "release", "part", "end", "vanish", "work", "amend", "ask"]
)
STEPS = st.lists(
    st.tuples(ACTIONS, st.integers(50, 9000), st.sampled_from(["", "", "before", "after"])), max_size=9
)


class Network:
    """Loses the next answer: the call, or only what it said."""

    def __init__(self, monkeypatch):
        self.fault = ""
        for name in CALLS:
            monkeypatch.setattr(demo.DemoGateway, name, self._losing(getattr(demo.DemoGateway, name)))

    def _losing(self, call):
        def lossy(*args, **kwargs):
            fault, self.fault = self.fault, ""
            if fault == "before":
                raise ProviderUnavailable("lost")
            answer = call(*args, **kwargs)
            if fault == "after":
                raise ProviderUnavailable("lost")
            return answer

        return lossy


class Order:
    def __init__(self, *, is_saved):
        self.reference = f"CAB-H{next(NUMBERS)}"
        self.number = 0
        self.pay(opened(self.reference, days=10 if is_saved else 2))
        if is_saved:
            services.authorise_due(now=timezone.now() + timedelta(days=9))

    def pay(self, page):
        demo.pay(token=page.session_id, card_code="accepte")
        services.refresh(key=page.key)

    def take(self, action, euros):
        self.number += 1
        told = {"order_reference": self.reference}
        try:
            match action:
                case "extra":
                    self.pay(opened(self.reference, str(euros), occasion=f"amend-{self.number}"))
                case "open":
                    opened(self.reference, str(euros), occasion=f"amend-{self.number}")
                case "ask":
                    prepare(self.reference, str(euros), occasion=f"amend-{self.number - 1}")
                case "capture":
                    services.capture(**told, amount=min(euros, capturable(self.reference) or euros))
                case "refund":
                    most = refundable(self.reference)
                    services.refund(
                        **told,
                        amount=min(euros, most or euros),
                        occasion=f"r{self.number % 3}",
                        reason="other",
                    )
                case "release":
                    services.release(**told)
                case "part":
                    services.release_part(**told, occasion=f"amend-{self.number - 1}")
                case "amend":
                    services.change_amount_due(**told, amount=euros)
                case "end":
                    self.operations().filter(state="succeeded", expires_at__isnull=False).update(
                        expires_at=timezone.now() + timedelta(hours=3)
                    )
                    services.renew_ending()
                case "vanish":
                    held = DemoSession.objects.filter(order_reference=self.reference, status="authorised")
                    held.filter(pk__in=held.order_by("created_at").values("pk")[:1]).update(
                        status="cancelled"
                    )
                case _:
                    perform_all(self.reference)
        except services.PaymentError:
            pass

    def operations(self):
        return PaymentOperation.objects.filter(account_id=self.reference)

    def holds(self):
        account = PaymentAccount.objects.get(pk=self.reference)
        entries = dict(
            PaymentEntry.objects.filter(account=account)
            .values_list("kind")
            .annotate(sum=Sum("amount"))
            .order_by()
        )
        for kind in PaymentEntry.Kind.values:
            assert getattr(account, kind) == entries.get(kind, 0), kind
        assert account.captured + account.released <= account.authorised
        assert account.refunded <= account.captured <= (account.to_capture or 0)
        for session in DemoSession.objects.filter(order_reference=self.reference):
            assert session.captured <= session.amount
            assert sum(map(Decimal, session.refunds.values())) <= session.captured
        return account

    def settles(self):
        """Once the network is well again nothing is left in doubt, and our books are the provider's."""
        for minutes in (2, 4, 6):
            services.reconcile(now=timezone.now() + timedelta(minutes=minutes))
        perform_all(self.reference)
        for held in self.operations().filter(kind__in=PaymentOperation.AUTHORISATIONS, state=State.SUCCEEDED):
            services.refresh(key=held.key)
        account = self.holds()
        sessions = list(DemoSession.objects.filter(order_reference=self.reference))
        assert not self.operations().filter(state__in=[State.UNKNOWN]).exists()
        assert account.captured == sum(one.captured for one in sessions)
        given = (Decimal(amount) for one in sessions for amount in one.refunds.values())
        assert account.refunded == sum(given)
        assert account.held == sum(one.amount for one in sessions if one.status == "authorised")
        if account.captured and account.captured == account.to_capture:
            assert account.held == 0


UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def play(monkeypatch, is_saved, steps):
    assert django_settings.PAYMENT_GATEWAY == "demo"
    # Each history is alone: what others left open would be reconciled with it.
    before = transaction.savepoint()
    with monkeypatch.context() as patch:
        network = Network(patch)
        order = Order(is_saved=is_saved)
        for action, cents, fault in steps:
            network.fault = fault
            order.take(action, Decimal(cents) / 100)
            order.holds()
        network.fault = ""
        order.settles()
    transaction.savepoint_rollback(before)


@settings(max_examples=15, **UNHURRIED)
@given(is_saved=st.booleans(), steps=STEPS)
def test_the_bounds_hold_and_the_books_are_the_providers(monkeypatch, is_saved, steps):
    play(monkeypatch, is_saved, steps)


@pytest.mark.heavy
@settings(max_examples=150, **UNHURRIED)
@given(is_saved=st.booleans(), steps=STEPS)
def test_the_bounds_hold_over_many_histories(monkeypatch, is_saved, steps):
    play(monkeypatch, is_saved, steps)
