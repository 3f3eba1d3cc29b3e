"""From a customer's words to what everybody reads; only who received something says something of it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_domain_events import assert_fired

from shop.orders.models import Order
from shop.reviews import services
from shop.reviews.events import ReviewAnswered, ReviewRefused
from shop.reviews.models import MOVES, ProductRating, ProductReview, ServiceReview, Status
from shop.reviews.queries import reviews_of
from shop.reviews.rules import ServiceWords, Words
from tests.factories import CustomerFactory, ProductFactory, UserFactory
from tests.shop.reviews.support import (
    again,
    answer,
    order_of,
    publish,
    published,
    rating_of,
    refuse,
    written,
    written_of_service,
)

pytestmark = pytest.mark.django_db


def hand_in(order, customer, product, words=None):
    return services.hand_in_reviews(
        customer_id=customer.pk,
        order_reference=order.reference,
        of_products={product.pk: words or Words(4)},
        of_service=ServiceWords(Words(4)),
    )


def counts(product):
    return rating_of(product.pk).counts


# --- who may say something of what -----------------------------------------------------------------


def test_a_review_waits_and_carries_the_day_the_order_came():
    customer, product = CustomerFactory(), ProductFactory()
    order = order_of(customer, product)

    hand_in(order, customer, product)

    review = ProductReview.objects.get()
    assert (review.status, review.customer, review.order_reference) == ("waiting", customer, order.reference)
    assert review.experienced_on == timezone.localdate(order.slot.starts_at)
    assert ServiceReview.objects.get().experienced_on == review.experienced_on
    assert reviews_of(product.pk).summary.count == 0


@pytest.mark.parametrize(
    "trouble", ["somebody else's", "to come", "under way", "cancelled", "unknown", "another product"]
)
def test_nothing_is_said_of_what_was_not_received(trouble):
    customer, product = CustomerFactory(), ProductFactory()
    ended = {"to come": timedelta(days=-1), "under way": timedelta(minutes=-30)}.get(
        trouble, timedelta(days=1)
    )
    status = Order.Status.CANCELLED if trouble == "cancelled" else Order.Status.PLACED
    order = order_of(customer, product, ended=ended, status=status)
    writer = CustomerFactory() if trouble == "somebody else's" else customer
    order.reference = "CB-NULLE" if trouble == "unknown" else order.reference
    said_of = ProductFactory() if trouble == "another product" else product

    with pytest.raises(services.NotReceived):
        hand_in(order, writer, said_of)

    assert not ProductReview.objects.exists() and not ServiceReview.objects.exists()


def test_the_order_of_a_guest_counts_once_its_owner_proved_the_address():
    customer, product = CustomerFactory(), ProductFactory()
    guest = CustomerFactory(guest=True)
    order = order_of(guest, product)
    with pytest.raises(services.NotReceived):
        hand_in(order, customer, product)

    guest.merged_into = customer
    guest.save()
    hand_in(order, customer, product)

    assert ProductReview.objects.get().customer == customer


@pytest.mark.parametrize(
    "words",
    [Words(0), Words(6), Words(3, text="x" * 2001), Words(3, "06 12 34 56 78"), Words(3, text="a@b.fr")],
)
def test_what_no_review_may_hold_is_refused_whole(words):
    customer, products = CustomerFactory(), ProductFactory.create_batch(2)
    order = order_of(customer, *products)

    with pytest.raises(services.WordsRefused):
        services.hand_in_reviews(
            customer_id=customer.pk,
            order_reference=order.reference,
            of_products={products[0].pk: Words(5), products[1].pk: words},
        )

    assert not ProductReview.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"rating": 0}, {"rating": 6}, {"status": "refused"}, {"status": "published"}]
)
def test_the_database_holds_what_the_law_wants(changes):
    review = written()

    with pytest.raises(IntegrityError), transaction.atomic():
        ProductReview.objects.filter(pk=review.pk).update(**changes)

    assert again(review).status == "waiting"


# --- one review each, and its versions --------------------------------------------------------------


def test_words_that_nobody_read_yet_are_replaced():
    first = written(rating=1, text="Mauvais")

    second = written(first.product, customer=first.customer, rating=2, text="Pas si mauvais")

    assert second.pk == first.pk and ProductReview.objects.count() == 1
    assert (second.rating, second.text) == (2, "Pas si mauvais")
    assert second.written_at > first.written_at


def test_a_published_review_stays_until_its_new_words_are_read():
    first = published(rating=5, text="Parfait")

    second = written(first.product, customer=first.customer, rating=1, text="Plus jamais")
    before = [review.text for review in reviews_of(first.product_id).page_obj]
    publish(second)

    assert before == ["Parfait"]
    assert [review.text for review in reviews_of(first.product_id).page_obj] == ["Plus jamais"]
    assert again(first).status == Status.REPLACED and again(first).text == "Parfait"
    assert counts(first.product) == (1, 0, 0, 0, 0)


def test_a_refused_change_leaves_what_was_published():
    first = published(rating=5)

    refuse(written(first.product, customer=first.customer, rating=1, text="Bande d’imbéciles"))

    assert again(first).status == Status.PUBLISHED
    assert counts(first.product) == (0, 0, 0, 0, 1)


def test_an_order_has_one_review_of_its_service():
    first = publish(written_of_service(rating=2, courier=1))
    order = Order.objects.get(reference=first.order_reference)

    second = publish(written_of_service(customer=first.customer, order=order, rating=3, punctuality=4))

    assert list(ServiceReview.objects.filter(status="published")) == [second]
    assert (second.courier, second.punctuality) == (None, 4)
    assert again(first).status == Status.REPLACED


def test_its_author_takes_back_all_that_was_said():
    first = published(rating=5)
    written(first.product, customer=first.customer, rating=1)

    services.withdraw_review(customer_id=first.customer_id, kind="product", review_id=first.pk)

    assert not ProductReview.objects.exists()
    assert counts(first.product) == (0, 0, 0, 0, 0)


def test_nobody_takes_back_somebody_elses_review():
    review = published(rating=1)

    with pytest.raises(services.NotReceived):
        services.withdraw_review(customer_id=CustomerFactory().pk, kind="product", review_id=review.pk)

    assert again(review).status == Status.PUBLISHED
    assert counts(review.product) == (1, 0, 0, 0, 0)


# --- decisions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rating", [1, 2, 3, 4, 5])
def test_good_and_bad_are_published_and_counted_alike(rating):
    user = UserFactory(staff=True)
    review = written(rating=rating)

    services.publish_review(kind="product", review_id=review.pk, user_id=user.pk, seen_at=review.written_at)

    review = again(review)
    assert (review.status, review.moderated_by) == (Status.PUBLISHED, user)
    assert review.published_at == review.moderated_at
    assert counts(review.product)[rating - 1] == rating_of(review.product_id).count == 1


@pytest.mark.parametrize(("reason", "words"), [("", "Parce que."), ("insult", ""), ("insult", "  ")])
def test_nothing_is_refused_without_a_reason_and_words(reason, words):
    review = written()

    with pytest.raises(services.ReasonMissing):
        refuse(review, reason, words)

    assert again(review).status == Status.WAITING
    assert_fired(ReviewRefused, times=0)


def test_a_refusal_is_kept_with_its_reason_and_told():
    review = refuse(written(), "personal_data", "Retirez le nom du livreur.")

    assert (review.status, review.refusal_reason) == (Status.REFUSED, "personal_data")
    assert review.refusal_words == "Retirez le nom du livreur."
    assert_fired(ReviewRefused, times=1)


def test_a_published_review_that_turns_out_unlawful_is_no_longer_counted():
    review = published(rating=4)

    refuse(review, "illegal", "Appel à la violence.")

    assert counts(review.product) == (0, 0, 0, 0, 0)
    assert not reviews_of(review.product_id).page_obj.object_list


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize(("decide", "after"), [(publish, Status.PUBLISHED), (refuse, Status.REFUSED)])
def test_only_the_moves_of_the_table_are_made(before, decide, after):
    review = published() if before in {Status.PUBLISHED, Status.REPLACED} else written()
    if before == Status.REFUSED:
        refuse(review)
    ProductReview.objects.filter(pk=review.pk).update(status=before)

    if after in MOVES[before]:
        assert decide(again(review)).status == after
    else:
        with pytest.raises(services.AlreadyDecided):
            decide(again(review))
        assert again(review).status == before


def test_words_changed_meanwhile_are_not_published_unread():
    read = written(rating=5, text="Très bon")
    written(read.product, customer=read.customer, rating=5, text="Achetez plutôt ailleurs")

    with pytest.raises(services.WordsChanged):
        publish(read)

    assert again(read).status == Status.WAITING
    assert rating_of(read.product_id).count == 0


def test_the_shop_answers_once_and_what_is_published_only():
    review = written(rating=2)
    with pytest.raises(services.NotAnswerable):
        answer(review)
    assert again(review).answer == ""

    answer(publish(review), "Nous changeons de producteur.")
    with pytest.raises(services.NotAnswerable):
        answer(review, "Encore un mot.")

    review = again(review)
    assert (review.answer, review.answer_role) == ("Nous changeons de producteur.", "buyer")
    assert_fired(ReviewAnswered, times=1)


def test_an_answer_stays_with_the_words_it_answered():
    first = answer(published(rating=1, text="Sec"))

    second = publish(written(first.product, customer=first.customer, rating=3, text="Mieux"))

    assert again(first).answer and not second.answer


# --- time -------------------------------------------------------------------------------------------


def test_reviews_are_kept_as_long_as_was_said_and_no_longer():
    review, other, waiting = published(rating=2), refuse(written()), written()
    product = review.product
    kept_until = review.published_at + services.KEPT_PUBLISHED

    assert services.forget_old_reviews(timezone.now()) == 0
    assert services.forget_old_reviews(other.moderated_at + services.KEPT_OTHERWISE + timedelta(hours=1)) == 1
    assert counts(product) == (0, 1, 0, 0, 0)
    assert services.forget_old_reviews(kept_until + timedelta(hours=1)) == 1

    assert list(ProductReview.objects.all()) == [waiting]
    assert counts(product) == (0, 0, 0, 0, 0)


def test_the_counts_are_those_of_the_published_reviews_whatever_happens():
    product = ProductFactory()
    reviews = [published(product, rating=rating) for rating in (1, 1, 3, 5, 5, 5)]
    refuse(reviews[0])
    publish(written(product, customer=reviews[2].customer, rating=4))
    services.withdraw_review(customer_id=reviews[5].customer_id, kind="product", review_id=reviews[5].pk)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        publish(written(product, customer=reviews[1].customer, rating=1))

    shown = ProductReview.objects.filter(status="published").values_list("rating", flat=True)
    assert counts(product) == tuple(list(shown).count(stars) for stars in range(1, 6)) == (1, 0, 0, 1, 2)
    assert ProductRating.objects.count() == 1


def test_ratings_are_built_anew_from_what_is_published():
    product = ProductFactory()
    for rating in (1, 5, 5):
        published(product, rating=rating)
    refuse(written(product, rating=3))
    other = published(rating=2)
    ProductRating.objects.filter(product=product).update(one=7, three=4)
    ProductReview.objects.filter(pk=other.pk).delete()

    services.recount_ratings()

    assert counts(product) == (1, 0, 0, 0, 2)
    assert rating_of(other.product_id).count == 0
