"""Promotions from the basket to the paid order: what is shown is what is paid."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config import kept
from shop.orders import services as orders
from shop.orders.models import Order
from shop.payments.models import PaymentOperation
from shop.pricing.models import Promotion, PromotionUse
from shop.pricing.queries import book_for
from shop.pricing.services import stop_promotion
from shop.stock.models import StockItem
from tests.factories import BrandFactory, CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import RECIPIENT, Walk, ready, slot, terms, total_seen, walk, zone  # noqa: F401
from tests.shop.checkout.test_checkout import statements
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def yoghurt(zone):  # noqa: F811
    product = ProductFactory(name="Yaourt nature", price=D("2.50"))
    StockItem.objects.filter(product=product).update(unit_cost=D("0.10"))
    return product


def page(client, name="basket"):
    return client.get(reverse(name)).content.decode()


def words(html):
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", html))


# --- the basket -------------------------------------------------------------------------------------


def test_the_basket_says_what_a_promotion_takes_off(walk, yoghurt):  # noqa: F811
    promote(products=[yoghurt])

    told = words(page(walk.fill(yoghurt, quantity=4).client))

    assert "−20\u202f% sur Yaourt nature, du " in told
    assert "10,00\u00a0€ 8,00\u00a0€" in told
    assert "Vous économisez 2,00\u00a0€" in told
    assert "variable indéfinie" not in told


def test_the_header_and_every_sum_are_after_promotions(walk, yoghurt):  # noqa: F811
    promote(products=[yoghurt])

    home = page(walk.fill(yoghurt, quantity=4).client, "home")

    assert "Panier : 1 produit, 8,00\u00a0€" in home.replace("\u202f", " ")


def test_the_minimum_looks_at_what_is_paid(walk, yoghurt, slot):  # noqa: F811
    # 16 × 2,50 = 40,00, the minimum; 20 % less is not.
    promote(products=[yoghurt])
    walk.fill(yoghurt, quantity=16).hold(slot)

    assert walk.client.get(reverse("checkout")).status_code == 302
    assert "Plus que 8,00\u00a0€ pour atteindre le minimum" in words(page(walk.client))


def test_one_more_for_the_lot_is_said(walk, yoghurt):  # noqa: F811
    promote("n_for_m", products=[yoghurt])

    told = words(page(walk.fill(yoghurt, quantity=2).client))

    assert "Encore 1 pour profiter de «\u202f3 pour 2\u202f»" in told


def test_htmx_tells_every_line_of_a_lot_anew(walk, yoghurt):  # noqa: F811
    other = ProductFactory(name="Fromage blanc", price=D("2.50"), brand=BrandFactory(slug="autre"))
    StockItem.objects.update(unit_cost=D("0.10"))
    promote("n_for_m", aisles=[yoghurt.shelf])
    walk.fill(yoghurt, quantity=2)

    answer = walk.client.post(
        reverse("set_basket_line"),
        {"product": other.pk, "quantity": 1},
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/panier/"},
    ).content.decode()

    for product in (yoghurt, other):
        assert f'id="total-{product.pk}" data-hx-swap-oob' in answer
        assert f'id="promo-{product.pk}" data-hx-swap-oob' in answer
    assert answer.count("3 pour 2") == 2
    assert "variable indéfinie" not in answer


def test_a_promotion_of_a_slot_waits_for_the_slot(walk, yoghurt, slot):  # noqa: F811
    weekday = timezone.localtime(slot.starts_at).isoweekday()
    promote(products=[yoghurt], slot_weekdays=str(weekday))
    walk.fill(yoghurt, quantity=4)

    before = words(page(walk.client))
    after = words(page(walk.hold(slot).client))

    assert "Vous économisez" not in before
    assert "Vous économisez 2,00\u00a0€" in after


def test_a_promotion_of_another_zone_is_none(walk, yoghurt):  # noqa: F811
    promote(products=[yoghurt], zones=[ZoneFactory(slug="lyon", name="Lyon")])

    assert "Vous économisez" not in words(page(walk.fill(yoghurt, quantity=4).client))


def test_two_customers_with_other_pasts_pay_the_same(yoghurt, slot):  # noqa: F811
    promote("n_for_m", products=[yoghurt])
    totals = []
    for past in (0, 3):
        customer = CustomerFactory()
        for _order in range(past):
            Order.objects.create(
                reference=f"CB-{customer.pk}-{_order}", customer=customer, basket_key=f"{_order:032x}", zone=slot.zone,
                depot=slot.zone.depot, slot=slot, goods_total=100, delivery_fee=0, total=100, placed_at=timezone.now(),
                status="placed", email="a@b.fr", line1="?", postcode="75011", city="Paris", terms_version="1",
            )  # fmt: skip
        client = Client()
        client.force_login(customer.user)
        Walk(client).fill(yoghurt, quantity=30).hold(slot).say_who()
        totals.append(total_seen(Walk(client).recap()))

    assert totals[0] == totals[1] == "55.90"


# --- the order --------------------------------------------------------------------------------------


def test_an_order_freezes_its_promotion_and_pays_the_reduced_total(walk, yoghurt, slot):  # noqa: F811
    promotion = promote("n_for_m", products=[yoghurt], budget=D("100.00"))
    walk.fill(yoghurt, quantity=31).hold(slot).say_who()
    recap = words(walk.recap().content.decode())

    walk.come_back(walk.pay(walk.order()))

    order = Order.objects.get()
    line = order.lines.get()
    assert order.status == Order.Status.PLACED
    assert (line.unit_price, line.discount, line.total) == (D("2.50"), D("25.00"), D("52.50"))
    assert (order.goods_total, order.discount_total, order.total) == (D("52.50"), D("25.00"), D("58.40"))
    assert line.promotion_label == "Fête du yaourt\u202f: 3 pour 2"
    assert line.promotion_id == promotion.pk
    assert PaymentOperation.objects.get().amount == order.total
    assert sum(vat.gross for vat in order.vat_totals.all()) == order.total
    promotion.refresh_from_db()
    assert promotion.spent == D("25.00")
    assert "3 pour 2\u202f: le moins cher est déduit" in recap and "−25,00\u00a0€" in recap
    tracking = words(walk.client.get(reverse("tracking", args=[order.tracking_token])).content.decode())
    assert "Fête du yaourt\u202f: 3 pour 2" in tracking and "−25,00\u00a0€" in tracking


def test_the_confirmation_tells_the_reduction(walk, yoghurt, slot):  # noqa: F811
    from shop.orders.queries import letter_context

    promote(products=[yoghurt])
    walk.fill(yoghurt, quantity=30).hold(slot).say_who()
    walk.come_back(walk.pay(walk.order()))

    told = letter_context(Order.objects.get().reference)

    assert told["lines"][0]["promotion"] == "Fête du yaourt\u202f: −20\u202f%"
    assert (told["full_goods_total"], told["discount_total"]) == (D("75.00"), D("15.00"))


def test_offered_delivery_is_paid_by_its_promotion(walk, yoghurt, slot):  # noqa: F811
    promotion = promote("free_delivery", name="Livraison offerte de rentrée", budget=D("50.00"))
    walk.fill(yoghurt, quantity=20).hold(slot).say_who()
    recap = walk.recap().content.decode()

    walk.come_back(walk.pay(walk.order()))

    order = Order.objects.get()
    promotion.refresh_from_db()
    assert (order.delivery_fee, order.total) == (D("0.00"), D("50.00"))
    assert order.delivery_label == "Livraison offerte de rentrée"
    assert "Livraison offerte de rentrée" in recap
    assert promotion.spent == D("5.90")


@pytest.mark.parametrize(
    ("quantity", "said"), [(16, "Plus que 5,00\u00a0€ pour la livraison offerte"), (20, "")]
)
def test_offered_delivery_is_told_wherever_delivery_is_priced(walk, yoghurt, slot, zone, quantity, said):  # noqa: F811
    """50 € of goods, or 40: offered from 45 € by a promotion, where the zone asks for more."""
    promote("free_delivery", name="Livraison offerte de rentrée")
    walk.fill(yoghurt, quantity=quantity)
    slots, basket, shelf = (
        words(walk.client.get(address).content.decode())
        for address in (reverse("slots"), reverse("basket"), reverse("aisle", args=[yoghurt.shelf.slug]))
    )

    assert "offerte dès 45,00\u00a0€ d’achats" in shelf and "livraison offerte dès 45,00\u00a0€" in slots
    if said:
        assert said in basket and "Livraison offerte de rentrée" not in basket
        assert "5,90\u00a0€ Offerte dès 45,00\u00a0€" in slots
    else:
        assert "Livraison offerte de rentrée" in basket
        assert "5,90\u00a0€" not in slots and "Offerte" in slots


def test_delivery_offered_at_some_hours_is_told_at_these_hours_alone(walk, yoghurt, slot, zone):  # noqa: F811
    other = SlotFactory(zone=zone, starts_at=slot.starts_at + timedelta(days=1))
    promote("free_delivery", slot_weekdays=str(timezone.localtime(slot.starts_at).isoweekday()))
    walk.fill(yoghurt, quantity=20)

    told = page(walk.client, "slots")

    buttons = {
        pk: re.search(rf"/creneaux/{pk}/reserver/.*?aria-label=\"([^\"]*)\"", told, re.DOTALL)[1]
        for pk in (slot.pk, other.pk)
    }
    assert "livraison offerte" in buttons[slot.pk] and "5,90" in buttons[other.pk]
    assert "offerte dès 45" not in page(walk.client, "home")
    assert "À certaines heures, la livraison vous est offerte." in page(walk.client)
    walk.fill(yoghurt, quantity=16)
    assert "À certaines heures, la livraison est offerte dès 45,00\u00a0€." in page(walk.client)
    walk.hold(other)
    assert "À certaines heures" not in page(walk.client)


def test_delivery_offered_to_everybody_is_told_before_the_first_add(client, slot, zone):  # noqa: F811
    promote("free_delivery", free_from=D(0))

    told = page(client, "slots")

    assert "livraison offerte en ce moment" in told and "dès 0,00" not in told
    assert re.search(
        rf"/creneaux/{slot.pk}/reserver/.*?aria-label=\"[^\"]*, livraison offerte\"", told, re.DOTALL
    )


def test_a_budget_too_small_for_a_delivery_promises_none(walk, yoghurt, slot, zone):  # noqa: F811
    promote("free_delivery", slot_weekdays="1234567", budget=D("1.00"))

    assert "À certaines heures" not in page(walk.fill(yoghurt, quantity=20).client)


def test_where_the_zone_offers_it_no_promotion_is_named(walk, yoghurt, slot, zone):  # noqa: F811
    promote("free_delivery", name="Livraison offerte de rentrée")

    told = words(page(walk.fill(yoghurt, quantity=99).client))

    assert re.search(r"Livraison[^.]{0,20}(offerte|0,00)", told)
    assert "Livraison offerte de rentrée" not in told


def test_a_promotion_that_ends_before_the_button_charges_nothing_unseen(walk, yoghurt, slot):  # noqa: F811
    promotion = promote(products=[yoghurt])
    walk.fill(yoghurt, quantity=30).hold(slot).say_who()
    seen = total_seen(walk.recap())
    stop_promotion(promotion_id=promotion.pk)
    kept.forget_everything()

    answer = walk.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})

    told = words(walk.told(answer))
    assert not Order.objects.exists()
    assert (
        "Yaourt nature\u202f: la promotion «\u00a0Fête du yaourt\u202f: −20\u202f%\u00a0» est terminée"
        in told
    )
    assert "la ligne coûte maintenant 75,00\u00a0€" in told
    walk.client.post(reverse("acknowledge_prices"))
    assert total_seen(walk.recap()) == "80.90"
    assert "est terminée" not in words(page(walk.client))


def test_a_total_other_than_the_one_seen_is_never_charged(walk, yoghurt, slot):  # noqa: F811
    promote(products=[yoghurt])
    walk.fill(yoghurt, quantity=30).hold(slot).say_who()

    answer = walk.order(seen_total="80.90")

    assert "Le total a changé" in walk.told(answer)
    assert not Order.objects.exists()


def test_a_promotion_that_another_replaces_is_not_missed(walk, yoghurt, slot):  # noqa: F811
    first = promote(products=[yoghurt])
    promote(products=[yoghurt], percent=D(25), begins=0, name="Encore mieux")
    walk.fill(yoghurt, quantity=4)
    stop_promotion(promotion_id=first.pk)
    kept.forget_everything()

    assert "est terminée" not in words(page(walk.client))


def test_a_budget_spent_while_the_button_is_pressed_refuses_and_says_why(walk, yoghurt, slot, monkeypatch):  # noqa: F811
    promotion = promote(products=[yoghurt], budget=D("20.00"))
    walk.fill(yoghurt, quantity=30).hold(slot).say_who()
    real = orders.create_order

    def another_was_faster(**wanted):
        Promotion.objects.filter(pk=promotion.pk).update(spent=D("19.00"))
        return real(**wanted)

    monkeypatch.setattr(orders, "create_order", another_was_faster)
    answer = walk.order()

    assert "Une promotion vient de prendre fin" in walk.told(answer)
    assert not Order.objects.exists() and not PromotionUse.objects.exists()
    assert StockItem.objects.get(product=yoghurt).available == 100


def test_going_back_from_the_payment_keeps_what_the_order_has_drawn(walk, yoghurt, slot):  # noqa: F811
    promote(products=[yoghurt], budget=D("15.00"))
    walk.fill(yoghurt, quantity=30).hold(slot).say_who()
    seen = total_seen(walk.recap())
    walk.order()
    kept.forget_everything()

    again = walk.recap()

    assert total_seen(again) == seen == "65.90"
    assert "Vous économisez 15,00\u00a0€" in words(page(walk.client))
    assert walk.order().status_code == 302
    assert Order.objects.count() == 1


def test_an_abandoned_order_gives_its_reduction_back(walk, yoghurt, slot):  # noqa: F811
    promotion = promote(products=[yoghurt], budget=D("15.00"))
    walk.fill(yoghurt, quantity=30).hold(slot).say_who()
    walk.order()
    drawn = Promotion.objects.get().spent

    walk.client.post(reverse("give_up_payment"))

    promotion.refresh_from_db()
    assert (drawn, promotion.spent) == (D("15.00"), D("0.00"))


def test_a_cancelled_order_gives_its_reduction_back(walk, yoghurt, slot):  # noqa: F811
    promote(products=[yoghurt], budget=D("15.00"))
    walk.fill(yoghurt, quantity=30).hold(slot).say_who()
    walk.come_back(walk.pay(walk.order()))

    orders.cancel_order(reference=Order.objects.get().reference)

    assert Promotion.objects.get().spent == 0
    assert Order.objects.get().lines.get().discount == D("15.00")


# --- cost -------------------------------------------------------------------------------------------


def many(products, number):
    for count in range(number):
        promote(
            "percent", products=products, name=f"n° {count}", percent=1 + D(count) / 10, most_per_order=50
        )
        promote("n_for_m", products=products, name=f"lot {count}", take=4 + count % 20, pay=3 + count % 20,
                slot_weekdays="1234567", slot_from_hour=count // 20)  # fmt: skip


@pytest.mark.parametrize("name", ["basket", "home", "checkout_recap"])
def test_fifty_times_the_promotions_cost_no_more_queries(walk, yoghurt, slot, name):  # noqa: F811
    promote(products=[yoghurt])
    walk.fill(yoghurt, quantity=30).hold(slot).say_who()
    counts = []
    for more in (1, 25):
        many([yoghurt], more)
        cache.clear()
        kept.forget_everything()
        with CaptureQueriesContext(connection) as captured:
            assert walk.client.get(reverse(name)).status_code == 200
        counts.append(len(captured))
        Promotion.objects.filter(name__startswith="n°").delete()
        Promotion.objects.filter(name__startswith="lot").delete()

    assert counts[0] == counts[1]


def test_fifty_times_the_promotions_cost_the_button_no_more_statements(walk, yoghurt, slot):  # noqa: F811
    promote(products=[yoghurt])
    counts = []
    for more in (0, 25):
        many([yoghurt], more)
        walk.fill(yoghurt, quantity=30).hold(slot).say_who()
        seen = total_seen(walk.recap())
        with CaptureQueriesContext(connection) as captured:
            walk.client.post(reverse("checkout_recap"), {"terms": "on", "seen_total": seen})
        counts.append(len([sql for sql in statements(captured.captured_queries) if "demosession" not in sql]))
        walk.client.post(reverse("give_up_payment"))
        walk.client.post(reverse("empty_basket"))

    # One more than without any promotion: the conditional UPDATE that draws on their budgets.
    assert counts == [30, 30]


def test_a_book_is_read_once_and_again_after_a_change(
    yoghurt, django_assert_num_queries, django_capture_on_commit_callbacks
):
    promote(products=[yoghurt])
    with django_assert_num_queries(1):
        books = [book_for(None), book_for(1), book_for(None)]
    with django_capture_on_commit_callbacks(execute=True):
        stop_promotion(promotion_id=Promotion.objects.get().pk)

    with django_assert_num_queries(1):
        after = book_for(None)

    assert books[0].terms is books[1].terms
    assert not after.terms[0].runs_at(timezone.now())


def test_a_cache_that_forgets_makes_the_book_be_read_anew(yoghurt, django_assert_num_queries):
    book_for(None)
    cache.clear()

    with django_assert_num_queries(1):
        book_for(None)


def test_a_kept_book_starts_and_ends_promotions_by_the_clock(yoghurt):
    promotion = promote(products=[yoghurt], begins=1, ends=2)
    from shop.pricing.queries import item_of

    item, book = item_of(yoghurt, unit_cost=None), book_for(None)

    assert book.offer_for(item) is None
    assert book.offer_for(item, now=promotion.starts_at).badge == "−20\u202f%"
    assert book.offer_for(item, now=promotion.ends_at - timedelta(seconds=1))
    assert book.offer_for(item, now=promotion.ends_at) is None
