"""What cards read of promotions: one offer an article, the price that may be struck, one price for everybody."""

import ast
import inspect
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

import shop.pricing
from shop.pricing import book, history, promotions, queries, rules, services
from shop.pricing.models import PriceChange, Promotion
from shop.pricing.queries import fresh_book, item_of, reference_prices
from shop.pricing.wording import badge_of, dates, label_of
from shop.stock.models import StockItem
from tests.factories import AisleFactory, BrandFactory, ProductFactory, ZoneFactory
from tests.shop.pricing.promoting import promote

D = Decimal


@pytest.fixture
def yoghurt(db):
    return product()


def product(**facts):
    made = ProductFactory(**{"name": "Yaourt nature", "price": D("2.50")} | facts)
    StockItem.objects.filter(product=made).update(unit_cost=D("0.10"))
    return made


def costs(made, price, days_ago):
    """As if it had cost that since then: history is only added to."""
    PriceChange.objects.create(product=made, price=D(price), since=timezone.now() - timedelta(days=days_ago))


def offer(made, zone_id=None):
    return fresh_book(zone_id).offer_for(item_of(made, unit_cost=D("0.10")))


# --- offers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields", "badge", "price_now"),
    [
        ("percent", {}, "−20\u202f%", "2.00"),
        ("percent", {"percent": D("12.5")}, "−12,5\u202f%", "2.19"),
        ("amount", {}, "−0,20\u00a0€", "2.30"),
        ("n_for_m", {}, "3 pour 2", None),
        ("second", {}, "2e à −50\u202f%", None),
        ("lot", {}, "2 pour 4\u00a0€", None),
        ("lot", {"amount": D("4.50")}, "2 pour 4,50\u00a0€", None),
    ],
)
def test_a_card_says_the_offer_in_a_few_characters(yoghurt, kind, fields, badge, price_now):
    promote(kind, products=[yoghurt], **fields)

    found = offer(yoghurt)

    assert found.badge == badge
    assert found.price_now == (D(price_now) if price_now else None)


def test_an_article_without_a_promotion_has_no_offer(yoghurt):
    promote(products=[product(name="Comté")])
    promote("free_delivery")

    assert offer(yoghurt) is None


def test_the_offer_is_the_one_that_takes_most_off(yoghurt):
    promote(products=[yoghurt], percent=D(10))
    promote("n_for_m", products=[yoghurt])
    promote("second", products=[yoghurt])

    assert offer(yoghurt).badge == "3 pour 2"


def test_an_offer_of_a_slot_or_another_zone_is_not_promised_on_cards(yoghurt):
    zone, lyon = ZoneFactory(), ZoneFactory(slug="lyon")
    promote(products=[yoghurt], slot_weekdays="2")
    promote(products=[yoghurt], zones=[lyon], percent=D(15))

    assert offer(yoghurt, zone.pk) is None
    assert offer(yoghurt, lyon.pk).badge == "−15\u202f%"


def test_a_capped_offer_says_what_is_left_of_it(yoghurt):
    StockItem.objects.update(unit_cost=D("2.00"))
    promote(brands=[yoghurt.brand])

    found = fresh_book(None).offer_for(item_of(yoghurt, unit_cost=D("2.00")))

    # 2,00 × 1,1 × 1,055 = 2,321 → 2,33.
    assert (found.price_now, found.badge) == (D("2.33"), "−6\u202f%")


def test_the_scope_is_what_running_promotions_are_on(yoghurt):
    elsewhere = AisleFactory(slug="pates", parent=AisleFactory(slug="epicerie"))
    branded = product(name="Biscuit", shelf=elsewhere, brand=BrandFactory(slug="lu"))
    promote(products=[yoghurt])
    promote(aisles=[yoghurt.shelf.parent])
    promote(brands=[branded.brand], percent=D(10))
    promote(aisles=[elsewhere], begins=1)
    promote("free_delivery")

    products, aisles, brands = fresh_book(None).scope()

    assert (products, aisles, brands) == ([yoghurt.pk], [yoghurt.shelf.parent_id], [branded.brand_id])


def test_without_a_promotion_the_scope_is_empty(yoghurt):
    assert fresh_book(None).scope() == ([], [], [])


def test_a_chapter_lasts_until_a_promotion_begins_or_ends_or_the_book_is_another(yoghurt):
    promotion = promote(products=[yoghurt], begins=1, ends=2)
    book, now = fresh_book(None), timezone.now()

    chapters = [
        book.chapter(now=at)
        for at in (now, promotion.starts_at - timedelta(seconds=1), promotion.starts_at, promotion.ends_at)
    ]

    assert chapters[0] == chapters[1] and len(set(chapters)) == 3
    assert fresh_book(None).chapter(now=now) != book.chapter(now=now) == book.for_zone(None).chapter(now=now)
    assert book.for_zone(7).chapter(now=now) != book.chapter(now=now)


def announced(made):
    found = fresh_book(None)
    shown = found.offer_for(item_of(made, unit_cost=D("0.10")))
    return shown.announced(reference_prices({made.pk: shown}, found).get(made.pk))


def test_a_reduction_is_announced_from_the_price_of_the_thirty_days_before(yoghurt):
    costs(yoghurt, "2.50", 60)
    promote(products=[yoghurt])

    assert announced(yoghurt) == ("−20\u202f%", D("2.50"))


def test_a_price_raised_just_before_counts_from_where_it_was(yoghurt):
    costs(yoghurt, "2.20", 60)
    costs(yoghurt, "2.50", 10)
    promote(products=[yoghurt])

    # 2,00 against 2,20: nine percent and a bit, not twenty.
    assert announced(yoghurt) == ("−9\u202f%", D("2.20"))


def test_a_price_raised_to_be_reduced_announces_nothing(yoghurt):
    costs(yoghurt, "2.00", 60)
    costs(yoghurt, "2.50", 10)
    promote(products=[yoghurt])

    assert announced(yoghurt) == ("", None)


def test_a_price_raised_since_is_still_announced_from_before(yoghurt):
    costs(yoghurt, "2.40", 60)
    promote(products=[yoghurt], begins=-5)

    assert announced(yoghurt) == ("−16\u202f%", D("2.40"))


def test_a_product_of_less_than_thirty_days_announces_nothing(yoghurt):
    costs(yoghurt, "2.50", 29)
    promote(products=[yoghurt])

    assert announced(yoghurt) == ("", None)


def test_yesterdays_promotion_is_a_price_practised(yoghurt):
    costs(yoghurt, "2.50", 90)
    Promotion.objects.filter(pk=promote(products=[yoghurt], percent=D(30)).pk).update(
        starts_at=timezone.now() - timedelta(days=12), ends_at=timezone.now() - timedelta(days=8)
    )
    promote(products=[yoghurt], percent=D(20))

    assert announced(yoghurt) == ("", None)


def test_a_lot_strikes_no_price(yoghurt):
    costs(yoghurt, "2.50", 60)
    promote("n_for_m", products=[yoghurt])

    assert announced(yoghurt) == ("3 pour 2", None)


def test_the_references_of_a_whole_page_are_one_query(yoghurt, django_assert_num_queries):
    made = [product(name=f"n° {number}") for number in range(10)]
    promote(brands=[yoghurt.brand])
    found = fresh_book(None)
    offers = {one.pk: found.offer_for(item_of(one, unit_cost=None)) for one in made}

    with django_assert_num_queries(1):
        reference_prices(offers, found)
    with django_assert_num_queries(0):
        reference_prices({}, found)


# --- words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ((2026, 11, 3), (2026, 11, 10), "du 3 au 9\u00a0novembre"),
        ((2026, 11, 1), (2026, 11, 8), "du 1er au 7\u00a0novembre"),
        ((2026, 11, 28), (2026, 12, 2), "du 28\u00a0novembre au 1er\u00a0décembre"),
        ((2026, 11, 3), (2026, 11, 4), "le 3\u00a0novembre"),
    ],
)
def test_dates_are_the_days_it_holds(start, end, said):
    paris = timezone.get_default_timezone()
    from datetime import datetime

    assert dates(datetime(*start, tzinfo=paris), datetime(*end, tzinfo=paris)) == said


def test_an_order_keeps_the_name_and_what_it_was(yoghurt):
    named = fresh_book(None)
    promote(products=[yoghurt], name="Fête du yaourt")
    promote("n_for_m", products=[yoghurt], name="3 pour 2 sur les yaourts")
    named = {label_of(one) for one in fresh_book(None).terms}

    assert named == {"Fête du yaourt\u202f: −20\u202f%", "3 pour 2 sur les yaourts"}
    assert all(badge_of(one) for one in fresh_book(None).terms)


# --- the same price for everybody -------------------------------------------------------------------

WHO = {
    "customer",
    "customer_id",
    "customers",
    "user",
    "user_id",
    "request",
    "session",
    "shopper",
    "email",
    "postcode",
}


@pytest.mark.parametrize(
    "module", [book, history, promotions, queries, rules, services], ids=lambda one: one.__name__
)
def test_no_price_is_asked_for_by_somebody(module):
    asked = [
        (name, parameter)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__.startswith("shop.pricing")
        for parameter in inspect.signature(function).parameters
    ]
    asked += [
        (f"{kind}.{name}", parameter)
        for kind, found in inspect.getmembers(module, inspect.isclass)
        if found.__module__.startswith("shop.pricing")
        for name, method in inspect.getmembers(found, inspect.isfunction)
        for parameter in inspect.signature(method).parameters
    ]

    assert len(asked) > 5
    assert [one for one in asked if one[1] in WHO] == []


def test_the_room_of_prices_knows_no_customer():
    """But for who signs in to the admin, which is not about prices shown."""
    root = Path(shop.pricing.__file__).parent
    imported = {
        (path.name, module)
        for path in root.rglob("*.py")
        if path.name not in {"admin.py", "forms.py"} and "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in (
            [node.module] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
        )
    }

    assert len(imported) > 20
    for _file, module in imported:
        assert not str(module).startswith(
            ("shop.customers", "shop.basket", "shop.orders", "delivery.zones.visitor", "crm")
        )
        assert not str(module).startswith(("django.http", "django.contrib.auth", "django.contrib.sessions"))


def test_no_row_of_prices_points_at_a_customer():
    from django.apps import apps

    for model in apps.get_app_config("pricing").get_models():
        for one in model._meta.get_fields():
            if one.concrete and one.is_relation:
                assert one.related_model._meta.app_label in {"catalogue", "zones", "pricing"}
