"""What visitors read and what customers send, over HTTP."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shop.catalogue.models import Product
from shop.orders.models import Order
from shop.orders.review_views import REVIEWS_BY_CUSTOMER
from shop.reviews.models import ProductReview, ServiceReview
from tests.factories import CustomerFactory, ProductFactory, ZoneFactory
from tests.shop.reviews.support import (
    again,
    answer,
    order_of,
    publish,
    published,
    refuse,
    written,
    written_of_service,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(client):
    customer = CustomerFactory(first_name="Élodie", last_name="Martin")
    client.force_login(customer.user)
    return customer


@pytest.fixture
def order(customer):
    return order_of(customer, ProductFactory(name="Comté"), ProductFactory(name="Brie"))


def page_of(order):
    return reverse("order_reviews", args=[order.reference])


def product_named(name):
    return Product.objects.get(name=name)


def fields(name, **said):
    """The form's fields about a product, or « service »."""
    prefix = name if name == "service" else f"produit-{product_named(name).pk}"
    return {f"{prefix}-{field}": value for field, value in said.items()}


def read(client, address):
    page = client.get(address)
    assert page.status_code == 200
    text = page.content.decode()
    assert "variable indéfinie" not in text
    return text


# --- one's own ---------------------------------------------------------------------------------------


def test_the_account_leads_to_ones_own_reviews(client, customer):
    assert reverse("my_reviews") in read(client, reverse("account"))
    assert "Pas encore d’avis" in read(client, reverse("my_reviews"))


def test_every_state_of_ones_own_reviews_is_told_with_reason_and_answer(client, customer):
    written(ProductFactory(name="Comté"), customer=customer, text="Encore à relire")
    refuse(written(ProductFactory(name="Brie"), customer=customer), words="Retirez l’insulte.")
    shown = written(ProductFactory(name="Skyr"), customer=customer, rating=1, title="Trop acide")
    answer(publish(shown), "Nous changeons de laiterie.", "buyer")
    publish(written_of_service(customer=customer, text="À l’heure"))

    text = read(client, reverse("my_reviews"))

    for told in (
        "Comté", "Encore à relire", "en cours de relecture", "Brie", "n’a pas été publié", "injure", "Retirez l’insulte.",
        "Skyr", "Trop acide", "Nous changeons de laiterie.", "Responsable des achats", "La livraison", "À l’heure",
        page_of(Order.objects.get(reference=shown.order_reference)),
    ):  # fmt: skip
        assert told in text, told


def test_words_replaced_since_are_left_out_and_the_latest_come_first(client, customer):
    product = ProductFactory(name="Comté")
    order = order_of(customer, product)
    publish(written(product, customer=customer, order=order, text="Anciens mots"))
    publish(written(product, customer=customer, order=order, text="Nouveaux mots"))
    written_of_service(customer=customer, order=order, text="Tout derniers mots")

    text = read(client, reverse("my_reviews"))

    assert "Anciens mots" not in text
    assert text.index("Tout derniers mots") < text.index("Nouveaux mots")


def test_ones_own_reviews_are_nobody_elses(client, customer):
    written(ProductFactory(), customer=CustomerFactory(), text="À une autre personne")
    written_of_service(text="À une autre encore")

    text = read(client, reverse("my_reviews"))

    assert "À une autre" not in text and "Pas encore d’avis" in text


def test_what_a_guest_said_is_found_by_the_customer_they_became(client, customer):
    written(ProductFactory(), customer=CustomerFactory(merged_into=customer), text="Dit avant de s’inscrire")

    assert "Dit avant de s’inscrire" in read(client, reverse("my_reviews"))


def test_a_product_taken_off_sale_keeps_its_name_and_loses_its_link(client, customer):
    product = ProductFactory(name="Comté", slug="comte")
    written(product, customer=customer)
    Product.objects.filter(pk=product.pk).update(is_published=False, version=2)

    text = read(client, reverse("my_reviews"))

    assert "Comté" in text and 'href="/produits/comte/"' not in text


@pytest.mark.parametrize("page", ["2", "abc", "9" * 20, "-1", "\0"])
def test_ones_own_reviews_come_by_the_page(client, customer, page):
    for number in range(11):
        written(ProductFactory(name=f"Fromage {number}"), customer=customer)

    text = read(client, reverse("my_reviews") + "?" + urlencode({"page": page}))

    assert text.count("own-review__words") == (10 if page in {"abc", "\0"} else 1)


def test_ones_own_reviews_cost_the_same_however_many(client, customer):
    def add():
        written(ProductFactory(), customer=customer)
        publish(written_of_service(customer=customer))

    add()
    before = queries(client, reverse("my_reviews"))
    for _n in range(4):
        add()

    assert queries(client, reverse("my_reviews")) == before <= 13


# --- writing ----------------------------------------------------------------------------------------


def test_the_order_leads_to_its_reviews_once_received(client, customer):
    received = order_of(customer, ProductFactory())
    to_come = order_of(customer, ProductFactory(), ended=timedelta(days=-1))

    assert page_of(received) in read(client, reverse("order", args=[received.reference]))
    assert page_of(to_come) not in read(client, reverse("order", args=[to_come.reference]))


def test_one_form_holds_every_product_and_the_delivery(client, order):
    page = read(client, page_of(order))

    assert "Comté" in page and "Brie" in page and "La livraison" in page
    assert page.count('type="radio"') == 5 * (2 + 5)
    assert page.count('<form class="form"') == 1


def test_what_was_rated_is_sent_and_the_rest_is_not(client, order):
    sent = fields("Comté", rating="2", title="Trop salé", text="Sec\r\net cher.") | fields(
        "service", rating="5", courier="4"
    )

    answered = client.post(page_of(order), sent, follow=True)

    review, service = ProductReview.objects.get(), ServiceReview.objects.get()
    assert (review.product.name, review.rating, review.text) == ("Comté", 2, "Sec\net cher.")
    assert (service.rating, service.courier, service.freshness) == (5, 4, None)
    text = answered.content.decode()
    assert "sous 72 heures" in text and "en cours de relecture" in text and "Trop salé" in text


def test_sending_the_same_again_changes_nothing(client, order):
    sent = fields("Comté", rating="2", text="Sec.")
    client.post(page_of(order), sent)
    publish(ProductReview.objects.get())

    answered = client.post(page_of(order), sent, follow=True)

    assert "Rien de nouveau" in answered.content.decode()
    assert ProductReview.objects.get().status == "published"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"rating": "0"}, "Choisissez de 1 à 5 étoiles"),
        ({"rating": "6"}, "Choisissez de 1 à 5 étoiles"),
        ({"rating": "-1"}, "Choisissez de 1 à 5 étoiles"),
        ({"rating": "beaucoup"}, "Choisissez de 1 à 5 étoiles"),
        ({"rating": "5" * 5000}, "Choisissez de 1 à 5 étoiles"),
        ({"text": "Bon"}, "Choisissez une note"),
        ({"rating": "3", "text": "x" * 10_000}, "2000 signes au plus"),
        ({"rating": "3", "title": "x" * 81}, "80 signes au plus"),
        ({"rating": "3", "text": "Appelez le 06 12 34 56 78"}, "numéro de téléphone"),
        ({"rating": "3", "title": "voir www.exemple.fr"}, "Retirez le lien"),
        ({"rating": "3", "text": "a\x00b"}, "caractère nul"),
    ],
)
def test_a_mistake_loses_no_draft_and_sends_nothing(client, order, bad, told):
    good = fields("Brie", rating="5", text="Fondant, comme je l’aime")

    page = client.post(page_of(order), fields("Comté", **bad) | good)

    text = page.content.decode()
    assert page.status_code == 422
    assert told in text.replace("\u202f", "").replace("\xa0", "")
    assert "Fondant, comme je l’aime" in text and "variable indéfinie" not in text
    assert not ProductReview.objects.exists()


def test_words_are_shown_as_words(client, order):
    rogue = '<script>alert("1")</script> & <b>gras</b>'
    client.post(page_of(order), fields("Comté", rating="1", title=rogue[:70], text=rogue))
    review = publish(ProductReview.objects.get())

    for page in (
        reverse("product", args=[review.product.slug]),
        reverse("product_reviews", args=[review.product.slug]),
        page_of(order),
    ):
        text = read(client, page)
        assert "<script>alert" not in text and "<b>gras" not in text
        assert "&lt;b&gt;gras&lt;/b&gt;" in text


def test_somebody_elses_order_has_no_page(client, order):
    client.force_login(CustomerFactory().user)

    assert client.get(page_of(order)).status_code == 404
    assert client.post(page_of(order), fields("Comté", rating="1")).status_code == 404
    assert not ProductReview.objects.exists()


def test_a_product_that_was_not_in_the_order_is_not_heard(client, order):
    ProductFactory(name="Roquefort")

    client.post(page_of(order), fields("Roquefort", rating="1") | fields("Comté", rating="4"))

    assert [review.product.name for review in ProductReview.objects.all()] == ["Comté"]


@pytest.mark.parametrize(
    ("ended", "status", "seen"),
    [
        (timedelta(days=-1), Order.Status.PLACED, 200),
        (timedelta(minutes=-10), Order.Status.PLACED, 200),
        (timedelta(days=1), Order.Status.CANCELLED, 404),
        (timedelta(days=1), Order.Status.AWAITING_PAYMENT, 404),
        (timedelta(days=1), Order.Status.ABANDONED, 404),
    ],
)
def test_before_it_came_nothing_is_said(client, customer, ended, status, seen):
    order = order_of(customer, ProductFactory(name="Comté"), ended=ended, status=status)

    page = client.get(page_of(order))
    posted = client.post(page_of(order), fields("Comté", rating="1"))

    assert (page.status_code, posted.status_code) == (seen, 404)
    assert 'type="radio"' not in page.content.decode()
    assert not ProductReview.objects.exists()


def test_a_refusal_is_told_on_the_page_and_may_be_answered_by_a_new_text(client, order):
    client.post(page_of(order), fields("Comté", rating="1", text="Demandez Jean Dupont"))
    refuse(ProductReview.objects.get(), "personal_data", "Retirez le nom.")

    page = read(client, page_of(order))
    client.post(page_of(order), fields("Comté", rating="1", text="Demandez au rayon"))

    assert "données personnelles" in page and "Retirez le nom." in page and "Demandez Jean Dupont" in page
    assert sorted(ProductReview.objects.values_list("status", "text")) == [
        ("refused", "Demandez Jean Dupont"),
        ("waiting", "Demandez au rayon"),
    ]


def test_its_author_takes_a_review_back(client, order):
    client.post(page_of(order), fields("Comté", rating="1") | fields("service", rating="2"))
    review, service = ProductReview.objects.get(), ServiceReview.objects.get()
    address = reverse("withdraw_review", args=[order.reference])

    for one in (review, service):
        assert client.post(address, {"kind": one.kind, "review": one.pk}).status_code == 302

    assert not ProductReview.objects.exists() and not ServiceReview.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"kind": "product"},
        {"kind": "other", "review": "1"},
        {"kind": "product", "review": "x"},
        {"kind": "product", "review": "9" * 40},
        {"kind": "product", "review": "0"},
    ],
)
def test_a_made_up_review_is_not_taken_back(client, order, sent):
    client.post(page_of(order), fields("Comté", rating="1"))

    assert client.post(reverse("withdraw_review", args=[order.reference]), sent).status_code == 404

    assert ProductReview.objects.count() == 1


def test_nobody_takes_somebody_elses_review_back_through_their_own_order(client, order):
    review = published()

    answered = client.post(
        reverse("withdraw_review", args=[order.reference]), {"kind": "product", "review": review.pk}
    )

    assert answered.status_code == 404
    assert again(review).status == "published"


def test_a_program_that_sends_many_is_told_to_wait(client, order):
    for _n in range(REVIEWS_BY_CUSTOMER.most):
        client.post(page_of(order), {})

    answered = client.post(page_of(order), fields("Comté", rating="1"))

    assert answered.status_code == 429
    assert not ProductReview.objects.exists()


def test_the_form_costs_the_same_queries_with_twice_the_products(client, customer):
    few, many = (order_of(customer, *ProductFactory.create_batch(n)) for n in (3, 6))

    assert queries(client, page_of(few)) == queries(client, page_of(many)) <= 12


# --- reading ----------------------------------------------------------------------------------------


def queries(client, address):
    client.get(address)
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.fixture
def product():
    ZoneFactory()
    return ProductFactory(name="Comté")


def test_a_product_page_shows_what_customers_say_of_it(client, product):
    bad = published(
        product,
        rating=1,
        title="Immangeable",
        text="Sec et trop salé",
        customer=CustomerFactory(first_name="Zoé", last_name="Quint"),
    )
    answer(bad, "Nous vous l’avons remboursé.")
    published(product, rating=4)
    written(product, rating=5, text="Encore à relire")
    refuse(written(product, rating=5, text="Achetez chez moi"), "advertising")

    text = read(client, reverse("product", args=[product.slug]))

    for shown in (
        "Immangeable",
        "Sec et trop salé",
        "Zoé Q.",
        "achat vérifié",
        "publié le",
        "reçu le",
        "Nous vous l’avons remboursé.",
        "Responsable des achats",
        "2,5",
        "2 avis",
        reverse("review_policy"),
        "Les plus récents d’abord",
    ):
        assert shown in text, shown
    for hidden in ("Quint", "Encore à relire", "Achetez chez moi"):
        assert hidden not in text


def test_a_product_without_reviews_says_so_and_gives_no_figure(client, product):
    text = read(client, reverse("product", args=[product.slug]))

    assert "Pas encore d’avis" in text and "ratings__figure" not in text


def test_an_erased_customer_is_only_a_client(client, product):
    review = published(product, text="Bien", customer=CustomerFactory(first_name="Zoé", last_name="Quint"))
    type(review.customer).objects.filter(pk=review.customer_id).update(first_name="", last_name="")

    text = read(client, reverse("product_reviews", args=[product.slug]))

    assert "Zoé" not in text and "Client ·" in text


def test_a_merged_customer_is_called_as_their_owner(client, product):
    guest, owner = CustomerFactory(first_name="Zoé"), CustomerFactory(first_name="Ana", last_name="Roux")
    review = published(product, customer=guest)
    type(guest).objects.filter(pk=guest.pk).update(merged_into=owner)

    text = read(client, reverse("product_reviews", args=[product.slug]))

    assert again(review).customer == guest
    assert "Ana R." in text and "Zoé" not in text


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", [2, 5, 1, 3]),
        ("recents", [2, 5, 1, 3]),
        ("anciens", [3, 1, 5, 2]),
        ("notes-basses", [1, 2, 3, 5]),
        ("notes-hautes", [5, 3, 2, 1]),
        ("inconnu", [2, 5, 1, 3]),
    ],
)
def test_reviews_are_read_in_the_order_asked_for(client, product, sort, order):
    for rating in (3, 1, 5, 2):
        published(product, rating=rating, text=f"note-{rating}.")

    text = read(client, reverse("product_reviews", args=[product.slug]) + f"?tri={sort}")

    assert sorted(order, key=lambda rating: text.index(f"note-{rating}.")) == order


def test_every_review_is_reached_by_pages(client, product):
    for number in range(12):
        published(product, rating=1 + number % 5, text=f"avis-{number}.")
    address = reverse("product_reviews", args=[product.slug])

    first, second = read(client, address), read(client, f"{address}?page=2")

    assert [sum(f"avis-{n}." in page for n in range(12)) for page in (first, second)] == [10, 2]
    assert "12 avis" in first and f'href="{reverse("product", args=[product.slug])}"' in second
    assert "Lire les 12 avis" in read(client, reverse("product", args=[product.slug]))


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1e3", "²"])
def test_a_page_number_that_is_none_is_the_first(client, product, page):
    published(product, text="Bien")

    assert "Bien" in read(client, reverse("product_reviews", args=[product.slug]) + f"?page={page}")


@pytest.mark.parametrize("page", ["2", "99999"])
def test_past_the_last_page_there_is_nothing(client, product, page):
    published(product)

    assert client.get(reverse("product_reviews", args=[product.slug]) + f"?page={page}").status_code == 404


def test_a_product_not_for_sale_has_no_reviews_page(client):
    product = ProductFactory(draft=True)

    assert client.get(reverse("product_reviews", args=[product.slug])).status_code == 404


def test_the_service_page_shows_bad_reviews_too(client):
    bad = publish(written_of_service(rating=1, text="Une heure de retard", punctuality=1, courier=5))
    answer(bad, "Le camion est tombé en panne.", "delivery")
    publish(written_of_service(rating=4, punctuality=4))
    publish(written_of_service(rating=2, punctuality=5))
    written_of_service(rating=5, text="Encore à relire")

    for name in ("service_quality", "service_reviews"):
        text = read(client, reverse(name))
        for shown in (
            "Une heure de retard",
            "Le camion est tombé en panne.",
            "Responsable des livraisons",
            "2,3",
            "Ponctualité",
            "3,3 <",
            "commande vérifiée",
            reverse("review_policy"),
        ):
            assert shown in text, (name, shown)
        assert "Encore à relire" not in text


def test_the_service_page_without_reviews_gives_no_figure(client):
    for name in ("service_quality", "service_reviews"):
        text = read(client, reverse(name))
        assert "Aucun avis" in text and "ratings__figure" not in text


def test_the_rules_of_reviews_are_told(client):
    text = read(client, reverse("review_policy"))

    for told in (
        "72 heures",
        "cinq ans",
        "contrepartie",
        "jamais refusé parce qu’il est négatif",
        "données personnelles",
        "conflit d’intérêts",
        "D. 111-16",
    ):
        assert told in text, told


@pytest.mark.parametrize("name", ["product", "product_reviews", "service_quality", "service_reviews"])
def test_pages_cost_the_same_with_twice_the_reviews(client, product, name):
    address = reverse(name, args=[product.slug] if name.startswith("product") else [])
    for _n in range(3):
        published(product, text="Bien")
        publish(written_of_service(text="Bien"))
    before = queries(client, address)
    for _n in range(3):
        published(product, text="Bien")
        publish(written_of_service(text="Bien"))

    # The public record is read anew once in five minutes.
    assert queries(client, address) == before <= 7
