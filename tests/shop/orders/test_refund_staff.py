"""What staff do on an order's page: refund articles, refuse a replacement at the door, deliver again, receive goods."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.dashboard import withdrawals_due
from config.staff import StaffGroup, seed_groups
from shop.orders import services
from shop.orders.models import Order, Refund, Withdrawal
from shop.orders.services.substituting import add_stand_in
from shop.payments.models import PaymentOperation
from tests.factories import ProductFactory, UserFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.documents.selling import Sold, documented
from tests.shop.orders.depot import lines_of, new_slot, packed, pick, place, settle, started

pytestmark = pytest.mark.django_db
NARROW = "\u202f"
OCCASION = "staff-" + "a" * 32
ALLOWED = {StaffGroup.CUSTOMER_SERVICE, StaffGroup.MANAGER}


def staff_of(group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def staff():
    return staff_of(StaffGroup.CUSTOMER_SERVICE)


@pytest.fixture
def order():
    return documented(
        Sold("Café", "20.00", 2, "5.5"), Sold("Vin", "10.00", 3, "20.0", deposit="0.60"), delivery="5.90"
    )


def page(name, order):
    return reverse(f"admin:orders_order_{name}", args=[order.pk])


def field(order, name):
    return f"ligne-{lines_of(order)[name].pk}"


def read(answer):
    return answer.content.decode()


def test_articles_are_refunded_after_a_second_look(staff, order):
    sent = {field(order, "Café"): "1", "reason": "damaged", "occasion": OCCASION, "with_delivery": "on"}
    assert "Rembourser des articles" in read(staff.get(reverse("admin:orders_order_change", args=[order.pk])))

    first = read(staff.get(page("refund_lines", order)))
    looked = read(staff.post(page("refund_lines", order), sent))
    assert "Au plus 76,50" in first
    assert "1\u00a0× Café" in looked and "Livraison" in looked and "article abîmé" in looked
    assert not Refund.objects.exists()
    for _twice in range(2):
        done = staff.post(page("refund_lines", order), sent | {"confirm": "1"}, follow=True)

    refund = Refund.objects.get()
    assert (refund.amount, refund.by) == (Decimal("25.90"), staff.user)
    assert f"demandé{NARROW}: article abîmé" in read(done)
    assert "25,90" in LogEntry.objects.filter(user=staff.user).first().change_message
    assert "1\u00a0× Café" in read(staff.get(page("refund_lines", order)))


def test_going_back_to_the_form_keeps_what_was_chosen(staff, order):
    sent = {field(order, "Café"): "2", "reason": "damaged", "occasion": OCCASION, "edit": "1"}

    body = read(staff.post(page("refund_lines", order), sent))

    assert "Continuer" in body and '<option value="2" selected>' in body
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Choisissez un article, la livraison ou une somme."),
        ({"Café": "3"}, "Choisissez une quantité de la liste."),
        ({"Café": "-1"}, "Choisissez une quantité de la liste."),
        ({"amount": "76,51"}, "Il reste 76,50"),
        ({"amount": "-5"}, "Saisissez un nombre"),
        ({"amount": "1e3"}, "Saisissez un nombre"),
        ({"amount": "1,234"}, "Deux chiffres au plus"),
        ({"amount": "9" * 40}, "Saisissez un nombre"),
        ({"Café": "1", "reason": ""}, "Choisissez une raison."),
        ({"Café": "1", "reason": "humeur"}, "Choisissez une raison de la liste."),
        ({"Café": "1", "occasion": "substitute-1"}, ""),
        ({"Café": "2", "amount": "60,00"}, "plus que ce qui reste"),
    ],
)
def test_what_is_mistyped_is_said(staff, order, changes, said):
    sent = {"reason": "damaged", "occasion": OCCASION, "confirm": "1"} | {
        (field(order, name) if name == "Café" else name): value for name, value in changes.items()
    }

    answer = staff.post(page("refund_lines", order), sent)

    assert answer.status_code == 200 and said in read(answer)
    assert not Refund.objects.exists() and not PaymentOperation.objects.filter(kind="refund").exists()


def test_an_order_without_a_bill_has_nothing_to_refund(staff, zone):  # noqa: F811
    order = place(zone, {ProductFactory(price=Decimal("40.00")): 1})

    assert f"rien à rembourser{NARROW}:" in read(staff.get(page("refund_lines", order)))
    assert "Seule une commande prête ou remise se refait" in read(staff.get(page("redo", order)))
    assert "Aucun remplacement à refuser" in read(staff.get(page("refuse_replacement", order)))


@pytest.mark.parametrize("name", ["refund_lines", "refuse_replacement", "redo"])
@pytest.mark.parametrize("group", list(StaffGroup))
def test_only_who_may_refund_opens_these_pages(order, group, name):
    client = staff_of(group)

    answers = {client.get(page(name, order)).status_code, client.post(page(name, order)).status_code}

    assert (answers == {200}) == (group in ALLOWED)
    assert group in ALLOWED or not answers & {200, 302}
    assert Client().get(page(name, order)).status_code == 302


def test_a_replacement_refused_at_the_door_is_refunded(staff, zone):  # noqa: F811
    comte = ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)
    order = started(place(zone, {comte: 12}))
    pick(order, {comte: 10})
    brie = ProductFactory(name="Brie", price=Decimal("3.00"), stock=50)
    line = add_stand_in(order=order, line=order.lines.get(), product=brie, quantity=2)
    pick(order)
    services.pack_order(reference=order.reference)
    settle()
    address = page("refuse_replacement", order)

    assert "Brie" in read(staff.get(address))
    assert "Confirmer le refus" in read(staff.post(address, {"line": line.pk}))
    assert not Refund.objects.exists()
    done = read(staff.post(address, {"line": line.pk, "confirm": "1"}, follow=True))

    assert "6,00" in done and "Remplacement refusé" in done
    assert Refund.objects.get().by == staff.user
    staff.post(address, {"line": order.lines.get(replaces=None).pk, "confirm": "1"})
    staff.post(address, {"line": "x", "confirm": "1"})
    assert Refund.objects.count() == 1


@pytest.fixture
def delivered(zone):  # noqa: F811
    comte = ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)
    order = packed(place(zone, {comte: 12}))
    settle()
    return order


def test_a_delivery_is_redone_after_a_second_look(staff, delivered, zone):  # noqa: F811
    slot = new_slot(zone, starts_in=timedelta(hours=30))
    sent = {field(delivered, "Comté"): "2", "slot": str(slot.pk), "key": str(uuid4())}

    looked = read(staff.post(page("redo", delivered), sent))
    assert "2\u00a0× Comté" in looked and Order.objects.count() == 1
    done, again = (
        read(staff.post(page("redo", delivered), sent | {"confirm": "1"}, follow=True)) for _ in range(2)
    )

    redone = Order.objects.get(makes_good=delivered)
    assert redone.reference in done and redone.reference in again
    assert (redone.slot, redone.total, redone.status) == (slot, 0, "placed")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"slot": ""}, "Choisissez un créneau."),
        ({"slot": "999999"}, "plus libre"),
        ({"slot": "x"}, "plus libre"),
        ({"Comté": "13"}, "Choisissez une quantité de la liste."),
        ({"Comté": "0"}, "Choisissez au moins un article."),
        ({"Comté": "-2"}, "Choisissez une quantité de la liste."),
    ],
)
def test_what_is_mistyped_redoes_nothing(staff, delivered, zone, changes, said):  # noqa: F811
    slot = new_slot(zone, starts_in=timedelta(hours=30))
    sent = {"Comté": "1", "slot": str(slot.pk), "key": str(uuid4())} | changes
    sent[field(delivered, "Comté")] = sent.pop("Comté")

    answer = staff.post(page("redo", delivered), sent | {"confirm": "1"})

    assert answer.status_code == 200 and said in read(answer)
    assert Order.objects.count() == 1


# --- withdrawn goods ------------------------------------------------------------------------------


@pytest.fixture
def declared(zone):  # noqa: F811
    soap = ProductFactory(name="Lessive", price=Decimal("9.00"), stock=50, shelf__slug="lessives")
    soap.shelf.may_be_returned = True
    soap.shelf.save()
    order = packed(place(zone, {soap: 5}))
    settle()
    return services.declare_withdrawal(
        order_reference=order.reference, key=uuid4(), quantities={lines_of(order)["Lessive"].pk: 2},
        name="Léa", email="lea@exemple.fr",
    )  # fmt: skip


def test_goods_are_received_after_a_second_look(staff, declared):
    address = reverse("admin:orders_withdrawal_receive", args=[declared.pk])
    listed = read(staff.get(reverse("admin:orders_withdrawal_changelist")))
    assert "2\u00a0× Lessive" in listed

    assert "Tout est revenu" in read(staff.get(address))
    staff.post(address)
    assert not Refund.objects.exists()
    for _twice in range(2):
        done = staff.post(address, {"confirm": "1"}, follow=True)

    assert "18,00" in read(done)
    declared.refresh_from_db()
    assert declared.goods_back_by == staff.user and declared.refund == Refund.objects.get()
    assert "déjà remboursés" in read(staff.get(address))


@pytest.mark.parametrize("group", list(StaffGroup))
def test_only_who_may_receives(declared, group):
    address = reverse("admin:orders_withdrawal_receive", args=[declared.pk])

    status = staff_of(group).post(address, {"confirm": "1"}).status_code

    assert (status == 302) == (group in ALLOWED)
    assert Refund.objects.exists() == (group in ALLOWED)


def test_a_withdrawal_is_closed_without_its_goods(staff, declared):
    address = reverse("admin:orders_withdrawal_close", args=[declared.pk])

    assert "Clore sans remboursement" in read(staff.get(address))
    for why, said in (
        ("", "Choisissez une raison."),
        ("tired", "de la liste"),
        ("never_came", "Le client a jusqu’au"),
    ):
        assert said in read(staff.post(address, {"why": why}))
    declared.refresh_from_db()
    assert declared.closed_at is None
    done = read(staff.post(address, {"why": "kept"}, follow=True))
    again = read(staff.post(address, {"why": "kept"}))

    declared.refresh_from_db()
    assert (declared.closed_why, declared.closed_by) == ("kept", staff.user)
    assert "le client garde ses articles" in done and "S’ils reviennent" in again
    listed = reverse("admin:orders_withdrawal_changelist")
    assert str(declared.order) not in read(staff.get(listed + "?etat=attendus"))
    assert "2\u00a0× Lessive" in read(staff.get(listed + "?etat=closes"))


@pytest.mark.parametrize("group", list(StaffGroup))
def test_only_who_may_closes(declared, group):
    address = reverse("admin:orders_withdrawal_close", args=[declared.pk])

    status = staff_of(group).post(address, {"why": "kept"}).status_code

    declared.refresh_from_db()
    assert (status == 302) == bool(declared.closed_at) == (group in ALLOWED)


@pytest.mark.parametrize(("days", "said"), [(-1, "en retard"), (3, "urgent"), (4, "")])
def test_what_is_due_soon_stands_out(staff, declared, rf, days, said):
    order = declared.order
    due = Withdrawal.objects.create(
        order=order, name="Léa", email="l@x.fr", refund_due_on=timezone.localdate() + timedelta(days=days)
    )

    listed = read(staff.get(reverse("admin:orders_withdrawal_changelist") + "?etat=a-rembourser"))
    block = withdrawals_due(rf.get("/"))

    assert (str(due.pk) in listed and said in listed) if said else "urgent" not in listed
    assert block.figure == "2" and block.is_alert == bool(said)


def test_the_queue_takes_the_same_queries_however_long(staff, declared, django_assert_max_num_queries):
    for _n in range(15):
        Withdrawal.objects.create(
            order=declared.order, name="L", email="l@x.fr", refund_due_on=timezone.localdate()
        )

    with django_assert_max_num_queries(12):
        staff.get(reverse("admin:orders_withdrawal_changelist"))
