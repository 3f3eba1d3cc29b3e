"""What customers give back: replacements refused, sales withdrawn from; and what is delivered once more."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.slots import services as slots
from delivery.slots.models import Slot
from shop.documents.models import Document
from shop.orders import services, withdrawals
from shop.orders.models import LineEvent, Order, OrderEvent, Refund, Withdrawal
from shop.orders.queries import rank_of_next_order, ready_to_pick, unsecured_near_cutoff
from shop.orders.refunds import shown_refunds
from shop.orders.services.substituting import add_stand_in
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.picking.services import build_waves
from shop.stock import services as stock
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import RECIPIENT, terms, zone  # noqa: F401
from tests.shop.orders.depot import close, lines_of, new_slot, packed, pick, place, settle, started

pytestmark = pytest.mark.django_db


def ended(order, ago):
    """Its slot ended so long ago."""
    at = timezone.now() - ago
    Slot.objects.filter(pk=order.slot_id).update(starts_at=at - timedelta(hours=1), ends_at=at)
    return Order.objects.select_related("slot", "zone").get(pk=order.pk)


def item(product):
    return StockItem.objects.get(product=product)


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)


@pytest.fixture
def brie():
    return ProductFactory(name="Brie", price=Decimal("3.00"), stock=50)


@pytest.fixture
def replaced(zone, comte, brie):  # noqa: F811
    """Ten cheeses, two of which another one stands in for, while the order is prepared."""
    order = started(place(zone, {comte: 12}))
    pick(order, {comte: 10})
    line = order.lines.get()
    add_stand_in(order=order, line=line, product=brie, quantity=2)
    return order


def stand_in(order):
    return order.lines.get(replaces__isnull=False)


def refuse(order, **how):
    return services.refuse_substitute(order_reference=order.reference, line_id=stand_in(order).pk, **how)


def finished(order):
    pick(order)
    services.pack_order(reference=order.reference)
    settle()
    return Order.objects.select_related("slot", "zone").get(pk=order.pk)


# --- replacements ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_picked", [False, True])
def test_before_the_crates_are_closed_a_replacement_is_taken_off_and_never_paid(replaced, brie, is_picked):
    if is_picked:
        pick(replaced)

    assert refuse(replaced) is None
    assert refuse(replaced) is None

    line = stand_in(replaced)
    assert (line.wanted, line.picked) == (0, 0)
    assert item(brie).reserved == 0
    assert LineEvent.objects.filter(line=line, kind="refused").count() == 1
    order = finished(replaced)
    assert order.bill.goods_total == Decimal("40.00")
    assert item(brie).on_hand == 50
    assert not Refund.objects.exists()


def test_a_replacement_that_came_is_refunded_in_full_once(replaced):
    order = finished(replaced)
    billed = stand_in(order).billed
    assert billed == Decimal("6.00")

    first, again = refuse(order), refuse(order)
    settle()

    assert first == again
    assert (first.amount, first.reason) == (billed, "substitute")
    assert PaymentAccount.objects.get(order_reference=order.reference).refunded == billed
    assert Document.objects.get(kind="credit_note").total == billed
    letter = Message.objects.get(purpose="refund_made")
    assert "6,00" in letter.text and "remplacement refusé" in letter.text and "Brie" in letter.text


def test_a_day_after_the_slot_it_is_too_late(replaced):
    order = ended(finished(replaced), timedelta(hours=23, minutes=50))
    assert refuse(order)

    # What was refused in time stays refused.
    ended(order, timedelta(hours=25))
    assert refuse(order).occasion.startswith("substitute-")


def test_too_late_changes_nothing(replaced):
    order = ended(finished(replaced), timedelta(hours=24, minutes=1))

    with pytest.raises(services.RefusalTooLate):
        refuse(order)

    assert not Refund.objects.exists() and not LineEvent.objects.filter(kind="refused").exists()


def test_only_a_replacement_of_this_order_is_refused(replaced, zone, comte):  # noqa: F811
    other = packed(place(zone, {comte: 12}, starts_in=timedelta(hours=5)))
    own = replaced.lines.get(replaces=None)

    for order, line in ((replaced, own), (other, stand_in(replaced)), (other, own)):
        with pytest.raises(services.NoReplacement):
            services.refuse_substitute(order_reference=order.reference, line_id=line.pk)


def test_what_was_refunded_otherwise_is_not_refunded_again(replaced):
    order = finished(replaced)
    services.give_back(
        order_reference=order.reference, lines=[services.Returned(stand_in(order).pk, 2)],
        reason="damaged", occasion="plainte",
    )  # fmt: skip

    with pytest.raises(services.MoreThanBilled):
        refuse(order)


# --- the pages of it ------------------------------------------------------------------------------


def signed_in(order):
    client = Client()
    user = CustomerFactory(user__email=f"u{order.pk}@exemple.fr").user
    Order.objects.filter(pk=order.pk).update(customer=user.customer)
    client.force_login(user)
    return client


def read(answer):
    return answer.content.decode()


def test_its_customer_refuses_in_two_steps(replaced):
    order = finished(replaced)
    client, address = signed_in(order), f"/commandes/{order.reference}/"
    refusal = f"{address}remplacements/{stand_in(order).pk}/refuser/"

    assert refusal in read(client.get(address))
    assert "remboursé en entier" in read(client.get(refusal))
    assert not Refund.objects.exists()
    told = read(client.post(refusal, follow=True))

    assert "vous est remboursé en entier" in told
    assert (
        "6,00" in told
        and "remplacement refusé" in told
        and refusal not in read(client.get(address)).split("back__list")[0]
    )
    client.post(refusal)
    assert Refund.objects.count() == 1


def test_a_guest_confirms_with_the_orders_address(replaced):
    order = finished(replaced)
    refusal = f"/suivi/{order.tracking_token}/remplacements/{stand_in(order).pk}/refuser/"
    client = Client()

    wrong = client.post(refusal, {"email": "voleuse@exemple.fr"})
    assert wrong.status_code == 422 and "pas celle de la commande" in read(wrong)
    assert not Refund.objects.exists()
    right = client.post(refusal, {"email": RECIPIENT["email"].upper()}, follow=True)

    assert "remboursé en entier" in read(right)
    assert Refund.objects.get().by is None


def test_nobody_guesses_the_address(replaced):
    order = finished(replaced)
    refusal = f"/suivi/{order.tracking_token}/remplacements/{stand_in(order).pk}/refuser/"
    client = Client()

    codes = [client.post(refusal, {"email": f"a{n}@exemple.fr"}).status_code for n in range(22)]

    assert set(codes[:20]) == {422} and codes[-1] == 429


def test_too_late_is_said_in_words(replaced):
    order = ended(finished(replaced), timedelta(hours=30))
    client = signed_in(order)

    told = client.post(
        f"/commandes/{order.reference}/remplacements/{stand_in(order).pk}/refuser/", follow=True
    )

    assert "Plus d’un jour a passé" in read(told)


# --- the right of withdrawal ----------------------------------------------------------------------


@pytest.fixture
def soap():
    product = ProductFactory(
        name="Lessive", price=Decimal("9.00"), stock=50, vat_rate=20, shelf__slug="lessives"
    )
    product.shelf.may_be_returned = True
    product.shelf.save()
    return product


@pytest.fixture
def delivered(zone, comte, soap):  # noqa: F811
    order = packed(place(zone, {comte: 5, soap: 4}))
    settle()
    services.hand_over(reference=order.reference)
    return Order.objects.select_related("slot", "zone").get(pk=order.pk)


def withdraw(order, quantities, key=None):
    named = lines_of(order)
    return services.declare_withdrawal(
        order_reference=order.reference,
        key=key or uuid4(),
        quantities={named[name].pk: n for name, n in quantities.items()},
        name="Léa",
        email="lea@exemple.fr",
    )


def test_only_what_keeps_may_be_given_back(delivered):
    assert [(one.line.name, one.left) for one in withdrawals.withdrawable(delivered)] == [("Lessive", 4)]


def test_what_was_returnable_when_sold_stays_returnable(delivered, soap):
    soap.shelf.may_be_returned = False
    soap.shelf.save()

    assert withdrawals.withdrawable(delivered)


def test_chilled_goods_are_never_returnable(soap):
    soap.shelf.temperature = "chilled"

    assert not soap.is_returnable


def test_a_withdrawal_is_acknowledged_at_once_and_refunded_when_the_goods_are_back(
    delivered, django_user_model
):
    staff = django_user_model.objects.create_user("staff@cabas.fr")
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
        services.receive_withdrawn_goods(withdrawal_id=declared.pk, by_id=staff.pk)
    settle()

    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.by) == (Decimal("27.00"), "withdrawal", staff)
    assert withdrawals.shown_withdrawals(delivered)[0].state == "refunded"
    kinds = list(OrderEvent.objects.filter(order=delivered).values_list("kind", flat=True))
    assert kinds[-4:] == ["withdrawn", "refund_asked", "goods_back", "refund_made"]


def test_the_delivery_goes_back_when_nothing_is_kept(zone, soap, django_user_model):  # noqa: F811
    staff = django_user_model.objects.create_user("staff@cabas.fr")
    order = packed(place(zone, {soap: 5}, slot=None))
    settle()
    fee = order.bill.delivery_fee
    assert fee > 0
    first = withdraw(order, {"Lessive": 2})
    second = withdraw(order, {"Lessive": 3})

    amounts = [
        services.receive_withdrawn_goods(withdrawal_id=one.pk, by_id=staff.pk).refund.amount
        for one in (first, second)
    ]

    assert amounts == [Decimal("18.00"), Decimal("27.00") + fee]
    settle()
    assert PaymentAccount.objects.get(order_reference=order.reference).refunded == order.bill.total


@pytest.fixture
def member(django_user_model):
    return django_user_model.objects.create_user("staff@cabas.fr")


def test_goods_that_their_customer_keeps_close_a_withdrawal(delivered, member):
    declared = withdraw(delivered, {"Lessive": 3})

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


# --- delivered once more --------------------------------------------------------------------------


def redo(order, quantities, slot, **how):
    named = lines_of(order)
    return services.redo_delivery(
        order_reference=order.reference,
        quantities={named[name].pk: n for name, n in quantities.items()},
        slot_id=slot.pk,
        **{"key": uuid4(), **how},
    )


@pytest.fixture
def free(zone):  # noqa: F811
    return new_slot(zone, starts_in=timedelta(hours=30))


def test_a_delivery_is_made_good_for_at_no_cost(delivered, free, comte):
    rank, before = rank_of_next_order(delivered.customer_id), item(comte).reserved

    redone = redo(delivered, {"Comté": 2}, free)
    deliver_all()

    assert (redone.status, redone.total, redone.rank, redone.makes_good) == (
        "placed",
        0,
        delivered.rank,
        delivered,
    )
    assert rank_of_next_order(delivered.customer_id) == rank
    assert item(comte).reserved == before + 2
    free.refresh_from_db()
    assert free.booked == 1
    assert not PaymentOperation.objects.filter(account_id=redone.reference).exists()
    assert OrderEvent.objects.get(order=delivered, kind="made_good").data["reference"] == redone.reference
    assert OrderEvent.objects.get(order=redone, kind="makes_good").data["reference"] == delivered.reference
    assert Message.objects.filter(purpose="order_confirmation", occasion=redone.reference).exists()
    page = read(signed_in(redone).get(f"/commandes/{redone.reference}/"))
    assert "Offert, en remplacement" in page


def test_it_is_prepared_like_any_other_and_billed_nothing(delivered, free):
    redone = redo(delivered, {"Comté": 2, "Lessive": 1}, free)
    close(redone)
    now = timezone.now()
    assert redone.reference not in unsecured_near_cutoff(now, has_come=True)
    assert redone in ready_to_pick(now)
    assert build_waves(now=now) >= 1

    done = packed(redone)
    settle()

    assert (done.status, done.bill.total) == ("packed", 0)
    assert not Document.objects.filter(order=done).exists()
    assert not PaymentAccount.objects.filter(order_reference=done.reference).exists()


def test_it_may_be_cancelled_and_redone(delivered, free, comte):
    redone = redo(delivered, {"Comté": 5}, free)
    with pytest.raises(services.NothingToRedo):
        redo(delivered, {"Comté": 1}, free)

    services.cancel_order(reference=redone.reference)

    free.refresh_from_db()
    assert (free.booked, item(comte).reserved) == (0, 0)
    assert redo(delivered, {"Comté": 5}, free)


@pytest.mark.parametrize("wanted", [{}, {"Comté": 0}, {"Comté": -1}, {"Comté": 6}])
def test_no_more_is_redone_than_was_ordered(delivered, free, wanted):
    with pytest.raises(services.NothingToRedo):
        redo(delivered, wanted, free)

    free.refresh_from_db()
    assert Order.objects.count() == 1 and free.booked == 0


def test_what_is_out_of_stock_leaves_nothing_behind(delivered, free, comte):
    StockItem.objects.filter(product=comte).update(on_hand=1)

    with pytest.raises(stock.StockShort):
        redo(delivered, {"Comté": 2}, free)

    free.refresh_from_db()
    assert Order.objects.count() == 1 and free.booked == 0


def test_a_slot_of_another_zone_or_a_full_one_is_refused(delivered, free):
    elsewhere = SlotFactory(zone=ZoneFactory(), starts_at=timezone.now() + timedelta(days=33))
    if elsewhere.zone_id != delivered.zone_id:
        with pytest.raises(slots.SlotUnknown):
            redo(delivered, {"Comté": 1}, elsewhere)
    Slot.objects.filter(pk=free.pk).update(capacity=0)
    with pytest.raises(slots.SlotFull):
        redo(delivered, {"Comté": 1}, free)

    assert Order.objects.count() == 1


def test_only_what_was_prepared_is_redone(zone, comte, free):  # noqa: F811
    order = place(zone, {comte: 12})

    with pytest.raises(services.MoveRefused):
        redo(order, {"Comté": 1}, free)


def test_the_order_page_tells_of_each_refund(delivered):
    client = signed_in(delivered)
    line = lines_of(delivered)["Lessive"]
    services.give_back(
        order_reference=delivered.reference,
        lines=[services.Returned(line.pk, 1)],
        reason="damaged",
        occasion="p",
    )
    asked = read(client.get(f"/commandes/{delivered.reference}/"))
    assert "9,00" in asked and "article abîmé" in asked and "demandé" in asked

    settle()

    made = read(client.get(f"/commandes/{delivered.reference}/"))
    assert ">fait<" in made and "Remboursement effectué" in made
    assert shown_refunds(delivered).total == Decimal("9.00")
