"""What staff see of rounds and decide: half-days, shifts, places."""

from datetime import date, timedelta
from unittest import mock

import pytest
import time_machine
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from delivery.rounds import services
from delivery.rounds.models import Drop, Place, Planning, Round, Shift
from delivery.rounds.problem import Violation
from delivery.rounds.rules import PARIS
from delivery.rounds.wording import distance
from delivery.tracking.services import open_run
from tests.delivery.rounds.fleet import AFTERNOON, HOUR, drop, planned, planning_of, shift, van
from tests.shop.orders.test_orders import member

pytestmark = pytest.mark.django_db
WEEK = reverse("admin:rounds_shift_changelist")
COPY = reverse("admin:rounds_shift_copy")
IMPORT = reverse("admin:rounds_place_import")


@pytest.fixture
def manager(client):
    seed_groups()
    client.force_login(member(StaffGroup.MANAGER))
    return client


@pytest.fixture
def helper(client):
    """Customer service sees, and dispatches nothing."""
    seed_groups()
    client.force_login(member(StaffGroup.CUSTOMER_SERVICE))
    return client


def page_of(client, planning):
    answer = client.get(reverse("admin:rounds_planning_change", args=[planning.pk]))
    assert answer.status_code == 200
    return answer


def act(client, name, *args):
    return client.post(reverse(f"admin:rounds_{name}", args=args), follow=True).content.decode()


def half_day():
    """A planned half-day with a round of one stop."""
    one = drop(hour=15)
    shift(hours=(13, 22))
    planning = planned(one, now=AFTERNOON - HOUR)
    return planning, Round.objects.get()


# --- half-days ----------------------------------------------------------------------------------


def test_a_half_day_shows_its_rounds_on_one_axis(manager):
    planning, round_ = half_day()

    answer = page_of(manager, planning)

    [lane] = answer.context["lanes"]
    assert 0 <= lane.x < lane.marks[0].x < 1000
    page = answer.content.decode()
    for words in ("jeudi 26 novembre, après-midi", round_.shift.van.name, "3 bacs sur 80", "1 arrêt"):
        assert words.casefold() in page.casefold()


def test_a_half_day_says_how_far_and_how_long_its_rounds_go(manager):
    planning, round_ = half_day()
    back = round_.starts_at + timedelta(hours=7, minutes=30)
    Round.objects.update(metres=42_300, returns_at=back)

    page = page_of(manager, planning).content.decode()

    assert "1 arrêt · 42\u00a0km · 3 bacs" in page
    assert "42\u00a0km et 7\u00a0h\u00a030 de tournée en tout" in page


@pytest.mark.parametrize(
    ("metres", "said"),
    [(400, "0,4"), (3_440, "3,4"), (42_300, "42"), (1_234_000, "1\u202f234")],
)
def test_short_ways_are_told_to_the_hundred_metres(metres, said):
    assert distance(metres) == f"{said}\u00a0km"


def test_what_is_left_out_says_why(manager):
    one = drop(hour=15)

    page = page_of(manager, planned(one, now=AFTERNOON - HOUR)).content.decode()

    assert one.order_reference in page
    assert "aucune camionnette en service" in page
    assert "Aucun service n’est prévu" in page
    assert "en tout" not in page


def test_staff_lock_and_unlock_a_round(manager):
    planning, round_ = half_day()

    locked = act(manager, "lock", planning.pk, round_.pk)
    unlocked = act(manager, "unlock", planning.pk, round_.pk)

    assert "aucun plan n’y touche plus" in locked
    assert "le prochain plan peut la changer" in unlocked
    round_.refresh_from_db()
    assert round_.state == "planned"


def test_a_round_that_is_being_loaded_is_not_unlocked(manager):
    planning, round_ = half_day()
    open_run(courier_id=round_.shift.courier_id, round_id=round_.pk, now=AFTERNOON)

    page = act(manager, "unlock", planning.pk, round_.pk)

    assert "déjà commencée" in page
    round_.refresh_from_db()
    assert round_.state == "locked"


def test_a_round_that_a_plan_replaced_meanwhile_is_told(manager, monkeypatch):
    planning, round_ = half_day()
    gone = mock.Mock(side_effect=Round.DoesNotExist)
    monkeypatch.setattr("delivery.rounds.admin.planning.services.lock_round", gone)

    assert "Un nouveau plan vient de remplacer" in act(manager, "lock", planning.pk, round_.pk)


def test_a_van_that_comes_home_late_is_told_and_counted(manager):
    planning, round_ = half_day()
    Round.objects.filter(pk=round_.pk).update(violation=Violation.OVERTIME)

    assert "retour après la fin du service" in page_of(manager, planning).content.decode()
    [row] = manager.get(reverse("admin:rounds_planning_changelist")).context["cl"].result_list
    assert (row.overtime_number, row.late_number) == (1, 0)


@pytest.mark.parametrize(("model", "changed"), [("van", {"crates": 3}), ("courier", {"first_name": "Inès"})])
def test_a_van_or_a_courier_put_right_in_the_admin_is_planned_with(manager, model, changed, time_machine):
    time_machine.move_to(AFTERNOON - HOUR)
    planning, round_ = half_day()
    one = getattr(round_.shift, model)
    site._registry[type(one)].save_model(mock.Mock(), one, mock.Mock(), change=True)

    planning.refresh_from_db()
    assert planning.is_stale


def test_a_round_of_another_half_day_is_not_found(manager):
    planning, round_ = half_day()
    other = planning_of(drop(hour=15, day=27))

    answer = manager.post(reverse("admin:rounds_lock", args=[other.pk, round_.pk]))

    assert answer.status_code == 404
    round_.refresh_from_db()
    assert (round_.state, round_.planning) == ("planned", planning)


def test_planning_is_asked_of_a_worker_and_answered_at_once(manager, monkeypatch):
    planning, _round = half_day()
    asked = []
    monkeypatch.setattr(
        "delivery.rounds.admin.planning.plan_now.apply_async", lambda **how: asked.append(how["args"])
    )

    page = act(manager, "plan", planning.pk)

    assert asked == [[planning.pk]]
    assert "rechargez cette page" in page


def test_a_dead_broker_is_told(manager, settings, monkeypatch):
    planning, _round = half_day()
    from delivery.rounds.tasks import plan_now

    def dead(**_how):
        raise plan_now.OperationalError

    monkeypatch.setattr("delivery.rounds.admin.planning.plan_now.apply_async", dead)

    assert "ne répond pas" in act(manager, "plan", planning.pk)


def test_who_may_not_dispatch_sees_without_any_button(helper):
    planning, round_ = half_day()

    page = page_of(helper, planning).content.decode()
    answers = [
        helper.post(reverse("admin:rounds_plan", args=[planning.pk])),
        helper.post(reverse("admin:rounds_lock", args=[planning.pk, round_.pk])),
        helper.get(reverse("admin:rounds_drop_place", args=[Drop.objects.get().pk])),
        helper.post(COPY, {"week": "2026-11-26"}),
        helper.post(IMPORT),
    ]

    assert "Verrouiller" not in page
    assert [answer.status_code for answer in answers] == [403] * 5
    round_.refresh_from_db()
    assert round_.state == "planned"


def test_a_picker_sees_none_of_it(client):
    seed_groups()
    client.force_login(member(StaffGroup.PICKING))
    planning, _round = half_day()

    answer = client.get(reverse("admin:rounds_planning_change", args=[planning.pk]))

    assert answer.status_code == 403


def test_a_half_day_takes_no_form_of_its_own(manager):
    planning, _round = half_day()

    answer = manager.post(reverse("admin:rounds_planning_change", args=[planning.pk]), {"day": "2020-01-01"})

    assert answer.status_code == 403


def test_twice_the_stops_cost_no_more_queries(manager):
    planning, _round = half_day()
    page_of(manager, planning)
    before = _cost(manager, planning)
    Planning.objects.exclude(pk=planning.pk).delete()
    drops = [drop(hour=hour, day=27) for hour in (15, 16, 17, 18)]
    for _each in range(2):
        shift(hours=(13, 22), day=27)

    assert _cost(manager, planned(drops[0], now=AFTERNOON)) == before


def _cost(client, planning):
    with CaptureQueriesContext(connection) as captured:
        page_of(client, planning)
    return len(captured)


# --- a place put right ----------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["48.8600, 2.3800", "48,86 ; 2,38", " 48.86 2.38 "])
def test_a_place_is_put_right_as_a_map_copies_it(manager, typed):
    one = drop(hour=15)

    manager.post(reverse("admin:rounds_drop_place", args=[one.pk]), {"point": typed})

    one.refresh_from_db()
    assert (one.latitude, one.longitude) == (48.86, 2.38)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "obligatoire"), ("ici", "Collez la latitude"), ("91, 2", "Collez la latitude"), ("48.86, 181", "Collez la latitude"),
        ("٤٨.86, 2.38", "Collez la latitude"), ("43.29, -0.37", "150\u00a0km"),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_is_refused(manager, typed, words):
    one = drop(hour=15)

    page = manager.post(reverse("admin:rounds_drop_place", args=[one.pk]), {"point": typed}).content.decode()

    assert words in page
    before = (one.latitude, one.longitude)
    one.refresh_from_db()
    assert (one.latitude, one.longitude) == before


# --- shifts ---------------------------------------------------------------------------------------


def test_a_week_shows_its_shifts_day_by_day(manager):
    on = shift(hours=(13, 22))

    answer = manager.get(WEEK, {"week": "2026-11-28"})

    assert [[one.pk for one in shifts] for _day, shifts in answer.context["days"]][3] == [on.pk]
    assert "13\u00a0h–22\u00a0h" in answer.content.decode()


@pytest.mark.parametrize("week", ["hier", "0001-01-01", "9999-12-31"])
def test_a_week_that_is_none_shows_this_one(manager, week):
    answer = manager.get(WEEK, {"week": week}, follow=True)

    assert "n’existe pas" in answer.content.decode()
    assert timezone.localdate() in [day for day, _shifts in answer.context["days"]]


def test_a_week_is_copied_once_at_the_same_hours(manager):
    on = shift(hours=(13, 22))

    pages = [manager.post(COPY, {"week": "2026-11-23"}, follow=True).content.decode() for _twice in range(2)]

    copied = Shift.objects.exclude(pk=on.pk).get()
    assert (copied.courier_id, copied.van_id, copied.starts_at) == (
        on.courier_id,
        on.van_id,
        on.starts_at + timedelta(days=7),
    )
    assert "Services recopiés\u202f: 1" in pages[0]
    assert "Services recopiés\u202f: 0" in pages[1]


def test_a_copied_shift_keeps_its_hour_when_clocks_change():
    starts_at = AFTERNOON.replace(month=10, day=20).astimezone(PARIS)
    on = shift(hours=(13, 22))
    Shift.objects.filter(pk=on.pk).update(starts_at=starts_at, ends_at=starts_at + 3 * HOUR)

    services.copy_week(monday=date(2026, 10, 19))

    copied = Shift.objects.exclude(pk=on.pk).get()
    assert copied.starts_at.astimezone(PARIS).hour == starts_at.hour
    assert copied.starts_at - starts_at.astimezone(copied.starts_at.tzinfo) == timedelta(days=7, hours=1)


def test_who_has_left_and_what_is_taken_is_not_copied():
    gone, taken = shift(hours=(8, 12)), shift(hours=(13, 22))
    gone.courier.is_active = False
    gone.courier.save()
    Shift.objects.create(
        courier=taken.courier,
        van=van(),
        starts_at=taken.starts_at + timedelta(days=7, hours=1),
        ends_at=taken.ends_at + timedelta(days=7),
    )

    assert services.copy_week(monday=date(2026, 11, 23)) == (0, 2)


def test_a_shift_that_has_a_round_stays(manager):
    half_day()
    on = Shift.objects.get()

    answer = manager.post(reverse("admin:rounds_shift_delete", args=[on.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert Shift.objects.filter(pk=on.pk).exists()


def test_a_courier_is_not_in_two_vans_at_once():
    on = shift(hours=(13, 22))
    other = Shift(courier=on.courier, van=van(), starts_at=on.starts_at + HOUR, ends_at=on.ends_at)

    with pytest.raises(ValidationError, match="déjà en service à ces heures"):
        other.full_clean()


# --- places from a file -----------------------------------------------------------------------------


def upload(client, text):
    sent = SimpleUploadedFile("lieux.csv", text if isinstance(text, bytes) else text.encode())
    return client.post(IMPORT, {"file": sent}, follow=True).content.decode()


def test_places_are_read_from_a_french_spreadsheet(manager):
    page = upload(
        manager, "\ufeffcode postal;latitude;longitude\n75011;48,8594;2,3785\n2A;41.9;8.7\n75011;48,86;2,38\n"
    )

    assert "2 lieux écrits" in page
    assert dict(Place.objects.values_list("prefix", "latitude")) == {"75011": 48.86, "2A": 41.9}


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\xff\xfe\x00", "code;x;y\n", "75011;48,8", "75011;91;2", "75011;nan;2", "7501123;48;2", "75011;48;2\n;;x\n",
        "75011;48;2;3", b"75011;\x00;2",
    ],
)  # fmt: skip
def test_a_file_with_one_wrong_line_writes_nothing(manager, text):
    page = upload(manager, text)

    assert 'role="alert"' in page
    assert not Place.objects.exists()


def test_a_file_too_large_is_refused(manager):
    assert "1\u00a0Mio" in upload(manager, "75011;48;2\n" * 100_000)
    assert not Place.objects.exists()


# --- the demonstration ---------------------------------------------------------------------------------


def test_the_courier_of_the_demonstration_drives_today_and_tomorrow():
    from config.demonstration.accounts import ACCOUNTS, make_account
    from config.demonstration.couriers import make_courier

    seed_groups()
    van()
    for account in ACCOUNTS:
        make_account(account)

    with time_machine.travel(AFTERNOON):
        for _twice in range(2):
            make_courier()

    days = [timezone.localdate(one.starts_at).day for one in Shift.objects.order_by("starts_at")]
    assert days == [26, 26, 27, 27]
