"""Waves open at their cut-off, orders are taken once, and what is taken is finished by somebody."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.facts import deliver_all
from config.staff import StaffGroup
from delivery.rounds.models import Drop
from delivery.slots.models import Slot
from shop.orders import services as orders
from shop.orders.models import Order, ShortageQuestion
from shop.picking import services
from shop.picking.models import PickTask, Wave
from shop.picking.rules import crates_of, free_letters, walking_key
from shop.stock.models import StockItem
from tests.factories import ProductFactory
from tests.shop.orders.depot import close
from tests.shop.orders.test_orders import member
from tests.shop.picking.conftest import on_trolley, place, wave

pytestmark = pytest.mark.django_db


def test_a_wave_opens_when_its_slots_stop_selling(zone, comte):
    order = place(zone, {comte: 12})
    assert services.build_waves(now=timezone.now()) == 0

    close(order)
    assert services.build_waves(now=timezone.now()) == 1
    assert services.build_waves(now=timezone.now()) == 0
    assert Wave.objects.get().tasks.get().order == order


def test_the_soonest_slot_first_newcomers_first_within_it(zone, comte):
    cutoff = timezone.now() - timedelta(minutes=1)
    late = place(zone, {comte: 12}, rank=1, starts_in=timedelta(hours=5))
    known, new = place(zone, {comte: 12}, rank=8), place(zone, {comte: 12}, rank=2)
    Slot.objects.update(cutoff_at=cutoff)
    services.build_waves(now=timezone.now())

    assert [task.order for task in PickTask.objects.order_by("place")] == [new, known, late]


@pytest.mark.parametrize("trouble", ["unpaid", "cancelled", "long ago"])
def test_what_is_not_to_be_prepared_is_in_no_wave(zone, comte, trouble):
    order = place(zone, {comte: 12})
    if trouble == "unpaid":
        Order.objects.update(payment_needed_at=timezone.now())
    elif trouble == "cancelled":
        orders.cancel_order(reference=order.reference)
    else:
        ago = timezone.now() - timedelta(hours=14)
        Slot.objects.update(cutoff_at=ago, starts_at=ago, ends_at=ago + timedelta(hours=1))
    if trouble != "long ago":
        close(order)

    assert services.build_waves(now=timezone.now()) == 0


def test_taking_starts_the_orders_and_gives_each_a_place(zone, comte, picker):
    one, two = place(zone, {comte: 12}), place(zone, {comte: 12})
    tasks = on_trolley(picker, one, two)

    assert [task.letter for task in tasks] == ["A", "B"]
    assert set(Order.objects.values_list("status", flat=True)) == {"picking"}


def test_a_full_trolley_takes_no_more(zone, comte, picker):
    made = [place(zone, {comte: 10}) for _ in range(7)]
    on_trolley(picker, *made, number=6)

    with pytest.raises(services.TrolleyFull):
        services.take_tasks(picker_id=picker.pk, wave_id=Wave.objects.get().pk, number=1)


def test_what_was_cancelled_since_is_passed_over(zone, comte, picker):
    order = place(zone, {comte: 12})
    found = wave(order)
    Order.objects.update(status="cancelled")

    with pytest.raises(services.NothingToTake):
        services.take_tasks(picker_id=picker.pk, wave_id=found.pk, number=1)
    assert PickTask.objects.get().closed_at


def test_a_cancelled_order_keeps_no_other_waiting(zone, comte, picker):
    gone, stays = place(zone, {comte: 12}), place(zone, {comte: 12})
    found = wave(gone, stays)
    Order.objects.filter(pk=gone.pk).update(status="cancelled")

    assert services.take_tasks(picker_id=picker.pk, wave_id=found.pk, number=1)[0].order == stays


def test_an_interrupted_pick_is_finished_by_another(zone, comte, apples, picker):
    order = place(zone, {comte: 12, apples: 500})
    task = on_trolley(picker, order)[0]
    line = order.lines.get(product=comte)
    services.confirm(picker_id=picker.pk, taken={line.pk: services.Taken(12)})
    services.hand_back(task_id=task.pk, picker_id=picker.pk)
    other = member(StaffGroup.PICKING)
    services.take_tasks(picker_id=other.pk, wave_id=task.wave_id, number=1)

    line.refresh_from_db()
    assert line.picked == 12
    assert PickTask.objects.get().picker == other


def test_nobody_writes_on_anothers_trolley(zone, comte, picker):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]
    other = member(StaffGroup.PICKING)
    line = order.lines.get()

    for touch in (
        lambda: services.confirm(picker_id=other.pk, taken={line.pk: services.Taken(12)}),
        lambda: services.hand_back(task_id=task.pk, picker_id=other.pk),
        lambda: services.close_task(task_id=task.pk, picker_id=other.pk),
        lambda: services.label_crates(task_id=task.pk, picker_id=other.pk, wanted={"ambient": 1}),
        lambda: services.confirm(picker_id=picker.pk, taken={line.pk + 999: services.Taken(1)}),
        lambda: services.confirm(picker_id=picker.pk, taken={}),
    ):
        with pytest.raises(services.NotYours):
            touch()
    line.refresh_from_db()
    assert line.picked is None


def test_one_line_refused_at_a_shelf_writes_none(zone, comte, picker):
    one, two = place(zone, {comte: 12}), place(zone, {comte: 10})
    on_trolley(picker, one, two)
    taken = {one.lines.get().pk: services.Taken(12), two.lines.get().pk: services.Taken(11)}

    with pytest.raises(orders.QuantityRefused):
        services.confirm(picker_id=picker.pk, taken=taken)

    assert one.lines.get().picked is None


def finish(order, picker, task, quantity=12):
    services.confirm(picker_id=picker.pk, taken={order.lines.get().pk: services.Taken(quantity)})
    return services.close_task(task_id=task.pk, picker_id=picker.pk)


def test_closed_crates_leave_the_trolley(zone, comte, picker):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]

    assert finish(order, picker, task).status == "packed"
    task.refresh_from_db()
    assert task.closed_at and StockItem.objects.get(product=comte).on_hand == 78


def test_a_first_order_is_looked_over_before_it_is_closed(zone, comte, picker):
    order = place(zone, {comte: 12}, rank=3)
    task = on_trolley(picker, order)[0]
    with pytest.raises(services.CheckDue):
        finish(order, picker, task)

    checker = member(StaffGroup.PICKING)
    services.note_checked(task_id=task.pk, by_id=checker.pk)

    assert services.close_task(task_id=task.pk, picker_id=picker.pk).status == "packed"
    assert PickTask.objects.get().checked_by == checker


def test_whoever_wanted_to_be_asked_is_asked_and_waited_for(zone, comte, picker):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]

    with pytest.raises(orders.WaitsForAnswer):
        finish(order, picker, task, quantity=9)
    question = ShortageQuestion.objects.get()
    assert (question.cause, question.missing) == ("shelf", 3)
    orders.answer_shortage(token=question.token, answer="leave_out")

    assert services.close_task(task_id=task.pk, picker_id=picker.pk).status == "packed"


@pytest.mark.parametrize(("choice", "kind"), [("leave_out", None), ("later", "later")])
def test_whoever_chose_before_is_not_asked_again(zone, comte, picker, choice, kind):
    order = place(zone, {comte: 12}, choice=choice)
    task = on_trolley(picker, order)[0]
    StockItem.objects.filter(product=comte).update(on_hand=0)

    assert finish(order, picker, task, quantity=9).status == "packed"
    assert not ShortageQuestion.objects.exists()
    assert order.lines.get().events.filter(kind="later").exists() == (kind == "later")


def test_a_replacement_is_the_pickers_to_find(zone, comte, picker):
    brie = ProductFactory(name="Brie", price=comte.price, stock=20)
    order = place(zone, {comte: 12}, choice="substitute")
    task = on_trolley(picker, order)[0]
    with pytest.raises(services.ReplacementDue) as due:
        finish(order, picker, task, quantity=9)
    line = due.value.lines[0]
    orders.replace_at_shelf(line_id=line.pk, product_id=brie.pk, by_id=picker.pk)
    with pytest.raises(orders.LinesLeft):
        services.close_task(task_id=task.pk, picker_id=picker.pk)
    added = order.lines.get(product=brie)
    services.confirm(picker_id=picker.pk, taken={added.pk: services.Taken(3)})
    services.close_task(task_id=task.pk, picker_id=picker.pk)

    assert Order.objects.get().bill.goods_total == order.goods_total


def test_where_nothing_would_do_the_rest_leaves(zone, comte, picker):
    order = place(zone, {comte: 12}, choice="substitute")
    task = on_trolley(picker, order)[0]
    with pytest.raises(services.ReplacementDue) as due:
        finish(order, picker, task, quantity=9)
    orders.replace_at_shelf(line_id=due.value.lines[0].pk, product_id=None, by_id=picker.pk)

    assert services.close_task(task_id=task.pk, picker_id=picker.pk).status == "packed"


def test_a_replacement_that_was_not_proposed_is_refused(zone, comte, apples, picker):
    order = place(zone, {comte: 12}, choice="substitute")
    task = on_trolley(picker, order)[0]
    with pytest.raises(services.ReplacementDue) as due:
        finish(order, picker, task, quantity=9)

    for wrong in (apples.pk, comte.pk, 10**9):
        with pytest.raises(orders.OfferGone):
            orders.replace_at_shelf(line_id=due.value.lines[0].pk, product_id=wrong, by_id=picker.pk)


def test_cancelled_by_its_answer_the_order_leaves_the_trolley(zone, comte, picker):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]
    with pytest.raises(orders.WaitsForAnswer):
        finish(order, picker, task, quantity=9)
    orders.answer_shortage(token=ShortageQuestion.objects.get().token, answer="cancel")

    assert services.close_task(task_id=task.pk, picker_id=picker.pk).status == "cancelled"
    assert StockItem.objects.get(product=comte).reserved == 0


def test_labels_are_numbered_dry_first_and_made_anew(zone, comte, picker):
    task = on_trolley(picker, place(zone, {comte: 12}))[0]
    services.label_crates(task_id=task.pk, picker_id=picker.pk, wanted={"frozen": 1, "ambient": 2})
    services.label_crates(task_id=task.pk, picker_id=picker.pk, wanted={"frozen": 1, "ambient": 1})

    assert list(task.crates.values_list("number", "temperature")) == [(1, "ambient"), (2, "frozen")]


@pytest.mark.parametrize("wanted", [{}, {"ambient": 0}, {"ambient": -1, "frozen": 2}, {"ambient": 31}])
def test_impossible_crates_are_refused(wanted):
    with pytest.raises(ValueError):
        crates_of(wanted)


def test_shelves_are_walked_dry_to_frozen_by_number():
    lines = [("frozen", "A1"), ("ambient", "B10"), ("ambient", "B2"), ("chilled", "A1"), ("ambient", "")]

    assert sorted(lines, key=lambda line: walking_key(*line, "x")) == [
        ("ambient", "B2"), ("ambient", "B10"), ("ambient", ""), ("chilled", "A1"), ("frozen", "A1"),
    ]  # fmt: skip
    assert free_letters("AC") == ["B", "D", "E", "F"]


def test_a_wave_costs_the_same_queries_however_many_orders(zone, comte):
    def cost(number):
        for order in [place(zone, {comte: 10}, starts_in=timedelta(hours=2 + number)) for _ in range(number)]:
            close(order)
        with CaptureQueriesContext(connection) as told:
            assert services.build_waves(now=timezone.now()) == number
        return len(told)

    assert cost(1) == cost(4) <= 6


def test_what_changes_after_the_second_look_is_looked_over_again(zone, comte, picker):
    order = place(zone, {comte: 12}, rank=2)
    task = on_trolley(picker, order)[0]
    with pytest.raises(services.CheckDue):
        finish(order, picker, task)
    services.note_checked(task_id=task.pk, by_id=member(StaffGroup.PICKING).pk)
    services.confirm(picker_id=picker.pk, taken={order.lines.get().pk: services.Taken(11, before=12)})

    with pytest.raises(services.CheckDue):
        services.close_task(task_id=task.pk, picker_id=picker.pk)
    assert PickTask.objects.get().checked_at is None


def test_found_after_all_nobody_is_waited_for(zone, comte, picker):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]
    with pytest.raises(orders.WaitsForAnswer):
        finish(order, picker, task, quantity=9)
    services.confirm(picker_id=picker.pk, taken={order.lines.get().pk: services.Taken(12, before=9)})

    assert services.close_task(task_id=task.pk, picker_id=picker.pk).status == "packed"
    assert ShortageQuestion.objects.get().answer == "found"
    assert Order.objects.get().bill.goods_total == order.goods_total


@pytest.mark.parametrize("trouble", ["cancelled", "long ago"])
def test_what_ended_leaves_the_wave(zone, comte, trouble):
    order = place(zone, {comte: 12})
    wave(order)
    assert services.drop_stale(now=timezone.now()) == 0
    if trouble == "cancelled":
        Order.objects.update(status="cancelled")
    now = timezone.now() + timedelta(hours=20 if trouble == "long ago" else 0)

    assert services.drop_stale(now=now) == 1
    assert PickTask.objects.get().closed_at and services.drop_stale(now=now) == 0


def test_the_labels_say_what_the_van_takes_in_place_of_the_guess(zone, comte, picker):
    order = place(zone, {comte: 12})
    (task,) = on_trolley(picker, order)
    services.confirm(picker_id=picker.pk, taken={order.lines.get().pk: services.Taken(12)})
    services.label_crates(task_id=task.pk, picker_id=picker.pk, wanted={"ambient": 2, "chilled": 1})
    services.close_task(task_id=task.pk, picker_id=picker.pk)

    deliver_all()

    assert Drop.objects.get(order_reference=order.reference).crates == {"ambient": 2, "chilled": 1}
