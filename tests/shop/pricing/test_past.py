"""A year of prices: each step with its reason, the lowest of a month and of the year, and the curve in steps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.utils import timezone

from shop.catalogue.services import change_prices
from shop.pricing import services
from shop.pricing.models import PlannedPrice, PriceChange
from shop.pricing.offers import ANYWHERE, Item, SlotFacts, Terms
from shop.pricing.past import Written, drawn, past
from shop.pricing.queries import fresh_book, item_of, past_of
from shop.stock.models import StockItem
from tests.factories import ProductFactory, ZoneFactory
from tests.shop.pricing.promoting import promote

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ITEM = Item(1, Decimal("2.50"), "piece", shelf_id=5, brand_id=7)
D = Decimal


def ago(days):
    return NOW - timedelta(days=days)


def cut(begins, ends, *, percent=20, name="Fête", **fields):
    scope = {"products": frozenset({1})} | fields
    return Terms(1, "percent", ago(begins), ago(ends), name=name, percent=D(percent), **scope)


def told(prices, *promotions, facts=ANYWHERE, item=ITEM):
    """(days ago, price, why, promotion) of each step."""
    found = past(prices, promotions, item, facts, now=NOW)
    return [((NOW - one.since).days, one.price, one.why, one.promotion) for one in found.steps]


# --- steps ------------------------------------------------------------------------------------------


def test_no_history_has_no_step_no_lowest_and_no_curve():
    found = past([], [], ITEM, ANYWHERE, now=NOW)

    assert (found.steps, found.lowest_of_month, found.lowest_of_year, found.curve) == ([], None, None, None)


def test_one_price_is_the_first():
    assert told([Written(ago(10), D(2))]) == [(10, D(2), "first", "")]


def test_a_change_and_a_plan_are_told_apart():
    prices = [Written(ago(90), D(2)), Written(ago(60), D(3)), Written(ago(30), D("2.50"), True)]

    assert told(prices) == [
        (90, D(2), "first", ""),
        (60, D(3), "changed", ""),
        (30, D("2.50"), "planned", ""),
    ]


def test_what_held_a_year_ago_keeps_its_own_day():
    assert told([Written(ago(800), D(1)), Written(ago(500), D(2)), Written(ago(5), D(3))]) == [
        (500, D(2), "changed", ""), (5, D(3), "changed", ""),
    ]  # fmt: skip


def test_the_same_price_written_again_is_no_step():
    assert len(told([Written(ago(90), D(2)), Written(ago(60), D(2))])) == 1


def test_a_promotion_comes_and_goes():
    assert told([Written(ago(90), D("2.50"))], cut(20, 10)) == [
        (90, D("2.50"), "first", ""), (20, D(2), "promotion", "Fête"), (10, D("2.50"), "promotion_over", ""),
    ]  # fmt: skip


def test_the_best_of_two_promotions_is_what_was_asked():
    small, large = cut(30, 5, percent=10, name="Petite"), cut(20, 10, percent=20, name="Grande")

    assert told([Written(ago(90), D("2.50"))], small, large)[1:] == [
        (30, D("2.25"), "promotion", "Petite"), (20, D("2.00"), "promotion", "Grande"),
        (10, D("2.25"), "promotion", "Petite"), (5, D("2.50"), "promotion_over", ""),
    ]  # fmt: skip


def test_a_price_that_changes_under_a_promotion_is_reduced_too():
    prices = [Written(ago(90), D("2.50")), Written(ago(15), D("3.00"))]

    assert told(prices, cut(20, 10))[1:] == [
        (20, D("2.00"), "promotion", "Fête"), (15, D("2.40"), "promotion", "Fête"), (10, D("3.00"), "promotion_over", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "terms",
    [
        cut(20, 10, products=frozenset({2})),
        cut(20, 10, zones=frozenset({9})),
        cut(20, 10, weekdays=frozenset({1})),
        Terms(1, "n_for_m", ago(20), ago(10), take=3, pay=2, products=frozenset({1})),
    ],
    ids=["another product", "another zone", "some slots", "a lot"],
)
def test_what_reduces_no_single_piece_here_makes_no_step(terms):
    assert len(told([Written(ago(90), D("2.50"))], terms)) == 1


def test_a_promotion_of_the_zone_makes_one():
    assert (
        len(told([Written(ago(90), D("2.50"))], cut(20, 10, zones=frozenset({9})), facts=SlotFacts(9))) == 3
    )


def test_first_age_milk_was_never_reduced():

    assert (
        len(told([Written(ago(90), D("2.50"))], cut(20, 10), item=replace(ITEM, is_first_age_milk=True))) == 1
    )


def test_a_time_without_a_price_is_a_gap():
    prices = [Written(ago(90), D(2)), Written(ago(60), None), Written(ago(30), D(3))]

    found = past(prices, [], ITEM, ANYWHERE, now=NOW)

    assert [one.why for one in found.steps] == ["first", "unpriced", "changed"]
    assert len(found.curve.lines) == 2
    assert found.lowest_of_month == D(3) and found.lowest_of_year == D(2)


def test_the_lowest_counts_promotions_and_what_held_when_the_thirty_days_began():
    prices = [Written(ago(300), D("1.00")), Written(ago(200), D("2.50"))]

    assert past(prices, [], ITEM, ANYWHERE, now=NOW).lowest_of_month == D("2.50")
    found = past(prices, [cut(20, 10)], ITEM, ANYWHERE, now=NOW)
    assert (found.lowest_of_month, found.lowest_of_year) == (D("2.00"), D("1.00"))


def test_two_hundred_changes_make_two_hundred_steps():
    prices = [Written(ago(200 - day), D(day % 7 + 1)) for day in range(200)]

    found = past(prices, [cut(300, -5)], ITEM, ANYWHERE, now=NOW)

    assert len(found.steps) == 200
    assert {one.why for one in found.steps} == {"promotion"}
    assert found.lowest_of_year == D("0.80")


# --- the curve --------------------------------------------------------------------------------------


def points(curve):
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in curve.lines]


def test_the_curve_goes_in_steps_from_the_first_price_to_today():
    [line] = points(drawn([Written(ago(100), D(2)), Written(ago(50), D(3))], end=NOW))

    assert line == [(0, 270), (500, 270), (500, 30), (1000, 30)]


def test_a_slope_is_never_drawn():
    prices = [Written(ago(300 - 3 * day), D(day % 5 + 1) if day % 11 else None) for day in range(1, 90)]

    for line in points(drawn(prices, end=NOW)):
        for (x1, y1), (x2, y2) in pairwise(line):
            assert x1 == x2 or y1 == y2


def test_a_price_that_never_moved_is_a_line_in_the_middle():
    curve = drawn([Written(ago(400), D(2))], end=NOW)

    assert points(curve) == [[(0, 150), (1000, 150)]]
    assert [level.price for level in curve.levels] == [D(2)]


def test_a_newcomer_is_drawn_at_the_end_of_a_month():
    [[start, end]] = points(drawn([Written(ago(3), D(2))], end=NOW))

    assert start == (900, 150) and end == (1000, 150)


@pytest.mark.parametrize("prices", [[], [Written(ago(5), None)], [Written(NOW, D(2))]])
def test_nothing_to_draw_draws_nothing(prices):
    assert drawn(prices, end=NOW) is None


# --- read from the database -------------------------------------------------------------------------


@pytest.fixture
def yoghurt(db):
    made = ProductFactory(price=D("2.50"))
    StockItem.objects.filter(product=made).update(unit_cost=D("0.10"))
    PriceChange.objects.create(product=made, price=D("2.50"), since=timezone.now() - timedelta(days=90))
    return made


def read(product, zone_id=None, cost="0.10"):
    item = item_of(product, unit_cost=D(cost))
    return past_of(item, fresh_book(zone_id))


def test_a_planned_price_says_so(yoghurt):
    change_prices(prices={yoghurt.pk: D("2.80")})
    # As planned some days ago: what is planned now has not begun yet.
    PlannedPrice.objects.create(product=yoghurt, price=D("2.20"), starts_at=timezone.now())
    services.apply_due_prices(now=timezone.now())

    # One transaction of the test has one instant: the last row stands for all.
    assert read(yoghurt).steps[-1].why == "planned"


@pytest.mark.parametrize("scope", ["products", "aisles", "top aisles", "brands"])
def test_the_running_promotion_ends_the_history_with_the_price_of_the_card(yoghurt, scope):
    chosen = {
        "products": {"products": [yoghurt]}, "aisles": {"aisles": [yoghurt.shelf]},
        "top aisles": {"aisles": [yoghurt.shelf.parent]}, "brands": {"brands": [yoghurt.brand]},
    }[scope]  # fmt: skip
    promote(**chosen)

    found = read(yoghurt)

    assert (found.steps[-1].price, found.steps[-1].promotion) == (D("2.00"), "Fête du yaourt")
    assert found.reference == D("2.50") and found.lowest_of_month == D("2.00")


def test_a_reduction_held_up_by_its_cost_is_shown_as_the_card_shows_it(yoghurt):
    promote(brands=[yoghurt.brand])
    book = fresh_book(None)
    item = item_of(yoghurt, unit_cost=D("1.90"))

    found = past_of(item, book)

    assert found.steps[-1].price == book.offer_for(item).price_now == D("2.21")


def test_a_promotion_without_money_left_ended_with_its_last_use(yoghurt):
    promotion = promote(products=[yoghurt], budget=D("1.00"))
    services.spend(order_reference="CB-1", amounts={promotion.pk: D("1.00")})

    assert [one.why for one in read(yoghurt).steps] == ["first", "promotion", "promotion_over"]


def test_another_zone_sees_no_promotion_of_this_one(yoghurt):
    paris, lyon = ZoneFactory(), ZoneFactory(slug="lyon", name="Lyon")
    promote(products=[yoghurt], zones=[paris])

    assert len(read(yoghurt, paris.pk).steps) == 2
    assert len(read(yoghurt, lyon.pk).steps) == 1


def test_a_year_takes_two_queries_whatever_there_was(yoghurt, django_assert_num_queries):
    def cost():
        item, book = item_of(yoghurt, unit_cost=D("0.10")), fresh_book(None)
        with django_assert_num_queries(2):
            past_of(item, book)

    cost()
    for number in range(20):
        since = timezone.now() - timedelta(days=number + 1)
        PriceChange.objects.create(product=yoghurt, price=D(number + 1), since=since)
        promote(products=[yoghurt], percent=D(number + 1), name=f"Offre {number}")
    cost()
