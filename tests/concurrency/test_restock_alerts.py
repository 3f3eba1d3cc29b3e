"""Two deliveries at once tell each person once; without the claim they tell twice."""

import threading

import pytest
from django.db import transaction

from config.facts import deliver_all
from crm.outbox.handlers import tell_product_restocked
from crm.outbox.models import Message
from crm.outbox.services import queue_message
from shop.stock.events import ProductRestocked
from shop.stock.models import RestockAlert, StockItem
from shop.stock.services import NothingToWaitFor, ask_for_restock
from tests.concurrency.racing import together
from tests.factories import DepotFactory, ProductFactory
from tests.shop.stock.counting import count_shelf

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
PEOPLE = [f"client{n}@exemple.fr" for n in range(12)]


@pytest.fixture
def back():
    """A product that is back, with people waiting for it."""
    product, depot = ProductFactory(stock=0), DepotFactory()
    for email in PEOPLE:
        ask_for_restock(product_id=product.pk, depot_id=depot.pk, email=email)
    StockItem.objects.update(on_hand=5)
    return ProductRestocked(product_id=product.pk, depot_id=depot.pk)


def told():
    return sorted(Message.objects.values_list("recipient", flat=True))


def test_two_restocks_at_once_tell_each_person_once(back):
    def deliver(_n):
        with transaction.atomic():
            tell_product_restocked(back)

    answers = together(4, deliver)

    assert answers == [None] * 4
    assert told() == sorted(PEOPLE)
    assert not RestockAlert.objects.exists()


def test_control_reading_then_telling_tells_twice(back):
    read = threading.Barrier(2)

    def careless(n):
        with transaction.atomic():
            waiting = list(RestockAlert.objects.values_list("pk", "email"))
            read.wait(30)
            for pk, email in waiting:
                queue_message(
                    purpose="product_restocked", occasion=f"{n} {pk}", recipient=email,
                    template="product_restocked", context={"name": "Brie", "slug": "brie"},
                )  # fmt: skip
            RestockAlert.objects.filter(pk__in=[pk for pk, _email in waiting]).delete()

    together(2, careless)

    assert told() == sorted(PEOPLE * 2)


def test_whoever_asks_as_it_arrives_is_refused_or_told():
    depot = DepotFactory()
    for _time in range(10):
        product = ProductFactory(stock=0)

        def act(n, product=product):
            if n:
                return count_shelf(product, 3, depot)
            return ask_for_restock(product_id=product.pk, depot_id=depot.pk, email=PEOPLE[0])

        asked, _filled = together(2, act)
        deliver_all()

        assert isinstance(asked, NothingToWaitFor) or asked is True
        assert not RestockAlert.objects.exists()
    assert len(told()) <= 10
