"""What staff do with payments: a refund after a second look, and what calls for them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from shop.payments import services
from shop.payments.models import PaymentOperation
from tests.factories import UserFactory
from tests.shop.payments.conftest import authorised, captured, give_back, opened, payment_sums, perform_all

pytestmark = pytest.mark.django_db
NARROW = "\u202f"
ANSWER = {"amount": "12,50", "reason": "missing", "occasion": "staff-" + "a" * 32}
LISTED = "admin:payments_paymentoperation_changelist"


@pytest.fixture
def staff(client):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=StaffGroup.CUSTOMER_SERVICE))
    client.force_login(user)
    return user


def page(reference="CAB-1"):
    return reverse("admin:payments_paymentaccount_give_back", args=[reference])


def refunds():
    return PaymentOperation.objects.filter(kind="refund")


def test_a_refund_is_asked_for_after_a_second_look(client, staff, provider):
    captured(provider)

    first = client.get(page())
    looked = client.post(page(), ANSWER)
    assert "80,00" in first.content.decode()
    assert "12,50" in looked.content.decode() and "article manquant" in looked.content.decode()
    assert not refunds().exists()
    done = client.post(page(), ANSWER | {"confirm": "1"}, follow=True)

    asked = refunds().get()
    assert (asked.amount, asked.reason) == (Decimal("12.50"), "missing")
    assert f"demandé{NARROW}: article manquant" in done.content.decode()
    assert "12,50" in LogEntry.objects.get(user=staff).change_message
    perform_all()
    assert payment_sums("CAB-1").refunded == Decimal("12.50")
    assert "67,50" in client.get(page()).content.decode()


def test_sent_twice_it_is_one_refund(client, staff, provider):
    captured(provider)

    for _time in range(2):
        client.post(page(), ANSWER | {"confirm": "1"})

    assert refunds().count() == 1


def test_a_second_page_is_another_refund(client, staff, provider):
    captured(provider)

    tokens = {client.get(page()).context["form"]["occasion"].value() for _time in range(2)}

    assert len(tokens) == 2


def test_going_back_to_the_form_keeps_what_was_typed(client, staff, provider):
    captured(provider)

    body = client.post(page(), ANSWER | {"edit": "1"}).content.decode()

    assert 'value="12,50"' in body and "Continuer" in body
    assert not refunds().exists()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("amount", "", "Saisissez le montant à rembourser."),
        ("amount", "80,01", "Il reste 80,00\u00a0€ à rembourser"),
        ("amount", "-5", "Saisissez un nombre"),
        ("amount", "NaN", "Saisissez un nombre"),
        ("amount", "1,234", "Deux chiffres au plus après la virgule."),
        ("amount", "0", "Le plus petit nombre possible est 0,01."),
        ("amount", "1e3", "Saisissez un nombre"),
        ("amount", "9" * 40, "Saisissez un nombre"),
        ("reason", "", "Choisissez une raison."),
        ("reason", "humeur", "Choisissez une raison de la liste."),
        ("occasion", "plainte-1", ""),
    ],
)
def test_what_is_wrong_is_said_in_french_and_nothing_is_asked(client, staff, provider, field, typed, said):
    captured(provider)

    body = client.post(page(), ANSWER | {field: typed, "confirm": "1"}).content.decode()

    assert said in body.replace("&#x27;", "’")
    assert not refunds().exists()


def test_another_refund_meanwhile_is_said(client, staff, provider, monkeypatch):
    captured(provider)
    monkeypatch.setattr("shop.payments.admin.accounts.refundable", lambda _reference: Decimal("80.00"))
    give_back("75.00")

    body = client.post(page(), ANSWER | {"confirm": "1"}).content.decode()

    assert "Un autre remboursement vient d’être demandé" in body
    assert refunds().count() == 1


def test_without_anything_taken_there_is_nothing_to_give_back(client, staff, provider):
    authorised(provider)

    assert "Il n’y a rien à rembourser" in client.get(page()).content.decode()
    client.post(page(), ANSWER | {"confirm": "1"})

    assert not refunds().exists()


def test_who_may_only_read_gives_nothing_back(client, staff, provider):
    captured(provider)
    staff.groups.clear()
    staff.user_permissions.add(Permission.objects.get(codename="view_paymentaccount"))

    assert client.get(page()).status_code == 403
    assert client.post(page(), ANSWER | {"confirm": "1"}).status_code == 403
    listed = reverse("admin:payments_paymentaccount_change", args=["CAB-1"])
    assert "Rembourser…" not in client.get(listed).content.decode()
    assert not refunds().exists()


def test_a_forged_refund_is_refused(staff, provider):
    captured(provider)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff)

    assert browser.post(page(), ANSWER | {"confirm": "1"}).status_code == 403
    assert not refunds().exists()


def test_an_unheard_of_order_has_no_page(client, staff):
    assert client.get(page("CAB-9")).status_code == 404


def test_the_ledger_of_an_order_is_read_on_its_page(client, staff, provider):
    captured(provider, amount="62.40")
    give_back("10.00")
    perform_all()

    body = client.get(reverse("admin:payments_paymentaccount_change", args=["CAB-1"])).content.decode()

    for said in ("autorisé", "62,40", "17,60", "remboursé", "10,00", "52,40", "Rembourser…"):
        assert said in body


# --- what calls for a person -----------------------------------------------------------------------
def test_what_calls_for_staff_is_one_filter_away(client, staff, provider):
    ends = authorised(provider, "CAB-1")
    PaymentOperation.objects.filter(pk=ends.pk).update(expires_at=timezone.now() + timedelta(hours=5))
    gone = authorised(provider, "CAB-2")
    (taking,) = services.capture(order_reference="CAB-2", amount=Decimal("80.00"))
    provider.store.cancel(gone.intent_id)
    perform_all("CAB-2")
    taken = captured(provider, "CAB-3")
    giving = give_back("30.00", reference="CAB-3")
    provider.store.create_refund({"payment_intent": taken.intent_id, "amount": "8000"})
    perform_all("CAB-3")
    opened("CAB-4")

    found = {
        choice: {row.pk for row in client.get(reverse(LISTED), {"suivre": choice}).context["cl"].result_list}
        for choice in ("fin", "encaissement", "remboursement")
    }

    assert found == {"fin": {ends.pk}, "encaissement": {taking.pk}, "remboursement": {giving.pk}}


def test_a_capture_in_doubt_is_asked_again_by_reconciling(client, staff, provider):
    authorised(provider)
    (taking,) = services.capture(order_reference="CAB-1", amount=Decimal("80.00"))
    provider.fail("/v1/payment_intents/.*/capture", "lost")
    services.perform(key=taking.key)
    staff.user_permissions.add(Permission.objects.get(codename="reconcile_paymentoperation"))

    client.post(reverse(LISTED), {"action": "reconcile", "_selected_action": [taking.pk]})

    assert payment_sums("CAB-1").captured == Decimal("80.00")
