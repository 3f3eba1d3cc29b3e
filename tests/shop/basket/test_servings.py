"""How much of a basket each slot can serve: said where stock or the day of a return makes a difference, kept quiet else."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from config import kept
from delivery.slots.services import pin_hold
from shop.basket.models import Basket, BasketLine
from shop.basket.rules import Lacking, is_coming
from shop.basket.servings import with_servings, without
from shop.catalogue.models import Product
from shop.orders.models import Order
from shop.stock.models import StockItem, StockReservation
from tests.factories import (
    CustomerFactory,
    DepotFactory,
    PickupPointFactory,
    ProductFactory,
    SlotFactory,
    ZoneFactory,
)
from tests.shop.checkout.conftest import Walk, ready, slot, terms, walk, zone  # noqa: F401

PARIS = ZoneInfo("Europe/Paris")
# A Wednesday; the Brie is expected on Friday the 27th.
NOW = datetime(2026, 11, 25, 9, tzinfo=PARIS)
FRIDAY = date(2026, 11, 27)


def at(day, hour):
    return datetime(2026, 11, day, hour, tzinfo=PARIS)


# rules


@pytest.mark.parametrize(
    ("cutoff_at", "serves"),
    [
        (at(26, 18), False),
        (at(27, 4), False),
        (at(27, 12), False),
        (at(27, 14), True),
        (at(28, 4), True),
    ],
)
def test_what_is_expected_a_day_is_there_from_noon_of_it(cutoff_at, serves):
    assert Lacking("Brie", FRIDAY).is_back_for(cutoff_at) is serves
    assert Lacking("Brie", None).is_back_for(cutoff_at) is False


def test_noon_is_noon_on_clock_change_days():
    for day in (date(2027, 3, 28), date(2026, 10, 25)):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=PARIS)

        assert not Lacking("Brie", day).is_back_for(noon)
        assert Lacking("Brie", day).is_back_for(noon + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("affordable", "back_on", "expected"), [(0, FRIDAY, True), (0, None, False), (2, FRIDAY, False)]
)
def test_only_what_is_wholly_gone_and_expected_back_is_kept(affordable, back_on, expected):
    assert is_coming(affordable=affordable, back_on=back_on) is expected


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["Brie"], "sans Brie"),
        (["Brie", "Comté"], "sans Brie ni Comté"),
        (["Brie", "Comté", "Lait"], "sans Brie, Comté ni Lait"),
        (["Brie", "Comté", "Lait", "Pain"], "sans Brie, Comté, Lait ni 1 autre"),
        (["Brie", "Comté", "Lait", "Pain", "Riz"], "sans Brie, Comté, Lait ni 2 autres"),
    ],
)
def test_what_is_missing_is_named_or_counted(names, said):
    assert without(names) == said


def grid_of(*cutoffs, closed=()):
    slots = [
        {"cutoff_at": cutoff, "is_closed": n in closed, "label": str(n), "served": "", "served_long": ""}
        for n, cutoff in enumerate(cutoffs)
    ]
    return [{"date": cutoffs[0].date(), "label": "jeudi", "slots": slots}]


def test_a_whole_basket_is_said_nothing_of():
    days, servings = with_servings(grid_of(at(26, 8), at(28, 8)), [], 42)

    assert not servings.stages
    assert {cell["served"] for cell in days[0]["slots"]} == {""}


def test_slots_that_lack_the_same_say_it_once_above():
    days, servings = with_servings(grid_of(at(26, 8), at(26, 18)), [Lacking("Brie", FRIDAY)], 42)

    [stage] = servings.stages
    assert (stage.served, stage.without) == ("41/42", "sans Brie")
    assert {cell["served"] for cell in days[0]["slots"]} == {""}


def test_slots_that_differ_say_so_each():
    lacking = [Lacking("Brie", FRIDAY), Lacking("Lait", None)]

    days, servings = with_servings(grid_of(at(26, 8), at(27, 18), closed=()), lacking, 42)

    assert [cell["served"] for cell in days[0]["slots"]] == ["40/42", "41/42"]
    assert days[0]["slots"][1]["served_long"] == "41 articles sur 42 de votre panier, sans Lait"
    assert [(stage.served, stage.without, stage.is_first) for stage in servings.stages] == [
        ("40/42", "sans Brie ni Lait", True),
        ("41/42", "sans Lait", False),
    ]
    assert servings.back == lacking[:1]


def test_slots_that_nobody_can_choose_make_no_difference():
    days, servings = with_servings(grid_of(at(25, 8), at(27, 18), closed=(0,)), [Lacking("Brie", FRIDAY)], 2)

    assert [stage.served for stage in servings.stages] == ["2/2"]
    assert {cell["served"] for cell in days[0]["slots"]} == {""}


@given(
    st.lists(st.none() | st.dates(date(2026, 11, 25), date(2026, 12, 9)), max_size=6),
    st.lists(st.integers(0, 14 * 24), min_size=1, max_size=30).map(sorted),
)
def test_later_slots_serve_no_less_and_stages_tell_the_same_as_cells(days_back, hours):
    lacking = [Lacking(f"Article {n}", day) for n, day in enumerate(days_back)]
    cutoffs = [NOW + timedelta(hours=hour) for hour in hours]

    days, servings = with_servings(grid_of(*cutoffs), lacking, 10)

    counts = [10 - sum(not one.is_back_for(cutoff) for one in lacking) for cutoff in cutoffs]
    assert counts == sorted(counts)
    assert len(servings.stages) == (len(set(counts)) if lacking else 0)
    shown = [cell["served"] for cell in days[0]["slots"]]
    assert shown == ([f"{n}/10" for n in counts] if len(set(counts)) > 1 else [""] * len(counts))


# pages


@pytest.fixture
def shop_on_wednesday(db):
    kept.forget_everything()
    with time_machine.travel(NOW, tick=False):
        yield ZoneFactory()


@pytest.fixture
def thursday_and_saturday(shop_on_wednesday):
    return [
        SlotFactory(zone=shop_on_wednesday, starts_at=at(day, hour), cutoff_at=at(day, hour - 4))
        for day, hour in ((26, 19), (28, 10))
    ]


def expected_back(product, day=FRIDAY, on_hand=0):
    StockItem.objects.filter(product=product).update(on_hand=on_hand, expected_restock_on=day)


def put(client, product, quantity=2):
    client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": quantity})


@pytest.fixture
def basket(client, thursday_and_saturday):
    """A Comté that is there, and a Brie that is not; it can be had again on Friday."""
    client.post(reverse("set_postcode"), {"code_postal": "75011"})
    comte, brie = ProductFactory(name="Comté"), ProductFactory(name="Brie")
    put(client, comte, 40)
    put(client, brie)
    expected_back(brie)
    return comte, brie


def words(answer):
    return " ".join(answer.content.decode().replace("\u202f", " ").replace("\xa0", " ").split())


def test_each_slot_says_how_much_it_serves(client, basket):
    html = words(client.get(reverse("slots")))

    assert "1/2 de votre panier" in html and "2/2 de votre panier" in html
    assert "1 article sur 2 de votre panier, sans Brie" in html
    assert ", tout votre panier&quot;" in html or ', tout votre panier"' in html
    assert "Brie : de retour vendredi 27 novembre, sauf imprévu" in html
    assert 'À partir de samedi 28 novembre, <span class="whole">10 h–11 h</span>' in html


def test_the_checkout_step_says_it_too(client, basket):
    Walk(client).say_who()

    html = words(client.get(reverse("checkout_slot")))

    assert "1/2 de votre panier" in html and "2/2 de votre panier" in html


def test_a_basket_that_is_all_there_is_said_nothing_of(client, basket):
    StockItem.objects.update(on_hand=500)

    html = words(client.get(reverse("slots")))

    assert "de votre panier" not in html


@pytest.mark.parametrize("day", [None, date(2026, 11, 24), date(2027, 1, 4)])
def test_what_comes_back_too_late_or_never_makes_no_difference_between_slots(client, basket, day):
    StockItem.objects.filter(product__name="Brie").update(expected_restock_on=day)

    html = words(client.get(reverse("slots")))

    assert "Quel que soit le créneau : <b>1/2 de votre panier</b>, sans Brie" in html
    assert "slot__served" not in html


def test_a_zone_of_another_depot_is_judged_by_that_depots_stock(client, basket):
    lyon = ZoneFactory(slug="lyon", name="Lyon", depot=DepotFactory(code="lyon"), prefixes=["69"])
    SlotFactory(zone=lyon, starts_at=at(26, 19))
    kept.forget_everything()

    html = words(client.get(reverse("slots"), {"code_postal": "69003"}))

    assert "Quel que soit le créneau : <b>0/2 de votre panier</b>, sans Comté ni Brie" in html


def test_a_pickup_point_says_it_too(client, basket):
    point = PickupPointFactory()
    SlotFactory(zone=point, starts_at=at(26, 19))
    kept.forget_everything()

    assert "sans Brie" in words(client.get(reverse("pickup_point", args=[point.slug])))


def test_nothing_is_said_while_the_baskets_payment_runs(client, basket, thursday_and_saturday):
    client.post(reverse("hold_slot", args=[thursday_and_saturday[0].pk]))
    pin_hold(holder=str(Basket.objects.get().key), order_reference="CB-1")

    assert "de votre panier" not in words(client.get(reverse("slots")))


def test_servings_cost_no_query_however_many_articles(client, basket, django_assert_max_num_queries):
    def cost():
        cache.clear()
        kept.forget_everything()
        with django_assert_max_num_queries(6) as captured:
            client.get(reverse("slots"))
        return len(captured)

    before = cost()
    for product in ProductFactory.create_batch(12):
        put(client, product)
        expected_back(product)

    assert cost() == before


# the basket keeps it, the order does without


def test_the_basket_keeps_what_is_expected_back_and_does_not_count_it(client, basket):
    html = words(client.get(reverse("basket")))

    assert "De retour bientôt" in html
    assert "Brie : de retour vendredi 27 novembre, sauf imprévu" in html
    assert "Il n’y en a plus assez" not in html
    assert "100,00 €" in html and "105,00 €" not in html


def test_adjusting_leaves_what_is_expected_back(client, basket):
    comte, _brie = basket
    StockItem.objects.filter(product=comte).update(on_hand=30)

    client.post(reverse("adjust_basket"))

    assert dict(BasketLine.objects.values_list("product__name", "quantity")) == {"Comté": 30, "Brie": 2}


def test_what_is_partly_there_is_adjusted_as_ever(client, basket):
    StockItem.objects.filter(product=basket[1]).update(on_hand=1)

    html = words(client.get(reverse("basket")))
    client.post(reverse("adjust_basket"))

    assert "Brie : il en reste 1" in html
    assert BasketLine.objects.get(product=basket[1]).quantity == 1


def test_what_is_gone_without_a_day_still_holds_the_order_up(client, basket):
    StockItem.objects.filter(product=basket[1]).update(expected_restock_on=None)

    assert "Brie : épuisé" in words(client.get(reverse("basket")))


def test_a_basket_of_nothing_but_expected_articles_is_not_empty_and_orders_nothing(client, basket):
    BasketLine.objects.filter(product=basket[0]).delete()

    html = words(client.get(reverse("basket")))
    checkout = client.get(reverse("checkout"), follow=True)

    assert "De retour bientôt" in html
    assert checkout.redirect_chain[-1][0] == reverse("basket")
    assert not Order.objects.exists()


def test_an_article_taken_off_sale_is_not_expected_back(client, basket):
    Product.objects.filter(pk=basket[1].pk).update(is_published=False)

    html = words(client.get(reverse("basket")))

    assert "De retour bientôt" not in html
    assert "Brie : épuisé" in html


def test_the_order_takes_what_is_there_and_the_rest_stays_for_later(ready):  # noqa: F811
    ready.client.force_login(CustomerFactory().user)
    ready.say_who()
    brie = ProductFactory(name="Brie")
    ready.fill(brie, quantity=3)
    soon = datetime.now(PARIS).date() + timedelta(days=1)
    expected_back(brie, soon)

    recap = words(ready.recap())
    ready.come_back(ready.pay(ready.order()))

    assert "Reste dans votre panier, sans être facturé" in recap
    order = Order.objects.get()
    assert order.status == Order.Status.PLACED
    assert [line.name for line in order.lines.all()] == ["Comté"]
    assert not StockReservation.objects.filter(item__product=brie).exists()
    left = BasketLine.objects.filter(basket__is_open=True)
    assert [(line.product.name, line.quantity) for line in left] == [("Brie", 3)]
    StockItem.objects.filter(product=brie).update(on_hand=9, expected_restock_on=None)
    assert "Brie" in words(ready.client.get(reverse("amend_order", args=[order.reference])))


def test_what_came_back_between_recap_and_button_is_told_before_anything_is_ordered(ready):  # noqa: F811
    brie = ProductFactory(name="Brie")
    ready.fill(brie, quantity=3)
    expected_back(brie, datetime.now(PARIS).date() + timedelta(days=1))
    recap = ready.recap()
    StockItem.objects.filter(product=brie).update(on_hand=9)
    seen = recap.content.decode().split('name="seen_total" value="')[1].split('"')[0]

    refused = ready.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})

    assert "Le total a changé" in ready.told(refused)
    assert not Order.objects.exists()


def test_the_minimum_is_reached_by_what_is_there_alone(client, basket):
    BasketLine.objects.filter(product=basket[0]).update(quantity=2)
    BasketLine.objects.filter(product=basket[1]).update(quantity=90)

    html = words(client.get(reverse("basket")))

    assert "pour atteindre le minimum" in html
