"""A visitor's basket over the web: plain forms and htmx, merging, changes told, bad input."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from config.templatetags.cabas import slot_label_long
from delivery.slots.models import Hold
from delivery.slots.services import pin_hold
from shop.basket import services
from shop.basket.models import Basket, BasketLine
from shop.basket.queries import Present, open_basket, present_basket
from shop.basket.shopper import Shopper
from shop.catalogue.models import Product
from shop.pricing.queries import book_for
from shop.stock.models import StockItem
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    DepotFactory,
    ProductFactory,
    SlotFactory,
    ZoneFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def zone():
    return ZoneFactory()


@pytest.fixture
def product(zone):
    return ProductFactory()


def put(client, product, quantity=1, **kwargs):
    return client.post(reverse("set_basket_line"), {"product": product.pk, "quantity": quantity}, **kwargs)


def only_line():
    return BasketLine.objects.get()


def test_a_visitor_adds_a_product_without_javascript(client, product):
    answer = put(client, product, 2, follow=True)

    assert answer.redirect_chain == [("/panier/", 302)]
    assert product.name in answer.content.decode()
    assert only_line().quantity == 2


def test_the_control_and_the_header_come_back_to_htmx(client, product):
    answer = put(client, product, 1, headers={"HX-Request": "true"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "stepper" in text and "hx-swap-oob" in text
    assert "variable indéfinie" not in text


def test_a_weighed_product_counts_in_grams(client, zone):
    tomatoes = ProductFactory(weighed=True, name="Tomates")

    put(client, tomatoes, 700)

    assert only_line().quantity == 700
    assert "2,24" in client.get(reverse("basket")).content.decode()


def test_zero_removes_the_line(client, product):
    put(client, product, 3)

    put(client, product, 0)

    assert not BasketLine.objects.exists()


@pytest.mark.parametrize("quantity", ["-1", "1e3", "٣", "abc", "", "99999999", "1,5", "100000"])
def test_a_quantity_that_cannot_be_is_refused_in_french(client, product, quantity):
    put(client, product, 2)

    answer = put(client, product, quantity, follow=True)

    assert "Cette quantité n’est pas possible : au plus 99\u00a0pièces" in answer.content.decode()
    assert only_line().quantity == 2


@pytest.mark.parametrize("quantity", ["150", "20100", "abc", "99999999"])
def test_a_weight_that_cannot_be_is_told_with_its_step_and_its_most(client, zone, quantity):
    tomatoes = ProductFactory(weighed=True, weight_step_g=300)
    put(client, tomatoes, 600)

    answer = put(client, tomatoes, quantity, headers={"HX-Request": "true"})

    assert "par pas de 300\u00a0g, jusqu’à 19,8\u00a0kg" in answer.content.decode()
    assert only_line().quantity == 600


@pytest.mark.parametrize("wanted", ["0", "-3", "abc", "9999999999999999999999", ""])
def test_a_product_that_cannot_be_changes_nothing(client, product, wanted):
    answer = client.post(reverse("set_basket_line"), {"product": wanted, "quantity": "1"}, follow=True)

    assert answer.status_code == 200
    assert not BasketLine.objects.exists()


def test_an_unpublished_product_cannot_be_added(client, zone):
    draft = ProductFactory(draft=True)

    answer = put(client, draft, 1, follow=True)

    assert "n’est plus vendu" in answer.content.decode()
    assert not BasketLine.objects.exists()


def test_the_next_address_never_leaves_the_shop(client, product):
    for address in (
        "https://mechant.example/",
        "//mechant.example/",
        "javascript:alert(1)",
        "/\\mechant.example",
    ):
        answer = client.post(
            reverse("set_basket_line"), {"product": product.pk, "quantity": 1, "next": address}
        )

        assert answer.headers["Location"] == "/panier/"


def test_reading_the_basket_writes_nothing(client, zone, django_assert_num_queries):
    client.get(reverse("basket"))

    assert not Basket.objects.exists()


def test_a_changed_price_is_shown_before_it_counts(client, product):
    put(client, product, 1)
    Product.objects.filter(pk=product.pk).update(price=Decimal("2.90"))

    before = client.get(reverse("basket")).content.decode()
    client.post(reverse("acknowledge_prices"))
    after = client.get(reverse("basket")).content.decode()

    assert "Des prix ont changé" in before and "2,50" in before and "2,90" in before
    assert "Des prix ont changé" not in after


def test_a_short_stock_is_shown_and_adjusted_on_request(client, product):
    put(client, product, 10)
    StockItem.objects.filter(product=product).update(on_hand=4)

    assert "il en reste 4" in client.get(reverse("basket")).content.decode()
    client.post(reverse("adjust_basket"))

    assert only_line().quantity == 4


def test_a_product_without_a_shelf_any_more_leaves_the_basket_on_request(client, product):
    put(client, product, 2)
    Product.objects.filter(pk=product.pk).update(is_published=False, shelf=None)

    page = client.get(reverse("basket")).content.decode()
    client.post(reverse("adjust_basket"))

    assert "Plus en rayon" in page and "épuisé<" in page
    assert product.name not in client.get(reverse("basket")).content.decode()


def test_a_product_gone_from_stock_leaves_the_basket_on_request(client, product):
    put(client, product, 10)
    StockItem.objects.filter(product=product).update(on_hand=0)

    assert "épuisé" in client.get(reverse("basket")).content.decode()
    client.post(reverse("adjust_basket"))

    assert not BasketLine.objects.exists()


def test_two_visitors_do_not_share_a_basket(client, product):
    put(client, product, 1)

    other = Client()
    other.get("/panier/")

    assert "Votre panier est vide" in other.get(reverse("basket")).content.decode()


def test_a_customers_basket_is_closed_to_a_session_that_only_knows_its_key(client, product):
    customer = CustomerFactory()
    client.force_login(customer.user)
    put(client, product, 1)
    key = str(Basket.objects.get().key)
    client.logout()

    session = client.session
    session["basket"] = key
    session.save()

    assert "Votre panier est vide" in client.get(reverse("basket")).content.decode()


def sign_in(client, customer):
    return client.post(reverse("account_login"), {"login": customer.email, "password": "mot-de-passe-solide"})


@pytest.fixture
def customer(zone):
    from allauth.account.models import EmailAddress

    customer = CustomerFactory()
    EmailAddress.objects.create(user=customer.user, email=customer.email, verified=True, primary=True)
    return customer


def test_signing_in_merges_both_baskets(client, customer, product):
    other = ProductFactory(name="Pain")
    own = Basket.objects.create(customer=customer)
    BasketLine.objects.create(basket=own, product=other, quantity=2, price_seen=other.price)
    BasketLine.objects.create(basket=own, product=product, quantity=5, price_seen=product.price)
    put(client, product, 1)

    sign_in(client, customer)

    basket = Basket.objects.get(is_open=True)
    assert basket.customer == customer
    assert {line.product_id: line.quantity for line in basket.lines.all()} == {product.pk: 5, other.pk: 2}


def test_signing_in_with_an_empty_session_takes_nobody_elses_basket(client, customer, product):
    slot, stranger = SlotFactory(), Client()
    put(stranger, product, 3)
    stranger.post(reverse("hold_slot", args=[slot.pk]))

    sign_in(client, customer)

    basket = Basket.objects.get()
    assert (basket.customer, [line.quantity for line in basket.lines.all()]) == (None, [3])
    assert "Votre panier est vide" in client.get(reverse("basket")).content.decode()
    assert product.name in stranger.get(reverse("basket")).content.decode()
    assert Hold.objects.live().get().holder == str(basket.key)


def test_without_a_session_there_is_no_basket(client, product, django_assert_num_queries):
    put(client, product, 3)

    with django_assert_num_queries(0):
        assert open_basket(key=None, customer_id=None) is None
        assert present_basket(key=None, customer_id=None, depot_id=None) == Present()


def place_seen(client):
    return client.get(reverse("slots")).context["slot_zone"].slug, client.session.get("postcode", "")


def test_who_signs_in_elsewhere_finds_the_shop_of_where_they_live(client, customer):
    ZoneFactory(slug="lyon", name="Lyon", depot=DepotFactory(code="lyon", is_default=False), prefixes=["69"])
    AddressFactory(customer=customer, postcode="69002", is_default=False)
    AddressFactory(customer=customer, postcode="69001", is_default=True)

    sign_in(client, customer)

    assert place_seen(client) == ("lyon", "69001")


def test_a_basket_knows_where_it_goes_on_another_machine_too(client, customer, product):
    lyon = ZoneFactory(
        slug="lyon", name="Lyon", depot=DepotFactory(code="lyon", is_default=False), prefixes=["69"]
    )
    AddressFactory(customer=customer, postcode="75011", is_default=True)
    sign_in(client, customer)
    slot = SlotFactory(zone=lyon)
    client.post(reverse("hold_slot", args=[slot.pk]), {"code_postal": "69003"})
    elsewhere = Client()

    sign_in(elsewhere, customer)

    assert Hold.objects.live().get().slot == slot
    assert place_seen(elsewhere) == ("lyon", "69003")


def test_a_place_held_at_home_is_found_with_a_basket_begun_elsewhere(client, customer, product):
    lyon = ZoneFactory(
        slug="lyon", name="Lyon", depot=DepotFactory(code="lyon", is_default=False), prefixes=["69"]
    )
    AddressFactory(customer=customer, postcode="75011", is_default=True)
    sign_in(client, customer)
    client.post(reverse("hold_slot", args=[SlotFactory(zone=lyon).pk]), {"code_postal": "69003"})
    elsewhere = Client()
    put(elsewhere, product, 1)

    sign_in(elsewhere, customer)

    assert Hold.objects.live().get().slot.zone == lyon
    assert place_seen(elsewhere) == ("lyon", "69003")


def test_no_address_leads_away_from_a_place_that_is_held(client, customer, zone):
    ZoneFactory(slug="lyon", name="Lyon", depot=DepotFactory(code="lyon", is_default=False), prefixes=["69"])
    AddressFactory(customer=customer, postcode="69001", is_default=True)
    client.post(reverse("hold_slot", args=[SlotFactory(zone=zone).pk]))

    sign_in(client, customer)

    assert place_seen(client) == ("paris", "")


def test_the_place_just_given_counts_more_than_the_usual_one(client, customer):
    AddressFactory(customer=customer, postcode="75020", is_default=True)
    client.post(reverse("set_postcode"), {"code_postal": "75011"})

    sign_in(client, customer)

    assert place_seen(client)[1] == "75011"


def test_an_address_that_is_not_delivered_moves_nobody(client, customer):
    AddressFactory(customer=customer, postcode="29200", is_default=True)

    sign_in(client, customer)

    assert place_seen(client) == ("paris", "")


def test_the_visitors_slot_survives_signing_in(client, customer, product):
    slot = SlotFactory()
    Basket.objects.create(customer=customer)
    put(client, product, 1)
    client.post(reverse("hold_slot", args=[slot.pk]))

    sign_in(client, customer)

    assert "réservé" in client.get(reverse("basket")).content.decode()
    slot.refresh_from_db()
    assert slot.booked == 1


def test_the_customers_own_slot_moves_to_the_merged_basket(client, customer, product):
    slot = SlotFactory()
    client.force_login(customer.user)
    client.post(reverse("hold_slot", args=[slot.pk]))
    client.logout()
    put(client, product, 1)

    sign_in(client, customer)

    kept = Basket.objects.get(is_open=True)
    assert Hold.objects.live().get().holder == str(kept.key)
    slot.refresh_from_db()
    assert slot.booked == 1


def test_a_full_slot_says_so_and_shows_others(client, product):
    slot = SlotFactory(capacity=0)

    answer = client.post(reverse("hold_slot", args=[slot.pk]), follow=True)

    assert "vient d’être pris" in answer.content.decode()
    assert not Hold.objects.exists()


def test_adding_a_product_renews_the_slot(client, product):
    slot = SlotFactory()
    client.post(reverse("hold_slot", args=[slot.pk]))
    hold = Hold.objects.get()
    Hold.objects.update(expires_at=hold.expires_at.replace(microsecond=0) - _minutes(30))
    before = Hold.objects.get().expires_at

    put(client, product, 1)

    assert Hold.objects.get().expires_at > before


def _minutes(count):
    from datetime import timedelta

    return timedelta(minutes=count)


@pytest.mark.parametrize("typed", ["7501", "abc", "٧٥٠١١", "", "75011 75011", "<script>"])
def test_a_postcode_that_cannot_be_is_explained(client, zone, typed):
    answer = client.post(reverse("set_postcode"), {"code_postal": typed}, follow=True)

    text = answer.content.decode()
    assert "postal" in text and "<script>alert" not in text
    assert (
        'aria-invalid="true" aria-describedby="erreur-code-postal"' in text
        and f'value="{escape(typed[:12])}"' in text
    )
    assert "postcode" not in client.session


def test_a_postcode_is_remembered(client, zone):
    client.post(reverse("set_postcode"), {"code_postal": "75 011"})

    assert client.session["postcode"] == "75011"


def test_outside_the_zones_the_answer_is_clear_and_an_address_may_be_left(client, zone):
    from delivery.zones.models import CoverageRequest

    answer = client.post(reverse("set_postcode"), {"code_postal": "20000"}, follow=True)
    client.post(reverse("ask_for_coverage"), {"code_postal": "20000", "email": "lea@exemple.fr"})

    assert "Nous ne livrons pas encore le 20000" in answer.content.decode()
    assert CoverageRequest.objects.get().postcode == "20000"
    assert "postcode" not in client.session


@pytest.mark.parametrize("page", ["/", "/panier/", "/creneaux/", "/recherche/?q=lait", "/aide/", "/rien/"])
def test_after_a_place_not_delivered_every_page_says_whose_prices_it_shows(client, zone, page):
    client.post(reverse("set_postcode"), {"code_postal": "29200"})

    text = client.get(page).content.decode()

    assert "Nous ne livrons pas encore le 29200." in text
    assert "Les prix et les créneaux affichés sont ceux de la zone Paris." in text
    assert f"{reverse('slots')}?code_postal=29200" in text


def test_a_place_not_delivered_keeps_where_one_lives_and_the_slot(client, zone, product):
    lyon = ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    client.post(reverse("set_postcode"), {"code_postal": "69003"})
    client.post(reverse("hold_slot", args=[SlotFactory(zone=lyon).pk]))

    client.post(reverse("set_postcode"), {"code_postal": "29200"})

    assert "ceux de la zone Lyon" in client.get("/").content.decode()
    assert Hold.objects.live().get().slot.zone == lyon
    client.post(reverse("set_postcode"), {"code_postal": "75011"})
    assert "29200" not in client.get("/").content.decode()


def test_a_shop_that_delivers_nowhere_yet_says_so_too(client, db):
    client.post(reverse("set_postcode"), {"code_postal": "29200"})

    text = client.get("/aide/").content.decode()

    assert "Nous ne livrons pas encore le 29200." in text and "sont ceux de la zone" not in text


@pytest.mark.parametrize("typed", ["99999", "00 100", "96000"])
def test_a_postcode_that_does_not_exist_is_not_said_to_be_far_away(client, zone, typed):
    posted = client.post(reverse("set_postcode"), {"code_postal": typed}, follow=True)
    read = client.get(reverse("slots"), {"code_postal": typed})
    asked = client.post(
        reverse("ask_for_coverage"), {"code_postal": typed.replace(" ", ""), "email": "a@b.fr"}
    )

    for answer in (posted, read, asked):
        text = answer.content.decode()
        assert "n’existe pas : vérifiez ses deux premiers chiffres" in text
        assert "Les prix et les créneaux affichés" not in text
    assert "postcode" not in client.session and "postcode_outside" not in client.session


def test_moving_to_another_zone_lets_the_slot_go_and_says_so(client, zone, product):
    lyon = ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    there = SlotFactory(zone=lyon)
    here = SlotFactory(zone=zone)
    client.post(reverse("set_postcode"), {"code_postal": "75011"})
    client.post(reverse("hold_slot", args=[here.pk]))

    answer = client.post(reverse("set_postcode"), {"code_postal": "69003", "next": "/panier/"}, follow=True)

    text = answer.content.decode()
    assert answer.redirect_chain == [(reverse("slots"), 302)]
    assert slot_label_long(here) in text and "il ne dessert pas le 69003" in text
    assert reverse("hold_slot", args=[there.pk]) in text and reverse("hold_slot", args=[here.pk]) not in text
    assert not Hold.objects.live().exists()
    here.refresh_from_db()
    assert here.booked == 0


def test_moving_within_a_zone_keeps_the_slot(client, zone):
    client.post(reverse("set_postcode"), {"code_postal": "75011"})
    client.post(reverse("hold_slot", args=[SlotFactory(zone=zone).pk]))

    answer = client.post(reverse("set_postcode"), {"code_postal": "75012", "next": "/panier/"}, follow=True)

    assert answer.redirect_chain == [("/panier/", 302)]
    assert "n’est plus réservé" not in answer.content.decode()
    assert Hold.objects.live().exists()


def test_while_a_payment_runs_nobody_moves(client, zone, product):
    ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    client.post(reverse("set_postcode"), {"code_postal": "75011"})
    client.post(reverse("hold_slot", args=[SlotFactory(zone=zone).pk]))
    pin_hold(holder=Hold.objects.get().holder, order_reference="CB-TEST-0001")

    answer = client.post(reverse("set_postcode"), {"code_postal": "69003"})

    assert answer.headers["Location"] == reverse("checkout_recap")
    assert client.session["postcode"] == "75011"
    assert Hold.objects.get().state == Hold.State.PINNED


def test_below_the_minimum_the_basket_explains_and_stops_nothing(client, product):
    put(client, product, 2)

    text = client.get(reverse("basket")).content.decode()

    assert "La commande s’ouvre à partir de 40,00\u00a0€" in text
    assert f'href="{reverse("checkout")}"' in text


def test_the_basket_costs_the_same_queries_with_twice_the_lines(client, zone, django_assert_max_num_queries):
    for product in ProductFactory.create_batch(5):
        put(client, product, 1)
    client.post(reverse("hold_slot", args=[SlotFactory().pk]))
    book_for(None)
    with django_assert_max_num_queries(7) as few:
        client.get(reverse("basket"))
    for product in ProductFactory.create_batch(5):
        put(client, product, 1)

    with django_assert_max_num_queries(7) as many:
        client.get(reverse("basket"))

    assert len(many) == len(few)


def test_a_product_taken_off_sale_stays_in_sight_and_stops_the_order(client, product):
    put(client, product, 20)
    Product.objects.update(is_published=False)

    page = client.get(reverse("basket")).content.decode()
    client.post(reverse("adjust_basket"))

    assert product.name in page and "épuisé" in page
    assert not BasketLine.objects.exists()


def test_a_place_already_delivered_is_told_so(client, zone):
    answer = client.post(
        reverse("ask_for_coverage"), {"code_postal": "75011", "email": "lea@exemple.fr"}, follow=True
    )

    assert "nous livrons déjà chez vous" in answer.content.decode()


def test_a_slot_held_for_another_place_moves_stock_and_fees_there(client, zone):
    lyon = ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    slot = SlotFactory(zone=lyon)

    client.post(reverse("hold_slot", args=[slot.pk]), {"code_postal": "69003"})
    client.post(reverse("hold_slot", args=[slot.pk]), {"code_postal": "75011"})

    assert client.session["postcode"] == "69003"


def test_taking_many_products_again_costs_the_same_as_few(zone, django_assert_max_num_queries):
    from shop.basket.rules import Wanted
    from shop.basket.services import add_again

    counts = []
    for many in (3, 9):
        basket = Basket.objects.create()
        wanted = [Wanted(one.pk, one.name, 2, one.price) for one in ProductFactory.create_batch(many)]
        with django_assert_max_num_queries(12) as queries:
            assert add_again(basket=basket, depot_id=zone.depot_id, wanted=wanted) == []
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_list_in_other_steps_by_now_comes_back_in_whole_steps(zone):
    from shop.basket.rules import Wanted
    from shop.basket.services import add_again

    tomatoes = ProductFactory(weighed=True, weight_step_g=250)
    basket = Basket.objects.create()

    differences = add_again(
        basket=basket,
        depot_id=zone.depot_id,
        wanted=[Wanted(tomatoes.pk, "Tomates", 700), Wanted(0, "Rien", 1)],
    )

    assert basket.lines.get().quantity == 500
    assert [difference.kind for difference in differences] == ["short", "gone"]


def test_beyond_two_hundred_products_the_rest_is_told(zone, monkeypatch):
    from shop.basket import services
    from shop.basket.rules import Wanted

    monkeypatch.setattr(services, "LINES_AT_MOST", 2)
    basket = Basket.objects.create()
    wanted = [Wanted(one.pk, one.name, 1) for one in ProductFactory.create_batch(3)]

    differences = services.add_again(basket=basket, depot_id=zone.depot_id, wanted=wanted)

    assert basket.lines.count() == 2
    assert [difference.kind for difference in differences] == ["full"]


def test_a_tap_that_meets_a_basket_just_ordered_goes_to_the_next_one(client, product, monkeypatch):
    put(client, product, 1)
    ordered = Basket.objects.get()
    obtain = Shopper.obtain_basket

    def obtained_then_ordered(shopper):
        basket = obtain(shopper)
        if basket == ordered:
            services.close(key=basket.key, order_reference="CB-1", ordered=[product.pk])
        return basket

    monkeypatch.setattr(Shopper, "obtain_basket", obtained_then_ordered)

    answer = put(client, product, 4)

    assert answer.status_code == 302
    assert list(ordered.lines.values_list("quantity", flat=True)) == [1]
    fresh = Basket.objects.get(is_open=True)
    assert [line.quantity for line in fresh.lines.all()] == [4]


def test_signing_in_counts_as_touching_the_basket(client, customer, product):
    put(client, product, 1)
    read = Basket.objects.get()

    sign_in(client, customer)

    with transaction.atomic():
        assert not services.lock_untouched(basket=read)
