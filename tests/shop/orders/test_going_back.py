"""Replacements that customers refuse, and what the order's page tells of each refund."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from crm.outbox.models import Message
from delivery.slots.models import Slot
from shop.documents.models import Document
from shop.orders import services
from shop.orders.models import LineEvent, Order, Refund
from shop.orders.refunds import shown_refunds
from shop.orders.services.substituting import add_stand_in
from shop.payments.models import PaymentAccount
from shop.stock.models import StockItem
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import RECIPIENT, terms, zone  # noqa: F401
from tests.shop.orders.depot import lines_of, packed, pick, place, settle, started
from tests.shop.orders.returning import read, signed_in

pytestmark = pytest.mark.django_db


def ended(order, ago):
    """Its slot ended so long ago."""
    at = timezone.now() - ago
    Slot.objects.filter(pk=order.slot_id).update(starts_at=at - timedelta(hours=1), ends_at=at)
    return Order.objects.select_related("slot", "zone").get(pk=order.pk)


def item(product):
    return StockItem.objects.get(product=product)


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
