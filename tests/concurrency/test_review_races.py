"""Stars are counted right however many decide at once, and two presses make one review."""

import threading
from collections import Counter

import pytest
from django.db import IntegrityError, transaction

from shop.reviews import services
from shop.reviews.models import ProductRating, ProductReview, ServiceReview
from shop.reviews.rules import ServiceWords, Words
from tests.concurrency.racing import together
from tests.factories import CustomerFactory, ProductFactory
from tests.shop.reviews.support import order_of, publish, rating_of, refuse, written

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
STAFF = 12


def waiting_reviews():
    product = ProductFactory()
    return product, [written(product, rating=1 + n % 5) for n in range(STAFF)]


def counted(product):
    return rating_of(product.pk).counts


def true_counts(reviews):
    return tuple(sum(review.rating == stars for review in reviews) for stars in range(1, 6))


def test_every_review_published_at_once_is_counted():
    product, reviews = waiting_reviews()

    answers = together(STAFF, lambda n: publish(reviews[n]).status)

    assert answers == ["published"] * STAFF
    assert counted(product) == true_counts(reviews)


def test_control_reading_then_writing_loses_stars():
    product, reviews = waiting_reviews()
    ProductRating.objects.create(product=product)
    read = threading.Barrier(STAFF)

    def careless(n):
        with transaction.atomic():
            rating = ProductRating.objects.get(product=product)
            name = ProductRating.COLUMNS[reviews[n].rating - 1]
            read.wait(30)
            ProductRating.objects.filter(product=product).update(**{name: getattr(rating, name) + 1})

    together(STAFF, careless)

    assert sum(counted(product)) < STAFF


def test_a_review_that_many_decide_on_at_once_is_decided_once():
    review = written(rating=2)

    answers = together(STAFF, lambda n: (publish if n % 2 else refuse)(review))

    status = ProductReview.objects.get().status
    # Refusing after publishing is a move of the table, publishing after refusing is none.
    assert status == "refused"
    decided = [one for one in answers if isinstance(one, ProductReview)]
    assert 1 <= len(decided) <= 2
    assert Counter(type(one) for one in answers)[services.AlreadyDecided] == STAFF - len(decided)
    assert sum(counted(review.product)) == 0


def test_two_presses_at_once_make_one_review():
    customer, product = CustomerFactory(), ProductFactory()
    order = order_of(customer, product)

    def press(n):
        return services.hand_in_reviews(
            customer_id=customer.pk,
            order_reference=order.reference,
            of_products={product.pk: Words(1 + n % 5)},
            of_service=ServiceWords(Words(3)),
        )

    assert together(STAFF, press) == [2] * STAFF

    assert ProductReview.objects.count() == ServiceReview.objects.count() == 1


def test_control_looking_before_adding_meets_the_other_press():
    model = written()
    fields = {
        f.attname: getattr(model, f.attname) for f in ProductReview._meta.concrete_fields if f.name != "id"
    }
    ProductReview.objects.all().delete()
    looked = threading.Barrier(2)

    def careless(_n):
        with transaction.atomic():
            is_new = not ProductReview.objects.filter(customer=model.customer, product=model.product).exists()
            looked.wait(30)
            assert is_new
            ProductReview.objects.create(**fields)

    answers = together(2, careless)

    assert [type(one) for one in answers if one is not None] == [IntegrityError]


def test_taking_back_while_a_new_version_is_published_neither_deadlocks_nor_miscounts():
    product = ProductFactory()
    for _round in range(5):
        first = publish(written(product, rating=5))
        second = written(product, customer=first.customer, rating=1)

        def take_back(review):
            services.withdraw_review(customer_id=review.customer_id, kind="product", review_id=review.pk)

        jobs = [lambda second=second: publish(second), lambda first=first: take_back(first)]
        answers = together(2, lambda n, jobs=jobs: jobs[n]())

        assert not any("deadlock" in str(one) for one in answers), answers

    shown = ProductReview.objects.filter(status="published")
    assert counted(product) == true_counts(shown)
