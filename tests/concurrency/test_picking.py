"""Two pickers are never on one order, one line is written once; each guard is shown to be needed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from config.staff import StaffGroup
from crm.desk.services import publish_page
from shop.orders import services as orders
from shop.orders.models import LineEvent, Order, OrderBill, ShortageQuestion
from shop.orders.services import preparing
from shop.payments.models import PaymentOperation
from shop.picking import services
from shop.picking.models import PickTask, Wave
from shop.stock.models import StockItem, StockMovement
from tests.concurrency.racing import meet_after, meet_before, together, without_row_locks
from tests.factories import ProductFactory, ZoneFactory
from tests.shop.orders.depot import close, pick, place, started
from tests.shop.orders.test_orders import member

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
PICKERS = 6


@pytest.fixture
def zone():
    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")
    return ZoneFactory()


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("4.00"), stock=500)


@pytest.fixture
def waiting(zone, comte):
    """Eight orders of one wave."""
    for made in [place(zone, {comte: 10}) for _ in range(8)]:
        close(made)
    services.build_waves(now=timezone.now())
    return PickTask.objects.first().wave_id


def test_pickers_who_take_at_once_share_out_the_wave(waiting):
    pickers = [member(StaffGroup.PICKING).pk for _ in range(PICKERS)]
    answers = together(
        PICKERS, lambda n: services.take_tasks(picker_id=pickers[n], wave_id=waiting, number=2)
    )
    taken = [task.pk for answer in answers if isinstance(answer, list) for task in answer]

    assert len(taken) == len(set(taken)) == 8
    assert all(isinstance(answer, list | services.NothingToTake) for answer in answers), answers
    assert PickTask.objects.filter(picker=None).count() == 0


def test_control_without_the_lock_two_pickers_get_one_order(waiting, monkeypatch):
    pickers = [member(StaffGroup.PICKING).pk for _ in range(2)]
    without_row_locks(monkeypatch)
    meet_before(monkeypatch, orders, "start_picking", 2)

    first, second = together(
        2, lambda n: services.take_tasks(picker_id=pickers[n], wave_id=waiting, number=1)
    )

    assert first == second


def test_one_pickers_double_tap_never_overfills_the_trolley(waiting):
    picker = member(StaffGroup.PICKING).pk
    answers = together(3, lambda _n: services.take_tasks(picker_id=picker, wave_id=waiting, number=4))
    assert all(isinstance(answer, list | services.TrolleyFull) for answer in answers), answers
    letters = list(PickTask.objects.filter(picker=picker).values_list("letter", flat=True))

    assert sorted(letters) == list("ABCDEF")


def test_two_builders_make_one_wave(zone, comte):
    for made in [place(zone, {comte: 10}) for _ in range(3)]:
        close(made)
    answers = together(4, lambda _n: services.build_waves(now=timezone.now()))

    assert all(isinstance(answer, int) for answer in answers), answers
    assert (Wave.objects.count(), PickTask.objects.count()) == (1, 3)


def say(line, quantity):
    found = [orders.Found(line.pk, quantity)]
    return orders.note_picked(found=found, by_id=None, order_ids=[line.order_id])


def test_one_line_said_by_two_is_written_once(zone, comte):
    order = started(place(zone, {comte: 10}))
    line = order.lines.get()
    answers = together(2, lambda n: say(line, 10 - n))
    line.refresh_from_db()
    refused = [answer for answer in answers if isinstance(answer, orders.AlreadyPicked)]

    assert len(refused) == 1
    assert LineEvent.objects.filter(kind="picked").get().quantity == line.picked


def test_control_without_the_lock_both_write(zone, comte, monkeypatch):
    line = started(place(zone, {comte: 10})).lines.get()
    without_row_locks(monkeypatch)
    meet_after(monkeypatch, preparing, "_check", 2)
    together(2, lambda n: say(line, 10 - n))

    assert LineEvent.objects.filter(kind="picked").count() == 2


def test_crates_closed_twice_at_once_are_billed_and_charged_once(zone, comte):
    order = started(place(zone, {comte: 10}))
    pick(order)
    answers = together(4, lambda _n: orders.pack_order(reference=order.reference))

    assert all(isinstance(answer, Order) for answer in answers), answers
    assert OrderBill.objects.count() == 1
    assert PaymentOperation.objects.filter(kind="capture").count() == 1
    assert StockMovement.objects.filter(kind="picked").count() == 1
    assert StockItem.objects.get(product=comte).on_hand == 490


def test_a_customers_cancelling_meets_the_picker(zone, comte):
    """Either the order is cancelled and nobody takes it, or it is being prepared and stays."""
    made = place(zone, {comte: 10})
    picker = member(StaffGroup.PICKING).pk
    task = PickTask.objects.create(
        wave=Wave.objects.create(depot_id=made.depot_id, cutoff_at=made.slot.cutoff_at),
        order=made, place=1,
    )  # fmt: skip
    cancelled, taken = together(
        2,
        lambda n: (
            services.take_tasks(picker_id=picker, wave_id=task.wave_id, number=1)
            if n
            else orders.cancel_order(reference=made.reference)
        ),
    )
    status, held = Order.objects.get().status, StockItem.objects.get(product=comte).reserved

    if status == "cancelled":
        assert isinstance(taken, services.NothingToTake) and isinstance(cancelled, Order) and held == 0
    else:
        assert status == "picking" and isinstance(cancelled, orders.TooLateToCancel) and held == 10
        assert [one.order for one in taken] == [made]


def test_one_question_answered_by_two_is_done_once(zone, comte):
    brie = ProductFactory(name="Brie", price=Decimal("4.00"), stock=50)
    order = started(place(zone, {comte: 10}))
    pick(order, {comte: 7})
    question = orders.tell_shortage(
        reference=order.reference, line_id=order.lines.get().pk, missing=3, cause="shelf"
    )
    offer = question.offers.get().pk
    answers = together(
        6, lambda n: orders.answer_shortage(
            token=question.token, answer="replace" if n % 2 else "leave_out", offer_id=offer if n % 2 else None
        ),
    )  # fmt: skip
    stands = order.lines.filter(product=brie).count()

    assert ShortageQuestion.objects.get().answer == ("replace" if stands else "leave_out")
    assert sum(isinstance(answer, orders.AlreadyAnswered) for answer in answers) == 3
    assert StockItem.objects.get(product=brie).reserved == 3 * stands


def test_the_last_replacement_goes_to_one_of_two_customers(zone, comte):
    ProductFactory(name="Brie", price=Decimal("4.00"), stock=3)
    asked = []
    for hours in (3, 4):
        order = started(place(zone, {comte: 10}, starts_in=timedelta(hours=hours)))
        pick(order, {comte: 7})
        line = order.lines.get()
        asked.append(
            orders.tell_shortage(reference=order.reference, line_id=line.pk, missing=3, cause="shelf")
        )
    answers = together(
        2,
        lambda n: orders.answer_shortage(
            token=asked[n].token, answer="replace", offer_id=asked[n].offers.get().pk
        ),
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["OfferGone", "Order"]
    assert StockItem.objects.get(product__name="Brie").reserved == 3
