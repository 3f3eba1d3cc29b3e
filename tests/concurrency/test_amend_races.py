"""Amending an order against whoever wants the same rows: its picker, another tab, its cancelling, another customer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from config.facts import deliver_all
from crm.desk.services import publish_page
from delivery.slots import services as slot_services
from delivery.slots.models import Slot
from delivery.slots.services import SlotFull
from shop.orders import services
from shop.orders.models import Amendment, Order
from shop.orders.services import amending, carrying_out, preparing
from shop.payments import services as payments
from shop.payments.gateways import demo
from shop.picking.services import build_waves
from shop.stock.models import StockItem
from shop.stock.services import StockShort
from tests.concurrency.racing import meet_after, without_row_locks
from tests.factories import ProductFactory, SlotFactory, ZoneFactory
from tests.shop.orders.changes import amend, check, check_house, fresh, page_of, reserved, seen, wishes
from tests.shop.orders.depot import place

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
MOMENT = 0.5


@pytest.fixture
def zone():
    publish_page(slug="cgv", title="CGV", body="Conditions.")
    return ZoneFactory(minimum_order=15, free_delivery_from=1000)


@pytest.fixture
def comte(zone):
    return ProductFactory(name="Comté", price=Decimal("3.00"))


@pytest.fixture
def order(zone, comte):
    return placed(zone, comte)


def placed(zone, product, *, slot=None):
    order = place(zone, {product: 10}, starts_in=timedelta(days=2), slot=slot)
    deliver_all()
    return order


def all_at_once(*jobs):
    start = threading.Barrier(len(jobs))

    def run(job):
        try:
            start.wait(10)
            return job()
        except OperationalError as fault:
            return "deadlock" if "deadlock" in str(fault) else repr(fault)
        except (
            services.AmendmentRefused,
            services.MoveRefused,
            SlotFull,
            StockShort,
            IntegrityError,
        ) as refused:
            return type(refused).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def press(order, wished, shown):
    """A tab that saw this recap."""
    done = services.amend_order(
        reference=order.reference, customer_ids=[order.customer_id], wishes=wished, seen=shown
    )
    return done.state


def paid(order, quantities, **wanted):
    """An amendment whose difference is authorised, and not yet carried out."""
    live = amend(order, quantities, **wanted)
    page = page_of(live)
    demo.pay(token=page.session_id, card_code="accepte")
    payments.refresh(key=page.key)
    return live


@pytest.fixture
def half_done(monkeypatch):
    """Set while an order is half amended, which then waits for the other side to come as far as it can."""
    writing = threading.Event()
    real = carrying_out._write_order

    def write(order, proposal):
        writing.set()
        threading.Event().wait(MOMENT)
        return real(order, proposal)

    monkeypatch.setattr(carrying_out, "_write_order", write)
    return writing


def test_a_picker_who_comes_half_way_picks_the_amended_order_whole(order, comte, half_done):
    live = paid(order, {comte: 15})

    def start():
        half_done.wait(5)
        assert services.start_picking(references=[order.reference]) == {order.reference}
        return order.lines.get().quantity, fresh(order).goods_total

    settled, picked = all_at_once(lambda: services.settle_paid(amendment_id=live.pk), start)

    assert (settled, picked) == ("applied", (15, Decimal("45.00")))


def test_a_payment_that_comes_once_picking_began_changes_nothing(order, comte):
    live = paid(order, {comte: 15})
    started, other = threading.Event(), threading.Event()

    @transaction.atomic
    def start():
        services.start_picking(references=[order.reference])
        started.set()
        other.wait(MOMENT)
        return "picking"

    def settle():
        started.wait(5)
        return services.settle_paid(amendment_id=live.pk)

    assert all_at_once(start, settle) == ["picking", "dropped"]
    assert (order.lines.get().quantity, fresh(order).goods_total) == (10, Decimal("30.00"))
    assert not reserved(live.occasion)


def test_control_without_the_orders_lock_the_order_changes_in_the_pickers_hands(
    order, comte, half_done, monkeypatch
):
    live = paid(order, {comte: 15})
    without_row_locks(monkeypatch)

    def start():
        half_done.wait(5)
        services.start_picking(references=[order.reference])
        return order.lines.get().quantity

    settled, picked = all_at_once(lambda: services.settle_paid(amendment_id=live.pk), start)

    assert (settled, picked, order.lines.get().quantity) == ("applied", 10, 15)


def test_of_amendments_at_once_one_waits_for_its_payment(order, comte):
    pressed = []
    for more in range(11, 17):
        wished = wishes(order, {comte: more})
        pressed.append((wished, seen(order, wished)))

    told = all_at_once(*(lambda one=one: press(order, *one) for one in pressed))

    assert sorted(told) == ["AmendmentUnderWay"] * 5 + ["prepared"]
    live = Amendment.objects.get()
    assert reserved(live.occasion) == {
        comte.pk: live.proposal["lines"][0]["article"]["priced"]["quantity"] - 10
    }
    check_house()


def test_one_press_from_many_tabs_is_one_change(order, comte):
    wished = wishes(order, {comte: 7})
    shown = seen(order, wished)

    told = all_at_once(*(lambda: press(order, wished, shown) for _tab in range(5)))

    assert told == ["applied"] * 5
    assert Amendment.objects.count() == 1
    check(order)


def test_control_without_the_lock_two_see_no_other_and_only_the_database_refuses(order, comte, monkeypatch):
    pressed = [
        (wished, seen(order, wished)) for wished in (wishes(order, {comte: more}) for more in (11, 12))
    ]
    without_row_locks(monkeypatch)
    meet_after(monkeypatch, amending, "live_amendment", 2)

    told = all_at_once(*(lambda one=one: press(order, *one) for one in pressed))

    assert sorted(told) == ["IntegrityError", "prepared"]


@pytest.mark.parametrize("_round", range(4))
def test_a_cancelled_order_keeps_nothing_of_its_amendment(order, comte, zone, _round):
    new = SlotFactory(zone=zone, starts_at=order.slot.starts_at + timedelta(hours=3))
    live = paid(order, {comte: 15}, slot=new)

    settled, cancelled = all_at_once(
        lambda: services.settle_paid(amendment_id=live.pk),
        lambda: services.cancel_order(reference=order.reference).status,
    )

    assert cancelled == "cancelled" and settled in {"applied", "dropped"}
    assert not reserved(order.reference) and not reserved(live.occasion)
    assert list(Slot.objects.values_list("booked", flat=True)) == [0, 0]
    check_house()


def test_whoever_waits_for_an_order_finds_it_in_its_new_slot(order, comte, zone, half_done):
    new = SlotFactory(zone=zone, starts_at=order.slot.starts_at + timedelta(hours=3))
    live = paid(order, {comte: 15}, slot=new)

    def start():
        half_done.wait(5)
        return services.start_picking(references=[order.reference])

    settled, picking = all_at_once(lambda: services.settle_paid(amendment_id=live.pk), start)

    assert (settled, picking) == ("applied", {order.reference})


def test_control_joined_to_its_slot_an_order_that_moves_is_not_found(
    order, comte, zone, half_done, monkeypatch
):
    new = SlotFactory(zone=zone, starts_at=order.slot.starts_at + timedelta(hours=3))
    live = paid(order, {comte: 15}, slot=new)

    def joined(**wanted):
        found = Order.objects.filter(**wanted).select_related("slot").order_by("pk")
        return list(found.select_for_update(of=("self",)))

    monkeypatch.setattr(preparing, "locked_all", joined)

    def start():
        half_done.wait(5)
        return services.start_picking(references=[order.reference])

    settled, picking = all_at_once(lambda: services.settle_paid(amendment_id=live.pk), start)

    assert (settled, picking) == ("applied", set())


def test_two_customers_want_the_last_one(order, comte, zone):
    other = placed(zone, comte, slot=order.slot)
    StockItem.objects.update(on_hand=21)
    wanted = [(one, wishes(one, {comte: 11})) for one in (order, other)]
    pressed = [(one, wished, seen(one, wished)) for one, wished in wanted]

    told = all_at_once(*(lambda one=one: press(*one) for one in pressed))

    assert sorted(told)[0] in {"NotThatMuch", "StockShort"} and sorted(told)[1] == "prepared"
    item = StockItem.objects.get()
    assert (item.reserved, item.available) == (21, 0)


def test_two_orders_that_change_places_do_not_wait_for_each_other(zone, comte):
    ProductFactory()
    slots = [
        SlotFactory(zone=zone, starts_at=timezone.now() + timedelta(days=2, hours=hours), capacity=2)
        for hours in (0, 1)
    ]
    orders = [placed(zone, comte, slot=slot) for slot in slots]
    for turn in range(6):
        wanted = [(one, wishes(one, slot=slots[(place + turn + 1) % 2])) for place, one in enumerate(orders)]
        pressed = [(one, wished, seen(fresh(one), wished)) for one, wished in wanted]

        assert all_at_once(*(lambda one=one: press(*one) for one in pressed)) == ["applied", "applied"]

        orders = [fresh(one) for one in orders]
        assert [slot.booked for slot in Slot.objects.order_by("pk")] == [1, 1]
    check_house()


def test_control_slots_taken_in_any_order_deadlock(zone, comte, monkeypatch):
    slots = [
        SlotFactory(zone=zone, starts_at=timezone.now() + timedelta(days=2, hours=hours)) for hours in (0, 1)
    ]
    orders = [placed(zone, comte, slot=slot) for slot in slots]
    wanted = [(one, wishes(one, slot=slot)) for one, slot in zip(orders, reversed(slots), strict=True)]
    pressed = [(one, wished, seen(one, wished)) for one, wished in wanted]
    meet_after(monkeypatch, slot_services, "_take_place", 2)

    def take_then_give_back(*, give_back, take):
        slot_services._take_place(take)
        slot_services._give_back({give_back: 1})

    monkeypatch.setattr(slot_services, "_exchange_places", take_then_give_back)

    told = all_at_once(*(lambda one=one: press(*one) for one in pressed))

    assert sorted(told) == ["applied", "deadlock"]


@pytest.mark.parametrize("turn", range(4))
def test_paid_as_the_cut_off_comes_it_is_all_of_one_or_all_of_the_other(order, comte, turn):
    live = paid(order, {comte: 15})

    def cut_off():
        Slot.objects.filter(pk=order.slot_id).update(cutoff_at=timezone.now() - timedelta(seconds=1))
        build_waves(now=timezone.now())
        services.start_picking(references=[order.reference])
        return order.lines.get().quantity

    settled, picked = all_at_once(lambda: services.settle_paid(amendment_id=live.pk), cut_off)

    after = fresh(order)
    agreed = {"applied": 15, "dropped": 10}[settled]
    assert (picked, after.lines.get().quantity) == (agreed, agreed)
    assert after.goods_total == 3 * agreed and after.status == "picking"
    assert reserved(order.reference) == {comte.pk: agreed}
