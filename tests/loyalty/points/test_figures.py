"""What is owed and will be spent of it, what each month brought, and a quarter under other rules."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.staff import StaffGroup, seed_groups
from loyalty.points import figures, rules, services
from loyalty.points.models import PointEntry, PointTerms
from loyalty.points.queries import wrong_accounts
from loyalty.points.rules import Cohort, History, Replayed, cohorts, expected_use, replay
from loyalty.points.wording import expected_said, replay_shown
from tests.factories import CustomerFactory, ProductFactory
from tests.loyalty.points.earning import DAY, counts, customer, programme, usable
from tests.shop.orders.test_orders import member
from tests.shop.pricing.promoting import promote

NOW = timezone.now()
TERMS = rules.Terms(step_cents=1500, points=10, hundred_worth=Decimal(3), pending_days=14, lasts_months=12)


# --- what will be spent of it -----------------------------------------------------------------------------------------


def test_what_was_left_at_each_age_and_what_of_it_was_spent_after_all():
    found = cohorts(100_000, [(0, 20_000, 5_000), (2, 30_000, 0), (12, 0, 45_000)])

    assert found[0] == Cohort(0, 100_000, 50_000)
    assert found[1:3] == [Cohort(1, 75_000, 30_000), Cohort(2, 75_000, 30_000)]
    assert (found[3].left, found[3].spent, found[12].left) == (45_000, 0, 45_000)
    assert found[0].share == Decimal("0.5")


def test_points_given_back_to_their_lot_are_spent_less():
    assert cohorts(20_000, [(1, 8_000, 0), (2, -3_000, 0)])[0].spent == 5_000


def test_where_too_few_ended_all_that_is_owed_counts():
    history = cohorts(rules.ENOUGH_ENDED - 1, [(0, 100, 0)])

    assert expected_use([(0, 700), (5, 300)], history) == (1000, 1000)
    assert expected_use([(0, 700)], []) == (700, 700)
    assert expected_use([], history) == (0, 0)


def test_older_than_any_that_ended_they_count_whole():
    history = cohorts(20_000, [(0, 5_000, 15_000)])

    assert expected_use([(0, 1000), (3, 400)], history) == (650, 400)


@pytest.mark.django_db
def test_what_is_owed_stands_beside_what_of_its_like_was_spent(monkeypatch):
    monkeypatch.setattr(rules, "ENOUGH_ENDED", 200)
    row = programme()
    spender, keeper, today = customer(), customer(), customer()
    for owner, reference in ((spender, "CB-1"), (keeper, "CB-2")):
        counts(owner, reference, 15_000, delivered_at=NOW - 400 * DAY, now=NOW - 400 * DAY)
    services.spend(customer_id=spender, points=60, source="reward-1", now=NOW - 100 * DAY)
    services.expire(now=NOW)
    usable(today, 100, reference="CB-3")

    told = figures.liability_of(row.terms, NOW)

    assert (told.points, told.most, told.ended, told.whole) == (100, Decimal("3.00"), 200, 0)
    assert (told.expected_points, told.expected) == (30, Decimal("0.90"))
    assert "30\u202f% seront dépensés\u202f: 0,90\u00a0€" in expected_said(told)


@pytest.mark.django_db
def test_points_that_only_changed_hands_or_paid_a_debt_were_never_to_spend(monkeypatch):
    row = programme()
    guest, owner = CustomerFactory(guest=True).pk, customer()
    counts(guest, "CB-1", 15_000, delivered_at=NOW - 400 * DAY, now=NOW - 400 * DAY)
    services.gather(customer_id=owner, guest_ids=[guest], now=NOW - 395 * DAY)
    services.expire(now=NOW)

    told = figures.liability_of(row.terms, NOW)

    assert (told.points, told.ended) == (0, 100)


@pytest.mark.django_db
def test_where_points_never_end_those_of_two_years_ago_are_seen_as_ended():
    row = programme(lasts_months=None)
    counts(customer(), "CB-1", 15_000, delivered_at=NOW - 900 * DAY, now=NOW - 900 * DAY)
    counts(customer(), "CB-2", 15_000, delivered_at=NOW - 300 * DAY, now=NOW - 300 * DAY)

    assert figures.liability_of(row.terms, NOW).ended == 100


@pytest.mark.django_db
def test_liability_takes_as_many_queries_for_more_accounts(django_assert_num_queries):
    row = programme()
    for n in range(6):
        usable(customer(), 100, reference=f"CB-{n}")
        if n in {1, 5}:
            with django_assert_num_queries(3):
                figures.liability_of(row.terms, NOW)


def test_too_little_history_is_said_with_its_number():
    told = figures.Liability(1000, Decimal(30), 1000, Decimal(30), 420, 1000, ())

    assert expected_said(told) == (
        "Pas assez d’histoire\u202f: depuis un an, le terme est venu pour 420 points, il en faut 10\u202f000. On compte tout."
    )
    part = figures.Liability(1000, Decimal(30), 600, Decimal(18), 20_000, 100, ())
    assert "60\u202f% seront dépensés" in expected_said(part)
    assert expected_said(part).endswith("Faute d’histoire, 100 points sont comptés en entier.")
    assert expected_said(figures.Liability(0, Decimal(0), 0, Decimal(0), 0, 0, ())) == ""


# --- month by month ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Europe/Paris")), tick=False)
def test_each_month_tells_what_came_went_and_is_owed_at_its_end():
    programme()
    me = customer()
    paris = ZoneInfo("Europe/Paris")
    # A quarter past midnight in Paris is the day before in UTC.
    october, november = datetime(2026, 10, 1, 0, 15, tzinfo=paris), datetime(2026, 11, 5, tzinfo=paris)
    counts(me, "CB-1", 30_000, delivered_at=october, now=october)
    services.spend(customer_id=me, points=50, source="exchange-1", now=november)
    services.spend(customer_id=me, points=30, source="reward-1", now=november)
    services.give_back(customer_id=me, source="exchange-1", now=november)
    counts(me, "CB-1", 27_000, now=november)

    first, second = figures.months_since(datetime(2026, 9, 1, tzinfo=paris))

    assert (first.starts_on.month, first.earned, first.owed) == (10, 200, 200)
    assert (second.spent, second.taken_back, second.credited, second.owed) == (30, 20, -20, 150)
    assert figures.spent_otherwise(october, timezone.now()) == {november.date(): 30}


@pytest.mark.django_db
def test_points_that_an_order_found_to_spend_are_those_of_that_day():
    programme()
    me = customer()
    counts(me, "CB-1", 15_000, delivered_at=NOW - 60 * DAY, now=NOW - 61 * DAY)
    counts(me, "CB-2", 1500, now=NOW - 50 * DAY)
    services.spend(customer_id=me, points=40, source="reward-1", now=NOW - 30 * DAY)
    counts(me, "CB-3", 1500, now=NOW - 20 * DAY)

    found = figures.usable_when_counted(NOW - 90 * DAY, one_in=1)

    assert found == {"CB-1": 0, "CB-2": 0, "CB-3": 60}
    assert figures.usable_when_counted(NOW - 90 * DAY, one_in=me + 1) == {}


# --- a quarter under other rules --------------------------------------------------------------------------------------


def test_the_same_rules_give_the_same_points():
    histories = [History(50, 7612, 7500, 112, 1500), History(-10, -1500, -1500, 0, 1500)]

    assert replay(histories, TERMS, TERMS) == Replayed(2, 40, 40, 0, 0, 0, 0)


def test_whatever_else_filled_steps_counts_as_carried_in():
    """Points that an order was given beyond what it counts: they are given again by the same rules."""
    doubled = History(given=100, cents=7500, stepped_cents=15_000, carried_cents=200, step_cents=1500)

    assert replay([doubled], TERMS, TERMS).would == 100
    assert replay([doubled], replace(TERMS, points=20), TERMS).would == 200


def test_who_gains_and_who_loses_is_counted_in_worth():
    histories = [History(100, 15_000, 15_000, 0, 1500), History(0, 1400, 0, 1400, 1500)]

    told = replay(histories, replace(TERMS, step_cents=1000), TERMS, reward=100)
    dearer = replay(histories, replace(TERMS, hundred_worth=Decimal(2)), TERMS, reward=100)

    assert told == Replayed(2, 100, 160, reach=1, would_reach=1, gain=2, lose=0, reward=100)
    assert (dearer.would, dearer.gain, dearer.lose) == (100, 0, 1)


COUNTED = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 9000), st.integers(0, 200)), max_size=14
)


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COUNTED, st.lists(st.integers(0, 13), max_size=2))
def test_whatever_was_bought_and_given_back_the_same_rules_give_what_the_book_says(counted, gathered):
    """Also what was carried into the quarter, and what guests brought along."""
    PointTerms.objects.exists() or programme()
    owners = [customer(), CustomerFactory(guest=True).pk, customer()]
    tag = owners[0]
    for place, (owner, order, cents, days_ago) in enumerate(sorted(counted, key=lambda one: -one[3])):
        counts(owners[owner], f"CB-{tag}-{owner}-{order}", cents, now=NOW - days_ago * DAY)
        if place in gathered:
            services.gather(customer_id=owners[0], guest_ids=[owners[1]], now=NOW - days_ago * DAY)

    entries = PointEntry.objects.filter(kind__in=["earned", "taken_back"], at__gte=NOW - figures.REPLAYED)
    told = figures.replay_quarter(TERMS, TERMS, NOW)
    assert told.given == told.would == sum(entries.values_list("points", flat=True))
    assert (told.gain, told.lose, told.reach - told.would_reach) == (0, 0, 0)
    assert wrong_accounts() == []


@pytest.mark.django_db
def test_a_quarter_is_read_by_two_queries_whatever_its_orders(django_assert_num_queries):
    programme()
    for n in range(12):
        counts(customer(), f"CB-{n}", 15_000, now=NOW - DAY)
        if n in {1, 11}:
            with django_assert_num_queries(2):
                assert figures.replay_quarter(TERMS, TERMS, NOW).accounts == n + 1


@pytest.mark.django_db
def test_orders_of_before_the_quarter_are_not_replayed_but_what_they_left_over_is():
    programme()
    me = customer()
    counts(me, "CB-1", 1400, now=NOW - 100 * DAY)
    counts(me, "CB-2", 100, now=NOW - 10 * DAY)

    told = figures.replay_quarter(TERMS, TERMS, NOW)

    assert (told.accounts, told.given, told.would) == (1, 10, 10)


def test_the_sentence_says_who_gains_and_what_the_shop_promises_more():
    told = replay_shown(
        Replayed(1200, 1000, 2000, 5, 9, 900, 3, 100), TERMS, replace(TERMS, counts_alcohol=True)
    )

    assert told.sentence == (
        "Gagnants\u202f: 900 sur 1\u202f200 comptes\u202f; perdants\u202f: 3. La boutique aurait promis 30,00\u00a0€ de plus."
    )
    assert told.rows[1] == ("Ce qu’ils valent", "30,00\u00a0€", "60,00\u00a0€", "+30,00\u00a0€")
    assert "L’alcool n’est pas rejoué" in told.left_out[-1]
    assert "rien à rejouer" in replay_shown(Replayed(), TERMS, TERMS).sentence
    assert "ni perdu" in replay_shown(Replayed(3, 10, 10), TERMS, TERMS).sentence
    assert "de moins" in replay_shown(Replayed(3, 100, 0, 0, 0, 0, 3), TERMS, TERMS).sentence


# --- the pages --------------------------------------------------------------------------------------------------------

REPLAY, ADD = reverse("admin:points_replay"), reverse("admin:points_pointterms_add")


@pytest.fixture
def manager(client, db):
    seed_groups()
    client.force_login(member(StaffGroup.MANAGER))
    return client


def typed(**changes):
    return {
        "step": "15", "points": "10", "hundred_worth": "3", "pending_days": "14", "lasts_months": "12",
        "starts_at_0": "", "starts_at_1": "",
    } | changes  # fmt: skip


def replayed(client, **changes):
    answer = client.post(REPLAY, typed(**changes))
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "variable indéfinie" not in page[page.index("max-w-3xl") :]
    return page


def test_a_manager_tries_rules_on_the_last_quarter_and_nothing_is_written(manager):
    programme()
    counts(customer(), "CB-1", 15_000, now=NOW - DAY)
    assert REPLAY in manager.get(ADD).content.decode()
    assert "15" in unescape(manager.get(REPLAY).content.decode())

    page = replayed(manager, points="20")

    assert "Gagnants\u202f: 1 sur 1 compte\u202f; perdants\u202f: 0." in page
    assert "La boutique aurait promis 3,00\u00a0€ de plus." in page
    assert "Écrire ces règles" in page
    assert PointTerms.objects.count() == 1


def test_rules_tried_without_a_day_are_those_of_no_promotion_to_come(manager):
    programme()
    counts(customer(), "CB-1", 15_000, now=NOW - DAY)
    promote("points", products=[ProductFactory(price=Decimal("10.00"))], points_factor=10)
    day = (timezone.localdate() + timedelta(days=1)).isoformat()

    assert "Gagnants\u202f: 1 sur 1 compte" in replayed(manager, hundred_worth="20")
    assert "Écrire ces règles" not in replayed(
        manager, hundred_worth="20", starts_at_0=day, starts_at_1="00:00"
    )


def test_what_was_tried_may_be_written_from_the_same_page(manager):
    programme()
    day = (timezone.localdate() + timedelta(days=3)).isoformat()

    answer = manager.post(ADD, typed(points="20", starts_at_0=day, starts_at_1="00:00", _save="1"))

    assert answer.status_code == 302
    assert PointTerms.objects.first().points == 20


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"points": "0"}, "supérieure ou égale à 1"),
        ({"step": "-15"}, "Saisissez un nombre"),
        ({"hundred_worth": "200"}, "Le plus grand nombre possible"),
        ({"starts_at_0": "2020-01-01", "starts_at_1": "00:00"}, "ne valent pas pour le passé"),
        ({"step": "quinze"}, "Saisissez un nombre"),
    ],
)
def test_rules_that_cannot_be_are_not_replayed(manager, changes, words):
    programme()

    page = replayed(manager, **changes)

    assert words in page and "Écrire ces règles" not in page


def test_without_a_programme_there_is_nothing_to_replay(manager):
    assert "Écrire ces règles" not in replayed(manager)


@pytest.mark.parametrize("group", [StaffGroup.MARKETING, StaffGroup.CUSTOMER_SERVICE, StaffGroup.PICKING])
def test_who_writes_no_rules_replays_none(client, db, group):
    seed_groups()
    client.force_login(member(group))

    assert client.get(REPLAY).status_code == 403
    assert client.post(REPLAY, typed()).status_code == 403


def test_what_the_shop_owes_is_followed_by_what_it_will_cost(manager):
    programme()
    usable(customer(), 100)
    cache.clear()

    page = unescape(manager.get(reverse("admin:points_pointaccount_changelist")).content.decode())

    assert "<strong>100</strong> points à ses clients" in page
    assert "le terme est venu pour 0 point" in page
