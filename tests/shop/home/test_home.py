"""The first page, for a stranger and for a customer."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from config import kept
from config.templatetags.cabas import slot_label_long
from delivery.slots.models import Hold, Slot
from shop.customers.models import Customer
from shop.home import queries
from shop.lists.services import create_list
from shop.orders.models import Order
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, UserFactory, ZoneFactory
from tests.shop.reviews.support import order_of, publish, refuse, written_of_service

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def zone():
    return ZoneFactory()


@pytest.fixture
def customer(client):
    own = CustomerFactory()
    client.force_login(own.user)
    return own


def shown(client):
    """What stands in <main>, unescaped, on one line."""
    answer = client.get("/")
    assert answer.status_code == 200
    main = re.search(r"<main.*?</main>", answer.content.decode(), re.DOTALL).group()
    assert "variable indéfinie" not in main
    return " ".join(unescape(main).split())


def living_in(client, postcode="75011"):
    client.post(reverse("set_postcode"), {"code_postal": postcode})
    return client


def coming(customer, *, hours=48, **changes):
    order = order_of(customer, ended=timedelta(hours=-hours - 1), **changes)
    Order.objects.filter(pk=order.pk).update(placed_at=timezone.now())
    return order


def label(slot):
    return " ".join(slot_label_long(slot).capitalize().split())


# --- a stranger -----------------------------------------------------------------------------------


def test_a_stranger_reads_the_promise_but_no_figure_of_too_few_ratings(client):
    for _ in range(9):
        publish(written_of_service(rating=5))

    page = shown(client)

    assert "Plus de 30 minutes de retard ou plusieurs articles manquants" in page
    assert "Note des clients" not in page


def test_figures_are_those_that_customers_gave(client):
    for rating in (5, 5, 5, 5, 5, 4, 4, 4, 4, 3):
        publish(written_of_service(rating=rating, punctuality=4))

    page = shown(client)

    assert "Note des clients</dt><dd><b>4,4</b> sur 5" in page
    assert "Ponctualité</dt><dd><b>4,0</b> sur 5" in page
    assert "10 notes" in page and "Commande complète" not in page


def test_a_review_refused_counts_no_more_on_the_next_page(client, django_capture_on_commit_callbacks):
    reviews = [publish(written_of_service(rating=5, text=f"Parfait {n}.")) for n in range(10)]
    before = shown(client)

    with django_capture_on_commit_callbacks(execute=True):
        refuse(reviews[-1])

    after = shown(client)
    assert "Note des clients" in before and "Parfait 9." in before
    assert "Note des clients" not in after and "Parfait 9." not in after


def test_old_ratings_count_no_more(client):
    for _ in range(10):
        review = publish(written_of_service(rating=5))
        type(review).objects.filter(pk=review.pk).update(published_at=timezone.now() - timedelta(days=366))

    assert "Note des clients" not in shown(client)


def test_the_latest_reviews_that_say_something_are_shown_bad_ones_too(client):
    for number, rating in enumerate((5, 4, 1, 3)):
        publish(written_of_service(rating=rating, text=f"Avis numéro {number}."))
    publish(written_of_service(rating=5))
    written_of_service(rating=5, text="Personne ne l’a relu.")

    page = shown(client)

    assert [number for number in range(4) if f"Avis numéro {number}." in page] == [1, 2, 3]
    assert "Personne ne l’a relu" not in page
    assert "Comment les avis sont contrôlés" in page


def test_the_next_slot_is_read_again_after_some_seconds(client, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock[0])
    first, second = SlotFactory(), SlotFactory()
    living_in(client)
    before = shown(client)
    Slot.objects.filter(pk=first.pk).update(is_closed=True)

    clock[0] += queries.SLOT_SECONDS + 1

    assert label(first).lower() in before
    assert label(second).lower() in shown(client)


def test_a_zone_without_a_free_slot_says_so(client):
    assert "Aucun créneau libre pour l’instant, zone Paris" in shown(living_in(client))


def test_a_stranger_s_hold_takes_the_place_of_the_next_slot(client):
    slot = SlotFactory()
    client.post(reverse("set_basket_line"), {"product": ProductFactory().pk, "quantity": 1})
    client.post(reverse("hold_slot", args=[slot.pk]))

    page = shown(client)

    assert "réservé jusqu’à" in page and "Prochain créneau libre" not in page


@pytest.mark.parametrize("postcode", ["99999", "abc", "", 42, None, ["75011"]])
def test_whatever_postcode_a_session_holds_the_page_stands(client, postcode):
    SlotFactory()
    session = client.session
    session["postcode"] = postcode
    session["basket"] = "pas une clé"
    session.save()

    assert "Votre code postal" in shown(client)


def test_a_shop_that_delivers_nowhere_yet_has_a_home_page(client, zone):
    type(zone).objects.update(is_active=False)

    assert "livrées à l’heure dite" in shown(client)


# --- a customer -----------------------------------------------------------------------------------


def test_a_new_customer_is_greeted_and_shown_what_to_do(client, customer):
    page = shown(client)

    assert "Bonjour Élodie" in page
    assert "Votre première commande" in page and "gardez-le comme liste" in page
    assert "Où vous livrer" in page and 'name="code_postal"' in page
    assert "Recommander" not in page and "Note des clients" not in page


def test_a_login_without_a_customer_is_greeted_too(client):
    client.force_login(UserFactory())

    assert "Bonjour</h1>" in shown(client)


def test_a_name_is_text_whatever_it_holds(client, customer):
    Customer.objects.filter(pk=customer.pk).update(first_name="<b>Zoé</b> %(x)s {{ y }}")

    answer = client.get("/").content.decode()

    assert "<b>Zoé" not in answer
    assert "Bonjour <b>Zoé</b> %(x)s {{ y }}" in unescape(answer)


def test_the_order_under_way_says_when_it_comes_and_what_happens_next(client, customer):
    order = coming(customer)

    page = shown(client)

    assert label(order.slot) in page and order.reference in page
    assert "Confirmée ·" in page and "vous pouvez l’annuler sans frais" in page
    assert reverse("tracking", args=[order.tracking_token]) in page
    assert "autre commande" not in page


def test_of_several_orders_the_next_slot_comes_first(client, customer):
    later, sooner = coming(customer, hours=72), coming(customer, hours=30)
    coming(customer, hours=90)

    page = shown(client)

    assert label(sooner.slot) in page and label(later.slot) not in page
    assert "2 autres commandes en cours" in page


@pytest.mark.parametrize(
    ("hours", "words"),
    [(2, "Elle part bientôt en préparation, et arrive entre"), (-0.5, "Nous arrivons entre"), (-1.5, "Rien reçu ? Appelez-nous")],
)  # fmt: skip
def test_the_hour_changes_what_is_said(client, customer, hours, words):
    coming(customer, hours=hours)

    assert words in shown(client)


def test_an_order_long_past_is_under_way_no_more_but_may_be_ordered_again(client, customer):
    order = order_of(customer, ProductFactory(name="Comté"), ended=timedelta(hours=4))

    page = shown(client)

    assert "Votre commande en cours" not in page and "Votre première commande" not in page
    assert reverse("reorder", args=[order.reference]) in page and "Comté" in page


def test_a_payment_to_make_again_comes_first(client, customer):
    order = coming(customer)
    Order.objects.filter(pk=order.pk).update(payment_needed_at=timezone.now())

    page = shown(client)

    assert "Paiement à refaire" in page
    assert reverse("pay_again", args=[order.tracking_token]) in page


def test_an_order_that_waits_for_its_payment_leads_there_until_its_cut_off(client, customer):
    order = coming(customer, status=Order.Status.AWAITING_PAYMENT)
    before = shown(client)
    Slot.objects.update(cutoff_at=timezone.now())

    assert "En attente de paiement" in before and order.reference in before
    assert reverse("checkout_recap") in before and "Recommander" not in before
    assert order.reference not in shown(client)


@pytest.mark.parametrize("status", [Order.Status.CANCELLED, Order.Status.ABANDONED])
def test_what_came_to_nothing_is_not_shown(client, customer, status):
    order = coming(customer, status=status)

    assert order.reference not in shown(client)


def test_nothing_of_another_customer_is_shown(client, customer):
    other = CustomerFactory(first_name="Zébulon")
    orders = [coming(other), order_of(other, ProductFactory(name="Comté"))]
    create_list(customer_id=other.pk, name="Fête de Zébulon", quantities={ProductFactory().pk: 1})

    page = shown(client)

    assert "Zébulon" not in page and "Comté" not in page.split("Nos rayons")[0]
    assert not [order for order in orders if order.reference in page]


def test_what_was_ordered_as_a_guest_is_theirs_once_proven(client, customer):
    order = coming(CustomerFactory(guest=True, merged_into=customer))

    assert order.reference in shown(client)


def test_the_last_order_is_told_by_its_first_articles(client, customer):
    order_of(customer, *(ProductFactory(name=f"Ancien {n}") for n in range(2)), ended=timedelta(days=9))
    last = order_of(customer, *(ProductFactory(name=f"Article {n}") for n in range(5)))

    own = shown(client).split("Nos rayons")[0]

    assert "Article 0, Article 1, Article 2 et 2 autres articles" in own and "Ancien" not in own
    assert "10,00 €" in own
    assert client.post(reverse("reorder", args=[last.reference])).headers["Location"] == reverse("basket")


def test_lists_go_to_the_basket_in_one_press_and_the_rest_is_one_link_away(client, customer):
    milk = ProductFactory(name="Lait")
    lists = [
        create_list(customer_id=customer.pk, name=f"Liste {n}", quantities={milk.pk: n + 1}) for n in range(5)
    ]

    page = shown(client)
    client.post(reverse("list_to_basket", args=[lists[4].pk]))

    assert [made.name for made in lists if made.name in page] == ["Liste 1", "Liste 2", "Liste 3", "Liste 4"]
    assert "Voir vos 5 listes" in page
    assert reverse("list_to_basket", args=[lists[4].pk]) in page
    assert "Panier, 1 produit" in unescape(client.get("/").content.decode())


def test_a_list_with_nothing_on_it_offers_no_button(client, customer):
    empty = create_list(customer_id=customer.pk, name="Vide", quantities={})

    page = shown(client)

    assert "0 produit<" in page
    assert reverse("list_to_basket", args=[empty.pk]) not in page


# --- a customer's slot ----------------------------------------------------------------------------


def test_the_next_slot_of_their_zone_is_held_in_one_press(client, customer):
    slot = SlotFactory()
    page = shown(living_in(client))

    answer = client.post(reverse("hold_slot", args=[slot.pk]), {"next": "/", "code_postal": "75011"})

    assert label(slot) in page and "5,90 €" in page and reverse("hold_slot", args=[slot.pk]) in page
    assert answer.headers["Location"] == "/"
    after = shown(client)
    assert "Votre créneau</h2>" in after and "réservé jusqu’à" in after
    assert "Réserver ce créneau" not in after


def test_a_slot_pinned_by_a_payment_says_so(client, customer):
    slot = SlotFactory()
    living_in(client).post(reverse("hold_slot", args=[slot.pk]))
    Hold.objects.update(state=Hold.State.PINNED, order_reference="CB-TEST-0001")

    assert "Gardé pendant que votre paiement se termine" in shown(client)


def test_a_zone_without_a_free_slot_tells_its_customer(client, customer):
    assert "Aucun créneau libre pour l’instant, zone Paris" in shown(living_in(client))


def test_a_customer_outside_the_zones_may_try_another_place(client, customer):
    SlotFactory()
    page = shown(living_in(client, "29200"))

    assert "Où vous livrer" in page and "Réserver ce créneau" not in page


# --- cost and keeping -----------------------------------------------------------------------------


def test_a_customer_s_page_is_kept_by_nobody(client, customer):
    assert "no-store" in client.get("/").headers["Cache-Control"]


def test_a_stranger_s_page_is_asked_for_again_and_answered_with_nothing_new(client):
    first = client.get("/")

    again = client.get("/", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


def test_one_reader_s_token_never_reaches_another(client, customer):
    SlotFactory()
    living_in(client)
    tokens = [
        set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]*)"', client.get("/").content.decode()))
        for _ in range(2)
    ]

    assert [len(found) for found in tokens] == [1, 1]
    assert tokens[0] != tokens[1], "masked anew on each page, hence not kept"


def test_a_warm_page_costs_a_customer_one_query_of_its_own(client, customer, zone, django_assert_num_queries):
    SlotFactory()
    living_in(client)
    client.get("/")

    with django_assert_num_queries(1):
        queries.today(zone=zone, customer_id=customer.pk, wants_words=False)


def test_a_warm_page_costs_a_stranger_nothing_of_its_own(client, zone, django_assert_num_queries):
    SlotFactory()
    client.get("/")

    with django_assert_num_queries(0):
        queries.today(zone=zone, customer_id=None, wants_words=True)
