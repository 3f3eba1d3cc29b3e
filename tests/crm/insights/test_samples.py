"""Samples are measured against those who could have had one: a planted effect is seen, none is not called one."""

import random
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from crm.insights.queries.samples import samples_tried
from crm.insights.recovery.intervals import difference_of
from crm.insights.samples import Tried
from loyalty.milestones.models import SampleDraw
from loyalty.rewards.models import Present
from shop.orders.models import Order
from tests.factories import AisleFactory, CustomerFactory, ProductFactory
from tests.loyalty.rewards.giving import sample
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.sales import bought_by
from tests.shop.orders.test_orders import member

DAY = timedelta(days=1)
PAGE = reverse("admin:insights_samples")


@pytest.fixture(autouse=True)
def nothing_known():
    cache.clear()
    yield
    cache.clear()


def tried(*figures, **changes):
    return Tried("Thé vert", *figures, **({"waiting": 0, "welcomed": 0, "welcomed_bought": 0} | changes))


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ((400, 120, 100, 10), "+20 points (de +10 à +28)\u202f: l’échantillon fait acheter."),
        ((400, 44, 100, 10), "non prouvé, ce peut être le hasard"),
        ((400, 20, 100, 40), "il fait moins acheter"),
        ((400, 120, 29, 2), "Pas assez pour conclure\u202f: il en faut 30 de chaque côté."),
        ((0, 0, 0, 0), "Pas assez pour conclure"),
    ],
)
def test_the_sentence_says_what_a_sample_changes_and_when_nobody_can_tell(figures, said):
    assert said in tried(*figures).sentence


def test_intervals_hold_the_truth_and_call_no_chance_an_effect():
    dice, held, real = random.Random(6), 0, 0
    for effect in (0.0, 0.1):
        for _run in range(300):
            one = sum(dice.random() < 0.15 + effect for _n in range(200))
            other = sum(dice.random() < 0.15 for _n in range(60))
            found = difference_of((one, 200), (other, 60)).interval
            held += found.low <= effect <= found.high
            real += effect == 0 and (found.low > 0 or found.high < 0)

    assert held >= 0.93 * 600 and real <= 0.05 * 300


def given(owner, one, where, *, held_out=False, days_ago=90, rank=2, delivered=True):
    """An order with its draw, delivered so long ago."""
    at = timezone.now() - days_ago * DAY
    order = bought_by(owner, where)
    Order.objects.filter(pk=order.pk).update(
        rank=rank, delivered_at=at, status="delivered" if delivered else "packed"
    )
    SampleDraw.objects.create(customer=owner, item=one, order_reference=order.reference, is_held_out=held_out)
    if not held_out:
        Present.objects.create(
            customer=owner, kind="sample", name=one.name, item=one, source=f"sample-{order.reference}",
            order_reference=order.reference, **({"state": "given", "given_at": at} if delivered else {"state": "packed"}),
        )  # fmt: skip
    return at


@pytest.fixture
def tea(db):
    product = ProductFactory(name="Thé vert")
    return product, sample("Thé à goûter", shelf=product.shelf_id)


def test_what_is_bought_of_the_shelf_within_sixty_days_counts_on_either_side(tea, zone):  # noqa: F811
    product, one = tea
    buyers = [CustomerFactory() for _n in range(6)]
    for owner, held_out in zip(buyers, (False, False, False, True, True, False), strict=True):
        given(owner, one, zone, held_out=held_out)
    bought_by(buyers[0], zone, product, age=60 * DAY)
    bought_by(buyers[1], zone, product, age=10 * DAY)
    bought_by(buyers[2], zone, ProductFactory(shelf=AisleFactory(slug="ailleurs")), age=60 * DAY)
    bought_by(buyers[3], zone, product, age=80 * DAY)
    guest = CustomerFactory(user=None, merged_into=buyers[5])
    bought_by(guest, zone, product, age=70 * DAY)

    told = samples_tried(timezone.now())

    assert [(row.name, row.tried, row.tried_bought, row.held_out, row.held_out_bought) for row in told] == [
        ("Thé à goûter", 4, 2, 2, 1)
    ]


def test_first_orders_stand_apart_and_recent_or_undelivered_ones_wait(tea, zone):  # noqa: F811
    _product, one = tea
    given(CustomerFactory(), one, zone, rank=1)
    given(CustomerFactory(), one, zone, days_ago=30)
    given(CustomerFactory(), one, zone, delivered=False)

    row = samples_tried(timezone.now())[0]

    assert (row.welcomed, row.waiting, row.tried, row.held_out) == (1, 1, 0, 0)


def test_samples_of_more_than_a_year_ago_say_nothing_of_today(tea, zone):  # noqa: F811
    _product, one = tea
    given(CustomerFactory(), one, zone, days_ago=364)
    given(CustomerFactory(), one, zone, days_ago=366)
    given(CustomerFactory(), one, zone, held_out=True, days_ago=366)

    row = samples_tried(timezone.now())[0]

    assert (row.tried, row.held_out) == (1, 0)


def test_marketers_read_it_with_one_query_however_many(client, tea, zone):  # noqa: F811
    seed_groups()
    client.force_login(member(StaffGroup.MARKETING))
    assert "Aucun échantillon n’est parti depuis un an" in unescape(client.get(PAGE).content.decode())
    cache.clear()
    given(CustomerFactory(), tea[1], zone)
    with CaptureQueriesContext(connection) as few:
        assert "Thé à goûter" in unescape(client.get(PAGE).content.decode())
    for n in range(4):
        given(CustomerFactory(), sample(f"Café {n}", shelf=9), zone)
    cache.clear()
    with CaptureQueriesContext(connection) as many:
        assert "Café 3" in client.get(PAGE).content.decode()

    assert len(many) == len(few)
    with CaptureQueriesContext(connection) as known:
        assert "Café 3" in client.get(PAGE).content.decode()
    assert len(known) == len(few) - 1


def test_others_do_not(client, db):
    seed_groups()
    client.force_login(member(StaffGroup.PICKING))

    assert client.get(PAGE).status_code == 403
