"""Multiplied points: the highest counts, they hold beside a reduction, and both together stay within the law."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.points.rules import Programme
from loyalty.points.rules import Terms as PointRules
from shop.pricing.book import PromotionBook
from shop.pricing.caps import advantage, cap_of, most_factor
from shop.pricing.checks import Draft, problems_of
from shop.pricing.cumulated import beyond
from shop.pricing.multipliers import multiply, share_between
from shop.pricing.offers import SlotFacts
from shop.pricing.promotions import reduce
from tests.shop.pricing.test_promotions import END, START, item, items, promotion, promotions

D = Decimal
DAY = timedelta(days=1)
USUAL = PointRules(step_cents=1500, points=10, hundred_worth=D(3), pending_days=14, lasts_months=12)
# Ten times a fifth of what is paid: far beyond any cap.
RICH = replace(USUAL, step_cents=100, points=10, hundred_worth=D(2))
PROGRAMME = Programme(((START - 100 * DAY, USUAL),))


def points(factor=3, pk=1, **terms):
    return promotion("points", pk, points_factor=factor, **terms)


def factors(basket, *running, rules=USUAL):
    reduced = reduce(basket, running).lines
    return {pk: one.factor for pk, one in multiply(basket, running, reduced, share=rules.share).items()}


def test_points_are_worth_a_part_of_what_is_paid():
    assert USUAL.share == Fraction(2, 100)
    assert advantage(taken_off=Fraction(30, 100), factor=4, share=USUAL.share) == Fraction(342, 1000)


def test_a_multiplier_holds_beside_a_reduction_and_takes_nothing_off():
    basket, reduction = [item(price="2.00", quantity=2)], promotion("percent", 2, percent=D(20))

    assert factors(basket, points(3), reduction) == {1: 3}
    assert reduce(basket, [points(3), reduction]).discount == D("0.80")
    assert reduce(basket, [points(3)]).discount == 0


def test_the_highest_of_several_counts_never_their_sum():
    assert factors([item()], points(2, 1), points(4, 2), points(3, 3)) == {1: 4}


@pytest.mark.parametrize(
    "terms", [{"products": frozenset({1})}, {"aisles": frozenset({7})}, {"brands": frozenset({5})}]
)
def test_products_shelves_and_brands_are_multiplied(terms):
    assert factors([item(1, brand_id=5), item(2, shelf_id=8)], points(**terms)) == {1: 3}


@pytest.mark.parametrize("what", [{"is_first_age_milk": True}, {"is_alcohol": True}])
def test_neither_first_age_milk_nor_alcohol_is_multiplied(what):
    assert factors([item(**what), item(2)], points()) == {2: 3}


def test_alcohol_still_has_its_other_promotions():
    assert reduce([item(is_alcohol=True)], [promotion("percent", percent=D(10))]).discount == D("0.20")


@pytest.mark.parametrize(
    ("percent", "factor"),
    # 2 % of what is paid for each time more: 30 % leave 4 % of the price, hence twice 1.4 %.
    [(None, 10), (D(10), 10), (D(20), 9), (D(30), 3), (D("33.9"), 1), (D(34), 1)],
)
def test_points_give_way_to_the_cap_on_food(percent, factor):
    reduction = [promotion("percent", 2, percent=percent)] if percent else []

    assert factors([item(price="10.00")], points(10), *reduction).get(1, 1) == factor


def test_of_a_lot_the_pieces_that_are_reduced_are_looked_at_not_the_line():
    """3 pour 2 takes a third off three pieces; the seven others of the line do not make room for more."""
    assert (
        factors([item(price="10.00", quantity=10)], points(3), promotion("n_for_m", 2, take=3, pay=2)) == {}
    )
    few = promotion("percent", 2, percent=D(33), most_per_order=1)
    assert factors([item(price="10.00", quantity=10)], points(3), few) == {}


def test_a_factor_that_the_law_lowered_says_so():
    basket, running = [item(price="10.00")], [points(10), promotion("percent", 2, percent=D(30))]

    [found] = multiply(basket, running, reduce(basket, running).lines, share=USUAL.share).values()

    assert (found.factor, found.is_capped) == (3, True)


@pytest.mark.parametrize("share", [Fraction(0), USUAL.share])
def test_what_costs_nothing_knows_no_limit(share):
    assert most_factor(full=D(0), paid=D(0), is_food=True, share=share) >= 10


rules = st.builds(
    PointRules, step_cents=st.integers(100, 10_000), points=st.integers(1, 500),
    hundred_worth=st.decimals("0.01", 100, places=2), pending_days=st.just(0), lasts_months=st.none(),
)  # fmt: skip


@given(
    items(),
    promotions(),
    st.lists(st.tuples(st.integers(2, 10), st.sampled_from([1, 2, 3, 10])), max_size=3),
    rules,
)
@settings(max_examples=200, deadline=None)
def test_a_reduction_and_the_points_beyond_the_usual_never_pass_the_cap_together(
    basket, running, multipliers, terms
):
    running += [
        points(n, 200 + place, aisles=frozenset({aisle})) for place, (n, aisle) in enumerate(multipliers)
    ]
    reduced = reduce(basket, running).lines
    found = multiply(basket, running, reduced, share=terms.share)

    for one in basket:
        line = reduced.get(one.product_id)
        factor = found[one.product_id].factor if one.product_id in found else 1
        off = line.discount if line else D(0)
        paid = one.gross - off
        # 100 points are worth so many euros.
        worth = (
            Fraction(factor - 1)
            * Fraction(paid)
            * 100
            / terms.step_cents
            * terms.points
            * Fraction(terms.hundred_worth)
            / 100
        )
        # A weighed line is rounded to the cent before it is reduced (`test_promotions`).
        slack = Fraction(0) if one.is_counted else Fraction(5, 1000)
        if factor > 1:
            assert (
                Fraction(off) + worth <= Fraction(cap_of(is_food=one.is_food)) * Fraction(one.gross) + slack
            )
            assert factor <= max(n for n, _aisle in multipliers) and not one.is_first_age_milk
            on = line.on if line else one.gross
            assert on <= one.gross


@given(items(), promotions(), rules)
@settings(max_examples=60, deadline=None)
def test_multipliers_change_no_price(basket, running, terms):
    multipliers = [points(5, 300, aisles=frozenset({1, 2, 3})), points(9, 301, aisles=frozenset({10}))]

    assert reduce(basket, running + multipliers).lines == reduce(basket, running).lines


# --- the book ---------------------------------------------------------------------------------------------------------


def book(*terms, programme=PROGRAMME):
    return PromotionBook(terms, 1, programme)


def test_a_multiplier_begins_and_ends_to_the_second():
    shelf = book(points())

    found = [
        shelf.multiplier_for(item(), now=at) for at in (START - DAY / 86400, START, END - DAY / 86400, END)
    ]

    assert [one.factor if one else None for one in found] == [None, 3, 3, None]


def test_one_for_some_slots_waits_until_there_is_one():
    shelf = book(points(weekdays=frozenset({2}), from_hour=10))
    basket = [item()]

    assert shelf.multiplier_for(item(), now=START) is None
    assert shelf.multiply(basket, SlotFacts(1, 2, 11), reduced={}, now=START)[1].factor == 3
    assert shelf.multiply(basket, SlotFacts(1, 3, 11), reduced={}, now=START) == {}
    assert shelf.multiply(basket, SlotFacts(1, 2, 9), reduced={}, now=START) == {}


def test_without_a_programme_nothing_is_multiplied_nor_before_it_begins():
    assert book(points(), programme=Programme()).multiplier_for(item(), now=START) is None
    assert (
        book(points(), programme=Programme(((START + DAY, USUAL),))).multiplier_for(item(), now=START) is None
    )


def test_the_dearest_rules_under_which_an_order_may_come_to_count_are_looked_at():
    coming = PROGRAMME.with_stage(START + 2 * DAY, RICH)

    assert book(points(10), programme=coming).multiplier_for(item(), now=START).factor == 2
    assert share_between(PROGRAMME.with_stage(START + 40 * DAY, RICH), START, START) == USUAL.share


def test_a_book_is_told_apart_by_its_rules_of_points_where_it_multiplies():
    multiplying, plain = book(points()), book(promotion("percent", percent=D(5)))
    other = Programme(((START - DAY, RICH),))

    assert multiplying.chapter(now=START) != multiplying.for_zone(1, other).chapter(now=START)
    assert plain.chapter(now=START) == plain.for_zone(1, other).chapter(now=START)


def test_a_programme_is_asked_by_instants():
    programme = PROGRAMME.with_stage(START, RICH).with_stage(START, USUAL)

    assert Programme().at(START) is None and PROGRAMME.at(START - 101 * DAY) is None
    assert PROGRAMME.with_stage(START, RICH).at(START) == RICH
    assert len(programme.stages) == 2 and programme.at(START) == USUAL
    assert PROGRAMME.with_stage(END, RICH).between(START, END) == [USUAL]
    assert PROGRAMME.with_stage(END, RICH).between(START, END + DAY) == [USUAL, RICH]
    assert PROGRAMME.between(START - 200 * DAY, START) == [USUAL]


# --- before it is saved ---------------------------------------------------------------------------------------------------


def problems(terms, *others, named=(), covered=(), programme=PROGRAMME):
    named = named or ([] if covered else [item(name="Beurre", price="10.00")])
    return problems_of(Draft(terms, named, covered, others, programme), now=START)


def of_one(factor=3, pk=0, **terms):
    return points(factor, pk, **({"products": frozenset({1})} | terms))


def test_a_multiplier_within_the_cap_is_saved_alone_or_with_a_reduction():
    assert problems(of_one(10)) == []
    assert problems(of_one(3), promotion("percent", 9, percent=D(30))) == []
    assert problems(promotion("percent", 0, percent=D(30), products=frozenset({1})), points(3, 9)) == []


def test_one_that_passes_the_cap_alone_is_refused_with_its_figure():
    [found] = problems(of_one(10), programme=Programme(((START - DAY, RICH),)))

    assert (found.code, found.field, found.names) == ("points_beyond_food", "points_factor", ("Beurre",))
    assert found.points == D(180)


@pytest.mark.parametrize("is_points_first", [True, False])
def test_with_a_promotion_on_the_same_article_both_figures_are_named(is_points_first):
    reduction = promotion(
        "percent", 0 if is_points_first is False else 9, percent=D(30), products=frozenset({1}), name="Fête"
    )
    multiplier = of_one(4, 9 if is_points_first is False else 0, name="Points")

    [found] = problems(multiplier, reduction) if is_points_first else problems(reduction, multiplier)

    assert found.code == "points_beyond_food_with"
    assert (found.figure, found.points, found.names) == (D(30), D("4.20"), ("Beurre",))
    assert (found.field, found.other) == (
        ("points_factor", "Fête") if is_points_first else ("percent", "Points")
    )


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "n_for_m", "take": 3, "pay": 2},
        {"kind": "second", "percent": D(66)},
        {"kind": "lot", "take": 2, "amount": D("13.40")},
        {"kind": "amount", "amount": D("3.30")},
        # A price that fell since: held to the cap on every basket.
        {"kind": "amount", "amount": D("50.00")},
    ],
)
def test_lots_and_amounts_count_as_what_they_really_take_off(other):
    [found] = problems(of_one(3), promotion(pk=9, **other))

    assert found.code == "points_beyond_food_with" and found.figure >= 33


def test_what_is_no_food_has_its_own_cap():
    soap = item(name="Savon", price="10.00", is_food=False)

    assert problems(of_one(3), promotion("percent", 9, percent=D(37)), named=[soap]) == []
    [found] = problems(of_one(4), promotion("percent", 9, percent=D(37)), named=[soap])
    assert found.code == "points_beyond_other_with"


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"zones": frozenset({1})}, {"zones": frozenset({2})}),
        ({"weekdays": frozenset({1})}, {"weekdays": frozenset({2})}),
        ({}, {"products": frozenset({2})}),
    ],
)
def test_promotions_that_no_basket_has_together_do_not_add_up(mine, theirs):
    assert problems(of_one(4, **mine), promotion("percent", 9, percent=D(30), **theirs)) == []


def test_promotions_at_other_times_do_not_add_up():
    over = replace(promotion("percent", 9, percent=D(30)), starts_at=START - 9 * DAY, ends_at=START)
    later = replace(promotion("percent", 9, percent=D(30)), starts_at=END, ends_at=END + DAY)

    assert problems(replace(of_one(4), starts_at=START - DAY), over, later) == []


def test_a_weighed_article_meets_no_lot():
    apples = item(name="Pommes", price="10.00", sold_by="weight", quantity=1000)

    assert problems(of_one(4), promotion("n_for_m", 9, take=3, pay=2), named=[apples]) == []


def test_rules_that_are_to_come_while_it_runs_are_looked_at():
    coming = PROGRAMME.with_stage(END - DAY, RICH)

    [found] = problems(of_one(10), programme=coming)

    assert found.code == "points_beyond_food"
    assert problems(of_one(10), programme=PROGRAMME.with_stage(END + 31 * DAY, RICH)) == []


@pytest.mark.parametrize("factor", [None, 0, 1, -2, 11, 1000])
def test_a_factor_goes_from_two_to_ten(factor):
    [found] = problems(of_one(factor))

    assert (found.code, found.field) == ("out_of_range" if factor is not None else "missing", "points_factor")


@pytest.mark.parametrize(
    ("terms", "code", "field"),
    [({"left": D(100)}, "no_budget", "budget"), ({"most_per_order": 2}, "no_limit", "most_per_order")],
)
def test_points_have_neither_a_budget_in_euros_nor_a_most_per_order(terms, code, field):
    assert [(found.code, found.field) for found in problems(of_one(**terms))] == [(code, field)]


def test_alcohol_is_refused_by_name_and_as_a_shelf_of_its_own():
    wine, bread = item(name="Vin", is_alcohol=True), item(2, name="Pain")

    assert [found.code for found in problems(of_one(), named=[wine])] == ["alcohol"]
    assert [(found.code, found.field) for found in problems(points(pk=0), covered=[wine])] == [
        ("alcohol", "aisles")
    ]
    assert problems(points(pk=0), covered=[wine, bread]) == []


def test_first_age_milk_is_refused_by_name():
    assert [found.code for found in problems(of_one(), named=[item(is_first_age_milk=True)])] == ["milk"]


def test_the_same_multiplier_twice_at_once_is_a_mistake():
    assert [found.code for found in problems(of_one(), replace(of_one(), id=9, name="Déjà"))] == ["same"]


@given(st.integers(2, 10), st.decimals("0.1", 34, places=1), rules)
def test_what_is_saved_never_has_to_give_way_on_a_basket(factor, percent, terms):
    programme = Programme(((datetime(2020, 1, 1, tzinfo=UTC), terms),))
    multiplier, reduction = of_one(factor, 1), promotion("percent", 2, percent=percent)
    one = item(price="100.00")

    if beyond(multiplier, [reduction], [one], programme, now=START) is None:
        assert factors([one], multiplier, reduction, rules=terms) == {1: factor}
