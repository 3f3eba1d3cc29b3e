"""Every page a shopper may meet, in every state: accessible, quiet, well written, and photographed.

States come from services and the test client, whose cookies the browser takes: clicking there is the other journeys' part.
"""

import re
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.core import signing
from django.db.models import F
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from config.errors import bad_request, server_error
from config.templatetags.cabas import slot_label
from crm.desk.models import LegalPage
from crm.desk.views import RECEIPT_SALT
from crm.outbox import secrets
from crm.outbox.models import Message
from delivery.slots.models import Hold, Slot, WaitlistEntry
from delivery.slots.waitlist import offer_places
from delivery.zones.models import PickupPoint
from loyalty.milestones.models import Milestone
from loyalty.milestones.services import celebrate, note_delivered
from loyalty.points.services import expire
from loyalty.rewards.models import Item, Reward
from loyalty.rewards.services import redeem
from loyalty.vouchers.codes import stop_code
from shop.catalogue.models import Aisle, Product
from shop.customers.models import Customer, User
from shop.customers.services import save_address
from shop.lists.services import create_list
from shop.orders.models import Amendment, Order, Pickup
from shop.orders.services import CHANGEABLE
from shop.pricing.models import PriceChange
from shop.stock.models import StockItem
from tests.factories import UserFactory
from tests.journeys.pages import Inspector
from tests.loyalty.points.earning import counts
from tests.loyalty.vouchers.coding import shared
from tests.loyalty.vouchers.granting import granted
from tests.shop.checkout.conftest import Walk
from tests.shop.documents.selling import invoice
from tests.shop.pricing.promoting import promote
from tests.shop.reviews.support import publish, written_of_service

LONG_NAME = "Préparation gourmande aux fruits rouges du Périgord, sans sucres ajoutés, riche en fibres, anticonstitutionnellement bonne"  # 120 signs and a word of 25
PASSWORD = "un-cabas-bien-plein"


@pytest.fixture
def see(shop, open_page):
    """An inspector that reports, all at once, what it found on every page it saw."""
    inspector = Inspector(open_page(workers=False), shop)
    yield inspector.visit
    inspector.report()


@pytest.fixture
def goods(shop):
    """One product of each sort, the first with a name of 120 signs."""
    on_sale = Product.objects.filter(is_published=True, stock_items__depot__is_default=True)
    plain = on_sale.filter(sold_by="piece", alcohol_degree=None, is_food=True).exclude(ingredients="")
    by_sort = {
        "food": plain.filter(shelf__tint="cremerie")[0],
        "second": plain.filter(shelf__tint="epicerie-salee")[0],
        "weighed": on_sale.filter(sold_by="weight")[0],
        "alcohol": on_sale.filter(alcohol_degree__gt=5)[0],
        "long": plain.filter(shelf__tint="epicerie-sucree")[0],
        "gone": plain.filter(shelf__tint="epicerie-sucree")[1],
    }
    rename(by_sort["long"], LONG_NAME)
    StockItem.objects.filter(product=by_sort["gone"]).update(on_hand=0)
    return by_sort


def rename(product, name):
    Product.objects.filter(pk=product.pk).update(name=name, version=F("version") + 1)


def signed_in(email="camille@cabas.example"):
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


def living_in(client, postcode="75011"):
    client.post(reverse("set_postcode"), {"code_postal": postcode})
    return client


def free_slot(days=2):
    """A slot of Paris some days from now, so that a card is charged now (2) or saved (9)."""
    after = timezone.now() + timedelta(days=days)
    return Slot.objects.filter(zone__slug="paris", starts_at__gt=after, booked__lt=F("capacity")).first()


def fill(client, goods, *names, quantity=20):
    walk = Walk(client)
    for name in names:
        walk.fill(goods[name], quantity=goods[name].step * quantity)
    return walk


def ready_to_pay(goods, client=None, names=("food", "weighed", "long"), days=2):
    """A basket, its slot and its recipient: what remains is the last button."""
    walk = fill(living_in(client or Client()), goods, *names).hold(free_slot(days))
    walk.say_who(phone="06 12 34 56 78")
    return walk


def ordered(goods, client=None, **kwargs):
    walk = ready_to_pay(goods, client, **kwargs)
    walk.come_back(walk.pay(walk.order()))
    return Order.objects.latest("pk")


# --- browsing ------------------------------------------------------------------------------------


def test_home_aisles_and_products(see, goods):
    shopper = living_in(Client())
    slot = free_slot()
    fill(shopper, goods, "food", "weighed", quantity=3).hold(slot)
    aisle = Aisle.objects.filter(parent=None, shelves__products__is_published=True)[0]
    empty = Aisle.objects.create(slug="fleurs-coupees", name="Fleurs coupées", parent=aisle, tint=aisle.tint)

    see("home", "/")
    see("home-postcode", "/", client=living_in(Client()))
    see("home-signed-in", "/", client=signed_in(), says="Bonjour")
    see("home-basket-and-hold", "/", client=shopper, says=slot_label(slot))
    see("aisle", f"/rayons/{aisle.slug}/")
    see("aisle-page-2", f"/rayons/{aisle.slug}/?page=2&tri=prix", client=shopper)
    see("shelf", f"/rayons/{goods['food'].shelf.slug}/", client=shopper)
    see("shelf-long-name", f"/rayons/{goods['long'].shelf.slug}/")
    see("aisle-empty", f"/rayons/{empty.slug}/")
    for sort in ("food", "weighed", "alcohol", "gone", "long"):
        see(f"product-{sort}", f"/produits/{goods[sort].slug}/", client=shopper)


def test_prices_of_a_year(see, goods):
    changed, reduced = goods["second"], goods["long"]
    for days in (340, 200, 120, 60):
        price = changed.price + Decimal(days) / 100
        PriceChange.objects.create(product=changed, price=price, since=timezone.now() - timedelta(days=days))
    for days in range(200):
        since = timezone.now() - timedelta(days=days + 2)
        PriceChange.objects.create(product=reduced, price=Decimal(days % 9 + 2), since=since)
    StockItem.objects.filter(product=reduced).update(unit_cost=Decimal("0.10"))
    promote(products=[reduced], name="Fête des goûters de la rentrée et des jours de pluie")

    see("prices", f"/produits/{changed.slug}/prix/", says="Même prix pour tous")
    see("prices-many", f"/produits/{reduced.slug}/prix/", says="avant la promotion")
    see(
        "prices-one",
        f"/produits/{goods['weighed'].slug}/prix/",
        client=living_in(Client()),
        says="Premier prix",
    )
    see("prices-again", f"/produits/{changed.slug}/prix/", client=signed_in())


def test_home_of_a_customer(see, goods):
    client = living_in(signed_in())
    customer = User.objects.get(email="camille@cabas.example").customer
    see("home-customer-new", "/", client=client, says="Votre première commande")
    order = ordered(goods, client, names=("food", "second", "weighed", "long"))
    ordered(goods, client, days=9)
    for name in ("Courses de la semaine", "Anniversaire", LONG_NAME[:60], "Apéro", "Bébé"):
        create_list(customer_id=customer.pk, name=name, quantities={goods["food"].pk: 1})
    see("home-customer", "/", client=client, says="1 autre commande en cours")
    Customer.objects.filter(pk=customer.pk).update(first_name="Marie-Antoinette-Joséphine-Gwenaëlle" * 2)
    fill(client, goods, "food").hold(free_slot(3))
    see("home-customer-long-name-and-hold", "/", client=client, says="Gwenaëlle")
    now = timezone.now()
    Slot.objects.filter(pk=order.slot_id).update(
        starts_at=now - timedelta(hours=2),
        ends_at=now - timedelta(hours=1),
        cutoff_at=now - timedelta(hours=6),
    )
    see("home-customer-late", "/", client=client, says="Appelez-nous")
    Order.objects.filter(pk=order.pk).update(status="cancelled")
    Order.objects.update(payment_needed_at=now)
    see("home-customer-pay-again", "/", client=client, says="Payer maintenant")
    waiting = living_in(signed_in())
    waiting.post(reverse("set_postcode"), {"code_postal": "29200"})
    Hold.objects.filter(state="held").update(expires_at=now)
    see("home-customer-outside", "/", client=waiting, says="Où vous livrer")
    Slot.objects.filter(zone__slug="paris").update(is_closed=True)
    see("home-customer-no-slot", "/", client=living_in(signed_in()), says="Aucun créneau libre")


def test_home_with_what_customers_say(see, goods):
    for rating in (5, 5, 4, 5, 3, 5, 4, 5, 5, 4):
        text = "Livreur aimable, tout y était, et les pêches n’étaient pas tapées."
        publish(written_of_service(rating=rating, text=text, punctuality=rating, completeness=5))

    see("home-words", "/", client=living_in(Client()), says="Note des clients")


def test_what_is_asked_on_a_product_page(see, goods):
    stranger, page = living_in(Client()), f"/produits/{goods['gone'].slug}/"

    refused = stranger.post(f"{page}prevenez-moi/", {"retour-email": "marie"})
    see("product-alert-refused", client=stranger, answer=refused, status=422, says="incomplète")
    refused = stranger.post(f"{page}signaler/", {"erreur-kind": "other"})
    see(
        "product-report-refused", client=stranger, answer=refused, status=422, says="Écrivez en quelques mots"
    )
    stranger.post(f"{page}prevenez-moi/", {"retour-email": "marie@exemple.fr"})
    see("product-alert-thanks", client=stranger, answer=stranger.get(page), says="C’est noté")
    see("product-gone-signed-in", page, client=living_in(signed_in()), says="Nous vous écrivons à")


def test_search(see, goods):
    see("search", "/recherche/?q=lait")
    see("search-corrected", "/recherche/?q=camenbert", client=signed_in())
    see("search-none", "/recherche/?q=zzzzyx")
    see("search-empty", "/recherche/")


# --- basket and slots ----------------------------------------------------------------------------


def test_basket(see, goods):
    small, full, changed = living_in(Client()), living_in(Client()), living_in(Client())
    fill(small, goods, "food", quantity=1)
    fill(full, goods, "food", "second", "weighed", "alcohol", "long").hold(free_slot())
    fill(changed, goods, "food", "second", quantity=12)

    see("basket-empty", "/panier/")
    see("basket-below-minimum", "/panier/", client=small)
    see("basket-with-a-message", "/panier/", client=full, answer=full.get("/panier/"))
    see("basket", "/panier/", client=full)
    Product.objects.filter(pk=goods["food"].pk).update(price=F("price") + 1, version=F("version") + 1)
    see("basket-price-changed", "/panier/", client=changed)
    StockItem.objects.filter(product=goods["second"]).update(on_hand=5)
    see("basket-short", "/panier/", client=changed)


def test_slots(see, goods):
    shopper = living_in(Client(), "69003")
    see("slots", "/creneaux/")
    see("slots-postcode", "/creneaux/", client=shopper)

    holder = fill(living_in(Client()), goods, "food").hold(free_slot()).client
    soon = Slot.objects.filter(zone__slug="paris", starts_at__lt=timezone.now() + timedelta(days=2))
    few = [slot.pk for slot in Slot.objects.filter(zone__slug="paris").order_by("starts_at")[3:9]]
    soon.update(booked=F("capacity"))
    Slot.objects.filter(pk__in=few[:3]).update(is_closed=True)
    Slot.objects.filter(zone__slug="paris", starts_at__gte=timezone.now() + timedelta(days=3)).update(
        booked=F("capacity") - 2
    )
    see("slots-full-closed-held", "/creneaux/", client=holder)
    Slot.objects.filter(zone__slug="paris").update(is_closed=True)
    see("slots-all-closed", "/creneaux/", client=living_in(Client()))
    see("slots-outside", "/creneaux/?code_postal=29200")
    away = living_in(Client(), "29200")
    see("slots-outside-noticed", "/creneaux/", client=away)
    see("home-outside", "/", client=away)
    stranger = Client()
    wrong = stranger.post(reverse("ask_for_coverage"), {"code_postal": "29200", "email": "marie@"})
    see("slots-outside-error", client=stranger, answer=wrong, status=422)


def test_waitlist(see, goods):
    """Asking, waiting, and the page of the letter in each of its states."""
    shopper, slot = fill(living_in(Client()), goods, "food").client, free_slot()
    ask = reverse("wait_for_slot", args=[slot.pk])
    Slot.objects.filter(zone=slot.zone_id, starts_at__lt=slot.starts_at + timedelta(days=1)).update(
        booked=F("capacity")
    )
    see("slots-full", "/creneaux/", client=shopper, says="me prévenir")
    see("wait", ask)
    see("wait-signed-in", ask, client=living_in(signed_in()), says="camille@cabas.example")
    stranger = Client()
    wrong = stranger.post(ask, {"email": "marie@"})
    see("wait-error", client=stranger, answer=wrong, status=422, says="incomplète")
    shopper.post(ask, {"email": "marie@exemple.fr", "code_postal": "75011"})
    see("slots-waiting", "/creneaux/", client=shopper, says="nous vous prévenons")
    entry = WaitlistEntry.objects.get()
    page = reverse("slot_offer", args=[entry.token])
    see("offer-waiting", page, says="Vous attendez votre tour")
    Slot.objects.filter(pk=slot.pk).update(booked=F("booked") - 1)
    offer_places()
    see("slots-offered", "/creneaux/", client=shopper, says="Une place vous attend")
    see("offer", page, says="Prendre cette place")
    walk = Walk(shopper).hold(free_slot(9))
    see("offer-in-exchange", page, client=walk.client, says="Elle remplace votre créneau actuel")
    for state, says in (
        ("lapsed", "Le délai"),
        ("left", "laissée"),
        ("taken", "prise"),
        ("closed", "Aucune"),
    ):
        WaitlistEntry.objects.update(state=state)
        see(f"offer-{state}", page, says=says)


def test_servings(see, goods):
    """A basket of which some slots can serve more than others, from the basket to the last step."""
    walk = ready_to_pay(goods)
    fill(walk.client, goods, "second", quantity=2)
    gone = StockItem.objects.filter(product=goods["second"])
    gone.update(on_hand=0, expected_restock_on=timezone.localdate() + timedelta(days=3))
    see("slots-served", "/creneaux/", client=walk.client, says="3/4 de votre panier")
    see("checkout-slot-served", "/commande/creneau/", client=walk.client, says="4/4 de votre panier")
    see("basket-coming", "/panier/", client=walk.client, says="De retour bientôt")
    see("recap-coming", "/commande/recapitulatif/", client=walk.client, says="Reste dans votre panier")
    fill(walk.client, goods, "gone", quantity=2)
    rename(goods["gone"], LONG_NAME.replace("rouges", "jaunes"))
    gone.update(expected_restock_on=None)
    see("slots-served-alike", "/creneaux/", client=walk.client, says="Quel que soit le créneau")


def test_pickup(see, goods):
    point = PickupPoint.objects.get(slug="retrait-bastille")
    window = Slot.objects.filter(zone_id=point.pk, starts_at__gt=timezone.now() + timedelta(days=2)).first()
    who = {"email": "lea@exemple.fr", "first_name": "Léa", "last_name": "Martin", "phone": "06 12 34 56 78"}
    see("pickup-points", "/creneaux/retrait/")
    see("pickup-points-near", "/creneaux/retrait/?code_postal=69003")
    see("pickup-points-none-near", "/creneaux/retrait/?code_postal=29200", says="Pas encore de point")
    see("pickup-points-error", "/creneaux/retrait/?code_postal=750")
    see("pickup-point", f"/creneaux/retrait/{point.slug}/")

    walk = fill(Client(), goods, "food", "alcohol", "long").hold(window)
    guest = walk.client
    see("pickup-basket", "/panier/", client=guest, says="Retrait")
    see("pickup-who", "/commande/", client=guest)
    see("pickup-who-empty", client=guest, answer=guest.post("/commande/", {}, follow=True))
    guest.post("/commande/", who)
    see("pickup-slot", "/commande/creneau/", client=guest)
    see("pickup-recap", "/commande/recapitulatif/", client=guest, says="pièce d’identité")
    walk.come_back(walk.pay(walk.order(birth_on="01/02/1980")))
    order = Order.objects.get()
    see("pickup-tracking", f"/suivi/{order.tracking_token}/", client=guest, says="Code de retrait")
    see("pickup-tracking-found", f"/suivi/{order.tracking_token}/", says="dans votre e-mail")

    clerk = signed_in("preparation@cabas.example")
    see("counter-point", "/retrait/", client=clerk)
    see("counter", f"/retrait/?point={point.slug}", client=clerk)
    code = Pickup.objects.get().code
    early = clerk.post("/retrait/", {"code": code, "point": point.slug})
    see("counter-not-ready", client=clerk, answer=early, status=422)
    Order.objects.update(status=Order.Status.PACKED)
    see("counter-order", client=clerk, answer=clerk.post("/retrait/", {"code": code, "point": point.slug}))
    young = clerk.post("/retrait/remettre/", {"code": code, "point": point.slug})
    see("counter-age", client=clerk, answer=young, status=422)


# --- checkout ------------------------------------------------------------------------------------


def test_checkout_as_a_guest(see, goods):
    walk = fill(living_in(Client()), goods, "food", "weighed", "long")
    guest = walk.client
    see("checkout-recipient", "/commande/", client=guest)
    walk.say_who(email="lea@", phone="12", line1="", postcode="29200")
    see("checkout-recipient-errors", "/commande/", client=guest)
    walk.say_who(instructions="Sonner deux fois, l’ascenseur est au fond de la cour")
    see("checkout-slot", "/commande/creneau/", client=guest)
    walk.hold(free_slot())
    see("checkout-slot-held", "/commande/creneau/", client=guest)
    see("checkout-recap", "/commande/recapitulatif/", client=guest)
    walk.order(terms="")
    see("checkout-recap-errors", "/commande/recapitulatif/", client=guest)
    guest.post(reverse("checkout_voucher"), {"code": "abc"})
    see(
        "checkout-voucher-unknown", "/commande/recapitulatif/", client=guest, says="Nous ne reconnaissons pas"
    )
    guest.post(reverse("checkout_voucher"), {"code": granted()[1]})
    see("checkout-voucher", "/commande/recapitulatif/", client=guest, says="5,00\u00a0€ de moins")


def test_shared_codes_at_the_last_step(see, goods):
    """The longest name a code may have, taken; then each refusal in its words."""
    later, recap = timezone.now() + timedelta(days=3), "/commande/recapitulatif/"
    guest = ready_to_pay(goods, names=("food", "second")).client
    client = ready_to_pay(goods, signed_in(), names=("food", "second", "long")).client
    shelf, food = goods["food"].shelf, goods["food"]
    shared("SOLDESDEPRINTEMPS027", value=Decimal(20), aisles=[shelf, shelf.parent], products=[food])
    shared("DEMAIN", starts_at=later, ends_at=later + timedelta(days=1))
    stop_code(code_id=shared("STOP").pk)
    shared("PAUVRE", budget=Decimal("0.50"))
    shared("CENT", minimum_goods=Decimal(900))
    others = Product.objects.filter(is_published=True, minimum_age=None).exclude(shelf__parent=shelf.parent)
    away = others.exclude(pk__in=[one.pk for one in goods.values()])[:5]
    shared("AILLEURS", products=list(away), value=Decimal(5))
    shared("RETOUR", audience="away", audience_number=60)

    guest.post(reverse("checkout_voucher"), {"code": "STOP"})
    see("checkout-code-over", recap, client=guest, says="l’offre est terminée")
    guest.post(reverse("checkout_voucher"), {"code": "soldes-de-printemps-027"})
    see("checkout-code-guest", recap, client=guest, says="connectez-vous ou créez un compte")
    for code, words in (
        ("DEMAIN", "il le sera le"), ("PAUVRE", "a été utilisé"), ("CENT", "Il manque"), ("RETOUR", "Nous ne reconnaissons pas"),
        ("AILLEURS", "rien de tel dans votre panier"), ("soldes-de-printemps-027", "Il compte sur"),
    ):  # fmt: skip
        client.post(reverse("checkout_voucher"), {"code": code})
        see(f"checkout-code-{code.lower()}", recap, client=client, says=words)
    see("basket-stacking", "/panier/", client=client, says="ce qui s’additionne")


def test_checkout_as_a_customer_with_alcohol(see, goods):
    customer = User.objects.get(email="camille@cabas.example").customer
    for line1, label in (
        ("12 rue des Lilas", "Maison"),
        ("148 avenue du Maréchal-de-Lattre-de-Tassigny", ""),
    ):
        save_address(
            customer_id=customer.pk, line1=line1, postcode="75011", city="Paris", label=label, floor="3e",
            door_code="A12B", instructions="Sonner deux fois",
        )  # fmt: skip
    client = fill(signed_in(), goods, "food", "alcohol").client
    see("checkout-recipient-customer", "/commande/", client=client)
    walk = ready_to_pay(goods, client, names=("food", "alcohol"))
    see("checkout-recap-alcohol", "/commande/recapitulatif/", client=client)
    walk.order(birth_on="31/12/2015")
    see("checkout-recap-too-young", "/commande/recapitulatif/", client=client)


def test_payment(see, goods):
    walk = ready_to_pay(goods, names=("food", "second"))
    paying = walk.order()
    desk = _path(paying)
    see("payment", desk, client=walk.client)
    refused = walk.pay(paying, card="refuse")
    see("payment-refused", client=walk.client, answer=refused, status=422)
    see("checkout-recap-resumed", "/commande/recapitulatif/", client=walk.client)
    see("payment-waiting", _path(walk.pay(paying, card="silence")), client=walk.client)
    see("tracking-unpaid", f"/suivi/{Order.objects.latest('pk').tracking_token}/")
    see("payment-closed", desk, client=walk.client, status=410)
    saving = ready_to_pay(goods, names=("long",), days=9)
    see("payment-saves-card", _path(saving.order()), client=saving.client)


def _path(redirect):
    return redirect.headers["Location"].replace("http://testserver", "")


# --- after the order -----------------------------------------------------------------------------


def test_orders(see, goods):
    client = signed_in()
    see("orders-empty", "/commandes/", client=client)
    order = ordered(goods, client, names=("second",))
    later = ordered(goods, client, days=9)
    see("orders", "/commandes/", client=client)
    see("order", f"/commandes/{later.reference}/", client=client)
    amended(see, client, later)
    invoice(later)
    see("order-invoiced", f"/commandes/{later.reference}/", client=client)
    client.post(reverse("cancel_order", args=[order.reference]))
    see("order-cancelled", f"/commandes/{order.reference}/", client=client)
    see("tracking-fresh", f"/suivi/{later.tracking_token}/?merci=1")
    see("tracking", f"/suivi/{later.tracking_token}/")
    Order.objects.filter(pk=later.pk).update(payment_needed_at=timezone.now())
    see("pay-again", f"/commande/paiement/{later.tracking_token}/")
    see("tracking-payment-needed", f"/suivi/{later.tracking_token}/")
    see("tracking-cancelled", f"/suivi/{order.tracking_token}/")
    Slot.objects.filter(pk=later.slot_id).update(cutoff_at=timezone.now() - timedelta(hours=1))
    see("tracking-after-cut-off", f"/suivi/{later.tracking_token}/")


def amended(see, client, order):
    """A form with an error, its recap, and a payment that waits."""
    address = reverse("amend_order", args=[order.reference])
    line = order.lines.filter(sold_by="piece").first()
    place = {name: getattr(order, name) for name in CHANGEABLE}
    typed = {f"ligne-{one.pk}": one.quantity for one in order.lines.all()}
    typed |= {"slot": order.slot_id, **place, f"ligne-{line.pk}": line.quantity + 1}
    see("amend", address, client=client, says="Vos articles")
    wrong = client.post(address, typed | {f"ligne-{line.pk}": "deux", "postcode": ""})
    see("amend-errors", client=client, answer=wrong, status=422)
    client.post(address, typed)
    see("amend-recap", reverse("amend_recap", args=[order.reference]), client=client, says="au lieu de")
    live = Amendment.objects.create(
        order=order, proposal={}, stands_on="", mark="", total_before=order.total, total_after=order.total + 3,
        extra=Decimal("3.00"), expires_at=timezone.now() + timedelta(minutes=30),
    )  # fmt: skip
    see(
        "order-amendment-waits",
        reverse("order", args=[order.reference]),
        client=client,
        says="attend son paiement",
    )
    Amendment.objects.filter(pk=live.pk).update(state="dropped", why="given_up", ended_at=timezone.now())


# --- the customer's own pages --------------------------------------------------------------------


def test_lists_and_account(see, goods):
    client = signed_in()
    customer = User.objects.get(email="camille@cabas.example").customer
    see("lists-empty", "/listes/", client=client)
    quantities = {goods[name].pk: goods[name].step * 2 for name in ("food", "weighed", "gone", "long")}
    week = create_list(customer_id=customer.pk, name="Courses de la semaine", quantities=quantities)
    create_list(customer_id=customer.pk, name="Anniversaire", quantities={goods["food"].pk: 1})
    see("lists", "/listes/", client=fill(client, goods, "food").client)
    see("list", f"/listes/{week.pk}/", client=client)

    see("account", "/compte/", client=client)
    see("account-details", "/compte/coordonnees/", client=client)
    wrong = client.post("/compte/coordonnees/", {"first_name": "", "phone": "12", "birth_on": "1800-01-01"})
    see("account-details-errors", client=client, answer=wrong)
    see("account-addresses-empty", "/compte/adresses/", client=client)
    see("account-address-new", "/compte/adresses/nouvelle/", client=client)
    wrong = client.post("/compte/adresses/nouvelle/", {"postcode": "7501"})
    see("account-address-errors", client=client, answer=wrong)
    for label in ("Maison", ""):
        address = save_address(
            customer_id=customer.pk, label=label, line1="12 rue des Lilas", postcode="75011", city="Paris",
            floor="3e", door_code="A12B", instructions="Sonner deux fois, l’ascenseur est au fond de la cour",
        )  # fmt: skip
    see("account-addresses", "/compte/adresses/", client=client)
    see("account-address", f"/compte/adresses/{address.pk}/", client=client)
    see("account-shortages", "/compte/manques/", client=client)
    see("account-letters", "/compte/lettres/", client=client)
    see("account-security", "/compte/securite/", client=client)


def test_loyalty(see):
    client = signed_in()
    customer = User.objects.get(email="camille@cabas.example").customer
    see("loyalty-new", "/fidelite/", client=signed_in("marketing@cabas.example"), says="Encore 4 commandes")
    counts(customer.pk, "CB-RICHE", 1_545_000, delivered_at=timezone.now() - timedelta(days=40))
    counts(customer.pk, "CB-ATTEND", 7612, delivered_at=timezone.now())
    counts(customer.pk, "CB-PEU", 400)
    gift = Milestone.objects.get(kind="gift", trigger="orders", threshold=5)
    note_delivered(order_reference="CB-4", customer_id=customer.pk, next_rank=5, spent=Decimal(0), year=2026)
    celebrate(customer_id=customer.pk, years=1)
    Item.objects.filter(pk=gift.parts.first().item_id).update(name=LONG_NAME[:80], stock=0)
    for number, wanted in enumerate(Reward.objects.filter(points__in=[100, 150, 5000])):
        redeem(
            customer_id=customer.pk, reward_id=wanted.pk, points_seen=wanted.points, key=UUID(int=number + 1)
        )
    see("loyalty-rich", "/fidelite/", client=client, says="Choisissez-le")
    expire(now=timezone.now() + timedelta(days=500))
    see("loyalty-ended", "/fidelite/", client=client, says="Arrivés à leur terme")


def test_signing_in_and_up(see, shop):
    stranger = Client()
    see("login", "/accounts/login/")
    wrong = stranger.post("/accounts/login/", {"login": "camille@cabas.example", "password": "non"})
    see("login-errors", client=stranger, answer=wrong)
    see("signup", "/accounts/signup/")
    see("signup-errors", client=stranger, answer=stranger.post("/accounts/signup/", {"password1": "abc"}))
    stranger.post(
        "/accounts/signup/",
        {"email": "lou@exemple.fr", "password1": "carotte-poireau-42", "first_name": "Lou"},
    )
    see("signup-code", "/accounts/confirm-email/", client=stranger)
    wrong = stranger.post("/accounts/confirm-email/", {"code": "0000-0000"})
    see("signup-code-errors", client=stranger, answer=wrong)

    coded = Client()
    see("login-code-ask", "/accounts/login/code/")
    coded.post("/accounts/login/code/", {"email": "camille@cabas.example"})
    see("login-code", "/accounts/login/code/confirm/", client=coded)

    forgetful = Client()
    see("password-reset", "/accounts/password/reset/")
    forgetful.post("/accounts/password/reset/", {"email": "camille@cabas.example"})
    see("password-reset-sent", "/accounts/password/reset/done/", client=forgetful)
    letter = secrets.unseal(Message.objects.filter(purpose="password_reset").latest("pk").text)
    link = re.search(r"/accounts/password/reset/key/\S+", letter).group(0)
    chosen = forgetful.get(link, follow=True).request["PATH_INFO"]
    see("password-new", chosen, client=forgetful)
    see("password-new-dead", "/accounts/password/reset/key/1-abc/")
    see("password-new-done", "/accounts/password/reset/key/done/")


def test_security(see, shop):
    client = Client()
    client.post("/accounts/login/", {"login": "camille@cabas.example", "password": PASSWORD})
    see("logout", "/accounts/logout/", client=client)
    see("password-change", "/accounts/password/change/", client=client)
    see("email-change", "/accounts/email/", client=client)
    client.post("/accounts/email/", {"email": "camille.durand@exemple.fr", "action_add": ""})
    see("email-change-waiting", "/accounts/email/", client=client)
    see("second-factor", "/accounts/2fa/", client=client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    see("second-factor-on", "/accounts/2fa/totp/activate/", client=client)
    see("reauthenticate", "/accounts/reauthenticate/", client=signed_in())
    coded = UserFactory(email="sans@exemple.fr", password=None)
    coded.set_unusable_password()
    coded.save()
    see("password-set", "/accounts/password/set/", client=signed_in("sans@exemple.fr"))


# --- help, texts, errors -------------------------------------------------------------------------


def test_help_and_texts(see, shop):
    client = Client()
    see("help", "/aide/")
    wrong = client.post("/aide/", {"name": "", "email": "a@", "message": "4242 4242 4242 4242"})
    see("help-errors", client=client, answer=wrong, status=422)
    see("help-received", f"/aide/recu/{signing.dumps(12, salt=RECEIPT_SALT)}/", client=client)
    for slug in LegalPage.objects.exclude(slug="qualite-de-service").values_list("slug", flat=True):
        see(f"text-{slug}", f"/pages/{slug}/")
    see("service-quality", "/qualite-de-service/")
    see("recalls", "/rappels/")


def test_errors(see, shop):
    asked = RequestFactory().get("/erreur/")
    guarded = Client(enforce_csrf_checks=True)
    see("error-404", "/rien/", status=404)
    see("error-405", "/panier/vider/", status=405)
    see("error-403-csrf", "/panier/vider/", answer=guarded.post("/panier/vider/"), status=403)
    see("error-500", "/erreur/", answer=server_error(asked), status=500)
    see("error-400", "/erreur/", answer=bad_request(asked), status=400)
    with override_settings(ACCOUNT_RATE_LIMITS={"login": "1/m/ip"}):
        hasty = Client()
        for _ in range(2):
            answer = hasty.post("/accounts/login/", {"login": "x@exemple.fr", "password": "non"})
        see("error-429", answer=answer, status=429)
