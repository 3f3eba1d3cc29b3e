"""The demonstration's promotions are lawful on the catalogue it comes with, and there once."""

import pytest
from django.core.management import call_command

from config.demonstration.promotions import PROMOTIONS
from config.staff import seed_groups
from delivery.zones.seed import seed_zones
from shop.pricing.models import Promotion
from shop.pricing.queries import fresh_book, items_of, reference_prices

pytestmark = pytest.mark.django_db


@pytest.fixture
def demonstration(settings):
    settings.DEMONSTRATION = True
    seed_groups()
    seed_zones()
    call_command("demo", verbosity=0)


def test_the_demonstration_shows_every_kind_of_promotion(demonstration):
    from django.db.models import Q

    assert set(Promotion.objects.running().values_list("kind", flat=True)) == set(Promotion.Kind.values)
    book = fresh_book(None)
    offers = {
        item.product_id: offer for item in items_of(Q(is_published=True)) if (offer := book.offer_for(item))
    }
    references = reference_prices(offers, book)

    assert {offer.terms.kind for offer in offers.values()} == set(Promotion.Kind.values) - {
        "free_delivery",
        "points",
    }
    assert {pk for pk, offer in offers.items() if offer.price_now} == set(references)
    announced = {offer.announced(references.get(pk)) for pk, offer in offers.items()}
    assert ("−20\u202f%", None) not in announced and all(badge for badge, _struck in announced)


def test_the_demonstration_run_twice_adds_nothing(demonstration):
    before = Promotion.objects.count()

    call_command("demo", verbosity=0)

    assert Promotion.objects.count() == before == len(PROMOTIONS)
