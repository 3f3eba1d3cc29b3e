"""What is delivered once more, at no cost."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.slots import services as slots
from delivery.slots.models import Slot
from shop.documents.models import Document
from shop.orders import services
from shop.orders.models import Order, OrderEvent
from shop.orders.queries import rank_of_next_order, ready_to_pick, unsecured_near_cutoff
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.picking.services import build_waves
from shop.stock import services as stock
from shop.stock.models import StockItem
from tests.factories import SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import close, lines_of, new_slot, packed, place, settle
from tests.shop.orders.returning import read, signed_in

pytestmark = pytest.mark.django_db


def item(product):
    return StockItem.objects.get(product=product)


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
