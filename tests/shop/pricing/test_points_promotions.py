"""Multiplied points from the staff's form to the customer's account: shown, frozen, counted, and told when they end."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config import kept
from loyalty.points.models import PointEntry, PointOrder
from shop.orders import services as orders
from shop.orders.models import Order
from shop.orders.repricing import lowered, raised, taken_out
from shop.pricing.models import PriceChange, Promotion
from shop.pricing.preview import effects
from shop.pricing.queries import Scope
from shop.pricing.services import PromotionRefused, save_promotion, stop_promotion
from shop.stock.models import StockItem
from tests.factories import AisleFactory, CustomerFactory, ProductFactory
from tests.loyalty.points.earning import counts, programme
from tests.shop.checkout.conftest import slot, terms, total_seen, walk, zone  # noqa: F401
from tests.shop.claims.reporting import delivered
from tests.shop.orders.changes import amend
from tests.shop.orders.depot import lines_of, pick, place, started
from tests.shop.orders.test_counting import give_back
from tests.shop.orders.test_repricing import article
from tests.shop.pricing.promoting import draft, promote
from tests.shop.pricing.test_pricing_admin import ADD, lenient, read, staff, typed  # noqa: F401

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def _programme(request):
    if "no_programme" not in request.fixturenames:
        programme()


@pytest.fixture
def no_programme():
    """A shop that gives no points."""


@pytest.fixture
def comte(zone):  # noqa: F811
    product = ProductFactory(name="Comté", price=D("4.00"), stock=50)
    StockItem.objects.update(unit_cost=D("0.10"))
    return product


def words(html):
    text = html if isinstance(html, str) else html.content.decode()
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", unescape(text)))


def product_page(client, product):
    return words(client.get(reverse("product", args=[product.slug])))


def basket_page(client):
    return words(client.get(reverse("basket")))


# --- shown ------------------------------------------------------------------------------------------------------------


def test_a_product_says_how_points_come_of_it(client, comte):
    assert "Compte pour vos points\u202f: 10 points par tranche de 15\u00a0€." in product_page(client, comte)


def test_a_multiplied_product_says_so_with_its_days(client, comte):
    promote("points", products=[comte])

    page = product_page(client, comte)

    assert "Points\u00a0×3" in page and "30 points par tranche de 15\u00a0€" in page
    assert re.search(r"Points\u00a0×3 d[ue] ", page)


@pytest.mark.parametrize("what", [{"is_first_age_milk": True}, {"minimum_age": 18, "alcohol_degree": D(12)}])
def test_what_brings_no_points_says_nothing_of_them(client, zone, what):  # noqa: F811
    product = ProductFactory(name="Autre", **what)
    promote("points", aisles=[product.shelf], products=[ProductFactory()])

    page = product_page(client, product)
    assert (
        "pour vos points" not in page
        and "tranche de" not in page
        and "Points\u00a0×" not in page.split("Dans le même rayon")[0]
    )


def test_alcohol_that_counts_says_so_and_is_not_multiplied(client, zone):  # noqa: F811
    programme(counts_alcohol=True, starts_at=timezone.now())
    wine = ProductFactory(name="Vin", minimum_age=18)
    promote("points", aisles=[wine.shelf], products=[ProductFactory()])

    page = product_page(client, wine)

    assert "10 points par tranche" in page and "×" not in page.split("Dans le même rayon")[0]


def badges(client, product):
    page = client.get(reverse("aisle", args=[product.shelf.slug])).content.decode()
    return re.findall(r'class="badge badge--(\w+)">([^<]+)<', page)


def test_a_card_shows_one_badge_and_a_reduced_price_first(client, comte):
    assert badges(client, comte) == []
    multiplier = promote("points", products=[comte])
    assert badges(client, comte) == [("points", "Points\u00a0×3")]

    PriceChange.objects.create(product=comte, price=comte.price, since=timezone.now() - timedelta(days=90))
    promote("percent", products=[comte])
    assert badges(client, comte) == [("promo", "−20\u202f%")]

    Promotion.objects.exclude(pk=multiplier.pk).update(stopped_at=timezone.now())
    kept.forget_everything()
    assert badges(client, comte) == [("points", "Points\u00a0×3")]


def test_kept_pages_show_a_change_of_a_multiplier_at_once(client, comte, django_capture_on_commit_callbacks):
    assert badges(client, comte) == []

    with django_capture_on_commit_callbacks(execute=True):
        multiplier = draft("points")
        save_promotion(promotion=multiplier, scope=Scope(products=[comte]))
    assert badges(client, comte) == [("points", "Points\u00a0×3")] and "Points\u00a0×3" in product_page(
        client, comte
    )

    with django_capture_on_commit_callbacks(execute=True):
        stop_promotion(promotion_id=multiplier.pk)
    assert badges(client, comte) == [] and "Points\u00a0×3" not in product_page(client, comte)


def test_it_begins_and_ends_on_kept_pages_by_the_clock(client, comte):
    now = timezone.now()
    promote("points", products=[comte], starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2))
    shown = []

    for minutes in (0, 61, 121):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            shown.append((bool(badges(client, comte)), "×3" in product_page(client, comte)))

    assert shown == [(False, False), (True, True), (False, False)]


def test_rules_that_begin_change_what_a_kept_product_page_says(client, comte):
    programme(starts_at=timezone.now() + timedelta(hours=1), points=20)

    before = product_page(client, comte)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        after = product_page(client, comte)

    assert "10 points par tranche" in before and "20 points par tranche" in after


def test_the_basket_says_what_it_will_bring_and_why(client, comte):
    promote("points", products=[comte])
    client.post(reverse("set_basket_line"), {"product": comte.pk, "quantity": 8})

    page = basket_page(client)

    assert "Points\u00a0×3, d" in page
    assert "Cette commande vous rapportera 60 points, dont 40 par les points multipliés" in page


def test_a_customer_s_remainder_counts_in_what_their_basket_will_bring(client, comte):
    owner = CustomerFactory()
    counts(owner.pk, "CB-1", 1400)
    client.force_login(owner.user)
    client.post(reverse("set_basket_line"), {"product": comte.pk, "quantity": 1})

    assert (
        "Cette commande vous rapportera 10 points, utilisables 14\u00a0jours après la livraison."
        in basket_page(client)
    )


def test_a_small_basket_says_how_much_more_and_one_that_changes_is_told_at_once(client, comte):
    answer = client.post(
        reverse("set_basket_line"), {"product": comte.pk, "quantity": 1, "next": "/panier/"},
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/panier/"},
    )  # fmt: skip

    assert answer.status_code == 200
    assert "Encore 11,00\u00a0€ d’articles pour 10 points de plus." in basket_page(client)


def test_without_a_programme_nobody_hears_of_points(no_programme, walk, slot, comte):  # noqa: F811
    promote("points", products=[comte])
    walk.fill(comte, quantity=12).hold(slot).say_who()

    for page in (product_page(walk.client, comte), basket_page(walk.client), words(walk.recap())):
        assert "rapportera" not in page and "×3" not in page and "tranche" not in page
    assert badges(walk.client, comte) == []


def test_the_last_step_says_what_the_order_will_bring(walk, slot, comte):  # noqa: F811
    promote("points", products=[comte])
    walk.fill(comte, quantity=12).hold(slot).say_who()

    page = words(walk.recap())

    assert "Cette commande vous rapportera 90 points, dont 60 par les points multipliés" in page


def test_points_that_end_before_the_button_are_told_and_nothing_is_ordered(walk, slot, comte):  # noqa: F811
    multiplier = promote("points", products=[comte])
    walk.fill(comte, quantity=12).hold(slot).say_who()
    page = walk.recap()
    form = {"terms": "on", "seen_total": total_seen(page), "seen_bonus": "9600"}
    assert 'name="seen_bonus" value="9600"' in page.content.decode()
    stop_promotion(promotion_id=multiplier.pk)
    kept.forget_everything()

    answer = walk.client.post(reverse("checkout_recap"), form)

    told = walk.told(answer)
    assert "Des points multipliés viennent de prendre fin" in told and 'name="seen_bonus" value="0"' in told
    assert not Order.objects.exists()
    assert walk.order().status_code == 302 and Order.objects.count() == 1


@pytest.mark.parametrize("seen", ["-5", "abc", "1e9", "9" * 40])
def test_a_bonus_that_is_none_orders_nothing(walk, slot, comte, seen):  # noqa: F811
    walk.fill(comte, quantity=12).hold(slot).say_who()

    answer = walk.order(seen_bonus=seen)

    assert answer.status_code == 302
    assert not Order.objects.exists()


@pytest.mark.parametrize("name", ["basket", "product"])
def test_more_multipliers_cost_no_more_queries(client, comte, name):
    client.force_login(CustomerFactory().user)
    address = reverse("basket") if name == "basket" else reverse("product", args=[comte.slug])
    client.post(reverse("set_basket_line"), {"product": comte.pk, "quantity": 1})
    promote("points", products=[comte])

    def cost():
        kept.forget_everything()
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    few = cost()
    for factor in (2, 4, 5, 6):
        promote("points", products=[comte], points_factor=factor, name=f"Points {factor}")
    for product in ProductFactory.create_batch(4):
        client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": 1})

    assert cost() == few <= 10


@pytest.mark.parametrize("name", ["basket", "product", "aisle"])
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_points_stay_in_the_budget_of_a_page_that_knows_nothing_yet(client, comte, name, is_signed_in):
    promote("points", products=[comte])
    if is_signed_in:
        client.force_login(CustomerFactory().user)
    client.post(reverse("set_basket_line"), {"product": comte.pk, "quantity": 1})
    addresses = {
        "basket": reverse("basket"), "product": reverse("product", args=[comte.slug]),
        "aisle": reverse("aisle", args=[comte.shelf.slug]),
    }  # fmt: skip
    cache.clear()
    kept.forget_everything()

    with CaptureQueriesContext(connection) as captured:
        assert client.get(addresses[name]).status_code == 200

    assert len(captured) <= (10 if is_signed_in else 6)


# --- frozen and counted -----------------------------------------------------------------------------------------------


def counted(order):
    found = PointOrder.objects.get(order_reference=order.reference)
    return found.counted_cents, found.bonus_cents


def points_now():
    return sum(PointEntry.objects.values_list("points", flat=True))


def test_an_order_counts_what_its_lines_were_multiplied_by_when_sold(zone, comte):  # noqa: F811
    other = ProductFactory(name="Pain", price=D("1.50"), stock=50)
    multiplier = promote("points", products=[comte])
    order = place(zone, {comte: 10, other: 10})
    stop_promotion(promotion_id=multiplier.pk)

    delivered(order)

    assert {line.name: line.points_factor for line in order.lines.all()} == {"Comté": 3, "Pain": 1}
    assert counted(order) == (5500, 8000)
    assert points_now() == 90


def test_what_is_given_back_takes_back_what_it_gave(zone, comte):  # noqa: F811
    promote("points", products=[comte])
    order = delivered(place(zone, {comte: 12}))
    assert (counted(order), points_now()) == ((4800, 9600), 90)

    give_back(order, "Comté", 6)
    assert (counted(order), points_now()) == ((2400, 4800), 40)

    give_back(order, "Comté", 6, occasion="staff-2")
    assert (counted(order), points_now()) == ((0, 0), 0)


def test_what_stands_in_keeps_the_factor(zone, comte):  # noqa: F811
    promote("points", products=[comte])
    brie = ProductFactory(name="Brie", price=D("4.00"), shelf=comte.shelf, stock=50)
    order = started(place(zone, {comte: 12}, choice="substitute"))
    pick(order, {comte: 8})
    [line] = orders.settle_at_shelf(references=[order.reference])
    orders.replace_at_shelf(line_id=line.pk, product_id=brie.pk, by_id=None)

    assert lines_of(order)["Brie"].points_factor == 3


def test_points_beside_a_reduction_keep_within_the_law_on_the_order_itself(zone, comte):  # noqa: F811
    """Saved while points were worth less than they are by now: the points give way."""
    promote("points", products=[comte], points_factor=3)
    promote("percent", products=[comte], percent=D(30))
    programme(starts_at=timezone.now() + timedelta(days=3), hundred_worth=D(12))

    order = place(zone, {comte: 20})

    [line] = order.lines.all()
    assert (line.discount, line.points_factor) == (D("24.00"), 1)


def test_neither_alcohol_nor_milk_of_a_multiplied_shelf_counts_on_top(zone):  # noqa: F811
    programme(counts_alcohol=True, starts_at=timezone.now() - timedelta(days=1))
    bread = ProductFactory(name="Pain", price=D("4.00"), stock=50)
    wine = ProductFactory(name="Vin", price=D("10.00"), minimum_age=18, shelf=bread.shelf, stock=50)
    milk = ProductFactory(name="Lait", price=D("20.00"), is_first_age_milk=True, shelf=bread.shelf, stock=50)
    promote("points", aisles=[bread.shelf])

    order = delivered(place(zone, {bread: 10, wine: 1, milk: 1}, born="31/12/1980"))

    assert counted(order) == (5000, 8000)


def test_a_waiting_order_is_made_anew_where_its_points_have_changed(walk, slot, comte):  # noqa: F811
    walk.fill(comte, quantity=12).hold(slot).say_who()
    walk.order()
    promote("points", products=[comte])

    walk.order()

    live = Order.objects.exclude(status=Order.Status.ABANDONED).get()
    assert [line.points_factor for line in live.lines.all()] == [3]


def test_more_of_an_amended_order_has_the_higher_factor(zone, comte):  # noqa: F811
    order = place(zone, {comte: 12}, starts_in=timedelta(days=2))
    promote("points", products=[comte])

    amend(order, {comte: 10})
    assert lines_of(order)["Comté"].points_factor == 1
    amend(order, {comte: 11})
    assert lines_of(order)["Comté"].points_factor == 3


def test_a_line_keeps_its_factor_as_it_shrinks_and_loses_it_as_it_goes():
    was = article(D("4.00"), 4)
    multiplied = type(was)(
        **{name: getattr(was, name) for name in was.__dataclass_fields__} | {"points_factor": 4}
    )

    assert lowered(multiplied, 2).points_factor == 4
    assert taken_out(multiplied).points_factor == 1


@pytest.mark.parametrize(
    ("off_then", "factor_then", "off_now", "factor_now", "factor"),
    [
        (0, 3, 0, 1, 3),
        (0, 1, 0, 3, 3),
        # What is reduced keeps the factor that the law allowed beside that reduction.
        ("0.3", 2, 0, 10, 2),
        (0, 3, "0.3", 1, 1),
        (0, 1, "0.3", 2, 2),
    ],
)
def test_ordered_twice_a_line_has_a_factor_that_the_law_allows(
    off_then, factor_then, off_now, factor_now, factor
):
    def sold(quantity, off, times):
        was = article(D("4.00"), quantity, off=D(off), promotion=7 if off else None)
        return type(was)(
            **{name: getattr(was, name) for name in was.__dataclass_fields__} | {"points_factor": times}
        )

    assert raised(sold(4, off_then, factor_then), today=sold(6, off_now, factor_now)).points_factor == factor


# --- staff ------------------------------------------------------------------------------------------------------------


def form(product, **changes):
    usual = {
        "kind": "points",
        "points_factor": "3",
        "percent": "",
        "products": [product.pk],
        "name": "Semaine du comté",
    }
    return typed(**usual | changes)


def test_staff_save_a_multiplier_see_its_effect_and_copy_it(staff, comte):  # noqa: F811
    assert staff.post(reverse(ADD), form(comte)).status_code == 302
    made = Promotion.objects.get()
    assert (made.kind, made.points_factor, made.percent) == ("points", 3, None)

    page = words(staff.get(reverse("admin:pricing_promotion_change", args=[made.pk])))
    listed = words(staff.get(reverse("admin:pricing_promotion_changelist")))
    copied = staff.get(reverse("admin:pricing_promotion_copy", args=[made.pk]))

    assert "Comté\u202f: Points\u00a0×3, soit 4\u202f% de son prix en plus" in page
    assert "Points\u00a0×3" in listed and "dépensés" not in listed
    assert "points_factor=3" in copied.headers["Location"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"points_factor": "0"}, "supérieure ou égale à 2"),
        ({"points_factor": "1"}, "supérieure ou égale à 2"),
        ({"points_factor": "-2"}, "supérieure ou égale à"),
        ({"points_factor": "1000"}, "inférieure ou égale à 10"),
        ({"points_factor": "11"}, "inférieure ou égale à 10"),
        ({"points_factor": "2,5"}, "nombre entier"),
        ({"points_factor": "beaucoup"}, "nombre entier"),
        ({"points_factor": ""}, "Ce chiffre est nécessaire"),
        ({"budget": "100"}, "ils ne puisent dans aucun budget"),
        ({"most_per_order": "2"}, "valent pour toute la ligne"),
        ({"products": []}, "Choisissez au moins un produit"),
    ],
)
def test_a_multiplier_that_makes_no_sense_is_refused_in_words(staff, comte, changes, said):  # noqa: F811
    answer = staff.post(reverse(ADD), form(comte, **changes))

    assert answer.status_code == 200 and said in unescape(read(answer))
    assert not Promotion.objects.exists()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"is_first_age_milk": True}, "aucune promotion n’est permise sur le lait premier âge"),
        ({"minimum_age": 18}, "les points ne se multiplient pas sur l’alcool"),
    ],
)
def test_first_age_milk_and_alcohol_are_refused_by_name(staff, zone, what, said):  # noqa: F811
    product = ProductFactory(name="Celui-là", price=D("4.00"), **what)

    answer = unescape(read(staff.post(reverse(ADD), form(product))))

    assert said in answer and "Celui-là" in answer
    assert not Promotion.objects.exists()


def test_beyond_the_cap_with_another_promotion_both_figures_and_the_article_are_said(staff, comte):  # noqa: F811
    promote("percent", products=[comte], percent=D(30), name="Comté en fête", ends=5)

    answer = unescape(read(staff.post(reverse(ADD), form(comte, points_factor="4"))))

    assert (
        "Comté serait réduit de 30\u202f%, et ses points de plus vaudraient 4,20\u202f% de son prix, avec "
        "«\u202fComté en fête\u202f»\u202f: la loi permet 34\u202f% au plus sur un aliment"
    ) in answer
    assert Promotion.objects.count() == 1


def test_a_reduction_beyond_the_cap_with_points_that_run_is_refused_alike(comte):
    promote("points", products=[comte], points_factor=4, name="Points de novembre")

    with pytest.raises(PromotionRefused) as refused:
        promote("percent", products=[comte], percent=D(30))

    [found] = refused.value.problems
    assert (found.code, found.field, found.other) == (
        "points_beyond_food_with",
        "percent",
        "Points de novembre",
    )
    assert Promotion.objects.count() == 1


def test_a_shelf_leaves_alcohol_out_and_says_so(zone):  # noqa: F811
    shelf = AisleFactory(parent=AisleFactory())
    ProductFactory(name="Vin", minimum_age=18, shelf=shelf)
    ProductFactory(name="Pain", shelf=shelf)
    multiplier = draft("points")

    told = save_promotion(promotion=multiplier, scope=Scope(aisles=[shelf]))

    assert [(one.code, one.names) for one in told] == [("alcohol_left_out", ("Vin",))]
    found, _more = effects(multiplier)
    assert {one.name: one.left_out or one.points for one in found} == {
        "Vin": "alcool, laissé de côté",
        "Pain": "Points\u00a0×3, soit 4\u202f% de son prix en plus",
    }


def test_without_a_programme_the_preview_says_that_it_does_nothing(no_programme, comte):

    found, _more = effects(promote("points", products=[comte]))

    assert "sans effet" in found[0].points
