"""One sum taken from several authorisations, and given back over several captures."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from shop.payments import services
from shop.payments.events import LatePaymentVoided, PaymentCaptured, PaymentCaptureFailed
from shop.payments.models import PaymentEntry, PaymentOperation
from shop.payments.queries import payment_state, refundable
from tests.shop.payments.conftest import again, authorised, opened, payment_sums, perform_all, prepare

pytestmark = pytest.mark.django_db
State = PaymentOperation.State
CAPTURE = "/v1/payment_intents/.*/capture"


def hold(provider, *amounts):
    """Authorisations of one order, the first its own."""
    return [
        authorised(provider, amount=amount, occasion=f"amend-{place}" if place else "")
        for place, amount in enumerate(amounts)
    ]


def capture(amount):
    return services.capture(order_reference="CAB-1", amount=Decimal(amount))


def refund(amount, occasion="plainte-1"):
    return services.refund(
        order_reference="CAB-1", amount=Decimal(amount), occasion=occasion, reason="missing"
    )


def sums():
    found = payment_sums("CAB-1")
    return tuple(str(one) for one in (found.authorised, found.captured, found.released, found.refunded))


def test_the_oldest_authorisations_pay_and_the_rest_is_given_back(provider, facts):
    own, second, third = hold(provider, "80.00", "20.00", "15.00")

    asked = capture("90.00")
    assert [(one.parent, one.amount) for one in asked] == [
        (own, Decimal("80.00")),
        (second, Decimal("10.00")),
    ]
    perform_all()

    assert sums() == ("115.00", "90.00", "25.00", "0.00")
    assert [fact for fact in facts if isinstance(fact, PaymentCaptured)] == [
        PaymentCaptured("CAB-1", asked[1].key, 9000),
    ]
    assert again(third).state == State.RELEASED
    assert [i["status"] for i in provider.store.intents.values()] == ["succeeded", "succeeded", "canceled"]
    assert sorted(PaymentEntry.objects.filter(kind="released").values_list("operation", "amount")) == [
        (third.pk, Decimal("15.00")),
        (asked[1].pk, Decimal("10.00")),
    ]


def test_nothing_is_given_back_before_all_is_taken(provider):
    _own, _second, third = hold(provider, "80.00", "20.00", "15.00")
    first, _other = capture("90.00")

    services.perform(key=first.key)

    assert again(third).state == State.SUCCEEDED
    assert not PaymentOperation.objects.filter(kind="release").exists()


def test_asked_again_it_is_the_same_and_another_sum_is_refused(provider):
    hold(provider, "80.00", "20.00")
    asked = capture("90.00")

    assert capture("90.00") == asked
    perform_all()
    assert capture("90.00") == asked
    for amount in ("80.00", "10.00", "100.00"):
        with pytest.raises(services.AlreadyCaptured):
            capture(amount)

    assert len(provider.calls("POST", CAPTURE)) == 2


def test_at_most_all_that_is_held_is_taken(provider):
    hold(provider, "80.00", "20.00")
    services.release_part(order_reference="CAB-1", occasion="amend-1")

    with pytest.raises(services.CaptureAboveAuthorised):
        capture("80.01")

    assert not PaymentOperation.objects.filter(kind="capture").exists()


def test_no_part_is_below_what_the_provider_takes(provider):
    hold(provider, "80.00", "20.00")

    assert [one.amount for one in capture("80.20")] == [Decimal("79.70"), Decimal("0.50")]


def test_what_is_being_taken_is_not_given_back(provider):
    hold(provider, "80.00", "20.00")
    capture("90.00")

    with pytest.raises(services.AlreadyCaptured):
        services.release_part(order_reference="CAB-1", occasion="amend-1")
    with pytest.raises(services.AlreadyCaptured):
        services.release(order_reference="CAB-1")


@pytest.mark.parametrize("fault", ["lost", "reset", "failed_after"])
def test_a_silence_on_one_of_two_is_finished_by_its_key(provider, fault):
    hold(provider, "80.00", "20.00")
    first, second = capture("90.00")
    provider.fail(CAPTURE, fault)

    assert services.perform(key=first.key) in {State.UNKNOWN, State.SUCCEEDED}
    assert services.perform(key=second.key) == State.SUCCEEDED
    services.reconcile(now=timezone.now() + timedelta(minutes=2))

    assert sums() == ("100.00", "90.00", "10.00", "0.00")
    assert {call[3] for call in provider.calls("POST", CAPTURE)} == {first.key, second.key}


def test_an_authorisation_that_ended_is_told_and_another_may_stand_in(provider, facts):
    own, _second = hold(provider, "80.00", "20.00")
    provider.store.cancel(own.intent_id)
    first, second = capture("90.00")

    perform_all()

    assert [again(one).state for one in (first, second, own)] == ["refused", "succeeded", "released"]
    assert PaymentCaptureFailed("CAB-1", first.key, 8000) in facts
    assert sums() == ("100.00", "10.00", "90.00", "0.00")
    with pytest.raises(services.AlreadyCaptured):
        capture("70.00")
    with pytest.raises(services.NothingAuthorised):
        capture("90.00")
    authorised(provider, amount="80.00")
    asked = capture("90.00")
    perform_all()

    assert [one.amount for one in asked] == [Decimal("10.00"), Decimal("80.00")]
    assert sums() == ("180.00", "90.00", "90.00", "0.00")


def test_when_nothing_could_be_taken_another_sum_may_be(provider):
    (own,) = hold(provider, "80.00")
    provider.store.cancel(own.intent_id)
    capture("80.00")
    perform_all()
    authorised(provider, amount="60.00")

    capture("55.00")
    perform_all()

    assert sums() == ("140.00", "55.00", "85.00", "0.00")


def test_a_payment_that_comes_after_all_was_taken_is_voided_and_told(provider, facts):
    hold(provider, "80.00")
    page = opened(amount="20.00", occasion="amend-1")
    capture("80.00")
    perform_all()
    provider.pay(page.session_id)

    services.refresh(key=page.key)
    perform_all()

    assert facts[-1] == LatePaymentVoided("CAB-1", page.key, 2000)
    assert sums() == ("100.00", "80.00", "20.00", "0.00")
    assert payment_state("CAB-1") == "secured"
    with pytest.raises(services.PaymentClosed):
        prepare(amount="5.00", occasion="amend-2")


# --- refunds ---------------------------------------------------------------------------------------
@pytest.fixture
def taken(provider):
    """80 and 20 captured."""
    hold(provider, "80.00", "20.00")
    asked = capture("100.00")
    perform_all()
    return asked


def test_a_refund_takes_from_the_capture_with_most_left(provider, taken):
    (one,) = refund("70.00")
    assert one.parent == taken[0]
    first, second = refund("25.00", "plainte-2")
    perform_all()

    assert [(give.parent, give.amount) for give in (first, second)] == [
        (taken[1], Decimal("20.00")),
        (taken[0], Decimal("5.00")),
    ]
    assert sums() == ("100.00", "100.00", "0.00", "95.00")
    assert refundable("CAB-1") == Decimal("5.00")


def test_the_same_occasion_is_the_same_refund(provider, taken):
    asked = refund("90.00")

    assert refund("90.00") == asked
    for amount in ("89.99", "95.00", "10.00"):
        with pytest.raises(services.AlreadyRefunded):
            refund(amount)
    with pytest.raises(services.RefundAboveCaptured):
        refund("10.01", "plainte-2")
    perform_all()

    assert sums()[3] == "90.00"
    assert len(provider.store.refunds) == 2


def test_what_the_provider_refused_is_asked_again_under_a_new_key_only_then(provider, taken):
    provider.store.create_refund({"payment_intent": taken[1].intent_id, "amount": "2000"})
    first, refused = refund("90.00")
    assert refund("90.00") == [first, refused]
    perform_all()
    assert (again(first).state, again(refused).state) == (State.SUCCEEDED, State.REFUSED)
    assert refundable("CAB-1") == Decimal("20.00")

    anew = refund("90.00")

    assert anew[0] == first and anew[1].key != refused.key
    assert anew[1].amount == refused.amount == Decimal("10.00")


# --- races -----------------------------------------------------------------------------------------
def _at_once(*works):
    found, start = [], threading.Barrier(len(works))

    def run(work):
        try:
            start.wait(5)
            found.append(work())
        except services.PaymentError as said:
            found.append(said)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def _capture_without_lock(amount, both_looked):
    """The guard removed: look, then write, with nothing held in between and no word on the account."""
    held = PaymentOperation.objects.standing().filter(account_id="CAB-1").order_by("id")
    found = list(held)
    both_looked.wait(5)
    own = next(one for one in found if one.occasion == ("" if amount == 80 else "amend-1"))
    return PaymentOperation.objects.create(
        account_id="CAB-1", parent=own, kind="capture", amount=amount, intent_id=own.intent_id
    )


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_captures_of_other_sums_at_once_are_one(provider):
    hold(provider, "80.00", "20.00")

    found = _at_once(lambda: capture("80.00"), lambda: capture("20.00"))

    assert sum(isinstance(one, services.AlreadyCaptured) for one in found) == 1
    asked = PaymentOperation.objects.filter(kind="capture").values_list("amount", flat=True)
    assert sum(asked) in {80, 20}


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_both_sums_would_be_asked(provider):
    hold(provider, "80.00", "20.00")
    both_looked = threading.Barrier(2)

    _at_once(
        lambda: _capture_without_lock(Decimal(80), both_looked),
        lambda: _capture_without_lock(Decimal(20), both_looked),
    )

    assert sum(PaymentOperation.objects.filter(kind="capture").values_list("amount", flat=True)) == 100


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_capture_and_the_release_of_a_part_at_once_never_share_an_authorisation(provider):
    hold(provider, "80.00", "20.00")

    _at_once(
        lambda: capture("90.00"),
        lambda: services.release_part(order_reference="CAB-1", occasion="amend-1"),
    )
    perform_all()

    captured = PaymentOperation.objects.filter(kind="capture").exists()
    released = PaymentOperation.objects.filter(kind="release", parent=None).exists()
    assert captured != released
    assert payment_sums("CAB-1").captured == (90 if captured else 0)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_refunds_over_several_captures_at_once_stay_within_them(provider):
    hold(provider, "50.00", "30.00")
    capture("80.00")
    perform_all()

    found = _at_once(lambda: refund("50.00", "a"), lambda: refund("50.00", "b"))

    assert sum(isinstance(one, services.RefundAboveCaptured) for one in found) == 1
    given = PaymentOperation.objects.filter(kind="refund").values_list("amount", flat=True)
    assert sum(given) == 50
