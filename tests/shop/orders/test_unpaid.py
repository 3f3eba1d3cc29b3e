"""No order stays firm without its money, and none is called off that has it; in whatever order facts come."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.slots.models import Hold
from shop.orders import handlers, services, tasks
from shop.orders.models import Order, OrderEvent
from shop.orders.queries import pay_path
from shop.orders.services import ending
from shop.payments import services as payments
from shop.payments.events import PaymentActionNeeded, PaymentSecured
from shop.payments.gateways import demo
from shop.payments.models import DemoSession, PaymentOperation
from shop.payments.queries import payment_state
from shop.stock.models import StockItem
from tests.factories import ProductFactory, SlotFactory
from tests.shop.checkout.conftest import Walk, ready, slot, terms, walk, zone  # noqa: F401

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def far(zone):  # noqa: F811
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=8)
    return SlotFactory(zone=zone, starts_at=starts)


def placed_with(walk, far, card):  # noqa: F811
    walk.fill(ProductFactory()).hold(far).say_who()
    walk.come_back(walk.pay(walk.order(), card=card))
    order = Order.objects.get()
    assert (order.status, payment_state(order.reference)) == ("placed", "card_saved")
    return order


@pytest.fixture
def saved(walk, far):  # noqa: F811
    return placed_with(walk, far, "accepte")


@pytest.fixture
def refused(walk, far):  # noqa: F811
    """A firm order whose saved card was refused two days before; its customer is asked."""
    order = placed_with(walk, far, "refus_plus_tard")
    with time_machine.travel(far.starts_at - timedelta(hours=47), tick=False):
        payments.authorise_due()
        deliver_all()
    order.refresh_from_db()
    assert order.payment_needed_at
    return order


def silent(monkeypatch, call):
    def nobody(*_args, **_kwargs):
        raise payments.ProviderUnavailable("silence")

    monkeypatch.setattr(demo.DemoGateway, call, nobody)


def test_a_saved_card_that_was_never_charged_is_not_firm_past_the_cutoff(saved):
    with time_machine.travel(saved.slot.cutoff_at + 5 * MINUTE):
        payments.authorise_due()
        tasks.expire_unpaid()

    saved.refresh_from_db()
    assert saved.status == Order.Status.CANCELLED
    assert saved.events.filter(kind=OrderEvent.Kind.UNPAID).count() == 1
    assert StockItem.objects.get().available == 100


def history(order):
    return [event.kind for event in order.events.all()]


def test_a_saved_card_is_called_authorised_only_once_it_is(saved):
    deliver_all()
    before = history(saved)

    with time_machine.travel(saved.slot.starts_at - timedelta(hours=47), tick=False):
        payments.authorise_due()
        deliver_all()
        deliver_all()

    assert before == ["created", "card_saved", "placed"]
    assert history(saved) == ["created", "card_saved", "placed", "payment_secured"]


def test_a_cancelled_order_with_a_saved_card_speaks_of_no_authorisation(saved, client):
    services.cancel_order(reference=saved.reference)
    payments.perform(key=PaymentOperation.objects.get(kind="release").key)
    deliver_all()

    page = client.get(reverse("tracking", args=[saved.tracking_token])).content.decode()
    letter = Message.objects.get(purpose="order_cancelled")
    assert history(saved)[-1] == "card_forgotten"
    assert "La carte enregistrée n’est pas gardée" in page and "utorisation" not in page
    assert "La carte enregistrée n’est pas gardée" in letter.text and "utorisation" not in letter.text


def test_near_the_cutoff_an_uncharged_card_is_charged_at_once(saved):
    with time_machine.travel(saved.slot.cutoff_at - HOUR):
        tasks.expire_unpaid()

    saved.refresh_from_db()
    assert payment_state(saved.reference) == "secured"
    assert saved.payment_needed_at is None


def test_near_the_cutoff_an_uncharged_card_that_cannot_be_charged_asks_its_holder(saved, client, monkeypatch):
    monkeypatch.setattr("shop.payments.services.authorise_now", lambda **_: None)

    with time_machine.travel(saved.slot.cutoff_at - HOUR):
        tasks.expire_unpaid()
        deliver_all()
        walk = Walk(client)
        walk.come_back(walk.pay(client.post(reverse("pay_again", args=[saved.tracking_token]))))
        deliver_all()

    saved.refresh_from_db()
    assert Message.objects.filter(purpose="payment_needed").count() == 1
    assert payment_state(saved.reference) == "secured" and saved.payment_needed_at is None


def test_a_charge_in_doubt_at_the_cutoff_is_not_called_off_and_is_asked_again(saved, monkeypatch):
    with monkeypatch.context() as quiet:
        silent(quiet, "authorise_saved")
        with time_machine.travel(saved.slot.cutoff_at - 40 * HOUR):
            payments.authorise_due()

    with time_machine.travel(saved.slot.cutoff_at + 5 * MINUTE):
        tasks.expire_unpaid()
        assert payment_state(saved.reference) == "unknown"
        payments.reconcile()
        tasks.expire_unpaid()

    saved.refresh_from_db()
    assert (saved.status, payment_state(saved.reference)) == ("placed", "secured")


def test_unpaid_at_the_cutoff_the_shop_calls_it_off(refused):
    with time_machine.travel(refused.slot.cutoff_at - MINUTE):
        tasks.expire_unpaid()
        assert Order.objects.get().status == Order.Status.PLACED
    with time_machine.travel(refused.slot.cutoff_at + MINUTE):
        tasks.expire_unpaid()
        tasks.expire_unpaid()

    refused.refresh_from_db()
    assert refused.status == Order.Status.CANCELLED
    assert refused.events.filter(kind=OrderEvent.Kind.UNPAID).count() == 1
    refused.slot.refresh_from_db()
    assert refused.slot.booked == 0 and StockItem.objects.get().available == 100


def test_paid_seconds_before_the_cutoff_and_unnoticed_the_order_stands(refused, client):
    with time_machine.travel(refused.slot.cutoff_at - timedelta(seconds=20)):
        page = client.post(reverse("pay_again", args=[refused.tracking_token]))
        Walk(client).pay(page)
    with time_machine.travel(refused.slot.cutoff_at + timedelta(seconds=20)):
        tasks.expire_unpaid()
        deliver_all()

    refused.refresh_from_db()
    assert refused.status == Order.Status.PLACED and refused.payment_needed_at is None
    assert payment_state(refused.reference) == "secured"


def test_a_page_open_at_the_cutoff_is_closed_before_the_order_is_called_off(refused, client):
    with time_machine.travel(refused.slot.cutoff_at - MINUTE):
        page = client.post(reverse("pay_again", args=[refused.tracking_token]))
    with time_machine.travel(refused.slot.cutoff_at + MINUTE):
        tasks.expire_unpaid()
        answer = client.post(page.headers["Location"], {"card": "accepte"})

    refused.refresh_from_db()
    assert refused.status == Order.Status.CANCELLED
    assert answer.status_code == 410


def test_a_silent_provider_at_the_cutoff_keeps_the_order(refused, client, monkeypatch):
    with time_machine.travel(refused.slot.cutoff_at - MINUTE):
        client.post(reverse("pay_again", args=[refused.tracking_token]))
    silent(monkeypatch, "expire_page")

    with time_machine.travel(refused.slot.cutoff_at + MINUTE):
        tasks.expire_unpaid()

    refused.refresh_from_db()
    assert refused.status == Order.Status.PLACED


def test_an_old_success_delivered_again_clears_nothing(refused):
    handlers.place_when_paid(
        PaymentSecured(order_reference=refused.reference, operation_key="k", kind="save_card")
    )

    refused.refresh_from_db()
    assert refused.payment_needed_at


def test_a_refusal_delivered_late_neither_asks_nor_cancels_a_paid_order(ready):  # noqa: F811
    ready.come_back(ready.pay(ready.order()))
    order = Order.objects.get()

    handlers.ask_for_payment(
        PaymentActionNeeded(order_reference=order.reference, operation_key="k", code="card_declined")
    )
    with time_machine.travel(order.slot.cutoff_at + MINUTE):
        tasks.expire_unpaid()
        with pytest.raises(payments.PaymentAlreadySecured):
            services.cancel_unpaid(reference=order.reference)

    order.refresh_from_db()
    assert order.status == Order.Status.PLACED and order.payment_needed_at is None
    order.slot.refresh_from_db()
    assert order.slot.booked == 1


def test_a_success_delivered_after_it_was_released_places_nothing(ready):  # noqa: F811
    ready.pay(ready.order())
    order = Order.objects.get()
    PaymentOperation.objects.update(state="released")

    handlers.place_when_paid(
        PaymentSecured(order_reference=order.reference, operation_key="k", kind="authorise")
    )

    order.refresh_from_db()
    assert order.status == Order.Status.AWAITING_PAYMENT


@pytest.fixture
def two(zone):  # noqa: F811
    """Two orders that wait for their payment."""
    for _ in range(2):
        walk = Walk(Client()).fill(ProductFactory()).hold(SlotFactory(zone=zone))  # noqa: F811
        walk.say_who()
        walk.order()
    return list(Order.objects.order_by("created_at"))


def test_one_failing_order_does_not_stop_the_others(two, monkeypatch, caplog):
    first, second = two
    real = ending._give_back

    def poisoned(reference):
        if reference == first.reference:
            raise RuntimeError("lea@exemple.fr")
        return real(reference)

    monkeypatch.setattr(ending, "_give_back", poisoned)

    with time_machine.travel(timezone.now() + 31 * MINUTE), caplog.at_level(logging.ERROR):
        tasks.expire_unpaid()

    second.refresh_from_db()
    assert second.status == Order.Status.ABANDONED
    assert first.reference in caplog.text and "lea@" not in caplog.text


def test_expiry_stops_after_two_silences(two, monkeypatch):
    asked = []
    monkeypatch.setattr(tasks, "abandon_order", lambda *, reference: asked.append(reference) or "unknown")
    monkeypatch.setattr(tasks, "overdue_references", lambda now: ["a", "b", "c", "d"])

    tasks.expire_unpaid()

    assert asked == ["a", "b"]


def test_a_page_opened_again_at_minute_29_is_kept_half_an_hour_more(ready):  # noqa: F811
    start = timezone.now()
    ready.order()
    with time_machine.travel(start + 29 * MINUTE):
        ready.order()

    with time_machine.travel(start + 31 * MINUTE):
        tasks.expire_unpaid()
        assert Order.objects.get().status == Order.Status.AWAITING_PAYMENT
    with time_machine.travel(start + 60 * MINUTE):
        tasks.expire_unpaid()
    assert Order.objects.get().status == Order.Status.ABANDONED


def test_an_order_waits_three_hours_at_most(ready):  # noqa: F811
    start = timezone.now()
    ready.order()
    PaymentOperation.objects.update(opened_at=start + 179 * MINUTE)

    with time_machine.travel(start + 181 * MINUTE):
        tasks.expire_unpaid()

    assert Order.objects.get().status == Order.Status.ABANDONED


def at_the_last_minute(walk, slot):  # noqa: F811
    with time_machine.travel(slot.cutoff_at - MINUTE):
        walk.fill(ProductFactory()).hold(slot).say_who()
        return walk.order()


def test_at_the_cutoff_an_unpaid_order_is_abandoned_at_once(walk, slot):  # noqa: F811
    at_the_last_minute(walk, slot)

    with time_machine.travel(slot.cutoff_at + timedelta(seconds=5)):
        tasks.expire_unpaid()

    assert Order.objects.get().status == Order.Status.ABANDONED
    assert StockItem.objects.get().available == 100


def test_a_page_does_not_outlive_the_cutoff_by_more_than_the_provider_wants(walk, slot):  # noqa: F811
    at_the_last_minute(walk, slot)

    assert PaymentOperation.objects.get().session_expires_at <= slot.cutoff_at + HOUR


@pytest.mark.parametrize("noticed_by", ["return", "expiry"])
def test_a_payment_after_the_cutoff_places_nothing_is_voided_and_told(walk, slot, noticed_by):  # noqa: F811
    answer = at_the_last_minute(walk, slot)

    with time_machine.travel(slot.cutoff_at + 28 * MINUTE):
        paid = walk.pay(answer)
        if noticed_by == "return":
            said = walk.client.get(paid.headers["Location"], follow=True).content.decode()
            assert "le paiement est annulé" in said
        tasks.expire_unpaid()
        for release in PaymentOperation.objects.filter(kind="release"):
            payments.perform(key=release.key)
        deliver_all()

    assert Order.objects.get().status == Order.Status.ABANDONED
    assert DemoSession.objects.get().status == DemoSession.Status.CANCELLED
    assert Message.objects.filter(purpose="payment_voided").count() == 1
    assert not Hold.objects.filter(state=Hold.State.BOOKED).exists()


def test_the_letter_and_the_page_agree_where_to_pay_again(refused):
    assert pay_path(refused) == reverse("pay_again", args=[refused.tracking_token])


def test_whoever_gives_up_paying_again_comes_back_to_pay_again(refused, client):
    address = reverse("pay_again", args=[refused.tracking_token])
    with time_machine.travel(refused.slot.cutoff_at - HOUR):
        page = client.post(address)
        operation = PaymentOperation.objects.latest("id")
        Walk(client).pay(page, card="refuse")
        back = client.get(reverse("checkout_return", args=[operation.key]))
        shown = client.get(address)

    assert operation.cancel_url.endswith(address)
    assert back.headers["Location"] == address
    assert shown.headers["Referrer-Policy"] == "same-origin"


def test_the_tracking_page_leads_to_pay_again_until_the_cutoff(refused, client):
    tracking = reverse("tracking", args=[refused.tracking_token])
    with time_machine.travel(refused.slot.cutoff_at - HOUR):
        before = client.get(tracking).content.decode()
    with time_machine.travel(refused.slot.cutoff_at + HOUR):
        after = client.get(tracking).content.decode()
        closed = client.get(pay_path(refused))

    assert pay_path(refused) in before and pay_path(refused) not in after
    assert closed.headers["Location"] == tracking
    assert "variable indéfinie" not in before + after


def test_coming_back_to_a_cancelled_order_offers_no_new_try(ready, client):  # noqa: F811
    ready.come_back(ready.pay(ready.order()))
    order = Order.objects.get()
    services.cancel_order(reference=order.reference)

    said = client.get(
        reverse("checkout_return", args=[PaymentOperation.objects.earliest("id").key]), follow=True
    )

    assert "Vous pouvez réessayer" not in said.content.decode()
    assert "Cette commande est annulée" in said.content.decode()


def test_a_cancelled_order_says_lifted_only_once_it_is(ready, client):  # noqa: F811
    ready.come_back(ready.pay(ready.order()))
    order = Order.objects.get()
    tracking = reverse("tracking", args=[order.tracking_token])

    services.cancel_order(reference=order.reference)
    before = client.get(tracking).content.decode()
    payments.perform(key=PaymentOperation.objects.get(kind="release").key)
    deliver_all()
    after = client.get(tracking).content.decode()

    assert "en cours d’être levée" in before
    assert "en cours d’être levée" not in after and "est levée" in after


@pytest.mark.parametrize(("card", "seconds"), [("silence", 31), ("retard", 21)])
def test_a_card_that_answers_late_waits_then_places_the_order_by_the_fact(ready, card, seconds):  # noqa: F811
    waiting = ready.come_back(ready.pay(ready.order(), card=card))

    assert "Nous attendons la réponse de votre banque" in waiting.content.decode()
    assert Order.objects.get().status == Order.Status.AWAITING_PAYMENT
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds + 150)):
        payments.reconcile()
        deliver_all()
        again = ready.client.get(waiting.wsgi_request.path)
        deliver_all()

    order = Order.objects.get()
    assert order.status == Order.Status.PLACED
    assert again.headers["Location"].startswith(reverse("tracking", args=[order.tracking_token]))
    assert Message.objects.filter(purpose="order_confirmation").count() == 1


def test_an_order_given_up_by_somebody_else_in_between_is_given_up(ready, monkeypatch):  # noqa: F811
    ready.order()
    reference = Order.objects.get().reference

    def paid_too_late(*, order_reference):
        services.give_up_late(reference=order_reference)
        return "secured"

    monkeypatch.setattr(payments, "abandon", paid_too_late)

    assert services.abandon_order(reference=reference) == "abandoned"
    assert Order.objects.get().status == Order.Status.ABANDONED
