"""What promotions take off a basket: each kind, the caps of the law, and who wins when several apply."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.pricing.caps import cap_of, cost_floor
from shop.pricing.offers import BY_LOT, Item, SlotFacts, Terms
from shop.pricing.promotions import free_delivery, real_percent, reduce
from shop.pricing.rules import NOTHING, PricedLine, vat_totals

START, END = datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)
D = Decimal


def item(pk=1, price="2.00", quantity=1, **facts):
    return Item(
        pk,
        D(price),
        facts.pop("sold_by", "piece"),
        quantity,
        **({"shelf_id": 7, "vat_rate": D("5.5")} | facts),
    )


def promotion(kind, pk=1, **terms):
    scope = {} if {"products", "aisles", "brands"} & set(terms) else {"aisles": frozenset({7})}
    return Terms(pk, kind, START, END, **scope, **terms)


def off(items, *promotions):
    """Product → discount."""
    return {pk: line.discount for pk, line in reduce(items, promotions).lines.items()}


# --- each kind --------------------------------------------------------------------------------------


def test_a_percentage_reduces_the_price_of_a_piece_then_multiplies():
    # 1,99 − 20 % = 1,592 → 1,59.
    assert off([item(price="1.99", quantity=3)], promotion("percent", percent=D(20))) == {1: D("1.20")}


def test_a_weighed_article_is_reduced_per_kilogram():
    tomatoes = item(price="3.20", quantity=750, sold_by="weight")

    assert off([tomatoes], promotion("percent", percent=D(25))) == {1: D("0.60")}


def test_an_amount_is_taken_off_each_piece():
    assert off([item(price="5.00", quantity=2)], promotion("amount", amount=D("0.50"))) == {1: D("1.00")}


def test_three_for_two_takes_the_cheapest_off_and_spreads_it():
    basket = [item(1, "3.00"), item(2, "3.00"), item(3, "2.40")]

    found = off(basket, promotion("n_for_m", take=3, pay=2))

    assert sum(found.values()) == D("2.40")
    assert found == {1: D("0.86"), 2: D("0.86"), 3: D("0.68")}


def test_what_is_over_a_lot_pays_full_price():
    assert off([item(quantity=5)], promotion("n_for_m", take=3, pay=2)) == {1: D("2.00")}
    assert off([item(quantity=2)], promotion("n_for_m", take=3, pay=2)) == {}


def test_the_second_is_reduced():
    assert off([item(quantity=3)], promotion("second", percent=D(50))) == {1: D("1.00")}


def test_two_for_a_price():
    assert off([item(price="3.00", quantity=2)], promotion("lot", take=2, amount=D(5))) == {1: D("1.00")}


def test_a_lot_dearer_than_its_articles_takes_nothing_off():
    assert off([item(price="2.00", quantity=2)], promotion("lot", take=2, amount=D(5))) == {}


@pytest.mark.parametrize("kind", sorted(BY_LOT))
def test_what_is_weighed_makes_no_lot(kind):
    weighed = item(quantity=5000, sold_by="weight")

    assert off([weighed], promotion(kind, take=2, pay=1, percent=D(50), amount=D(1))) == {}


def test_the_most_per_order_goes_where_it_takes_off_most():
    basket = [item(1, "2.00", 2), item(2, "8.00", 2)]

    assert off(basket, promotion("percent", percent=D(25), most_per_order=3)) == {1: D("0.50"), 2: D("4.00")}
    assert off([item(quantity=9)], promotion("n_for_m", take=3, pay=2, most_per_order=1)) == {1: D("2.00")}


# --- scope ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "is_covered"),
    [
        ({"products": frozenset({1})}, True),
        ({"aisles": frozenset({7})}, True),
        ({"aisles": frozenset({70})}, True),
        ({"brands": frozenset({3})}, True),
        ({"products": frozenset({2}), "brands": frozenset({4}), "aisles": frozenset({8})}, False),
    ],
)
def test_a_promotion_covers_products_shelves_aisles_and_brands(scope, is_covered):
    one = item(aisle_id=70, brand_id=3)

    assert bool(off([one], promotion("percent", percent=D(20), **scope))) == is_covered


def test_an_article_without_a_brand_or_shelf_is_covered_by_none():
    bare = item(shelf_id=None, aisle_id=None, brand_id=None)

    assert not promotion("percent", percent=D(20)).covers(bare)


@pytest.mark.parametrize("scope", [{"products": frozenset({1})}, {"aisles": frozenset({7})}])
def test_first_age_milk_takes_no_promotion_at_all(scope):
    assert off([item(is_first_age_milk=True)], promotion("percent", percent=D(20), **scope)) == {}


@pytest.mark.parametrize(
    ("terms", "facts", "holds"),
    [
        ({}, {}, True),
        ({"zones": frozenset({1})}, {"zone_id": 1}, True),
        ({"zones": frozenset({1})}, {"zone_id": 2}, False),
        ({"zones": frozenset({1})}, {}, False),
        ({"weekdays": frozenset({2})}, {"weekday": 2, "hour": 9}, True),
        ({"weekdays": frozenset({2})}, {"weekday": 3, "hour": 9}, False),
        ({"weekdays": frozenset({2})}, {}, False),
        ({"from_hour": 9, "until_hour": 12}, {"weekday": 1, "hour": 11}, True),
        ({"from_hour": 9, "until_hour": 12}, {"weekday": 1, "hour": 12}, False),
        ({"off_peak_only": True}, {"weekday": 1, "hour": 18, "is_peak": True}, False),
        ({"off_peak_only": True}, {"weekday": 1, "hour": 10}, True),
    ],
)
def test_a_promotion_holds_for_its_zones_and_slots(terms, facts, holds):
    assert promotion("percent", percent=D(20), **terms).delivers(SlotFacts(**facts)) == holds


def test_a_promotion_runs_from_its_first_instant_to_before_its_last():
    one = promotion("percent", percent=D(20))

    assert one.runs_at(START) and not one.runs_at(END)
    assert not promotion("percent", percent=D(20), left=NOTHING).runs_at(START)


# --- caps -------------------------------------------------------------------------------------------


def test_food_is_never_reduced_by_more_than_34_percent():
    line = reduce([item(price="10.00")], [promotion("percent", percent=D(50))]).lines[1]

    assert (line.discount, line.capped) == (D("3.40"), "law")


def test_other_goods_are_never_reduced_by_more_than_40_percent():
    line = reduce([item(price="10.00", is_food=False)], [promotion("percent", percent=D(50))]).lines[1]

    assert (line.discount, line.capped) == (D("4.00"), "law")


def test_three_for_two_passes_and_two_for_one_is_capped():
    three, two = promotion("n_for_m", take=3, pay=2), promotion("n_for_m", take=2, pay=1)

    passed, capped = (reduce([item(price="3.00", quantity=6)], [one]).lines[1] for one in (three, two))

    assert (passed.discount, passed.capped) == (D("6.00"), "")
    assert (capped.discount, capped.capped) == (D("6.12"), "law")


def test_exactly_34_percent_is_no_cap():
    line = reduce([item(price="1.99")], [promotion("percent", percent=D(34))]).lines[1]

    assert (line.discount, line.capped) == (D("0.67"), "")


def test_nothing_is_sold_below_its_cost_with_vat_and_a_tenth_more_for_food():
    # 1,50 × 1,1 × 1,055 = 1,74075 → 1,75.
    line = reduce([item(price="2.00", unit_cost=D("1.50"))], [promotion("percent", percent=D(30))]).lines[1]

    assert (line.discount, line.capped) == (D("0.25"), "cost")


def test_other_goods_may_go_down_to_their_cost():
    soap = item(price="2.00", unit_cost=D("1.50"), is_food=False, vat_rate=D(20))

    assert off([soap], promotion("percent", percent=D(30))) == {1: D("0.20")}


def test_what_is_already_below_its_cost_is_not_reduced():
    assert off([item(price="1.50", unit_cost=D("1.50"))], promotion("percent", percent=D(10))) == {}


def test_what_one_article_of_a_lot_may_not_take_the_others_do():
    basket = [item(1, "3.00", unit_cost=D("2.50")), item(2, "3.00"), item(3, "3.00")]

    found = reduce(basket, [promotion("n_for_m", take=3, pay=2)])

    # 2,50 × 1,1 × 1,055 = 2,90125 → 2,91 at least; the others 1,98 at least each.
    assert {pk: line.discount for pk, line in found.lines.items()} == {
        1: D("0.09"),
        2: D("1.02"),
        3: D("1.02"),
    }
    assert {line.capped for line in found.lines.values()} == {"cost"}


def test_what_is_left_of_a_budget_is_spread():
    basket = [item(1, "10.00"), item(2, "10.00")]

    found = reduce(basket, [promotion("percent", percent=D(30), left=D("1.01"))])

    assert found.spent == {1: D("1.01")}
    assert {line.capped for line in found.lines.values()} == {"budget"}


# --- together ---------------------------------------------------------------------------------------


def test_an_article_gets_the_best_of_its_promotions_and_only_that():
    few, many = promotion("percent", 1, percent=D(10)), promotion("percent", 2, percent=D(30))

    line = reduce([item(price="10.00")], [few, many]).lines[1]

    assert (line.terms.id, line.discount) == (2, D("3.00"))


def test_a_lot_is_kept_where_it_takes_off_more_than_the_others():
    lot, percent = promotion("n_for_m", 1, take=3, pay=2), promotion("percent", 2, percent=D(20))

    assert reduce([item(price="3.00", quantity=3)], [lot, percent]).lines[1].terms.id == 1
    assert reduce([item(price="3.00", quantity=5)], [lot, percent]).lines[1].terms.id == 2


def test_two_lots_that_want_the_same_article_are_not_both_applied():
    wide = promotion("n_for_m", 1, take=3, pay=2)
    own = promotion("second", 2, percent=D(60), products=frozenset({1}))

    found = reduce([item(1, "4.00", 2), item(2, "1.00", 1)], [wide, own])

    assert found.discount == D("2.40")
    assert {line.terms.id for line in found.lines.values()} == {2}


def test_lots_without_an_article_in_common_are_all_applied():
    one = promotion("n_for_m", 1, take=3, pay=2, products=frozenset({1}))
    other = promotion("second", 2, percent=D(50), products=frozenset({2}))

    found = reduce([item(1, "3.00", 3), item(2, "2.00", 2)], [one, other])

    assert found.spent == {1: D("3.00"), 2: D("1.00")}


def test_one_piece_missing_is_said():
    three = promotion("n_for_m", take=3, pay=2)

    assert reduce([item(1, quantity=2)], [three]).hints == {1: (three, 1)}
    assert set(reduce([item(1, quantity=1), item(2, quantity=1)], [three]).hints) == {1, 2}
    assert reduce([item(1, quantity=1)], [three]).hints == {}
    assert reduce([item(1, quantity=3)], [three]).hints == {}


def test_an_article_that_the_caps_close_is_given_no_hope():
    three = promotion("n_for_m", take=3, pay=2)

    assert reduce([item(1, "1.50", 2, unit_cost=D("1.50"))], [three]).hints == {}


def test_free_delivery_from_the_lowest_amount_within_its_budget():
    offers = [
        promotion("free_delivery", 1, free_from=D(60)),
        promotion("free_delivery", 2, free_from=D(30), left=D("2.00")),
        promotion("free_delivery", 3, free_from=D(45)),
    ]

    assert free_delivery(offers, fee=D("5.90")).id == 3
    assert free_delivery(offers, fee=D("1.90")).id == 2
    assert free_delivery([], fee=D("5.90")) is None


@pytest.mark.parametrize(
    ("terms", "price", "percent"),
    [
        ({"kind": "percent", "percent": D(20)}, None, "20"),
        ({"kind": "n_for_m", "take": 3, "pay": 2}, None, "33.33"),
        ({"kind": "n_for_m", "take": 2, "pay": 1}, None, "50"),
        ({"kind": "second", "percent": D(50)}, None, "25"),
        ({"kind": "second", "percent": D(70)}, None, "35"),
        ({"kind": "amount", "amount": D("0.50")}, D(2), "25"),
        ({"kind": "lot", "take": 2, "amount": D(5)}, D(3), "16.67"),
    ],
)
def test_the_real_percentage(terms, price, percent):
    assert round(real_percent(promotion(**terms), price), 2) == D(percent)


# --- properties -------------------------------------------------------------------------------------

cents = st.decimals(min_value="0.01", max_value="60", places=2)


@st.composite
def items(draw):
    made = []
    for pk in range(draw(st.integers(1, 6))):
        price = draw(cents)
        weighed = draw(st.booleans()) and draw(st.booleans())
        cost = draw(st.sampled_from([D(0), D("0.5"), D("0.8"), D("1.2")])) * price
        made.append(
            Item(
                pk, price, "weight" if weighed else "piece",
                draw(st.integers(50, 4000) if weighed else st.integers(1, 12)),
                shelf_id=draw(st.integers(1, 3)), aisle_id=10, brand_id=draw(st.none() | st.integers(1, 2)),
                vat_rate=draw(st.sampled_from([D("5.5"), D("10.0"), D("20.0")])), is_food=draw(st.booleans()),
                is_first_age_milk=draw(st.integers(0, 9)) == 0, unit_cost=cost.quantize(D("0.0001")),
            )
        )  # fmt: skip
    return made


@st.composite
def promotions(draw, start=1):
    made = []
    for pk in range(start, start + draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["percent", "amount", "n_for_m", "second", "lot"]))
        take = draw(st.integers(2, 5))
        made.append(
            Terms(
                pk, kind, START, END, percent=draw(st.decimals(1, 100, places=1)), amount=draw(cents), take=take,
                pay=draw(st.integers(1, take - 1)), products=draw(st.frozensets(st.integers(0, 5), max_size=3)),
                aisles=draw(st.frozensets(st.sampled_from([1, 2, 3, 10]), max_size=2)),
                brands=draw(st.frozensets(st.integers(1, 2), max_size=1)), left=draw(st.none() | cents),
                most_per_order=draw(st.none() | st.integers(1, 4)),
            )
        )  # fmt: skip
    return made


@given(items(), promotions())
@settings(max_examples=100, deadline=None)
def test_no_line_goes_below_its_cost_nor_beyond_the_law(basket, running):
    outcome = reduce(basket, running)

    for one in basket:
        line = outcome.lines.get(one.product_id)
        discount = line.discount if line else NOTHING
        paid = one.gross - discount
        amount = one.quantity if one.is_counted else D(one.quantity) / 1000
        # A weighed line is first rounded to the cent, which may be half a cent below its exact price.
        slack = NOTHING if one.is_counted else D("0.005")
        assert 0 <= discount <= one.gross
        if line:
            assert line.discount > 0 and not one.is_first_age_milk
            assert paid + slack >= one.price * (1 - cap_of(is_food=one.is_food)) * amount
            assert paid + slack >= min(cost_floor(one), one.price) * amount


@given(items(), promotions(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_lines_and_promotions_changes_nothing(basket, running, dice):
    straight = reduce(basket, running)
    dice.shuffle(basket)
    dice.shuffle(running)

    assert reduce(basket, running) == straight


@given(items(), promotions(), promotions(start=100))
@settings(max_examples=100, deadline=None)
def test_one_more_promotion_never_makes_a_basket_dearer(basket, running, more):
    assert reduce(basket, running + more).discount >= reduce(basket, running).discount


@given(items(), promotions())
@settings(max_examples=100, deadline=None)
def test_a_budget_is_never_overspent_by_one_basket(basket, running):
    left = {one.id: one.left for one in running}

    for pk, amount in reduce(basket, running).spent.items():
        assert left[pk] is None or amount <= left[pk]


@given(items(), promotions())
@settings(max_examples=100, deadline=None)
def test_totals_per_vat_rate_add_up_after_reductions(basket, running):
    outcome = reduce(basket, running)
    lines = [
        PricedLine(
            one.price, one.sold_by, one.quantity, one.vat_rate,
            discount=outcome.lines[one.product_id].discount if one.product_id in outcome.lines else NOTHING,
        )
        for one in basket
    ]  # fmt: skip

    rates = vat_totals((line.vat_rate, line.total) for line in lines)

    paid = sum((one.gross for one in basket), NOTHING) - outcome.discount
    assert sum((rate.gross for rate in rates.values()), NOTHING) == paid
    assert sum((rate.net + rate.vat for rate in rates.values()), NOTHING) == paid
