"""What a phone says of its round: taken once, refused where it cannot be true."""

from uuid import uuid4

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from delivery.rounds import services as rounds
from delivery.rounds.models import LeftOut, Planning, Round, Stop
from delivery.tracking import services
from delivery.tracking.models import CourierEvent, LateNotice, Position, Run, Visit
from delivery.tracking.queries import live
from delivery.tracking.rules import put_right
from tests.delivery.rounds.fleet import AFTERNOON, courier, drop, planned, shift, slot
from tests.delivery.tracking.road import START, facts, loaded, minutes, out, say, visit

pytestmark = pytest.mark.django_db


def test_a_courier_who_begins_to_load_locks_the_round_and_finds_its_stops():
    run = loaded(15, 16)

    assert run.round.state == Round.State.LOCKED
    assert [(one.number, one.state) for one in run.visits.order_by("number")] == [
        (1, "to_come"),
        (2, "to_come"),
    ]


def test_beginning_twice_is_beginning_once():
    run = loaded(15)

    again = services.open_run(courier_id=run.courier_id, round_id=run.round_id, now=START)

    assert again == run
    assert Visit.objects.count() == 1


def test_nobody_begins_the_round_of_another_or_two_at_once():
    run = loaded(15)
    other = courier(first_name="Aya")

    with pytest.raises(services.NotYourRound):
        services.open_run(courier_id=other.pk, round_id=run.round_id, now=START)
    second = shift(hours=(8, 12))
    second.courier = run.courier
    second.save()
    morning = drop(hour=9)
    planned(morning, now=slot(6))
    with pytest.raises(services.AlreadyOut):
        services.open_run(courier_id=run.courier_id, round_id=morning.stop.round_id, now=slot(8))


def test_a_whole_round_from_the_depot_and_back():
    run = loaded(15, 15)
    say(run, "loaded", START - minutes(10), 1, crates_missing=1)
    say(run, "left", START)
    say(run, "arrived", slot(15), 1)
    say(run, "delivered", slot(15) + minutes(5), 1, received_by="Élodie", deposits_back=3)
    say(run, "absent", slot(15) + minutes(20), 2, absent_because="code")
    say(run, "back", slot(15) + minutes(60))

    first, second = visit(run, 1), visit(run, 2)
    assert (first.state, first.crates_missing, first.received_by, first.deposits_back) == (
        "delivered",
        1,
        "Élodie",
        3,
    )
    assert (second.state, second.absent_because, second.arrived_at) == (
        "absent",
        "code",
        slot(15) + minutes(20),
    )
    run.round.refresh_from_db()
    assert run.round.state == Round.State.DONE
    assert facts("tracking.DeliveryMade") == [
        {
            "order_reference": first.drop.order_reference,
            "done_epoch": (slot(15) + minutes(5)).timestamp(),
            "refused": [],
            "deposits_back": 3,
        }
    ]
    assert facts("tracking.DeliveryFailed")[0]["why"] == "absent"
    assert [one["minutes_late"] for one in facts("tracking.DeliveryArrived")] == [0, 0]


def test_what_is_sent_again_is_the_same_event():
    run = out(15)
    key = uuid4()
    first = say(run, "delivered", slot(15), 1, key=key)

    again = say(run, "delivered", slot(15), 1, key=key, now=slot(16))

    assert again == first
    assert len(facts("tracking.DeliveryMade")) == 1


def test_whoever_forgot_to_say_so_has_left_all_the_same():
    run = loaded(15)

    say(run, "arrived", slot(15), 1)

    run.refresh_from_db()
    assert run.left_at == slot(15) - visit(run, 1).drive_seconds * minutes(1) / 60
    run.round.refresh_from_db()
    assert run.round.state == Round.State.OUT


@pytest.mark.parametrize(
    ("kind", "at", "why"),
    [
        ("arrived", slot(15) + minutes(24 * 60), "in_future"),
        ("arrived", START - minutes(5), "before_start"),
        ("arrived", START - minutes(60 * 48), "too_old"),
        ("back", slot(15), "stops_left"),
        ("left", slot(15), "not_open"),
    ],
)
def test_what_cannot_be_true_is_kept_as_refused_and_changes_nothing(kind, at, why):
    run = out(15)

    event = say(run, kind, at, 1 if kind == "arrived" else None, now=slot(15))

    assert event.refused_because == why
    assert visit(run, 1).state == "to_come"
    assert not facts("tracking.DeliveryArrived")


def test_nobody_hands_over_before_they_arrived():
    run = out(15)
    say(run, "arrived", slot(15), 1)

    assert say(run, "delivered", slot(15) - minutes(10), 1, now=slot(15)).refused_because == "before_arrival"
    assert visit(run, 1).state == "arrived"


def test_alcohol_goes_to_nobody_whose_age_was_not_checked():
    run = out(15, requires_age_check=True)

    assert say(run, "delivered", slot(15), 1).refused_because == "age_not_checked"
    assert visit(run, 1).state == "to_come"

    assert not say(run, "delivered", slot(15), 1, was_age_checked=True).refused_because


def test_only_what_came_may_be_refused():
    run = out(15)

    assert say(run, "delivered", slot(15), 1, refused=["404"]).refused_because == "refused_unknown"
    say(run, "delivered", slot(15), 1, refused=["1"])

    assert facts("tracking.DeliveryMade")[0]["refused"] == ["1"]


def test_a_stop_that_is_over_stays_over():
    run = out(15)
    say(run, "delivered", slot(15), 1)

    assert say(run, "absent", slot(15) + minutes(1), 1).refused_because == "not_open"
    assert visit(run, 1).state == "delivered"


def test_a_position_off_the_planet_is_refused_and_one_on_it_kept():
    run = out(15)

    assert say(run, "position", START, latitude=91, longitude=2).refused_because == "off_the_planet"
    assert not Position.objects.exists()
    say(run, "position", START, latitude=48.85, longitude=2.35)

    run.refresh_from_db()
    assert (run.latitude, run.longitude) == (48.85, 2.35)


@pytest.mark.parametrize(
    "data", [{}, {"latitude": "nulle part", "longitude": 2}, {"latitude": None, "longitude": None}]
)
def test_a_position_that_is_none_is_not_kept(data):
    run = out(15)
    before = CourierEvent.objects.count()

    with pytest.raises(services.EventUnreadable):
        say(run, "position", START, **data)

    assert CourierEvent.objects.count() == before


def test_nobody_speaks_for_the_round_of_another():
    run = out(15)
    said = services.Said(key=uuid4(), kind="back", run_id=run.pk, at=START)

    with pytest.raises(services.NotYourRound):
        services.report(courier_id=courier().pk, said=said, now=START)


def test_a_phone_whose_clock_is_off_is_put_right():
    behind = slot(15) - minutes(50)

    assert put_right(behind, sent_at=slot(16) - minutes(50), now=slot(16)) == slot(15)
    # The way of a message is no error of a clock.
    assert put_right(slot(15), sent_at=slot(16) - minutes(1), now=slot(16)) == slot(15)


def test_a_broken_van_hands_its_doors_on_and_their_customers_are_told():
    run = out(15, 15, 16)
    say(run, "delivered", slot(15), 1)
    spare = shift(hours=(15, 22))

    say(run, "broken", slot(15) + minutes(10))

    assert [one.state for one in run.visits.order_by("number")] == ["delivered", "handed_on", "handed_on"]
    planning = Planning.objects.get()
    rounds.plan_half_day(planning_id=planning.pk, now=slot(15) + minutes(12))
    assert Stop.objects.filter(round__shift=spare).count() == 2
    second = services.open_run(
        courier_id=spare.courier_id, round_id=Round.objects.get(shift=spare).pk, now=slot(15) + minutes(15)
    )
    assert second.visits.count() == 2


def test_every_estimate_moves_with_each_stop_and_whoever_will_be_late_is_told_once():
    run = out(15, 15, 16, 16)
    before = visit(run, 4).expected_at

    say(run, "arrived", slot(16) - minutes(5), 1)
    say(run, "delivered", slot(16) + minutes(20), 1)

    assert visit(run, 4).expected_at > before
    late = {one.drop.order_reference for one in LateNotice.objects.select_related("drop")}
    assert visit(run, 2).drop.order_reference in late
    assert sorted(one["order_reference"] for one in facts("tracking.DelayForeseen")) == sorted(late)

    say(run, "delivered", slot(16) + minutes(40), 2)
    assert len(facts("tracking.DelayForeseen")) == LateNotice.objects.count()


def test_a_silent_phone_makes_its_doors_later():
    run = out(15)
    before = visit(run, 1).expected_at

    services.tick(run_id=run.pk, now=before + minutes(50))

    assert visit(run, 1).expected_at == before + minutes(50)
    assert visit(run, 1).earliest_at >= before + minutes(50)


def test_customers_read_how_many_doors_come_before_theirs():
    run = out(15, 16)
    reference = visit(run, 2).drop.order_reference

    told = live(reference)
    assert (told.stops_before, told.courier, told.is_late) == (1, "Yanis", False)

    say(run, "delivered", slot(15), 1)
    assert live(reference).stops_before == 0
    say(run, "arrived", slot(16), 2)
    assert live(reference).state == "arrived"
    say(run, "delivered", slot(16) + minutes(4), 2)
    told = live(reference)
    assert (told.state, told.stops_before, told.latest_at) == ("delivered", None, None)


def test_before_the_van_leaves_no_hour_is_promised_but_the_slot():
    told = live(visit(loaded(15), 1).drop.order_reference)

    assert (told.state, told.is_out, told.earliest_at, told.latest_at) == ("to_come", False, None, None)


def test_nothing_is_said_of_the_way_before_a_van_is_loaded():
    one = drop(hour=15)
    shift()
    planned(one)

    assert live(one.order_reference) is None


def test_what_phones_said_is_only_added_to():
    say(out(15), "position", START, latitude=48.85, longitude=2.35)

    with pytest.raises(ProgrammingError), transaction.atomic():
        CourierEvent.objects.update(refused_because="")


def test_a_report_takes_as_many_queries_for_more_stops():
    counts = []
    for hours in ((20, 21), range(15, 22)):
        run = out(*hours)
        with CaptureQueriesContext(connection) as asked:
            say(run, "arrived", START + minutes(30), 1)
        counts.append(len(asked))
        say(run, "broken", slot(15))

    assert counts[0] == counts[1] <= 20


def test_a_cancelled_drop_is_no_door_to_stop_at():
    one, two = drop(hour=15), drop(hour=16)
    on = shift(hours=(13, 22))
    planned(one, now=AFTERNOON - minutes(90))
    rounds.lock_round(round_id=Round.objects.get().pk)
    two.cancelled_at = START
    two.save()

    run = services.open_run(courier_id=on.courier_id, round_id=Round.objects.get().pk, now=START)

    assert [one.state for one in run.visits.order_by("number")] == ["to_come", "cancelled"]
    assert not LeftOut.objects.exists()
    assert Run.objects.count() == 1
