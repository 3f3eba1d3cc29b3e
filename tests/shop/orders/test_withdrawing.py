"""The right of withdrawal: declared, goods back and refunded, or closed because they stay."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message
from shop.orders import services, withdrawals
from shop.orders.models import Order, OrderEvent, Refund, Withdrawal
from shop.payments.models import PaymentAccount
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import lines_of, packed, place, settle
from tests.shop.orders.returning import read, signed_in, withdraw

pytestmark = pytest.mark.django_db
# Of a service in a test's own transaction.
SAVEPOINTS = 2


@pytest.fixture
def member(django_user_model):
    return django_user_model.objects.create_user("staff@cabas.fr")


def test_only_what_keeps_may_be_given_back(delivered):
    assert [(one.line.name, one.left) for one in withdrawals.withdrawable(delivered)] == [("Lessive", 4)]


def test_what_was_returnable_when_sold_stays_returnable(delivered, soap):
    soap.shelf.may_be_returned = False
    soap.shelf.save()

    assert withdrawals.withdrawable(delivered)


def test_chilled_goods_are_never_returnable(soap):
    soap.shelf.temperature = "chilled"

    assert not soap.is_returnable


def test_a_withdrawal_is_acknowledged_at_once_and_refunded_when_the_goods_are_back(delivered, member):
    key = uuid4()

    declared = withdraw(delivered, {"Lessive": 3}, key)
    assert withdraw(delivered, {"Lessive": 3}, key) == declared
    deliver_all()

    letter = Message.objects.get(purpose="withdrawal_acknowledged")
    assert letter.recipient == "lea@exemple.fr" and "3\u00a0× Lessive" in letter.text
    assert declared.refund_due_on == timezone.localdate() + timedelta(days=14)
    assert not Refund.objects.exists()
    assert [one.left for one in withdrawals.withdrawable(delivered)] == [1]

    for _twice in range(2):
        services.receive_withdrawn_goods(withdrawal_id=declared.pk, by_id=member.pk)
    settle()

    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.by) == (Decimal("27.00"), "withdrawal", member)
    assert withdrawals.shown_withdrawals(delivered)[0].state == "refunded"
    kinds = list(OrderEvent.objects.filter(order=delivered).values_list("kind", flat=True))
    assert kinds[-4:] == ["withdrawn", "refund_asked", "goods_back", "refund_made"]


def test_the_delivery_goes_back_when_nothing_is_kept(zone, soap, member):  # noqa: F811
    order = packed(place(zone, {soap: 5}, slot=None))
    settle()
    fee = order.bill.delivery_fee
    assert fee > 0
    first = withdraw(order, {"Lessive": 2})
    second = withdraw(order, {"Lessive": 3})

    amounts = [
        services.receive_withdrawn_goods(withdrawal_id=one.pk, by_id=member.pk).refund.amount
        for one in (first, second)
    ]

    assert amounts == [Decimal("18.00"), Decimal("27.00") + fee]
    settle()
    assert PaymentAccount.objects.get(order_reference=order.reference).refunded == order.bill.total


def test_goods_that_their_customer_keeps_close_a_withdrawal(delivered, member, django_assert_num_queries):
    declared = withdraw(delivered, {"Lessive": 3})

    with django_assert_num_queries(SAVEPOINTS + 8):
        services.close_withdrawal(withdrawal_id=declared.pk, why="kept", by_id=member.pk)
    deliver_all()

    letter = Message.objects.get(purpose="withdrawal_closed")
    assert letter.recipient == "lea@exemple.fr" and "comme convenu" in letter.text
    assert not withdrawals.waiting_withdrawals().exists() and not Refund.objects.exists()
    assert withdrawals.shown_withdrawals(delivered)[0].state == "kept"
    assert [one.left for one in withdrawals.withdrawable(delivered)] == [4]
    told = OrderEvent.objects.get(order=delivered, kind="withdrawal_closed")
    assert told.data == {"withdrawal": declared.pk, "why": "kept"}


def test_goods_never_came_only_once_the_fortnight_is_over(delivered, member, time_machine):
    declared = withdraw(delivered, {"Lessive": 3})
    close = {"withdrawal_id": declared.pk, "why": "never_came", "by_id": member.pk}

    for days in (0, 14):
        time_machine.move_to(declared.declared_at + timedelta(days=days))
        with pytest.raises(services.GoodsMayStillCome):
            services.close_withdrawal(**close)
    time_machine.move_to(declared.declared_at + timedelta(days=15))
    services.close_withdrawal(**close)
    deliver_all()

    assert "ne sont pas arrivés" in Message.objects.get(purpose="withdrawal_closed").text
    assert withdrawals.shown_withdrawals(delivered)[0].state == "never_came"


def test_a_withdrawal_is_closed_once_for_a_reason_that_is_known(delivered, member):
    declared = withdraw(delivered, {"Lessive": 1})
    with pytest.raises(ValueError, match="tired"):
        services.close_withdrawal(withdrawal_id=declared.pk, why="tired", by_id=member.pk)
    services.close_withdrawal(withdrawal_id=declared.pk, why="kept", by_id=member.pk)

    with pytest.raises(services.WithdrawalEnded):
        services.close_withdrawal(withdrawal_id=declared.pk, why="kept", by_id=member.pk)

    assert OrderEvent.objects.filter(kind="withdrawal_closed").count() == 1


def test_goods_that_come_all_the_same_are_refunded(delivered, member):
    declared = withdraw(delivered, {"Lessive": 3})
    services.close_withdrawal(withdrawal_id=declared.pk, why="kept", by_id=member.pk)

    services.receive_withdrawn_goods(withdrawal_id=declared.pk, by_id=member.pk)
    settle()

    assert Refund.objects.get().amount == Decimal("27.00")
    assert withdrawals.shown_withdrawals(delivered)[0].state == "refunded"
    with pytest.raises(services.WithdrawalEnded):
        services.close_withdrawal(withdrawal_id=declared.pk, why="kept", by_id=member.pk)


@pytest.mark.parametrize("quantity", [0, -1, 5, 10**9])
def test_no_more_is_withdrawn_than_was_delivered(delivered, quantity):
    with pytest.raises(services.NotWithdrawable):
        withdraw(delivered, {"Lessive": quantity})

    assert not Withdrawal.objects.exists()


def test_nothing_else_is_withdrawn(delivered, zone, soap):  # noqa: F811
    other = packed(place(zone, {soap: 5}, starts_in=timedelta(hours=5)))
    strange = lines_of(other)["Lessive"].pk

    with pytest.raises(services.NotWithdrawable):
        withdraw(delivered, {"Comté": 1})
    with pytest.raises(services.NotWithdrawable):
        withdraw(delivered, {})
    with pytest.raises(services.NotWithdrawable):
        services.declare_withdrawal(
            order_reference=delivered.reference,
            key=uuid4(),
            quantities={strange: 1},
            name="L",
            email="l@x.fr",
        )


def test_what_was_refunded_is_not_withdrawn(delivered):
    line = lines_of(delivered)["Lessive"]
    services.give_back(
        order_reference=delivered.reference,
        lines=[services.Returned(line.pk, 3)],
        reason="damaged",
        occasion="p",
    )

    with pytest.raises(services.NotWithdrawable):
        withdraw(delivered, {"Lessive": 2})


def test_after_the_last_day_it_is_over(delivered):
    Order.objects.filter(pk=delivered.pk).update(delivered_at=timezone.now() - timedelta(days=21))
    delivered.refresh_from_db()

    assert withdrawals.withdrawable(delivered) == []
    with pytest.raises(services.NotWithdrawable):
        withdraw(delivered, {"Lessive": 1})


def test_before_it_is_packed_there_is_nothing_to_withdraw_from(zone, soap):  # noqa: F811
    order = place(zone, {soap: 5})

    with pytest.raises(services.NotWithdrawable):
        withdraw(order, {"Lessive": 1})


def test_the_database_keeps_a_declaration_as_it_was(delivered):
    withdraw(delivered, {"Lessive": 1})
    rows = Withdrawal.objects.all()

    for change in (lambda: rows.update(name="Autre"), lambda: rows._raw_delete(rows.db)):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()


def test_its_customer_withdraws_in_two_steps(delivered):
    client, address = signed_in(delivered), f"/commandes/{delivered.reference}/retractation/"
    line = lines_of(delivered)["Lessive"]
    assert "Renoncer au contrat ici" in read(client.get(f"/commandes/{delivered.reference}/"))

    page = client.get(address)
    form = page.context["form"]
    assert "Confirmer la rétractation" not in read(page)
    assert "Comté" not in read(page)
    assert (form["name"].value(), form["email"].value()) == ("Léa O’Brien & fils", delivered.email)
    sent = {
        "name": "Léa", "email": "ailleurs@exemple.fr", "key": str(form["key"].value()), f"ligne-{line.pk}": "2",
    }  # fmt: skip
    looked = read(client.post(address, sent))
    assert "Confirmer la rétractation" in looked and "2\u00a0× Lessive" in looked
    assert not Withdrawal.objects.exists()
    for _twice in range(2):
        done = read(client.post(address, sent | {"confirm": "1"}, follow=True))

    assert "est enregistrée" in done and "Rétractation du" in done
    assert Withdrawal.objects.get().email == "ailleurs@exemple.fr"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ligne": "0"}, "Choisissez au moins un article"),
        ({"ligne": "9"}, "Choisissez une quantité de la liste"),
        ({"ligne": "-1"}, "Choisissez une quantité de la liste"),
        ({"ligne": "x"}, "Choisissez une quantité de la liste"),
        ({"email": "non"}, "adresse"),
        ({"name": ""}, "obligatoire"),
        ({"key": "x"}, ""),
    ],
)
def test_what_is_mistyped_is_said(delivered, changes, said):
    client, address = signed_in(delivered), f"/commandes/{delivered.reference}/retractation/"
    line = lines_of(delivered)["Lessive"]
    sent = {"name": "Léa", "email": "a@exemple.fr", "key": str(uuid4()), f"ligne-{line.pk}": "1"}
    changed = {(f"ligne-{line.pk}" if name == "ligne" else name): value for name, value in changes.items()}

    answer = client.post(address, sent | changed | {"confirm": "1"})

    assert answer.status_code == 422
    assert said in read(answer)
    assert not Withdrawal.objects.exists()


def test_a_guest_withdraws_with_the_orders_address(delivered):
    client, address = Client(), f"/suivi/{delivered.tracking_token}/retractation/"
    page = client.get(address)
    assert delivered.email not in read(page) and page["X-Robots-Tag"] == "noindex"
    sent = {
        "name": "Léa", "email": "voleuse@exemple.fr", "key": str(uuid4()), "confirm": "1",
        f"ligne-{lines_of(delivered)['Lessive'].pk}": "1",
    }  # fmt: skip

    assert client.post(address, sent).status_code == 422
    assert not Withdrawal.objects.exists()
    client.post(address, sent | {"email": delivered.email})

    assert Withdrawal.objects.get().email == delivered.email


def test_where_one_withdraws_is_told_to_everybody(delivered):
    assert "Sans compte" in read(Client().get("/retractation/"))
    client = signed_in(delivered)
    assert f"/commandes/{delivered.reference}/retractation/" in read(client.get("/retractation/"))
    assert 'href="/retractation/"' in read(Client().get("/aide/"))


def test_a_page_says_why_nothing_may_be_given_back(delivered, zone, comte):  # noqa: F811
    fresh = packed(place(zone, {comte: 12}, starts_in=timedelta(hours=5)))
    assert "tout se périme vite" in read(signed_in(fresh).get(f"/commandes/{fresh.reference}/retractation/"))
    client = signed_in(delivered)
    Order.objects.filter(pk=delivered.pk).update(delivered_at=timezone.now() - timedelta(days=30))
    told = read(client.get(f"/commandes/{delivered.reference}/retractation/"))
    assert "s’est terminé le" in told
    assert "Renoncer au contrat ici</a> <span" not in read(client.get(f"/commandes/{delivered.reference}/"))


def test_the_page_takes_the_same_queries_however_long_the_order(zone, soap, django_assert_max_num_queries):  # noqa: F811
    basket = {soap: 5} | {
        ProductFactory(name=f"Savon {n}", price=Decimal("2.00"), vat_rate=20, shelf=soap.shelf): 1
        for n in range(12)
    }
    order = packed(place(zone, basket))
    settle()
    client = signed_in(order)
    for name in list(lines_of(order))[:6]:
        withdraw(order, {name: 1})

    with django_assert_max_num_queries(22):
        client.get(f"/commandes/{order.reference}/retractation/")
    with django_assert_max_num_queries(26):
        client.get(f"/commandes/{order.reference}/")
