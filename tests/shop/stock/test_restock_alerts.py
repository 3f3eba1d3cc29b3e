"""« Prévenez-moi »: asked once, told once, then forgotten."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message
from shop.catalogue.models import Product
from shop.catalogue.services import publish, unpublish
from shop.stock.models import RestockAlert, StockItem, StockMovement
from shop.stock.services import (
    NothingToWaitFor,
    alerts,
    ask_for_restock,
    change_stock,
    claim_restocked,
    forget_old_alerts,
    return_stock,
    take_stock,
    tell_restocked,
)
from tests.factories import CustomerFactory, DepotFactory, ProductFactory
from tests.shop.stock.counting import count_shelf
from tests.shop.stock.files import GOOD, imported

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def cold():
    cache.clear()


@pytest.fixture
def product():
    return ProductFactory(name="Brie de Meaux", slug="brie", stock=0)


def ask(product, email="marie@exemple.fr", depot=None, **more):
    return ask_for_restock(product_id=product.pk, depot_id=(depot or DepotFactory()).pk, email=email, **more)


def refill(product, available=5, depot=None):
    count_shelf(product, available, depot)


def told():
    deliver_all()
    return sorted(Message.objects.filter(purpose="product_restocked").values_list("recipient", flat=True))


def test_who_asked_hears_once_that_it_is_back(product):
    customer = CustomerFactory()
    ask(product)
    ask(product, customer.email, customer_id=customer.pk)

    refill(product)

    assert told() == sorted(["marie@exemple.fr", customer.email])
    letter = Message.objects.get(customer=customer)
    assert "Brie de Meaux" in letter.subject and "/produits/brie/" in letter.text
    assert not letter.is_marketing
    assert not RestockAlert.objects.exists()


def test_asking_twice_is_asking_once(product):
    assert ask(product) is True
    assert ask(product, " Marie@Exemple.fr ") is False

    assert RestockAlert.objects.count() == 1


@pytest.mark.parametrize("stock", [1, 40])
def test_what_is_in_stock_is_not_waited_for(stock):
    with pytest.raises(NothingToWaitFor):
        ask(ProductFactory(stock=stock))

    assert not RestockAlert.objects.exists()


def test_what_is_no_longer_sold_is_not_waited_for():
    with pytest.raises(NothingToWaitFor):
        ask(ProductFactory(stock=0, draft=True))

    assert not RestockAlert.objects.exists()


def test_less_than_one_step_of_a_weighed_product_is_nothing():
    product = ProductFactory(weighed=True, weight_step_g=250, stock=249)
    ask(product)

    refill(product, 249)
    before = told()
    refill(product, 250)

    assert (before, told()) == ([], ["marie@exemple.fr"])


def test_each_depot_tells_its_own(product):
    lyon = DepotFactory(code="lyon", name="Lyon")
    ask(product, "paris@exemple.fr")
    ask(product, "lyon@exemple.fr", depot=lyon)

    refill(product, depot=lyon)

    assert told() == ["lyon@exemple.fr"]
    assert RestockAlert.objects.get().email == "paris@exemple.fr"


def test_a_product_that_comes_and_goes_writes_once(product):
    ask(product)

    for available in (3, 0, 4, 0, 5):
        refill(product, available)
    first = told()
    for available in (0, 6):
        refill(product, available)

    assert first == told() == ["marie@exemple.fr"]


def test_what_ran_out_before_the_letter_was_written_is_not_announced(product):
    ask(product)

    refill(product, 5)
    refill(product, 0)

    assert told() == []
    assert RestockAlert.objects.exists(), "they go on waiting"


@pytest.mark.parametrize("way", ["count", "many", "returned", "published"])
def test_whatever_brings_it_back_tells(product, way):
    item = StockItem.objects.get()
    if way == "returned":
        refill(product, 2)
        take_stock(order_reference="R1", depot_id=item.depot_id, quantities={product.pk: 2})
    ask(product)

    if way == "count":
        refill(product)
    elif way == "many":
        change_stock(item_ids=[item.pk], how=StockMovement.Kind.RECEIPT, quantity=5)
    elif way == "returned":
        return_stock(order_reference="R1")
    else:
        unpublish(product_id=product.pk)
        refill(product)
        assert told() == []
        product.nutrition = {"energy_kj": 1, "fat_g": 0, "saturated_fat_g": 0, "carbohydrates_g": 0, "sugars_g": 0,
                             "proteins_g": 0, "salt_g": 0}  # fmt: skip
        product.save(update_fields=["nutrition"])
        publish(product_id=product.pk)
        tell_restocked()

    assert told() == ["marie@exemple.fr"]


def test_a_file_that_brings_stock_tells(shop, tmp_path):
    imported(tmp_path, GOOD | {"stock": "0"})
    ask(Product.objects.get())

    imported(tmp_path, GOOD | {"stock": "24"})

    assert told() == ["marie@exemple.fr"]


def test_where_nobody_waits_nothing_is_published(product):
    refill(product)

    assert tell_restocked(product_ids=[product.pk]) == tell_restocked() == 0
    assert told() == []


def test_a_crowd_is_told_in_several_goes(product, monkeypatch):
    monkeypatch.setattr(alerts, "TOLD_AT_ONCE", 2)
    emails = [f"client{n}@exemple.fr" for n in range(5)]
    for email in emails:
        ask(product, email)

    refill(product)

    assert told() == emails


def test_what_is_waited_for_in_vain_is_forgotten_after_sixty_days(product):
    ask(product, "ancienne@exemple.fr")
    RestockAlert.objects.update(created_at=timezone.now() - timedelta(days=60, minutes=1))
    ask(product, "recente@exemple.fr")

    assert forget_old_alerts() == 1
    assert RestockAlert.objects.get().email == "recente@exemple.fr"


def test_a_claim_gives_each_person_away_once(product):
    ask(product)
    StockItem.objects.update(on_hand=5)

    first, second = [claim_restocked(product_id=product.pk, depot_id=DepotFactory().pk) for _time in range(2)]

    assert [waiting.email for waiting in first] == ["marie@exemple.fr"]
    assert second == []
