"""The demonstration's reviews hang on orders that came; without any, there are none."""

import pytest
from django.core.management import call_command

from config.demonstration.reviews import make_reviews
from config.staff import seed_groups
from shop.catalogue.models import Product
from shop.reviews.models import ProductReview, ServiceReview
from shop.reviews.rules import faults_of_text
from shop.stock.importing import load_starter
from tests.factories import CustomerFactory, DepotFactory, ProductFactory, ZoneFactory
from tests.shop.reviews.support import order_of, published

pytestmark = pytest.mark.django_db


@pytest.fixture
def starter():
    DepotFactory()
    ZoneFactory()
    load_starter()
    return list(Product.objects.order_by("pk")[:12])


def test_orders_that_came_are_spoken_of_in_good_and_bad(starter):
    for _n in range(8):
        order_of(CustomerFactory(), *starter)

    made = make_reviews()

    reviews = [*ProductReview.objects.all(), *ServiceReview.objects.all()]
    assert made == len(reviews) >= 34
    assert {review.rating for review in reviews} == {1, 2, 3, 4, 5}
    assert {review.status for review in reviews} == {"published", "waiting"}
    assert any(review.answer for review in reviews if review.rating <= 2)
    assert not any(faults_of_text(review.text) for review in reviews)


def test_only_the_starter_catalogue_is_spoken_of(starter):
    for _n in range(3):
        order_of(CustomerFactory(), ProductFactory())

    make_reviews()

    assert not ProductReview.objects.exists() and ServiceReview.objects.exists()


def test_a_shop_with_reviews_gets_no_other(starter):
    published()

    assert make_reviews() == 0
    assert ProductReview.objects.count() == 1


def test_a_demonstration_without_orders_says_that_it_adds_none(starter, capsys, settings):
    settings.DEMONSTRATION = True
    seed_groups()

    call_command("demo")

    assert "Aucun avis ajouté" in capsys.readouterr().out
    assert not ProductReview.objects.exists()
