"""An extra payment, whatever becomes of it, decides nothing about its order."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from config.facts import deliver_all
from shop.orders import services as orders
from shop.orders.models import Order
from shop.orders.queries import unsecured_near_cutoff
from shop.payments import services as payments
from shop.payments.gateways import demo
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.payments.queries import payment_state
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import Walk, ready, slot, terms, walk, zone  # noqa: F401

pytestmark = pytest.mark.django_db
AMEND = "amend-1"


@pytest.fixture
def placed(walk, slot):  # noqa: F811
    walk.fill(ProductFactory()).hold(slot).say_who()
    walk.come_back(walk.pay(walk.order()))
    deliver_all()
    order = Order.objects.get()
    assert (order.status, payment_state(order.reference)) == ("placed", "secured")
    return order


def extra_page(order, amount="7.00"):
    page = payments.prepare_payment(
        order_reference=order.reference,
        customer_id=order.customer_id,
        amount=Decimal(amount),
        slot_starts_at=order.slot.starts_at,
        occasion=AMEND,
    )
    payments.open_payment_page(key=page.key, return_url="https://a.example/", cancel_url="https://a.example/")
    page.refresh_from_db()
    return page


def history(order):
    order.refresh_from_db()
    return (
        order.status,
        order.payment_needed_at,
        list(order.events.order_by("id").values_list("kind", flat=True)),
    )


def settle(order):
    for key in PaymentOperation.objects.filter(
        account_id=order.reference, state__in=["prepared", "unknown"]
    ).values_list("key", flat=True):
        payments.perform(key=key)
    deliver_all()


def test_an_extra_payment_refused_lapsed_paid_or_given_back_leaves_the_order_as_it_is(placed):
    before = history(placed)

    page = extra_page(placed)
    demo.pay(token=page.session_id, card_code="refuse")
    payments.refresh(key=page.key)
    deliver_all()
    assert payments.abandon(order_reference=placed.reference, occasion=AMEND) == "released"
    deliver_all()
    page = extra_page(placed)
    demo.pay(token=page.session_id, card_code="accepte")
    payments.refresh(key=page.key)
    deliver_all()
    payments.release_part(order_reference=placed.reference, occasion=AMEND)
    settle(placed)

    assert history(placed) == before
    assert payment_state(placed.reference, AMEND) == "lapsed"


def test_cancelling_the_order_gives_back_the_extra_payment_too_and_says_it_once(placed):
    page = extra_page(placed)
    demo.pay(token=page.session_id, card_code="accepte")
    payments.refresh(key=page.key)

    orders.cancel_order(reference=placed.reference)
    settle(placed)

    account = PaymentAccount.objects.get(pk=placed.reference)
    assert account.released == account.authorised == placed.total + 7
    assert history(placed)[2].count("payment_released") == 1


def test_an_order_whose_own_money_went_is_unpaid_though_an_extra_payment_stands(placed):
    page = extra_page(placed)
    demo.pay(token=page.session_id, card_code="accepte")
    payments.refresh(key=page.key)
    PaymentOperation.objects.filter(account_id=placed.reference, occasion="").update(state="released")

    with time_machine.travel(placed.slot.cutoff_at - timedelta(minutes=30), tick=False):
        assert unsecured_near_cutoff(timezone.now(), has_come=False) == [placed.reference]


def test_whose_authorisation_is_about_to_end_is_asked_and_pays_again(placed):
    held = PaymentOperation.objects.filter(account_id=placed.reference)
    held.update(expires_at=timezone.now() + timedelta(hours=5))

    payments.renew_ending()
    deliver_all()
    assert history(placed)[1] is not None
    page = payments.prepare_payment(
        order_reference=placed.reference,
        customer_id=placed.customer_id,
        amount=placed.total,
        slot_starts_at=placed.slot.starts_at,
    )
    payments.open_payment_page(key=page.key, return_url="https://a.example/", cancel_url="https://a.example/")
    page.refresh_from_db()
    demo.pay(token=page.session_id, card_code="accepte")
    payments.refresh(key=page.key)
    deliver_all()
    settle(placed)

    assert history(placed)[:2] == ("placed", None)
    account = PaymentAccount.objects.get(pk=placed.reference)
    assert account.held == placed.total
