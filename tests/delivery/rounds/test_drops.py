"""What is to be delivered, as the shop says it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from delivery.rounds import services
from delivery.rounds.models import Drop, LeftOut, Place, Planning, Round, Shift, Stop
from delivery.rounds.problem import Point
from delivery.rounds.rules import Half, bounds, crates_guessed, half_of
from tests.delivery.rounds.fleet import AFTERNOON, HOUR, drop, manifest, planned, planning_of, shift, slot

pytestmark = pytest.mark.django_db


def test_a_drop_lies_in_the_middle_of_its_postcode_or_of_what_is_known_of_it():
    here, around = drop(postcode="75011"), drop(postcode="92999")

    assert here.point == Point(48.8594, 2.3785)
    assert around.point == Point(48.8470, 2.2460)
    assert drop(postcode="13001").point is None


def test_said_again_it_is_one_drop_and_what_was_said_last_holds():
    said = manifest("CB-1")
    services.write_drop(said)

    services.write_drop(replace(said, door_code="B12", crates={"ambient": 4}))

    only = Drop.objects.get()
    assert (only.door_code, only.crates) == ("B12", {"ambient": 4})


def test_crates_that_were_counted_are_not_guessed_again():
    said = manifest("CB-1")
    services.write_drop(said)
    services.note_crates(order_reference="CB-1", crates={"frozen": 1, "ambient": 3})

    services.write_drop(replace(said, crates={"ambient": 9}))

    assert Drop.objects.get().crates == {"frozen": 1, "ambient": 3}


def test_crates_of_an_unknown_order_are_refused():
    with pytest.raises(services.DropUnknown):
        services.note_crates(order_reference="CB-0", crates={"ambient": 1})


def test_a_drop_whose_hours_change_leaves_its_round_and_both_half_days_are_planned_anew():
    said = manifest("CB-1", hour=15)
    services.write_drop(said)
    shift()
    planned(Drop.objects.get())

    services.write_drop(replace(said, slot_starts_at=slot(10, 27), slot_ends_at=slot(10, 27) + HOUR))

    assert not Stop.objects.exists()
    assert sorted((one.day.day, one.half, one.is_stale) for one in Planning.objects.all()) == [
        (26, "afternoon", True),
        (27, "morning", True),
    ]


def test_a_cancelled_drop_leaves_its_round_unless_that_is_on_its_way():
    kept, gone = drop(), drop()
    shift()
    planned(gone)
    services.cancel_drop(order_reference=gone.order_reference)
    services.send_out(round_id=Round.objects.get().pk, at=AFTERNOON)

    services.cancel_drop(order_reference=kept.order_reference)

    assert list(Stop.objects.values_list("drop", flat=True)) == [kept.pk]
    assert Drop.objects.filter(cancelled_at=None).count() == 0


def test_cancelling_what_was_never_to_be_delivered_does_nothing():
    services.cancel_drop(order_reference="CB-404")

    assert not Drop.objects.exists()


@pytest.mark.parametrize("point", [Point(91, 2.3), Point(48.8, -200), Point(43.3, 5.4), Point(0, 0)])
def test_a_place_off_the_planet_or_far_from_the_depot_is_refused(point):
    one = drop()

    with pytest.raises(services.WrongPlace):
        services.correct_place(order_reference=one.order_reference, point=point)

    one.refresh_from_db()
    assert one.point == Point(48.8594, 2.3785)


def test_a_place_put_right_stays_while_the_address_does():
    said = manifest("CB-1")
    services.write_drop(said)
    services.correct_place(order_reference="CB-1", point=Point(48.85, 2.35))

    services.write_drop(replace(said, floor="5"))
    assert Drop.objects.get().point == Point(48.85, 2.35)

    Place.objects.create(prefix="75012", latitude=48.84, longitude=2.39)
    services.write_drop(replace(said, postcode="75012"))
    assert Drop.objects.get().point == Point(48.84, 2.39)


def test_addresses_are_forgotten_sixty_days_after_their_slot():
    old, recent = drop("CB-1", day=1), drop("CB-2", day=26)

    assert services.forget_addresses(now=recent.slot_ends_at + timedelta(days=59)) == 1

    old.refresh_from_db()
    recent.refresh_from_db()
    assert (old.recipient, old.phone, old.line1, old.door_code, old.point, old.articles) == (
        "",
        "",
        "",
        "",
        None,
        [],
    )
    assert old.order_reference == "CB-1"
    assert recent.phone


def test_half_days_have_every_instant_on_days_when_clocks_change():
    for day in (date(2027, 3, 28), date(2026, 10, 25)):
        morning, afternoon = bounds(day, Half.MORNING), bounds(day, Half.AFTERNOON)

        assert morning[1] == afternoon[0]
        assert half_of(morning[0]) == half_of(morning[1] - timedelta(seconds=1)) == (day, Half.MORNING)
        assert half_of(afternoon[0]) == half_of(afternoon[1] - timedelta(seconds=1)) == (day, Half.AFTERNOON)
    assert morning[1] - morning[0] == timedelta(hours=15)


def test_each_temperature_has_crates_of_its_own():
    assert crates_guessed({"ambient": 12_000, "frozen": 300, "chilled": 0}) == {"ambient": 2, "frozen": 1}


def test_a_courier_and_a_van_are_in_one_place_at_a_time():
    one = shift(hours=(13, 17))

    for both in (
        {"courier": one.courier, "van": shift(hours=(8, 9)).van},
        {"courier": shift(hours=(8, 9)).courier, "van": one.van},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Shift.objects.create(**both, starts_at=slot(16), ends_at=slot(20))
    # A break splits the day: the next shift begins when the first one ends.
    Shift.objects.create(courier=one.courier, van=one.van, starts_at=one.ends_at, ends_at=slot(21))


@pytest.mark.parametrize("numbers", [1, 6])
def test_writing_a_drop_takes_nine_queries_however_full_its_half_day(django_assert_max_num_queries, numbers):
    for _n in range(numbers):
        drop()
    said = manifest("CB-N")
    services.write_drop(said)

    with django_assert_max_num_queries(9):
        services.write_drop(replace(said, slot_starts_at=slot(9), slot_ends_at=slot(10)))


def test_a_drop_nobody_plans_is_told_with_its_reason():
    one = drop()

    planned(one)

    assert LeftOut.objects.get().why == "no_van"
    assert not planning_of(one).is_stale


def is_stale(one):
    return planning_of(one).is_stale


def test_what_is_no_part_of_a_plan_leaves_it_good_and_what_is_does_not():
    said = manifest("CB-1")
    services.write_drop(said)
    one = Drop.objects.get()
    shift()
    planned(one)

    services.write_drop(replace(said, door_code="B12", phone="0699999999", instructions="Sonner deux fois"))
    services.note_crates(order_reference="CB-1", crates=one.crates)
    assert not is_stale(one)

    services.note_crates(order_reference="CB-1", crates={"ambient": 9})
    assert is_stale(one)


@pytest.mark.parametrize(
    "changed", [{"grams": 90_000}, {"requires_age_check": True}, {"line1": "1 rue Neuve"}, {"rank": 1}]
)
def test_each_part_of_a_plan_makes_it_anew(changed):
    said = manifest("CB-1")
    services.write_drop(said)
    shift()
    planned(Drop.objects.get())

    services.write_drop(replace(said, **changed))

    assert is_stale(Drop.objects.get())


def test_an_order_nobody_could_plan_that_moves_spoils_no_other_plan():
    one = drop(hour=15)
    plan = planned(one)
    assert LeftOut.objects.get().drop == one

    services.write_drop(manifest(one.order_reference, hour=10, day=27, zone=one.zone))
    moved = Drop.objects.get()
    planned(moved, now=slot(7, 27))
    planned(one, now=AFTERNOON)

    plan.refresh_from_db()
    assert [left.planning.day.day for left in LeftOut.objects.all()] == [27]
    assert not plan.is_stale


def test_a_shift_that_changes_has_its_half_days_planned_anew():
    afternoon, morning = drop(hour=15), drop(hour=10)
    on = shift(hours=(13, 22))
    planned(afternoon)
    planned(morning, now=slot(6))
    assert not is_stale(afternoon) and not is_stale(morning)

    on.starts_at, on.ends_at = slot(8), slot(12)
    services.write_shift(on)

    assert is_stale(afternoon) and is_stale(morning)
    assert not Round.objects.filter(shift=on).exists()


@pytest.mark.parametrize("whose", ["van", "courier"])
def test_a_van_or_a_courier_that_changes_has_its_half_days_to_come_planned_anew(whose):
    one = drop(hour=15)
    on = shift(hours=(13, 22))
    planned(one)

    services.replan_shifts_to_come(now=slot(23), **{whose: getattr(on, whose)})
    assert not is_stale(one)
    services.replan_shifts_to_come(now=AFTERNOON, **{whose: getattr(on, whose)})
    assert is_stale(one)
