"""Presents go with one order after the other until they are handed over, once; stocks are what their moves come to."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from loyalty.rewards import services
from loyalty.rewards.models import ItemMove, Present, PresentEvent
from loyalty.rewards.queries import offered, presents_of, wrong_items
from loyalty.rewards.rules import OutOfStock, PresentsDue, StockRefused, TooLate
from tests.factories import CustomerFactory
from tests.loyalty.rewards.giving import item, left, promised, reward, state

pytestmark = pytest.mark.django_db


def events(present):
    return list(present.events.values_list("kind", flat=True))


@pytest.fixture
def me():
    return CustomerFactory().pk


def attached(me, order="CB-1", **fields):
    present = promised(me, **fields)
    services.attach(customer_id=me, order_reference=order)
    return present


def test_a_present_is_due_once_for_its_source_and_keeps_its_article(me):
    towel = item(stock=2)

    first = promised(me, item_id=towel.pk)
    again = promised(me, item_id=towel.pk)

    assert first.pk == again.pk and left(towel) == 1
    assert state(first) == ("waiting", "") and events(first) == ["promised"]


def test_the_last_one_is_promised_once(me):
    towel = item(stock=1)
    promised(me, item_id=towel.pk)

    with pytest.raises(OutOfStock):
        promised(me, "due-2", item_id=towel.pk)

    assert left(towel) == 0 and Present.objects.count() == 1


def test_what_was_withdrawn_is_promised_to_nobody(me):
    towel = item(withdrawn_at=timezone.now())

    with pytest.raises(OutOfStock):
        promised(me, item_id=towel.pk)

    assert left(towel) == 3


def test_it_waits_goes_along_is_packed_and_handed_over(me):
    towel = item()
    present = attached(me, item_id=towel.pk)
    assert state(present) == ("attached", "CB-1")

    services.pack(order_reference="CB-1", packed=[present.pk], missed=[], by_id=None)
    assert state(present) == ("packed", "CB-1")
    for _twice in range(2):
        services.hand_over(order_reference="CB-1")

    assert state(present) == ("given", "CB-1")
    assert events(present) == ["promised", "attached", "packed", "given"]
    assert left(towel) == 2


@pytest.mark.parametrize("is_packed", [False, True])
def test_an_order_that_falls_through_leaves_it_for_the_next(me, is_packed):
    present = attached(me, item_id=item().pk)
    if is_packed:
        services.pack(order_reference="CB-1", packed=[present.pk], missed=[], by_id=None)

    for _twice in range(2):
        services.loose(order_reference="CB-1")
    assert state(present) == ("waiting", "")

    services.attach(customer_id=me, order_reference="CB-2")
    assert state(present) == ("attached", "CB-2")


def test_what_was_handed_over_stays_handed_over(me):
    present = attached(me, item_id=item().pk)
    services.pack(order_reference="CB-1", packed=[present.pk], missed=[], by_id=None)
    services.hand_over(order_reference="CB-1")

    services.loose(order_reference="CB-1")

    assert state(present) == ("given", "CB-1")


def test_what_was_not_found_goes_with_the_next_order(me):
    present = attached(me, item_id=item().pk)

    services.pack(order_reference="CB-1", packed=[], missed=[present.pk], by_id=None)

    assert state(present) == ("waiting", "")
    assert Present.objects.get().missed_at and events(present)[-2:] == ["missed", "loosed"]


def test_a_picker_who_answers_for_some_of_them_closes_nothing(me):
    one = attached(me, item_id=item().pk)
    other = attached(me, source="due-2", item_id=item("Miel").pk)

    with pytest.raises(PresentsDue):
        services.pack(order_reference="CB-1", packed=[one.pk], missed=[], by_id=None)

    assert state(one) == state(other) == ("attached", "CB-1")


def test_what_nobody_chose_and_is_not_there_stays_for_the_next_unasked(me):
    present = attached(me)

    services.pack(order_reference="CB-1", packed=[], missed=[], by_id=None)

    assert state(present) == ("waiting", "")


def test_presents_of_another_order_or_customer_are_not_packed_with_it(me):
    other = promised(source="due-9", item_id=item().pk)
    services.attach(customer_id=other.customer_id, order_reference="CB-9")

    services.pack(order_reference="CB-1", packed=[other.pk], missed=[], by_id=None)

    assert state(other) == ("attached", "CB-9")


def test_choosing_another_gives_the_first_one_back(me):
    towel, honey = item(stock=1), item("Miel", stock=1)
    present = promised(me)

    services.put_in(present_id=present.pk, item_id=towel.pk, name=towel.name)
    services.put_in(present_id=present.pk, item_id=honey.pk, name=honey.name)
    services.put_in(present_id=present.pk, item_id=towel.pk, name=towel.name)

    assert (left(towel), left(honey)) == (0, 1)
    assert Present.objects.get().name == towel.name


def test_what_is_being_prepared_is_chosen_no_more(me):
    towel = item()
    present = attached(me)
    services.settle(order_references=["CB-1"])

    with pytest.raises(TooLate):
        services.put_in(present_id=present.pk, item_id=towel.pk, name=towel.name)
    with pytest.raises(TooLate):
        services.take_back(present_id=present.pk)
    assert left(towel) == 3 and Present.objects.get().item is None

    services.loose(order_reference="CB-1")
    services.put_in(present_id=present.pk, item_id=towel.pk, name=towel.name)
    assert left(towel) == 2


def test_what_is_called_off_gives_its_article_back_once(me):
    towel = item()
    present = attached(me, item_id=towel.pk)

    for _twice in range(2):
        services.take_back(present_id=present.pk)

    assert state(present) == ("cancelled", "") and left(towel) == 3
    assert presents_of([me]) == []


@pytest.mark.parametrize(("units", "after"), [(5, 8), (-3, 0)])
def test_stock_moves_once_for_its_source(units, after):
    towel = item(stock=3)

    for _twice in range(2):
        services.move_stock(item_id=towel.pk, kind=ItemMove.Kind.COUNTED, units=units, source="count-1")

    assert left(towel) == after


def test_no_stock_goes_below_nothing():
    towel = item(stock=3)

    with pytest.raises(StockRefused) as refused:
        services.move_stock(item_id=towel.pk, kind=ItemMove.Kind.LOST, units=-4, source="loss-1")
    with pytest.raises(ValueError, match="0"):
        services.move_stock(item_id=towel.pk, kind=ItemMove.Kind.LOST, units=0, source="loss-2")

    assert refused.value.left == 3 and left(towel) == 3


def test_a_stock_that_was_typed_over_is_found():
    towel = item(stock=3)
    type(towel).objects.filter(pk=towel.pk).update(stock=9)

    assert wrong_items() == [towel.pk]


@pytest.mark.parametrize("table", ["rewards_itemmove", "rewards_presentevent"])
def test_books_are_added_to_only(me, table):
    promised(me, item_id=item().pk)

    for statement in (f"UPDATE {table} SET at = now()", f"DELETE FROM {table}"):
        with (
            pytest.raises(DatabaseError, match="Cannot"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert PresentEvent.objects.exists() and ItemMove.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"points": 0}, {"points": -5}, {"kind": "goods"}, {"kind": "deliveries", "amount": 3},
        {"kind": "voucher", "amount": 0}, {"kind": "voucher", "amount": -3},
    ],
)  # fmt: skip
def test_a_reward_that_is_nothing_is_refused_by_the_database(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        reward(**fields)


def test_what_is_out_of_stock_stopped_or_to_come_is_not_offered():
    now = timezone.now()
    here = reward(100)
    reward(200, kind="goods", item=item("Cocotte", stock=0))
    reward(300, stopped_at=now)
    reward(400, starts_at=now + timezone.timedelta(days=1))

    assert list(offered(now)) == [here]


def test_a_guests_presents_follow_them(me):
    guest = CustomerFactory()
    present = promised(guest.pk)

    services.gather(customer_id=me, guest_ids=[guest.pk])

    assert Present.objects.get(pk=present.pk).customer_id == me


def test_what_is_announced_for_a_later_order_goes_with_none_before(me):
    ahead = promised(me, is_ahead=True)
    towel = promised(me, "due-2", item_id=item().pk)

    services.attach(customer_id=me, order_reference="CB-4")
    assert (state(ahead), state(towel)) == (("waiting", ""), ("attached", "CB-4"))

    services.reach(present_ids=[ahead.pk])
    services.attach(customer_id=me, order_reference="CB-5")
    assert state(ahead) == ("attached", "CB-5")


def test_what_a_guest_was_left_goes_with_the_order_of_the_customer_they_became(me):
    guest = CustomerFactory()
    present = promised(guest.pk)
    guest.merged_into_id = me
    guest.save()

    services.attach(customer_id=me, order_reference="CB-1")

    assert state(present) == ("attached", "CB-1") and Present.objects.get().customer_id == me
