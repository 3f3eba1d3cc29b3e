"""Taking money and giving it back: captured ≤ authorised, refunded ≤ captured, each once."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from shop.payments import services
from shop.payments.events import PaymentCaptured, PaymentRefunded, PaymentRefundRefused
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation
from tests.shop.payments.conftest import again, authorised, captured, give_back, opened, payment_sums, take

pytestmark = pytest.mark.django_db
State = PaymentOperation.State
CAPTURE, REFUNDS = "/v1/payment_intents/.*/capture", "/v1/refunds"


def test_a_partial_capture_releases_the_rest(provider, facts):
    taking = captured(provider, amount="62.40")

    assert taking.state == State.SUCCEEDED
    sums = payment_sums("CAB-1")
    assert (sums.authorised, sums.captured, sums.released) == (
        Decimal("80.00"),
        Decimal("62.40"),
        Decimal("17.60"),
    )
    assert facts[-1] == PaymentCaptured("CAB-1", taking.key, 6240)
    assert next(iter(provider.store.intents.values()))["amount_received"] == 6240


def test_capturing_above_the_authorisation_is_refused(provider):
    authorised(provider)

    with pytest.raises(services.CaptureAboveAuthorised):
        services.capture(order_reference="CAB-1", amount=Decimal("80.01"))

    assert not provider.calls("POST", CAPTURE)
    assert payment_sums("CAB-1").captured == 0


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "NaN", "sNaN", "-Infinity", "1E+12"])
def test_capturing_no_sum_is_refused(provider, amount):
    authorised(provider)

    with pytest.raises(services.InvalidAmount):
        services.capture(order_reference="CAB-1", amount=Decimal(amount))


def test_nothing_is_captured_without_an_authorisation(provider):
    opened()

    for reference in ("CAB-1", "CAB-unheard-of"):
        with pytest.raises(services.NothingAuthorised):
            services.capture(order_reference=reference, amount=Decimal("10.00"))


def test_capturing_twice_is_one_capture_and_another_sum_is_refused(provider):
    taking = captured(provider, amount="60.00")

    assert take("60.00") == taking
    services.perform(key=taking.key)
    with pytest.raises(services.AlreadyCaptured):
        services.capture(order_reference="CAB-1", amount=Decimal("20.00"))

    assert len(provider.calls("POST", CAPTURE)) == 1


@pytest.mark.parametrize("fault", ["lost", "reset", "failed_after"])
def test_an_unanswered_capture_is_finished_by_its_key(provider, fault):
    authorised(provider)
    provider.fail(CAPTURE, fault)
    taking = take("80.00")

    services.perform(key=taking.key)
    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert again(taking).state == State.SUCCEEDED
    assert payment_sums("CAB-1").captured == Decimal("80.00")
    assert {call[3] for call in provider.calls("POST", CAPTURE)} == {taking.key}


def test_capturing_an_authorisation_that_ended_is_refused(provider):
    operation = authorised(provider)
    provider.store.cancel(operation.intent_id)
    taking = take("80.00")

    assert services.perform(key=taking.key) == State.REFUSED

    assert payment_sums("CAB-1").captured == 0


def test_what_was_captured_is_not_released(provider):
    captured(provider)

    with pytest.raises(services.AlreadyCaptured):
        services.release(order_reference="CAB-1")


def test_what_is_released_is_not_captured(provider):
    authorised(provider)
    services.release(order_reference="CAB-1")

    with pytest.raises(services.PaymentClosed):
        services.capture(order_reference="CAB-1", amount=Decimal("80.00"))


def test_a_refund_goes_back_once_per_occasion(provider, facts):
    captured(provider)

    giving = give_back("30.00")
    services.perform(key=giving.key)
    services.perform(key=giving.key)
    assert give_back("30.00") == again(giving)

    assert facts[-1] == PaymentRefunded("CAB-1", giving.key, 3000, "plainte-1")
    assert payment_sums("CAB-1").refunded == Decimal("30.00")
    assert len(provider.store.refunds) == 1


def test_refunding_above_the_capture_is_refused(provider):
    captured(provider, amount="60.00")
    give_back("50.00")

    for amount in ("60.01", "10.01"):
        with pytest.raises(services.RefundAboveCaptured):
            give_back(amount, occasion="plainte-2")

    assert PaymentOperation.objects.filter(kind="refund").count() == 1


def test_nothing_is_refunded_before_a_capture(provider):
    authorised(provider)

    for reference in ("CAB-1", "CAB-unheard-of"):
        with pytest.raises(services.RefundAboveCaptured):
            give_back("1.00", reference=reference)


@pytest.mark.parametrize(
    ("amount", "occasion"),
    [("0", "a"), ("-1", "a"), ("1.001", "a"), ("NaN", "a"), ("Infinity", "a"), ("1", ""), ("1", "x" * 65)],
)
def test_a_refund_of_nothing_or_for_nothing_is_refused(provider, amount, occasion):
    captured(provider)

    with pytest.raises((services.InvalidAmount, services.InvalidOccasion)):
        give_back(amount, occasion)

    assert not PaymentOperation.objects.filter(kind="refund").exists()


def test_a_refund_says_why(provider):
    captured(provider)

    with pytest.raises(services.InvalidReason):
        give_back("1.00", reason="humeur")

    assert give_back("1.00", reason="damaged").get_reason_display() == "article abîmé"


@pytest.mark.parametrize("fault", ["lost", "reset", "failed_after"])
def test_an_unanswered_refund_is_finished_by_its_key(provider, fault):
    captured(provider)
    giving = give_back("30.00")
    provider.fail(REFUNDS, fault)

    assert services.perform(key=giving.key) == State.UNKNOWN
    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert again(giving).state == State.SUCCEEDED
    assert len(provider.store.refunds) == 1


def test_a_refund_that_the_provider_rejects_is_told_once(provider, facts):
    taking = captured(provider)
    provider.store.create_refund({"payment_intent": taking.intent_id, "amount": "8000"})
    giving = give_back("30.00")

    for _twice in range(2):
        services.perform(key=giving.key)

    told = [fact for fact in facts if isinstance(fact, PaymentRefundRefused)]
    assert told == [PaymentRefundRefused("CAB-1", giving.key, "plainte-1")]


def test_a_refund_that_the_provider_rejects_makes_room_for_another(provider):
    taking = captured(provider)
    provider.store.create_refund({"payment_intent": taking.intent_id, "amount": "8000"})
    giving = give_back("30.00")

    assert services.perform(key=giving.key) == State.REFUSED

    assert payment_sums("CAB-1").refunded == 0
    assert give_back("30.00") != giving


# --- the database's own word -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "sums", [{"captured": "80.01"}, {"refunded": "0.01"}, {"captured": "50", "released": "31"}]
)
def test_the_database_refuses_sums_that_cannot_be(sums):
    account = PaymentAccount.objects.create(
        order_reference="CAB-9", customer_id=1, authorised=Decimal("80.00")
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentAccount.objects.filter(pk=account.pk).update(
            **{name: Decimal(value) for name, value in sums.items()}
        )


def test_the_ledger_is_only_added_to(provider):
    authorised(provider)

    for change in (
        lambda: PaymentEntry.objects.update(amount=1),
        lambda: PaymentEntry.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()

    assert PaymentEntry.objects.get().amount == Decimal("80.00")


# --- races -----------------------------------------------------------------------------------------
def _refund_without_lock(amount, occasion, both_looked):
    """The guard removed: look, then write, with nothing held in between."""
    taken = PaymentOperation.objects.get(kind="capture")
    asked = sum(one.amount for one in PaymentOperation.objects.filter(kind="refund"))
    both_looked.wait(5)
    if asked + amount > taken.account.captured:
        raise services.RefundAboveCaptured
    return PaymentOperation.objects.create(
        account=taken.account,
        parent=taken,
        kind="refund",
        amount=amount,
        occasion=occasion,
        intent_id=taken.intent_id,
    )


def _two_refunds(refund):
    found, start = [], threading.Barrier(2)

    def run(occasion):
        try:
            start.wait(5)
            found.append(refund(Decimal("50.00"), occasion))
        except services.RefundAboveCaptured as said:
            found.append(said)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(occasion,)) for occasion in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_refunds_of_50_on_80_at_once_one_is_refused(provider):
    captured(provider)

    found = _two_refunds(
        lambda amount, occasion: services.refund(
            order_reference="CAB-1", amount=amount, occasion=occasion, reason="missing"
        )
    )

    assert sum(isinstance(one, services.RefundAboveCaptured) for one in found) == 1
    assert PaymentOperation.objects.filter(kind="refund").count() == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_both_refunds_would_be_asked(provider):
    captured(provider)
    both_looked = threading.Barrier(2)

    found = _two_refunds(lambda amount, occasion: _refund_without_lock(amount, occasion, both_looked))

    assert not any(isinstance(one, services.RefundAboveCaptured) for one in found)
    assert sum(one.amount for one in PaymentOperation.objects.filter(kind="refund")) == Decimal("100.00")


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_workers_performing_one_capture_take_the_money_once(provider):
    authorised(provider)
    taking = take("80.00")

    def work():
        services.perform(key=taking.key)
        connection.close()

    threads = [threading.Thread(target=work) for _worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert again(taking).state == State.SUCCEEDED
    assert payment_sums("CAB-1").captured == Decimal("80.00")
    assert PaymentEntry.objects.filter(kind="captured").count() == 1
