"""Amending an order against whoever wants the same rows: its picker, another tab, its cancelling, another customer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from config.facts import deliver_all
from crm.desk.services import publish_page
from delivery.slots.models import Slot
from delivery.slots.services import SlotFull
from shop.orders import services
from shop.orders.models import Amendment, Order, OrderLine
from shop.orders.services import carrying_out
from shop.payments import services as payments
from shop.payments.gateways import demo
from shop.picking.services import build_waves
from shop.stock.models import StockItem
from shop.stock.services import StockShort
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


def test_control_without_the_orders_lock_a_picker_reads_a_mixture(order, comte):
    read, amended = threading.Event(), threading.Event()

    def pick():
        quantity = order.lines.get().quantity
        read.set()
        amended.wait(5)
        return quantity, Order.objects.get(pk=order.pk).goods_total

    def change():
        read.wait(5)
        OrderLine.objects.update(quantity=8, total=Decimal("24.00"))
        Order.objects.update(goods_total=Decimal("24.00"), total=F("total") - 6)
        amended.set()

    mixture, _none = all_at_once(pick, change)

    assert mixture == (10, Decimal("24.00"))


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


def test_control_without_the_lock_two_see_no_other_and_only_the_database_refuses(order):
    both_looked = threading.Barrier(2)

    def prepare():
        assert not Amendment.objects.filter(order=order, state="prepared").exists()
        both_looked.wait(5)
        Amendment.objects.create(
            order=order, proposal={}, stands_on="", mark="", total_before=0, total_after=0,
            expires_at=timezone.now(),
        )  # fmt: skip
        return "prepared"

    assert sorted(all_at_once(prepare, prepare)) == ["IntegrityError", "prepared"]


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


def test_control_joined_to_its_slot_an_order_that_moves_is_not_found(order, zone):
    new = SlotFactory(zone=zone, starts_at=order.slot.starts_at + timedelta(hours=3))
    moving = threading.Event()

    @transaction.atomic
    def move():
        Order.objects.filter(pk=order.pk).update(slot=new)
        moving.set()
        threading.Event().wait(MOMENT)
        return "moved"

    @transaction.atomic
    def look():
        moving.wait(5)
        joined = Order.objects.select_for_update(of=("self",)).select_related("slot")
        return len(joined.filter(pk=order.pk))

    assert all_at_once(move, look) == ["moved", 0]


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


def test_control_slots_locked_in_any_order_deadlock(zone):
    first, second = SlotFactory(zone=zone), SlotFactory(zone=zone)
    both_hold_one = threading.Barrier(2)

    def move(old, new):
        with transaction.atomic():
            Slot.objects.filter(pk=new.pk).update(booked=F("booked") + 1)
            both_hold_one.wait(5)
            Slot.objects.filter(pk=old.pk).update(booked=F("booked"))
        return "moved"

    assert sorted(all_at_once(lambda: move(first, second), lambda: move(second, first))) == [
        "deadlock",
        "moved",
    ]


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
