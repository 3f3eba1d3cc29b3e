"""Full steps of all that was paid, whatever was given back in between; worth, waiting and ends."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.points.rules import (
    PARIS,
    Step,
    Terms,
    expires_at,
    missing_cents,
    oldest_first,
    step,
    usable_at,
    worth,
)
from loyalty.points.wording import brings_said, earns_said, points_said

TERMS = Terms(step_cents=1500, points=10, hundred_worth=Decimal(3), pending_days=14, lasts_months=12)


@pytest.mark.parametrize(
    ("carried", "counted", "done"),
    [
        (0, 1499, Step(0, 1499)),
        (0, 1500, Step(10, 0)),
        (1400, 200, Step(10, 100)),
        (0, 7612, Step(50, 112)),
        (100, -200, Step(-10, 1400)),
        (100, -100, Step(0, 0)),
        (0, -1500, Step(-10, 0)),
    ],
)
def test_each_full_step_brings_its_points_and_the_rest_is_carried_over(carried, counted, done):
    assert step(carried, counted, TERMS) == done


@given(st.lists(st.integers(1, 30_000), max_size=30), st.data())
def test_whatever_is_bought_and_given_back_the_points_are_those_of_what_was_finally_paid(paid, data):
    carried = points = 0
    sums = [*paid, *(-data.draw(st.integers(0, one)) for one in paid)]
    for cents in data.draw(st.permutations(sums)):
        done = step(carried, cents, TERMS)
        points, carried = points + done.points, done.carried_cents
        assert 0 <= carried < TERMS.step_cents

    assert points == sum(sums) // TERMS.step_cents * TERMS.points


def test_what_is_missing_to_the_next_points_is_told():
    assert [missing_cents(carried, TERMS) for carried in (0, 1, 1499)] == [1500, 1499, 1]


@pytest.mark.parametrize(("points", "euros"), [(0, "0"), (1, "0.03"), (100, "3"), (1030, "30.90")])
def test_points_are_worth_so_much(points, euros):
    assert worth(points, TERMS) == Decimal(euros)


def test_a_worth_is_never_rounded_up():
    terms = Terms(1500, 10, Decimal("2.99"), 14, None)
    assert worth(1, terms) == Decimal("0.02")


@pytest.mark.parametrize(
    ("delivered", "last"),
    [
        # The clocks change in between.
        (datetime(2026, 10, 20, 18, tzinfo=PARIS), datetime(2027, 11, 4, tzinfo=PARIS)),
        (datetime(2028, 2, 15, 18, tzinfo=PARIS), datetime(2029, 3, 1, tzinfo=PARIS)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=PARIS), datetime(2028, 1, 15, tzinfo=PARIS)),
    ],
)
def test_points_last_to_the_end_of_a_day_in_paris(delivered, last):
    assert expires_at(usable_at(delivered, TERMS), TERMS) == last


def test_points_without_an_end_have_none():
    assert expires_at(datetime(2026, 1, 1, tzinfo=PARIS), Terms(1500, 10, Decimal(3), 14, None)) is None


@given(st.lists(st.integers(1, 50), max_size=8), st.integers(0, 300))
def test_lots_are_taken_in_their_order_and_never_beyond_what_they_hold(held, points):
    lots = list(enumerate(held))

    taken = oldest_first(lots, points)

    assert sum(some for _lot, some in taken) == min(points, sum(held))
    assert [lot for lot, _some in taken] == list(range(len(taken)))
    assert all(some == held[lot] for lot, some in taken[:-1])


@given(st.lists(st.tuples(st.integers(1, 30_000), st.integers(1, 10)), max_size=20), st.data())
def test_with_points_multiplied_too_they_are_those_of_all_that_finally_counts(bought, data):
    carried = points = 0
    sums = [paid * factor for paid, factor in bought]
    sums += [-factor * data.draw(st.integers(0, paid)) for paid, factor in bought]
    for cents in data.draw(st.permutations(sums)):
        done = step(carried, cents, TERMS)
        points, carried = points + done.points, done.carried_cents

    assert points == sum(sums) // TERMS.step_cents * TERMS.points


# --- before an order is made ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carried", "counted", "bonus", "said"),
    [
        (0, 4500, 0, "Cette commande vous rapportera 30 points, utilisables 14\u00a0jours après la livraison."),
        (1400, 1600, 0, "Cette commande vous rapportera 20 points, utilisables 14\u00a0jours après la livraison."),
        (
            0, 3000, 3000,
            "Cette commande vous rapportera 40 points, dont 20 par les points multipliés, utilisables 14\u00a0jours après la "
            "livraison.",
        ),
        (0, 400, 100, "4,00\u00a0€ d’articles comptent pour vos points. Encore 10,00\u00a0€ d’articles pour 10 points de plus."),
        (900, 0, 0, ""),
    ],
)  # fmt: skip
def test_a_basket_says_what_it_will_bring(carried, counted, bonus, said):
    assert brings_said(carried, counted, bonus, TERMS) == said


@given(st.integers(0, 1499), st.integers(1, 60_000), st.integers(0, 60_000))
def test_what_a_basket_promises_is_what_its_order_brings(carried, counted, bonus):
    done = step(carried, counted + bonus, TERMS)

    assert (points_said(done.points) in brings_said(carried, counted, bonus, TERMS)) or not done.points


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "utilisables dès la livraison."), (1, "utilisables 1\u00a0jour après la livraison.")],
)
def test_when_they_may_be_spent_is_told(days, said):
    assert brings_said(0, 1500, 0, Terms(1500, 10, Decimal(3), days, 12)).endswith(said)


def test_an_article_says_what_a_whole_step_of_it_brings():
    assert earns_said(TERMS) == "Compte pour vos points\u202f: 10 points par tranche de 15\u00a0€."
    assert earns_said(TERMS, 3) == "Compte pour vos points\u202f: 30 points par tranche de 15\u00a0€."
