"""What the depot no longer has is known by order, before the van leaves."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup
from delivery.slots.models import Slot
from shop.orders.models import Order
from shop.orders.shortages import by_slot, missing_lines
from shop.stock.models import StockItem
from shop.stock.services import return_stock, take_stock
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.orders.sales import bought_by
from tests.shop.orders.test_orders import member
from tests.shop.stock.counting import count_shelf

pytestmark = pytest.mark.django_db
# Beyond the slots that the factory makes by itself.
NOON = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=30)


@pytest.fixture(autouse=True)
def lenient_templates(lenient):
    """The admin's own templates count on undefined variables being empty."""


@pytest.fixture
def lenient(settings):
    first = settings.TEMPLATES[0]
    settings.TEMPLATES = [first | {"OPTIONS": first["OPTIONS"] | {"string_if_invalid": ""}}]


@pytest.fixture
def brie():
    return ProductFactory(name="Brie", stock=10)


def order(product, quantity, *, hours=0, rank=9, ago=1):
    """A placed order that has taken its goods; ``hours`` after noon, ``ago`` hours before now."""
    zone = ZoneFactory()
    made = bought_by(
        CustomerFactory(first_name=f"Client{hours}{rank}{ago}"), zone, product, age=timedelta(hours=ago)
    )
    at = NOON + timedelta(hours=hours)
    slot = Slot.objects.filter(zone=zone, starts_at=at).first() or SlotFactory(zone=zone, starts_at=at)
    Order.objects.filter(pk=made.pk).update(slot=slot, rank=rank)
    take_stock(order_reference=made.reference, depot_id=zone.depot_id, quantities={product.pk: quantity})
    return made.reference


def left(product, number):
    count_shelf(product, number)


def missing():
    return {line.order_reference: (line.wanted, line.missing) for line in missing_lines()}


def test_nothing_is_missing_while_all_lies_there(brie):
    order(brie, 4), order(brie, 6)

    assert missing() == {}


def test_the_soonest_slot_is_served_first(brie):
    late, soon = order(brie, 4, hours=3), order(brie, 5)

    left(brie, 6)

    assert missing() == {late: (4, 3)}
    left(brie, 2)
    assert missing() == {soon: (5, 3), late: (4, 4)}


def test_within_a_slot_newcomers_are_served_first_then_whoever_came_before(brie):
    early, late, newcomer = order(brie, 3, ago=9), order(brie, 3, ago=2), order(brie, 3, rank=3, ago=1)

    left(brie, 5)

    assert missing() == {early: (3, 1), late: (3, 3)}
    left(brie, 1)
    assert missing() == {newcomer: (3, 2), early: (3, 3), late: (3, 3)}


def test_what_another_gives_back_serves_those_who_lack(brie):
    first, second = order(brie, 5), order(brie, 5, hours=2)
    left(brie, 5)
    assert missing() == {second: (5, 5)}

    return_stock(order_reference=first)

    assert missing() == {}


def test_one_query_however_many_lack(brie):
    def cost():
        with CaptureQueriesContext(connection) as spent:
            missing_lines()
        return len(spent)

    order(brie, 5)
    left(brie, 1)
    few = cost()
    for _ in range(5):
        other = ProductFactory(stock=4)
        order(other, 3, hours=1)
        left(other, 1)

    assert few == cost() == 1 and len(missing_lines()) == 6
    assert [len(lines) for _at, lines in by_slot(missing_lines())] == [1, 5]


@pytest.mark.parametrize("group", [StaffGroup.PICKING, StaffGroup.CUSTOMER_SERVICE, StaffGroup.MANAGER])
def test_staff_read_who_will_lack_what(client, brie, group):
    apples = ProductFactory(name="Pommes", weighed=True, stock=5000)
    reference, other = order(brie, 3, rank=2), order(apples, 1500)
    left(brie, 1)
    left(apples, 1000)
    Order.objects.filter(reference=reference).update(shortage_choice="substitute")
    Order.objects.get(reference=other).lines.update(shortage_choice="cancel")
    StockItem.objects.filter(product=brie).update(expected_restock_on=NOON.date())
    client.force_login(member(group))

    page = client.get(reverse("admin:orders_shortages")).content.decode().replace("\u00a0", " ")
    home = client.get(reverse("admin:index")).content.decode()

    assert reference in page and other in page and "Brie" in page and "★ 2" in page
    assert "me demander" in page and "annuler toute la commande" in page
    assert "remplacer" not in page, "one of the first three orders"
    assert "2 sur 3" in page and "500 g sur 1,5 kg" in page
    assert "2 commandes concernées" in home and reverse("admin:orders_shortages") in home


def test_a_shop_that_lacks_nothing_says_so(client):
    client.force_login(member(StaffGroup.PICKING))

    assert "Rien ne manquera" in client.get(reverse("admin:orders_shortages")).content.decode()


@pytest.mark.parametrize("group", [StaffGroup.CATALOGUE, StaffGroup.COURIER, StaffGroup.MARKETING])
def test_who_may_not_read_orders_reads_no_shortage_either(client, brie, group):
    reference = order(brie, 3)
    left(brie, 1)
    client.force_login(member(group))

    answer = client.get(reverse("admin:orders_shortages"))

    assert answer.status_code == 403 and reference not in answer.content.decode()
