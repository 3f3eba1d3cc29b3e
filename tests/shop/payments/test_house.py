"""Rules, moves, checks, the desk, tasks, and what staff see."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from celery import current_app
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django_domain_events.codecs.dataclass_codec import DataclassCodec
from hypothesis import given
from hypothesis import strategies as st

from shop.payments import events, ports, rules, services, tasks
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation, ProviderEvent
from shop.payments.queries import order_of_payment, payment_state, unknown_answers
from shop.payments.services import later
from tests.factories import UserFactory
from tests.shop.payments.conftest import again, authorised, opened, prepare

State = PaymentOperation.State
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "kind"), [(1, "authorise"), (96, "authorise"), (97, "save_card"), (24 * 14, "save_card")]
)
def test_four_days_decide_between_authorising_and_saving(hours, kind):
    assert rules.kind_for(NOW + timedelta(hours=hours), NOW) == kind


def test_cents_are_exact():
    assert rules.cents(Decimal("19.99")) == 1999
    assert rules.euros(1999) == Decimal("19.99")
    with pytest.raises(ValueError, match="two decimals"):
        rules.cents(Decimal("0.001"))


CENTS = st.integers(1, 20_000).map(lambda cents: Decimal(cents) / 100)


@given(amount=CENTS, rooms=st.lists(CENTS.filter(lambda room: room >= rules.LEAST), min_size=1, max_size=4))
def test_a_sum_is_spread_whole_within_its_rooms_and_above_the_least(amount, rooms):
    if amount > sum(rooms):
        with pytest.raises(ValueError, match="room"):
            rules.spread(amount, rooms)
        return

    parts = rules.spread(amount, rooms, rules.LEAST)

    assert sum(parts) == amount
    assert all(0 <= part <= room for part, room in zip(parts, rooms, strict=True))
    if amount >= 2 * rules.LEAST * len(rooms):
        assert all(not part or part >= rules.LEAST for part in parts)


def test_a_sum_fills_the_first_rooms_first():
    assert rules.spread(Decimal(90), [Decimal(80), Decimal(20)]) == [Decimal(80), Decimal(10)]
    assert rules.spread(Decimal("0.70"), [Decimal("0.50"), Decimal(20)], rules.LEAST) == [0, Decimal("0.70")]


@pytest.mark.parametrize(
    ("fact", "more"),
    [
        (events.PaymentSecured, {"kind": "authorise"}),
        (events.PaymentRefused, {"code": "card_declined"}),
        (events.PaymentLapsed, {}),
        (events.PaymentActionNeeded, {"code": "card_declined"}),
        (events.PaymentReleased, {"amount_cents": 1}),
        (events.PaymentRefunded, {"amount_cents": 1}),
    ],
)
def test_facts_in_flight_from_before_there_were_occasions_still_load(fact, more):
    before = {"order_reference": "CAB-1", "operation_key": "k"} | more

    assert DataclassCodec().decode(fact, before, 1).occasion == ""


def test_every_state_says_what_may_follow():
    assert set(PaymentOperation.MOVES) == set(State)
    assert all(follows <= set(State) for follows in PaymentOperation.MOVES.values())


@pytest.mark.parametrize("after", [State.PREPARED, State.OPENED, State.UNKNOWN, State.REFUSED, State.EXPIRED])
def test_nothing_undoes_a_success(after):
    assert after not in PaymentOperation.MOVES[State.SUCCEEDED]


# --- what must not be deployed ---------------------------------------------------------------------
def _problems(**options):
    out, err = StringIO(), StringIO()
    try:
        call_command("check", stdout=out, stderr=err, **options)
    except SystemCheckError as said:
        return str(said)
    return err.getvalue()


def test_the_demo_gateway_is_not_deployed(settings, db):
    settings.PAYMENT_GATEWAY = "demo"

    assert "payments.E001" in _problems(deploy=True)
    assert "payments.E001" not in _problems()


def test_stripe_needs_its_secrets(settings):
    settings.PAYMENT_GATEWAY, settings.STRIPE_SECRET_KEY = "stripe", ""

    assert "payments.E003" in _problems()
    settings.PAYMENT_GATEWAY = "autre"
    assert "payments.E002" in _problems()


def test_without_an_order_desk_nothing_is_deployed_nor_secured(provider, db):
    operation = opened()
    provider.pay(operation.session_id)
    ports.bind_order_desk(None)

    assert "payments.E004" in _problems(deploy=True)
    with pytest.raises(ports.DeskUnbound):
        services.refresh(key=operation.key)

    assert again(operation).state == State.OPENED


# --- states as other rooms read them ---------------------------------------------------------------
@pytest.mark.django_db
def test_an_order_without_payment_has_none():
    assert payment_state("CAB-unheard-of") == "none"
    assert order_of_payment("nope") is None


@pytest.mark.django_db
def test_a_key_leads_back_to_its_order():
    assert order_of_payment(prepare().key) == "CAB-1"


@pytest.mark.django_db
def test_orders_do_not_share_payments(provider):
    authorised(provider, "CAB-1")
    opened("CAB-2")

    assert payment_state("CAB-1") == "secured"
    assert payment_state("CAB-2") == "pending"


# --- time passes -----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_success_nobody_came_back_from_is_found(provider):
    operation = opened()
    provider.pay(operation.session_id)

    assert services.reconcile() == 0
    assert services.reconcile(now=timezone.now() + timedelta(minutes=3)) == 1

    assert again(operation).state == State.SUCCEEDED


@pytest.mark.django_db
def test_reconciliation_stops_asking_a_silent_provider(provider):
    for number in range(5):
        opened(f"CAB-{number}")
    for _fault in range(5):
        provider.fail("/v1/checkout/sessions/.*", "reset", "GET")

    asked = services.reconcile(now=timezone.now() + timedelta(minutes=3))

    assert asked == 2
    assert unknown_answers() == 2


@pytest.mark.django_db
def test_a_standing_doubt_does_not_keep_others_from_being_asked(provider):
    for number in range(4):
        operation = opened(f"CAB-{number}")
        provider.pay(operation.session_id)["amount_capturable"] = 100
    last = opened("CAB-9")
    provider.pay(last.session_id)

    services.reconcile(now=timezone.now() + timedelta(minutes=3))

    assert again(last).state == State.SUCCEEDED


@pytest.mark.django_db
def test_the_tasks_do_what_they_say(provider):
    operation = opened()
    provider.pay(operation.session_id)

    tasks.perform(operation.key)
    tasks.reconcile()
    tasks.authorise_due()
    tasks.process_event("0")

    assert again(operation).state == State.SUCCEEDED


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_does_not_stop_a_release_and_is_left_alone(provider, monkeypatch):
    authorised(provider)
    asked = []

    def dead(*_args, **_kwargs):
        asked.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(later, "_silent_until", 0.0)
    monkeypatch.setattr("celery.current_app.send_task", dead)
    for _time in range(2):
        with transaction.atomic():
            release = services.release(order_reference="CAB-1")
    services.reconcile(now=timezone.now() + timedelta(minutes=1))

    assert again(release).state == State.SUCCEEDED
    assert len(asked) == 1


def test_every_thread_knows_the_broker(settings):
    """Celery's current app is by thread: the default one must be ours, or a web thread queues nowhere."""
    found = []
    thread = threading.Thread(target=lambda: found.append(current_app.conf.broker_url))
    thread.start()
    thread.join(5)

    assert found == [settings.CELERY_BROKER_URL]


@pytest.mark.django_db(transaction=True)
def test_a_release_is_done_soon_after_its_transaction(provider, monkeypatch):
    authorised(provider)
    sent = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, args, **_options: sent.append((name, args))
    )

    with transaction.atomic():
        release = services.release(order_reference="CAB-1")
        assert sent == []

    assert sent == [("shop.payments.tasks.perform", [release.key])]


@pytest.mark.django_db
def test_preparing_a_new_payment_costs_three_queries_and_four_savepoints(django_assert_num_queries):
    with django_assert_num_queries(7):
        prepare()


# --- staff -----------------------------------------------------------------------------------------
@pytest.fixture
def staff(client, db, settings):
    # Unfold's own templates read variables that are not always there.
    engine = settings.TEMPLATES[0]
    options = {name: value for name, value in engine["OPTIONS"].items() if name != "string_if_invalid"}
    settings.TEMPLATES = [engine | {"OPTIONS": options}]
    user = UserFactory(staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="payments", codename__startswith="view_")
    )
    client.force_login(user)
    return user


LISTED = "admin:payments_paymentoperation_changelist"


@pytest.mark.parametrize("model", [PaymentOperation, PaymentAccount, PaymentEntry, ProviderEvent])
def test_staff_read_payments_and_change_none(client, staff, provider, model, rf):
    operation = authorised(provider)
    request = rf.get("/")
    request.user = UserFactory(staff=True, is_superuser=True)
    desk = admin.site.get_model_admin(model)

    page = client.get(reverse(f"admin:payments_{model._meta.model_name}_changelist"))

    assert page.status_code == 200
    assert operation.session_url not in page.content.decode()
    assert not desk.has_add_permission(request)
    assert not desk.has_change_permission(request)
    assert not desk.has_delete_permission(request)


def test_staff_see_an_operation_without_its_address(client, staff, provider):
    operation = authorised(provider)

    page = client.get(reverse("admin:payments_paymentoperation_change", args=[operation.pk]))

    assert page.status_code == 200
    assert operation.session_url not in page.content.decode()


def test_whoever_may_reconcile_lifts_a_doubt(client, staff, provider):
    operation = opened()
    provider.pay(operation.session_id)
    PaymentOperation.objects.update(state=State.UNKNOWN)
    staff.user_permissions.add(Permission.objects.get(codename="reconcile_paymentoperation"))

    answer = client.post(reverse(LISTED), {"action": "reconcile", "_selected_action": [operation.pk]})

    assert answer.status_code == 302
    assert again(operation).state == State.SUCCEEDED


def test_whoever_may_only_look_reconciles_nothing(client, staff, provider):
    operation = opened()
    provider.pay(operation.session_id)

    client.post(reverse(LISTED), {"action": "reconcile", "_selected_action": [operation.pk]})

    assert again(operation).state == State.OPENED


def test_the_queue_of_unknown_answers_is_one_click_away(client, staff):
    answer = client.get(reverse(LISTED))

    assert "Réponses inconnues" in answer.content.decode()


def test_a_stranger_sees_no_payment(client, db):
    assert client.get(reverse(LISTED)).status_code == 302
