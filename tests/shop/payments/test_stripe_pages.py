"""Opening, paying, closing a page, through the real SDK against the fake provider."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shop.payments import services
from shop.payments.events import (
    LatePaymentVoided,
    PaymentLapsed,
    PaymentRefused,
    PaymentReleased,
    PaymentSecured,
)
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation, SavedCard
from shop.payments.queries import payment_state
from tests.shop.payments.conftest import (
    CANCEL,
    RETURN,
    again,
    authorised,
    open_page,
    opened,
    payment_key,
    payment_sums,
    prepare,
)

pytestmark = pytest.mark.django_db
State = PaymentOperation.State
SESSIONS = "/v1/checkout/sessions"


def test_a_near_slot_is_authorised_now(provider, facts):
    operation = prepare(days=4)

    url = open_page(operation)
    provider.pay(again(operation).session_id)
    state = services.refresh(key=operation.key)

    assert url.startswith("https://checkout.stripe.example/")
    assert state == State.SUCCEEDED
    assert facts == [PaymentSecured("CAB-1", operation.key, "authorise")]
    assert payment_state("CAB-1") == "secured"
    assert payment_key("CAB-1") == operation.key
    assert payment_sums("CAB-1").authorised == Decimal("80.00")
    assert [(e.kind, e.amount) for e in PaymentEntry.objects.all()] == [("authorised", Decimal("80.00"))]


def test_the_page_asks_for_manual_capture_in_french_and_names_nobody(provider):
    operation = prepare()

    open_page(operation)

    _method, _path, params, key, headers = provider.calls("POST", SESSIONS)[0]
    assert key == operation.key
    assert params["mode"] == "payment"
    assert params["payment_intent_data"]["capture_method"] == "manual"
    assert params["locale"] == "fr"
    assert params["line_items"][0]["price_data"]["unit_amount"] == "8000"
    assert params["success_url"] == RETURN
    assert "customer_email" not in params
    assert headers["Stripe-Version"] == "2026-10-28.endive"


def test_a_far_slot_saves_the_card_with_strong_authentication(provider, facts):
    operation = opened(days=10)

    provider.pay(operation.session_id)
    services.refresh(key=operation.key)

    params = provider.calls("POST", SESSIONS)[0][2]
    assert params["mode"] == "setup"
    assert params["payment_method_options"]["card"]["request_three_d_secure"] == "any"
    assert facts == [PaymentSecured("CAB-1", operation.key, "save_card")]
    assert payment_state("CAB-1") == "card_saved"
    assert payment_sums("CAB-1").authorised == 0
    assert SavedCard.objects.get().operation_id == operation.pk


def test_a_double_click_prepares_one_payment(provider):
    first, second = prepare(), prepare()

    assert first == second
    assert PaymentOperation.objects.count() == 1


def test_another_amount_for_a_live_payment_is_refused(provider):
    prepare(amount="80.00")

    with pytest.raises(services.AmountChanged):
        prepare(amount="8.00")

    assert PaymentOperation.objects.get().amount == Decimal("80.00")


@pytest.mark.parametrize("amount", ["0", "-5", "0.49", "10.001", "NaN", "Infinity", "1e12"])
def test_an_amount_that_is_not_payable_is_refused(amount):
    with pytest.raises(services.InvalidAmount):
        prepare(amount=amount)

    assert not PaymentAccount.objects.exists()


def test_opening_twice_gives_the_same_page_and_one_call(provider):
    operation = prepare()

    assert open_page(operation) == open_page(operation)

    assert len(provider.calls("POST", SESSIONS)) == 1


@pytest.mark.parametrize("fault", ["lost", "failed_after", "silent"])
def test_a_page_whose_answer_was_lost_is_resumed_by_the_same_key(impatient, fault):
    operation = prepare()
    lost = impatient.fail(SESSIONS, fault)

    try:
        url = open_page(operation)
    except services.ProviderUnavailable:
        assert payment_state("CAB-1") == "unknown"
        lost.gate.set()
        url = open_page(operation)

    assert len(impatient.store.sessions) == 1
    assert url == again(operation).session_url
    assert {call[3] for call in impatient.calls("POST", SESSIONS)} == {operation.key}
    impatient.pay(again(operation).session_id)
    assert services.refresh(key=operation.key) == State.SUCCEEDED
    assert len(impatient.store.intents) == 1


@pytest.mark.parametrize("fault", ["reset", "limited"])
def test_a_request_that_never_arrived_is_resumed_by_the_same_key(provider, fault):
    operation = prepare()
    provider.fail(SESSIONS, fault)

    with pytest.raises(services.ProviderUnavailable):
        open_page(operation)
    open_page(operation)

    assert len(provider.store.sessions) == 1
    assert payment_state("CAB-1") == "pending"


def test_a_stored_failure_is_not_got_round_with_a_new_key(provider):
    operation = prepare()
    provider.fail(SESSIONS, "failed")

    for _attempt in range(2):
        with pytest.raises(services.ProviderUnavailable):
            open_page(operation)

    assert not provider.store.sessions
    assert {call[3] for call in provider.calls("POST", SESSIONS)} == {operation.key}


def test_wrong_credentials_leave_a_doubt_and_no_page(provider, settings):
    operation = prepare()
    settings.STRIPE_SECRET_KEY = "sk_wrong"

    with pytest.raises(services.ProviderUnavailable):
        open_page(operation)

    assert again(operation).state == State.UNKNOWN


def test_the_provider_is_never_called_inside_a_transaction(provider):
    operation = prepare()

    with transaction.atomic(), pytest.raises(services.CalledInTransaction):
        open_page(operation)

    assert again(operation).state == State.PREPARED
    assert not provider.requests


def test_a_refused_card_leaves_the_page_open_for_another(provider, facts):
    operation = opened()

    provider.pay(operation.session_id, refusal="insufficient_funds")
    assert services.refresh(key=operation.key) == State.REFUSED
    services.refresh(key=operation.key)
    assert payment_state("CAB-1") == "refused"
    assert open_page(operation) == operation.session_url
    provider.pay(operation.session_id)
    services.refresh(key=operation.key)

    assert facts == [
        PaymentRefused("CAB-1", operation.key, "insufficient_funds"),
        PaymentSecured("CAB-1", operation.key, "authorise"),
    ]
    assert len(provider.store.intents) == 1


def test_a_refused_card_on_a_setup_page_is_told_too(provider):
    operation = opened(days=9)

    provider.pay(operation.session_id, refusal="card_declined")

    assert services.refresh(key=operation.key) == State.REFUSED


def test_a_paid_order_is_not_asked_again(provider):
    operation = authorised(provider)

    with pytest.raises(services.PaymentAlreadySecured):
        open_page(operation)

    assert prepare() == operation
    assert len(provider.store.sessions) == 1


def test_a_lapsed_page_lets_a_new_payment_be_prepared(provider, facts):
    operation = opened()
    provider.store.expire_session(operation.session_id)

    assert services.refresh(key=operation.key) == State.EXPIRED
    with pytest.raises(services.PaymentClosed):
        open_page(operation)
    second = prepare()

    assert facts == [PaymentLapsed("CAB-1", operation.key)]
    assert second.key != operation.key
    assert payment_state("CAB-1") == "pending"


def test_an_overdue_page_is_looked_at_before_it_is_given_again(provider):
    operation = opened()
    provider.pay(operation.session_id)
    PaymentOperation.objects.update(session_expires_at=timezone.now())

    with pytest.raises(services.PaymentAlreadySecured):
        open_page(operation)


def test_another_authorised_sum_secures_nothing(provider, facts):
    operation = opened()
    intent = provider.pay(operation.session_id)
    intent["amount_capturable"] = 100

    assert services.refresh(key=operation.key) == State.UNKNOWN

    assert again(operation).last_error_code == "amount_mismatch"
    assert facts == []
    assert not PaymentEntry.objects.exists()


def test_silence_is_a_doubt_that_is_lifted(provider):
    operation = opened()
    provider.fail(f"{SESSIONS}/.*", "reset", "GET")

    assert services.refresh(key=operation.key) == State.UNKNOWN
    assert payment_state("CAB-1") == "unknown"
    assert services.refresh(key=operation.key) == State.OPENED


# --- giving up -------------------------------------------------------------------------------------
def test_abandoning_closes_the_page_first(provider, facts):
    operation = opened()

    assert services.abandon(order_reference="CAB-1") == "released"

    assert provider.store.sessions[operation.session_id]["status"] == "expired"
    assert again(operation).state == State.EXPIRED
    assert facts == [PaymentLapsed("CAB-1", operation.key)]


def test_abandoning_what_was_never_asked_calls_nobody(provider):
    operation = prepare()

    assert services.abandon(order_reference="CAB-1") == "released"
    assert services.abandon(order_reference="CAB-unheard-of") == "released"

    assert again(operation).state == State.EXPIRED
    assert not provider.requests


def test_abandoning_a_page_that_was_paid_keeps_the_order(provider, facts):
    operation = opened()
    provider.pay(operation.session_id)

    assert services.abandon(order_reference="CAB-1") == "secured"
    assert services.abandon(order_reference="CAB-1") == "secured"

    assert facts == [PaymentSecured("CAB-1", operation.key, "authorise")]
    assert next(iter(provider.store.intents.values()))["status"] == "requires_capture"


def test_abandoning_without_an_answer_releases_nothing(provider):
    operation = opened()
    provider.fail(f"{SESSIONS}/.*/expire", "reset")

    assert services.abandon(order_reference="CAB-1") == "unknown"
    assert again(operation).state == State.UNKNOWN

    assert services.abandon(order_reference="CAB-1") == "released"


def test_abandoning_a_page_whose_opening_was_never_answered_finds_and_closes_it(provider):
    operation = prepare()
    provider.fail(SESSIONS, "lost")
    with pytest.raises(services.ProviderUnavailable):
        open_page(operation)

    assert services.abandon(order_reference="CAB-1") == "released"

    assert [s["status"] for s in provider.store.sessions.values()] == ["expired"]


@pytest.mark.parametrize("fault", ["failed", "failed_after"])
def test_abandoning_after_a_stored_failure_closes_what_it_left(provider, fault):
    operation = prepare()
    provider.fail(SESSIONS, fault)
    if fault == "failed":
        with pytest.raises(services.ProviderUnavailable):
            open_page(operation)
    else:
        open_page(operation)

    assert services.abandon(order_reference="CAB-1") == "released"

    assert all(s["status"] == "expired" for s in provider.store.sessions.values())


def test_a_late_success_is_voided_and_told(provider, facts, desk):
    operation = opened()
    provider.fail(f"{SESSIONS}/.*/expire", "reset")
    assert services.abandon(order_reference="CAB-1") == "unknown"
    desk.given_up.add("CAB-1")
    provider.pay(operation.session_id)

    services.refresh(key=operation.key)
    release = PaymentOperation.objects.get(kind="release")
    services.perform(key=release.key)

    assert facts == [LatePaymentVoided("CAB-1", operation.key, 8000)]
    assert [i["status"] for i in provider.store.intents.values()] == ["canceled"]
    sums = payment_sums("CAB-1")
    assert (sums.authorised, sums.released) == (Decimal("80.00"), Decimal("80.00"))
    assert again(operation).state == State.RELEASED
    assert payment_state("CAB-1") == "lapsed"


def test_a_late_saved_card_is_forgotten_and_told(provider, facts, desk):
    operation = opened(days=10)
    desk.given_up.add("CAB-1")
    provider.pay(operation.session_id)

    services.refresh(key=operation.key)
    services.perform(key=PaymentOperation.objects.get(kind="release").key)

    assert facts == [LatePaymentVoided("CAB-1", operation.key, 0)]
    assert not provider.store.customers


def test_a_success_found_by_the_room_above_to_be_late_is_voided(provider, facts):
    operation = authorised(provider)

    release = services.void_late_success(order_reference="CAB-1")
    services.perform(key=release.key)

    assert facts[-1] == LatePaymentVoided("CAB-1", operation.key, 8000)


def test_a_page_paid_after_it_was_taken_for_closed_is_given_back(provider, facts):
    operation = opened()
    PaymentOperation.objects.update(state=State.EXPIRED)
    provider.pay(operation.session_id)

    assert services.refresh(key=operation.key) == State.RELEASED
    services.refresh(key=operation.key)

    assert facts == [LatePaymentVoided("CAB-1", operation.key, 8000)]
    assert [i["status"] for i in provider.store.intents.values()] == ["canceled"]
    sums = payment_sums("CAB-1")
    assert (sums.authorised, sums.released) == (Decimal("80.00"), Decimal("80.00"))


# --- release ---------------------------------------------------------------------------------------
def test_releasing_voids_the_authorisation_once(provider, facts):
    operation = authorised(provider)

    first = services.release(order_reference="CAB-1")
    services.perform(key=first.key)
    second = services.release(order_reference="CAB-1")
    services.perform(key=second.key)

    assert first == second
    assert facts[1:] == [PaymentReleased("CAB-1", operation.key, 8000)]
    assert len(provider.calls("POST", "/v1/payment_intents/.*/cancel")) == 1
    assert payment_sums("CAB-1").released == Decimal("80.00")


def test_a_release_without_an_answer_is_finished_by_reconciliation(provider, facts):
    operation = authorised(provider)
    provider.fail("/v1/payment_intents/.*/cancel", "lost")
    release = services.release(order_reference="CAB-1")

    assert services.perform(key=release.key) == State.UNKNOWN
    assert again(operation).state == State.SUCCEEDED
    services.reconcile(now=timezone.now() + timedelta(minutes=3))

    assert again(release).state == State.SUCCEEDED
    assert again(operation).state == State.RELEASED
    keys = {call[3] for call in provider.calls("POST", "/v1/payment_intents/.*/cancel")}
    assert keys == {f"{release.key}-{operation.pk}"}
    assert facts[-1] == PaymentReleased("CAB-1", operation.key, 8000)


def test_releasing_an_order_with_an_open_page_closes_it(provider):
    operation = opened()

    release = services.release(order_reference="CAB-1")
    services.perform(key=release.key)

    assert again(operation).state == State.EXPIRED
    assert again(release).state == State.SUCCEEDED
    with pytest.raises(services.PaymentClosed):
        prepare()


def test_releasing_a_saved_card_forgets_it_at_the_provider(provider, facts):
    operation = opened(days=10)
    provider.pay(operation.session_id)
    services.refresh(key=operation.key)

    services.perform(key=services.release(order_reference="CAB-1").key)

    assert not provider.store.customers
    assert SavedCard.objects.get().forgotten_at
    assert facts[-1] == PaymentReleased("CAB-1", operation.key, 0)


def test_a_success_after_a_finished_release_is_voided_too(provider, facts):
    operation = opened()
    first = services.release(order_reference="CAB-1")
    PaymentOperation.objects.filter(pk=first.pk).update(state=State.SUCCEEDED)
    provider.pay(operation.session_id)

    services.refresh(key=operation.key)
    second = PaymentOperation.objects.filter(kind="release").latest("id")
    services.perform(key=second.key)

    assert second != first
    assert facts == [LatePaymentVoided("CAB-1", operation.key, 8000)]
    assert [i["status"] for i in provider.store.intents.values()] == ["canceled"]


def test_releasing_an_unheard_of_order_does_nothing(provider):
    assert services.release(order_reference="CAB-unheard-of") is None

    assert not PaymentOperation.objects.exists()


def test_an_authorisation_that_ended_by_itself_is_told(provider, facts):
    operation = authorised(provider)
    provider.store.cancel(operation.intent_id)

    assert services.refresh(key=operation.key) == State.RELEASED

    assert facts[-1] == PaymentLapsed("CAB-1", operation.key)
    assert payment_sums("CAB-1").released == Decimal("80.00")
    assert prepare().key != operation.key


# --- races -----------------------------------------------------------------------------------------
def _together(*calls):
    """Run calls in threads, each with its own connection; their results or errors."""
    found = [None] * len(calls)

    def run(place, call):
        try:
            found[place] = call()
        except Exception as said:
            found[place] = said
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_tabs_opening_at_once_get_one_page(provider):
    operation = prepare()
    slow = provider.fail(SESSIONS, "slow")

    def second_tab():
        slow.reached.wait(5)
        threading.Timer(0.3, slow.gate.set).start()
        return open_page(operation)

    first, second = _together(lambda: open_page(operation), second_tab)

    assert first == second == again(operation).session_url
    assert len(provider.store.sessions) == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_tabs_preparing_at_once_get_one_payment(provider):
    barrier = threading.Barrier(2)

    def tab():
        barrier.wait(5)
        return prepare().key

    first, second = _together(tab, tab)

    assert first == second
    assert PaymentOperation.objects.count() == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_two_keys_for_one_order_would_open_two_pages(provider):
    """What the key and the constraint prevent: the provider itself happily opens both."""
    from shop.payments.gateways import gateway
    from shop.payments.services.pages import _page_request

    operation = prepare()
    operation.return_url, operation.cancel_url = RETURN, CANCEL
    operation.session_expires_at = timezone.now() + timedelta(hours=1)

    for key in ("first", "second"):
        operation.key = key
        gateway().open_page(_page_request(operation))

    assert len(provider.store.sessions) == 2


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_many_looks_at_one_success_write_it_once(provider, facts):
    operation = opened()
    provider.pay(operation.session_id)

    states = _together(*[lambda: services.refresh(key=operation.key)] * 4)

    assert set(states) == {State.SUCCEEDED}
    assert len(facts) == 1
    assert PaymentEntry.objects.count() == 1
