"""A book that cannot lie: earned, pending, usable, spent, given back, ended; and owed where it was spent before."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.facts import deliver_all
from crm.outbox.models import Message
from loyalty.points import services, tasks
from loyalty.points.models import PointAccount, PointEntry, PointLot, PointOrder
from loyalty.points.queries import entries_of, liability, points_of_order, standing, wrong_accounts
from loyalty.points.rules import AboveCeiling, PointsShort
from loyalty.points.wording import order_said, sentence, standing_said
from shop.customers.models import Customer
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.points.earning import DAY, account, counts, customer, figures, programme, usable

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def terms():
    return programme()


@pytest.fixture
def me(terms):
    return customer()


# --- earning ----------------------------------------------------------------------------------------------------------


def test_an_order_brings_points_that_wait_for_its_delivery_and_the_days_after(me):
    counts(me, "CB-1", 7612)
    assert figures(me) == (50, 0, 50)
    assert account(me).carried_cents == 112

    counts(me, "CB-1", 7612, delivered_at=NOW)

    assert figures(me, NOW + 14 * DAY - timedelta(seconds=1)) == (50, 0, 50)
    assert figures(me, NOW + 14 * DAY) == (50, 50, 0)
    assert standing([me], NOW).pending_until == NOW + 14 * DAY


def test_while_one_order_is_not_delivered_no_day_is_promised_for_all_that_waits(me):
    counts(me, "CB-1", 3000, delivered_at=NOW)
    assert standing([me], NOW).pending_until == NOW + 14 * DAY

    counts(me, "CB-2", 3000)

    assert (standing([me], NOW).pending, standing([me], NOW).pending_until) == (40, None)


def test_what_fills_no_step_is_carried_over_to_the_next_order(me):
    counts(me, "CB-1", 1400)
    counts(me, "CB-2", 1700)

    assert [(one.order_reference, one.points) for one in entries_of([me])] == [("CB-2", 20), ("CB-1", 0)]
    assert account(me).carried_cents == 100


def test_told_twice_late_or_out_of_order_it_is_the_same(me):
    for _twice in range(2):
        counts(me, "CB-1", 3000, delivered_at=NOW)
    counts(me, "CB-1", 3000)

    assert PointEntry.objects.count() == 1
    assert PointLot.objects.get().usable_at == NOW + 14 * DAY


def test_the_first_delivery_counts(me):
    counts(me, "CB-1", 3000, delivered_at=NOW)
    counts(me, "CB-1", 3000, delivered_at=NOW + DAY)

    assert PointLot.objects.get().usable_at == NOW + 14 * DAY


def test_without_a_programme_nothing_is_earned():
    me = customer()
    programme(starts_at=NOW + DAY)

    counts(me, "CB-1", 3000)

    assert not PointEntry.objects.exists()


def test_an_order_keeps_the_terms_under_which_it_first_counted(me):
    counts(me, "CB-1", 3000, now=NOW - 2 * DAY)
    programme(starts_at=NOW - DAY, points=50)
    counts(me, "CB-2", 3000)
    counts(me, "CB-1", 0)

    assert [(one.order_reference, one.points) for one in entries_of([me])] == [
        ("CB-1", -20), ("CB-2", 100), ("CB-1", 20),
    ]  # fmt: skip


def test_what_is_left_after_a_refund_may_be_a_full_step_of_older_rules(me):
    counts(me, "CB-1", 1500, now=NOW - 3 * DAY)
    programme(starts_at=NOW - 2 * DAY, step=Decimal(20))
    counts(me, "CB-2", 1900, now=NOW - DAY)
    assert account(me).carried_cents == 1900

    counts(me, "CB-1", 1400, delivered_at=NOW - 20 * DAY)

    last = entries_of([me]).first()
    assert (last.kind, last.points, last.cents) == ("earned", 10, -100)
    assert sentence(last) == "Sommes reportées de vos commandes, moins 1,00\u00a0€ d’articles remboursés"
    assert figures(me) == (20, 20, 0)
    assert account(me).carried_cents == 300
    counts(me, "CB-1", 0)
    assert figures(me) == (10, 10, 0)


def test_what_a_guest_and_a_customer_carried_may_be_a_full_step_after_a_refund(me):
    guest = customer()
    counts(guest, "CB-1", 900)
    counts(me, "CB-2", 900)
    services.gather(customer_id=me, guest_ids=[guest])
    assert account(me).carried_cents == 1800

    counts(me, "CB-1", 800)

    assert next((one.kind, one.points, one.cents) for one in entries_of([me])) == ("earned", 10, -100)
    assert figures(me) == (10, 0, 10)
    assert account(me).carried_cents == 200


def test_points_multiplied_that_are_given_back_are_told_with_what_was_left(me):
    counts(me, "CB-1", 1500, bonus=1500, now=NOW - 3 * DAY)
    programme(starts_at=NOW - 2 * DAY, step=Decimal(20))
    counts(me, "CB-2", 1900)

    counts(me, "CB-1", 1400, bonus=1400)

    assert sentence(entries_of([me]).first()) == (
        "Sommes reportées de vos commandes, moins 1,00\u00a0€ d’articles remboursés, et 1,00\u00a0€ qui comptaient en plus "
        "(points multipliés)"
    )


def test_a_sum_below_nothing_is_refused(me):
    with pytest.raises(ValueError, match="-1"):
        counts(me, "CB-1", -1)


# --- taken back -------------------------------------------------------------------------------------------------------


def test_what_is_given_back_takes_its_points_with_it(me):
    counts(me, "CB-1", 3100)
    counts(me, "CB-1", 1550)

    assert figures(me) == (10, 0, 10)
    assert points_of_order("CB-1").points == 10 and points_of_order("CB-9") is None


def test_its_own_points_go_first_then_those_that_wait(me):
    usable(me, 100)
    counts(me, "CB-1", 15_000)
    counts(me, "CB-2", 15_000)

    counts(me, "CB-1", 0)

    assert figures(me) == (200, 100, 100)
    assert PointLot.objects.get(order__order_reference="CB-1").remaining == 0


def test_points_that_were_spent_are_owed_and_the_next_ones_pay_them(me):
    usable(me, 100)
    services.spend(customer_id=me, points=100, source="reward-1")

    counts(me, "CB-0", 0)
    assert figures(me) == (-100, 0, 0)
    assert account(me).debt == 100

    counts(me, "CB-1", 9000, delivered_at=NOW - 20 * DAY)
    assert figures(me) == (-40, 0, 0)
    counts(me, "CB-2", 9000, delivered_at=NOW - 20 * DAY)
    assert figures(me) == (20, 20, 0)
    assert account(me).debt == 0


# --- counted on top -------------------------------------------------------------------------------------------------------


def test_what_counts_on_top_brings_its_points_and_is_told_apart(me):
    counts(me, "CB-1", 4500, bonus=1200)

    [entry] = entries_of([me])
    assert (entry.points, entry.cents, entry.bonus_cents) == (30, 4500, 1200)
    assert account(me).carried_cents == 1200
    assert sentence(entry) == "45,00\u00a0€ d’articles, et 12,00\u00a0€ comptés en plus (points multipliés)"
    assert figures(me) == (30, 0, 30)


def test_given_back_it_takes_what_it_gave_under_the_same_factor(me):
    counts(me, "CB-1", 3000, bonus=6000)
    assert figures(me) == (60, 0, 60)

    counts(me, "CB-1", 1000, bonus=2000)

    latest = entries_of([me])[0]
    assert (latest.points, latest.cents, latest.bonus_cents) == (-40, -2000, -4000)
    assert sentence(latest) == (
        "20,00\u00a0€ d’articles remboursés, et 40,00\u00a0€ qui comptaient en plus (points multipliés)"
    )
    counts(me, "CB-1", 0)
    assert figures(me) == (0, 0, 0)
    assert account(me).carried_cents == 0


def test_one_that_rises_as_the_other_falls_is_written_down_all_the_same(me):
    counts(me, "CB-1", 3000, bonus=1500)

    counts(me, "CB-1", 4500, bonus=0)

    assert [(one.cents, one.bonus_cents, one.points) for one in entries_of([me])] == [
        (1500, -1500, 0), (3000, 1500, 30),
    ]  # fmt: skip
    assert figures(me) == (30, 0, 30)


def test_what_counts_on_top_alone_fills_no_step_and_is_carried_over(me):
    counts(me, "CB-1", 700, bonus=700)

    [entry] = entries_of([me])
    assert sentence(entry).endswith(
        "7,00\u00a0€ comptés en plus (points multipliés), reportés sur votre prochaine commande"
    )
    assert order_said(points_of_order("CB-1"), NOW) == (
        "7,00\u00a0€ d’articles, et 7,00\u00a0€ comptés en plus (points multipliés), pour vos prochains points."
    )


def test_less_than_nothing_on_top_is_refused(me):
    with pytest.raises(ValueError, match="-1"):
        counts(me, "CB-1", 100, bonus=-1)

    assert not PointEntry.objects.exists()


def test_an_order_that_counts_more_on_top_than_its_entries_say_is_found(me):
    counts(me, "CB-1", 3000, bonus=1500)

    PointOrder.objects.update(bonus_cents=1600)

    assert [one.what for one in wrong_accounts()] == ["an order counts other than its entries say"]


# --- spending ---------------------------------------------------------------------------------------------------------


def test_what_ends_first_is_spent_first(me):
    counts(me, "CB-1", 15_000, delivered_at=NOW - 300 * DAY)
    counts(me, "CB-2", 15_000, delivered_at=NOW - 350 * DAY)

    services.spend(customer_id=me, points=120, source="reward-1")

    left = dict(PointLot.objects.values_list("order__order_reference", "remaining"))
    assert left == {"CB-1": 80, "CB-2": 0}


def test_more_than_is_usable_is_refused_with_how_much_is(me):
    usable(me, 100)
    counts(me, "CB-1", 15_000)

    with pytest.raises(PointsShort) as refused:
        services.spend(customer_id=me, points=101, source="reward-1")

    assert refused.value.usable == 100
    assert figures(me) == (200, 100, 100)


@pytest.mark.parametrize("points", [0, -5])
def test_nobody_spends_or_is_given_less_than_one_point(me, points):
    usable(me, 100)

    with pytest.raises(ValueError, match=str(points)):
        services.spend(customer_id=me, points=points, source="reward-1")
    with pytest.raises(ValueError, match=str(points)):
        services.give(customer_id=me, points=points, source="gift-1")


def test_spent_or_given_under_one_source_it_is_once(me):
    usable(me, 100)
    for _twice in range(2):
        services.spend(customer_id=me, points=60, source="reward-1")
        services.give(customer_id=me, points=5, source="gift-1")

    assert figures(me) == (45, 45, 0)


def test_what_was_spent_comes_back_to_its_lots_once(me):
    usable(me, 100)
    services.spend(customer_id=me, points=60, source="reward-1")

    for _twice in range(2):
        services.give_back(customer_id=me, source="reward-1")
    assert services.give_back(customer_id=me, source="reward-2") is None

    assert figures(me) == (100, 100, 0)
    assert PointLot.objects.count() == 1


def test_what_comes_back_of_points_that_ended_may_be_spent_for_thirty_days(me):
    usable(me, 100)
    services.spend(customer_id=me, points=60, source="reward-1")
    later = NOW + 400 * DAY
    services.expire(now=later)

    services.give_back(customer_id=me, source="reward-1", now=later)

    assert figures(me, later) == (60, 60, 0)
    assert figures(me, later + 31 * DAY)[1] == 0


def test_what_comes_back_pays_what_is_owed_first(me):
    usable(me, 100)
    services.spend(customer_id=me, points=100, source="reward-1")
    counts(me, "CB-0", 6000)
    assert figures(me) == (-60, 0, 0)

    services.give_back(customer_id=me, source="reward-1")

    assert figures(me) == (40, 40, 0)


# --- ending -----------------------------------------------------------------------------------------------------------


def test_points_end_lot_by_lot_and_the_next_end_is_told(me):
    counts(me, "CB-1", 15_000, delivered_at=NOW - 300 * DAY)
    counts(me, "CB-2", 30_000, delivered_at=NOW - 20 * DAY)
    told = standing([me], NOW)
    assert (told.expiring, told.usable) == (100, 300)

    assert services.expire(now=told.expires_at - timedelta(seconds=1)) == 0
    assert services.expire(now=told.expires_at) == 100

    assert figures(me, told.expires_at) == (200, 200, 0)
    assert entries_of([me])[0].kind == "expired"


def test_ended_in_small_batches_or_twice_it_is_the_same(terms):
    owners = [customer() for _n in range(5)]
    for owner in owners:
        usable(owner, 30, reference=f"CB-{owner}")

    later = NOW + 500 * DAY
    assert services.expire(now=later, batch=2) == 150
    assert services.expire(now=later) == 0

    assert {figures(owner, later) for owner in owners} == {(0, 0, 0)}


def test_points_that_wait_for_a_delivery_do_not_end(me):
    counts(me, "CB-1", 15_000)

    assert services.expire(now=NOW + 5000 * DAY) == 0


# --- the book ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["pointentry", "pointuse", "pointterms"])
@pytest.mark.parametrize("how", ["UPDATE points_{} SET id = id", "DELETE FROM points_{}"])
def test_the_book_is_only_added_to(me, table, how):
    usable(me, 100)
    services.spend(customer_id=me, points=60, source="reward-1")

    with pytest.raises(DatabaseError, match=r"Cannot (update|delete)"), connection.cursor() as cursor:
        cursor.execute(how.format(table))


def test_a_figure_that_is_not_what_its_entries_come_to_is_found(me):
    usable(me, 100)
    assert wrong_accounts() == []

    PointLot.objects.update(remaining=90)

    assert {one.what for one in wrong_accounts()} == {
        "the balance is not what lots hold, less the debt", "a lot does not hold its points less what was taken",
    }  # fmt: skip


def test_a_balance_takes_as_many_queries_for_a_longer_book(me, django_assert_num_queries):
    for n in range(3):
        usable(me, 50, reference=f"CB-{n}")
    with CaptureQueriesContext(connection) as few:
        standing([me], NOW)
    for n in range(3, 20):
        usable(me, 50, reference=f"CB-{n}")
    with CaptureQueriesContext(connection) as many:
        standing([me], NOW)

    assert len(few) == len(many) <= 3


def test_what_the_shop_owes_is_told_in_points_and_euros(me, terms):
    usable(me, 100)
    other = customer()
    counts(other, "CB-9", 15_000)

    assert liability(terms.terms) == (200, Decimal("6.00"))


STEPS = st.one_of(
    st.tuples(st.just("count"), st.integers(0, 3), st.integers(0, 9000), st.integers(1, 4), st.booleans()),
    st.tuples(st.just("spend"), st.integers(1, 120), st.integers(0, 20)),
    st.tuples(st.just("back"), st.integers(0, 20)),
    st.tuples(st.just("give"), st.integers(1, 40), st.integers(0, 20)),
    st.tuples(st.just("wait"), st.integers(1, 200)),
)


def _live(steps, me):
    """What each step says to do, days passing; the account agrees with its book after each."""
    now = NOW
    for said in steps:
        match said:
            case ("count", n, cents, factor, is_delivered):
                bonus = cents // 3 * (factor - 1)
                counts(me, f"CB-{n}", cents, bonus=bonus, delivered_at=now if is_delivered else None, now=now)
            case ("spend", points, n):
                before = standing([me], now).usable
                try:
                    entry = services.spend(customer_id=me, points=points, source=f"s{n}", now=now)
                except PointsShort as refused:
                    assert refused.usable == before < points
                else:
                    assert standing([me], now).usable in {before, before + entry.points}
            case ("back", n):
                services.give_back(customer_id=me, source=f"s{n}", now=now)
            case ("give", points, n):
                services.give(customer_id=me, points=points, source=f"g{n}", now=now)
            case ("wait", days):
                now += days * DAY
                services.expire(now=now)
        assert wrong_accounts() == []


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, max_size=25))
def test_whatever_happens_a_balance_is_the_sum_of_its_entries(db, steps):
    with transaction.atomic():
        programme()
        _live(steps, customer())
        transaction.set_rollback(True)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(st.sampled_from([10, 15, 20, 40]), min_size=1, max_size=4),
    said=st.lists(
        st.tuples(
            st.integers(0, 5), st.integers(0, 4500), st.integers(0, 1500), st.booleans(), st.booleans()
        ),
        max_size=20,
    ),
)
def test_however_rules_change_and_accounts_join_each_entry_has_its_sign(db, steps, said):
    """And what every order counts telescopes to what is carried, its steps being those of its own rules."""
    with transaction.atomic():
        for n, step in enumerate(steps):
            programme(starts_at=NOW + (n - 9) * DAY, step=Decimal(step))
        me, guest = customer(), customer()
        for n, cents, bonus, is_guest, joins in said:
            begun = NOW + (n % len(steps) - 9) * DAY
            counts(guest if is_guest else me, f"CB-{n}", cents, bonus=bonus, now=begun)
            if joins:
                services.gather(customer_id=me, guest_ids=[guest])
            assert wrong_accounts() == []
        entries = PointEntry.objects.filter(kind__in=["earned", "taken_back"])
        terms_of = {
            one.order_reference: one.terms.terms for one in PointOrder.objects.select_related("terms")
        }
        used = sum(one.points // 10 * terms_of[one.order_reference].step_cents for one in entries)
        counted = sum(one.cents + one.bonus_cents for one in entries)
        carried = sum(PointAccount.objects.values_list("carried_cents", flat=True))
        assert carried == counted - used
        transaction.set_rollback(True)


@pytest.mark.heavy
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=50, max_size=60))
def test_ten_thousand_operations_leave_the_book_true(db, steps):
    with transaction.atomic():
        programme()
        _live(steps, customer())
        transaction.set_rollback(True)


# --- guests -----------------------------------------------------------------------------------------------------------


def test_points_of_a_guest_who_becomes_a_customer_are_theirs_with_their_dates_and_orders(me):
    guest = customer()
    counts(guest, "CB-1", 4600, delivered_at=NOW - 20 * DAY)
    counts(me, "CB-2", 1400)

    for _twice in range(2):
        services.gather(customer_id=me, guest_ids=[guest])
    assert figures(guest) == (0, 0, 0)
    assert figures(me) == (30, 30, 0)
    assert PointLot.objects.get(account=me).expires_at == PointLot.objects.get(account=guest).expires_at
    assert account(me).carried_cents == 1500

    counts(guest, "CB-1", 0)
    counts(me, "CB-3", 1)
    assert figures(me) == (0, 0, 0)


def test_what_a_guest_owes_follows_them_too(me):
    guest = customer()
    usable(guest, 100)
    services.spend(customer_id=guest, points=100, source="reward-1")
    counts(guest, "CB-0", 0)
    usable(me, 150, reference="CB-1")

    services.gather(customer_id=me, guest_ids=[guest])

    assert figures(guest) == (0, 0, 0)
    assert figures(me) == (50, 50, 0)


def test_of_points_a_guest_was_told_of_nobody_is_told_again(me):
    guest = customer()
    usable(guest, 100)
    ends = PointLot.objects.get().expires_at
    assert services.announce(now=ends - 20 * DAY) == 1

    services.gather(customer_id=me, guest_ids=[guest])

    assert services.announce(now=ends - 19 * DAY) == 0
    assert PointLot.objects.get(account=me).told_at == ends - 20 * DAY


def test_what_staff_gave_a_guest_counts_for_the_ceiling_of_the_customer_they_are(me):
    guest = customer()
    by = UserFactory().pk

    def give(customer_id, points, source):
        by_hand = services.ByHand(by_id=by, reason="thanks", ceiling=300)
        services.give(customer_id=customer_id, points=points, source=source, by_hand=by_hand)

    give(guest, 250, "one")
    give(me, 20, "two")
    Customer.objects.filter(pk=guest).update(merged_into=me)
    services.gather(customer_id=me, guest_ids=[guest])

    for named in (me, guest):
        with pytest.raises(AboveCeiling) as refused:
            give(named, 31, "three")
        assert refused.value.left == 30
    assert figures(me)[0] == 270
    give(me, 30, "four")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "20 points en attente d’une livraison."),
        (1, "20 points en attente d’une livraison, puis du délai de retour (1\u00a0jour)."),
        (14, "20 points en attente d’une livraison, puis du délai de retour (14\u00a0jours)."),
    ],
)
def test_what_waits_says_for_how_long(days, said):
    terms, me = programme(pending_days=days), customer()
    counts(me, "CB-1", 3000)

    assert standing_said(standing([me], NOW), terms.terms) == [said]


def test_whoever_has_no_points_brings_none(me):
    services.gather(customer_id=me, guest_ids=[customer(), me])

    assert not PointEntry.objects.exists()


# --- told in time -----------------------------------------------------------------------------------------------------


def told_of():
    deliver_all()
    return list(Message.objects.filter(purpose="points_expiring").order_by("pk"))


def test_whoever_is_about_to_lose_points_hears_of_it_once_a_month_at_most(me):
    counts(me, "CB-1", 15_000, delivered_at=NOW - 355 * DAY)
    counts(me, "CB-2", 1500, delivered_at=NOW - 340 * DAY)
    counts(me, "CB-3", 30_000, delivered_at=NOW - 200 * DAY)
    first = standing([me], NOW).expires_at

    assert services.announce(now=first - 31 * DAY) == 0
    assert services.announce(now=first - 29 * DAY) == services.announce(now=first - 29 * DAY) + 1 == 1
    assert services.announce(now=first - 1 * DAY) == 0

    [letter] = told_of()
    assert letter.subject.startswith("110 points à dépenser avant le")
    assert (
        "3,30\u00a0€" in letter.text
        and "les derniers jusqu’au" in letter.text
        and "/fidelite/" in letter.text
    )


def test_customers_are_told_some_at_a_time_and_who_is_left_the_next_run(me, monkeypatch):
    monkeypatch.setattr(services, "TOLD_AT_ONCE", 2)
    owners = [me, *(customer() for _n in range(4))]
    for n, owner in enumerate(owners):
        counts(owner, f"CB-{n}", 15_000, delivered_at=NOW - 355 * DAY)
    soon = standing([me], NOW).expires_at - 29 * DAY
    told = []

    def killed_at_the_fourth(fact):
        told.append(fact.customer_id)
        if len(told) == 4:
            raise RuntimeError

    monkeypatch.setattr(services, "publish", killed_at_the_fourth)
    with pytest.raises(RuntimeError):
        services.announce(now=soon)
    assert set(PointLot.objects.exclude(told_at=None).values_list("account", flat=True)) == set(owners[:2])
    told.clear()
    monkeypatch.setattr(services, "publish", lambda fact: told.append(fact.customer_id))

    assert services.announce(now=soon) == 3
    assert told == owners[2:]
    assert services.announce(now=soon) == 0


def test_whose_points_end_later_is_not_told_with_the_others(me):
    other = customer()
    counts(me, "CB-1", 15_000, delivered_at=NOW - 355 * DAY)
    counts(other, "CB-2", 15_000, delivered_at=NOW - 330 * DAY)
    soon = standing([me], NOW).expires_at - 29 * DAY

    assert services.announce(now=soon) == 1
    assert not PointLot.objects.get(account=other).told_at


def test_an_orders_page_finds_its_entries_by_an_index(me):
    counts(me, "CB-1", 15_000)

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = PointEntry.objects.filter(order_reference="CB-1").order_by().explain()

    assert "point_entries_of_order" in plan


def test_of_points_that_were_spent_nobody_is_told(me):
    counts(me, "CB-1", 15_000, delivered_at=NOW - 355 * DAY)
    first = standing([me], NOW).expires_at
    services.spend(customer_id=me, points=100, source="reward-1")

    assert services.announce(now=first - 29 * DAY) == 0 and told_of() == []


def test_whoever_has_no_address_any_more_is_not_written_to(me):
    counts(me, "CB-1", 15_000, delivered_at=NOW - 355 * DAY)
    Customer.objects.filter(pk=me).update(email="")

    services.announce(now=standing([me], NOW).expires_at - 29 * DAY)

    assert told_of() == []


def test_each_night_guests_who_were_late_follow_and_a_fault_is_logged_by_number_alone(me, caplog):
    guest = CustomerFactory(guest=True)
    Customer.objects.filter(pk=guest.pk).update(merged_into=me)
    usable(guest.pk, 100)

    tasks.verify()
    assert figures(me) == (100, 100, 0) and not caplog.records

    PointLot.objects.filter(account=me).update(remaining=90)
    tasks.verify()
    assert {record.args[0] for record in caplog.records} == {me}
