"""Saving promotions within the law, and spending their budget."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shop.pricing import services
from shop.pricing.models import Promotion, PromotionUse
from shop.pricing.queries import Scope, fresh_book
from shop.pricing.wording import PROBLEMS, problem
from shop.stock.models import StockItem
from tests.factories import AisleFactory, BrandFactory, ProductFactory, ZoneFactory
from tests.shop.pricing.promoting import draft, promote

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def cheap():
    """Costs nothing much: only the law caps it."""
    product = ProductFactory(name="Yaourt nature", price=D("2.50"))
    StockItem.objects.filter(product=product).update(unit_cost=D("0.10"))
    return product


def refused(kind="percent", *, products=(), aisles=(), brands=(), zones=(), **fields):
    """The problem a draft meets: (code, field, sentence)."""
    with pytest.raises(services.PromotionRefused) as refusal:
        services.save_promotion(promotion=draft(kind, **fields), scope=Scope(products, aisles, brands, zones))
    assert not Promotion.objects.exists()
    first = refusal.value.problems[0]
    return first.code, first.field, problem(first)


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields", "code", "field"),
    [
        ("percent", {"percent": None}, "missing", "percent"),
        ("lot", {"take": None}, "missing", "take"),
        ("free_delivery", {"free_from": None}, "missing", "free_from"),
        ("n_for_m", {"take": 2, "pay": 2}, "pay_is_less", "pay"),
        ("percent", {"slot_from_hour": 12, "slot_until_hour": 12}, "hours", "slot_until_hour"),
        ("percent", {"begins": 2, "ends": 1}, "end_before_start", "ends_at"),
        ("percent", {"begins": -5, "ends": -1}, "all_past", "ends_at"),
    ],
)
def test_terms_that_make_no_sense_are_refused(cheap, kind, fields, code, field):
    scope = {} if kind == "free_delivery" else {"products": [cheap]}

    assert refused(kind, **scope, **fields)[:2] == (code, field)


def test_a_promotion_on_nothing_is_refused(cheap):
    assert refused()[0] == "empty_scope"
    assert refused(aisles=[AisleFactory(slug="vide")])[0] == "covers_nothing"


def test_free_delivery_is_on_the_whole_basket(cheap):
    assert refused("free_delivery", products=[cheap])[0] == "whole_basket"


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("percent", {"percent": D(35)}, "35"),
        ("n_for_m", {"take": 2, "pay": 1}, "50"),
        ("second", {"percent": D(70)}, "35"),
        ("amount", {"amount": D("0.90")}, "36"),
        ("lot", {"take": 2, "amount": D("3.00")}, "40"),
    ],
)
@pytest.mark.parametrize("scope", ["products", "aisles", "brands"])
def test_food_beyond_34_percent_is_refused_and_named(cheap, kind, fields, said, scope):
    chosen = {"products": [cheap], "aisles": [cheap.shelf.parent], "brands": [cheap.brand]}[scope]

    code, _field, words = refused(kind, **{scope: chosen}, **fields)

    assert code == "beyond_food"
    assert f"Yaourt nature serait réduit de {said}\u202f%" in words and "34\u202f%" in words


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("percent", {"percent": D(34)}),
        ("n_for_m", {"take": 3, "pay": 2}),
        ("second", {"percent": D(50)}),
        ("amount", {"amount": D("0.85")}),
        ("lot", {"take": 2, "amount": D("3.30")}),
    ],
)
def test_food_within_34_percent_is_saved(cheap, kind, fields):
    assert promote(kind, products=[cheap], **fields).pk


def test_other_goods_may_go_to_40_percent_and_no_further(cheap):
    type(cheap).objects.update(is_food=False)

    assert refused(products=[cheap], percent=D(41))[0] == "beyond_other"
    assert promote(products=[cheap], percent=D(40)).pk


@pytest.mark.parametrize("name", ["Le 3e gratuit", "Yaourts OFFERTS", "Gratuité du matin"])
def test_no_food_is_called_free(cheap, name):
    code, field, words = refused("n_for_m", products=[cheap], name=name)

    assert (code, field) == ("given_away", "name")
    assert "Yaourt nature" in words


def test_free_delivery_may_say_so(cheap):
    assert promote("free_delivery", name="Livraison offerte").pk


def test_first_age_milk_is_refused_when_named(cheap):
    milk = ProductFactory(name="Lait 1er âge", is_first_age_milk=True)

    code, field, words = refused(products=[cheap, milk])

    assert (code, field) == ("milk", "products")
    assert "Lait 1er âge" in words and "Yaourt" not in words


def test_first_age_milk_is_left_out_of_a_shelf_and_staff_told(cheap):
    milk = ProductFactory(name="Lait 1er âge", is_first_age_milk=True)
    StockItem.objects.update(unit_cost=D("0.10"))

    told = services.save_promotion(promotion=draft(), scope=Scope(aisles=[cheap.shelf]))

    assert [problem(one) for one in told] == [
        "Lait premier âge laissé de côté, comme la loi le veut\u202f: Lait 1er âge."
    ]
    assert fresh_book(None).offer_for(item(milk)) is None
    assert fresh_book(None).offer_for(item(cheap)).badge == "−20\u202f%"


def item(product):
    from shop.pricing.queries import item_of

    return item_of(product, unit_cost=None)


def test_a_named_article_is_refused_below_its_cost(cheap):
    # 2,00 × 1,1 × 1,055 = 2,321: 20 % off 2,50 would be a resale at a loss.
    StockItem.objects.filter(product=cheap).update(unit_cost=D("2.00"))

    code, _field, words = refused(products=[cheap])

    assert code == "below_cost"
    assert "Yaourt nature ne peut se vendre sous 2,32\u00a0€" in words


def test_an_article_of_a_shelf_is_held_up_by_its_cost_and_staff_told(cheap):
    StockItem.objects.filter(product=cheap).update(unit_cost=D("2.00"))

    told = services.save_promotion(promotion=draft(), scope=Scope(brands=[cheap.brand]))

    assert [one.code for one in told] == ["held_up_by_cost"]


def test_the_highest_cost_of_all_depots_counts(cheap):
    from tests.factories import DepotFactory

    StockItem.objects.create(product=cheap, depot=DepotFactory(code="lyon"), unit_cost=D("2.00"))

    assert refused(products=[cheap])[0] == "below_cost"


def test_a_weighed_article_makes_no_lot(cheap):
    assert refused("n_for_m", products=[ProductFactory(weighed=True)])[0] == "weighed"


def test_the_same_promotion_twice_at_once_is_refused(cheap):
    promote(products=[cheap])

    with pytest.raises(services.PromotionRefused) as refusal:
        promote(products=[cheap], name="Encore", begins=3, ends=9)

    assert [one.code for one in refusal.value.problems] == ["same"]
    assert Promotion.objects.count() == 1
    assert promote(products=[cheap], begins=6, ends=9).pk
    assert promote(products=[cheap], zones=[ZoneFactory()]).pk


def test_every_problem_has_its_words():
    import re
    from pathlib import Path

    from shop.pricing import checks

    source = Path(checks.__file__).read_text()
    by_law = {"beyond_food", "beyond_other"}
    by_points = {f"points_{code}{what}" for code in by_law for what in ("", "_with")}
    assert set(re.findall(r'Problem\(\s*"(\w+)"', source)) | by_law | by_points == set(PROBLEMS)


# --- frozen, stopped --------------------------------------------------------------------------------


def test_terms_an_order_has_used_are_frozen(cheap):
    promotion = promote(products=[cheap])
    services.spend(order_reference="CB-1", amounts={promotion.pk: D("1.00")})
    promotion.percent = D(10)

    with pytest.raises(services.PromotionFrozen):
        services.save_promotion(promotion=promotion, scope=Scope([cheap]))

    promotion.refresh_from_db()
    assert promotion.percent == D(20)


def test_an_unused_promotion_may_be_changed(cheap):
    promotion = promote(products=[cheap])
    promotion.percent = D(10)

    services.save_promotion(promotion=promotion, scope=Scope(brands=[BrandFactory()]))

    promotion.refresh_from_db()
    assert promotion.percent == D(10)
    assert list(promotion.products.all()) == [] and promotion.brands.count() == 1


def test_a_stopped_promotion_is_over_at_once(cheap):
    promotion = promote(products=[cheap])

    assert services.stop_promotion(promotion_id=promotion.pk)

    assert not services.stop_promotion(promotion_id=promotion.pk)
    assert fresh_book(None).offer_for(item(cheap)) is None
    with pytest.raises(services.PromotionOver):
        services.spend(order_reference="CB-1", amounts={promotion.pk: D("1.00")})


# --- the budget -------------------------------------------------------------------------------------


def test_an_order_draws_on_the_budget_once_and_gives_it_back_once(cheap, django_assert_num_queries):
    promotion = promote(products=[cheap], budget=D("10.00"))

    with django_assert_num_queries(3):  # one between the savepoint's two
        services.spend(order_reference="CB-1", amounts={promotion.pk: D("4.00")})
    promotion.refresh_from_db()
    drawn = promotion.spent
    for _twice in range(2):
        services.give_back(order_reference="CB-1")

    promotion.refresh_from_db()
    assert (drawn, promotion.spent) == (D("4.00"), D("0.00"))
    assert PromotionUse.objects.get().returned_at


def test_more_than_what_is_left_is_refused_whole(cheap):
    small, large = promote(products=[cheap], budget=D("1.00")), promote("second", products=[cheap])

    with pytest.raises(services.PromotionOver):
        services.spend(order_reference="CB-1", amounts={large.pk: D("5.00"), small.pk: D("1.01")})

    assert set(Promotion.objects.values_list("spent", flat=True)) == {D("0.00")}
    assert not PromotionUse.objects.exists()


def test_a_spent_budget_ends_the_promotion(cheap):
    promotion = promote(products=[cheap], budget=D("1.00"))

    services.spend(order_reference="CB-1", amounts={promotion.pk: D("1.00")})

    promotion.refresh_from_db()
    assert promotion.state == "spent"
    assert fresh_book(None).offer_for(item(cheap)) is None
    assert not Promotion.objects.running().exists()


@pytest.mark.parametrize(("dates", "state"), [((1, 2), "planned"), ((-1, 1), "running"), ((-2, -1), "ended")])
def test_the_state_follows_the_clock(dates, state):
    now = timezone.now()
    promotion = Promotion(
        starts_at=now + timedelta(days=dates[0]), ends_at=now + timedelta(days=dates[1]), spent=0
    )

    assert promotion.state == state
