"""Stock is the sum of its movements; what was taken, picked, counted or thrown away leaves one each."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop.stock import queries, services
from shop.stock.models import StockItem, StockMovement, StockReservation
from shop.stock.services import Receipt
from shop.stock.tasks import check_drift
from tests.factories import DepotFactory, ProductFactory, UserFactory
from tests.shop.stock.counting import count_shelf
from tests.shop.stock.files import GOOD, imported

pytestmark = pytest.mark.django_db
Kind = StockMovement.Kind


def received(*products, quantity=10, **details):
    """Products whose stock came in by a movement, unlike the factory's."""
    for product in products:
        StockItem.objects.filter(product=product).update(on_hand=0)
    services.receive_goods(
        depot_id=DepotFactory().pk, receipts=[Receipt(one.pk, quantity) for one in products], **details
    )
    return products if len(products) > 1 else products[0]


def figures(product):
    return StockItem.objects.values_list("on_hand", "reserved", "available").get(product=product)


def moves(product):
    rows = StockMovement.objects.filter(item__product=product).order_by("pk")
    return list(rows.values_list("kind", "quantity", "on_hand_after"))


def take(reference, quantities):
    services.take_stock(order_reference=reference, depot_id=DepotFactory().pk, quantities=quantities)


def pick(reference, quantities):
    services.pick_stock(order_reference=reference, depot_id=DepotFactory().pk, quantities=quantities)


def test_what_an_order_took_lies_on_the_shelf_until_it_is_picked():
    product = received(ProductFactory())

    take("A1", {product.pk: 4})
    taken = figures(product)
    pick("A1", {product.pk: 4})

    assert (taken, figures(product)) == ((10, 4, 6), (6, 0, 6))
    assert moves(product) == [(Kind.RECEIPT, 10, 10), (Kind.PICKED, -4, 6)]
    assert StockMovement.objects.get(kind=Kind.PICKED).source == "A1"
    assert queries.drifted() == []


def test_an_empty_shelf_frees_what_was_reserved_and_takes_nothing():
    product = received(ProductFactory())
    take("A1", {product.pk: 4})

    pick("A1", {product.pk: 0})

    assert figures(product) == (10, 0, 10)
    assert StockReservation.objects.get().picked_at and services.return_stock(order_reference="A1") == {}


def test_a_heavier_piece_and_a_substitute_leave_the_shelf_for_what_they_are():
    apples, pears = received(ProductFactory(weighed=True), ProductFactory(weighed=True), quantity=5000)
    take("A1", {apples.pk: 1000})

    pick("A1", {apples.pk: 1080, pears.pk: 500})

    assert (figures(apples), figures(pears)) == ((3920, 0, 3920), (4500, 0, 4500))


def test_a_picker_who_holds_it_is_right():
    product = received(ProductFactory(), quantity=3)
    take("A1", {product.pk: 3})
    services.change_stock(
        item_ids=[StockItem.objects.get().pk], how=Kind.WRITE_OFF, quantity=2, reason="missing"
    )

    pick("A1", {product.pk: 3})

    assert moves(product)[2:] == [(Kind.COUNT, 2, 3), (Kind.PICKED, -3, 0)]
    assert queries.drifted() == []


def test_picked_quantities_are_not_negative():
    product = received(ProductFactory())

    with pytest.raises(ValueError, match="negative"):
        pick("A1", {product.pk: -1})

    assert figures(product) == (10, 0, 10)


def test_an_order_that_left_unsaid_takes_what_it_had_reserved_as_far_as_it_goes():
    whole, short = received(ProductFactory(), ProductFactory())
    take("A1", {whole.pk: 4, short.pk: 4})
    count_shelf(short, 1)

    first = services.pick_as_ordered(order_reference="A1")
    again = services.pick_as_ordered(order_reference="A1")

    assert (first, again) == (2, 0)
    assert (figures(whole), figures(short)) == ((6, 0, 6), (0, 0, 0))
    assert queries.drifted() == []


def test_a_count_below_what_is_promised_says_who_will_lack():
    product = received(ProductFactory())
    take("A1", {product.pk: 8})

    count_shelf(product, 5)

    assert figures(product) == (5, 8, 0)
    assert StockItem.objects.get(product=product).shortage == 3


def test_what_is_given_back_to_a_short_shelf_is_not_for_sale():
    product = received(ProductFactory())
    take("A1", {product.pk: 4})
    take("A2", {product.pk: 4})
    count_shelf(product, 4)

    services.return_stock(order_reference="A1")

    assert figures(product) == (4, 4, 0)
    assert StockItem.objects.get(product=product).shortage == 0


def test_a_receipt_brings_lots_costs_and_products_the_depot_never_had(django_assert_max_num_queries):
    known, new = ProductFactory(stock=0), ProductFactory()
    StockItem.objects.filter(product=new).delete()
    StockItem.objects.filter(product=known).update(expected_restock_on=timezone.localdate())
    use_by, staff = timezone.localdate() + timedelta(days=9), UserFactory(staff=True)

    with django_assert_max_num_queries(15):
        services.receive_goods(
            depot_id=DepotFactory().pk, delivery_note="BL-7", by_id=staff.pk,
            receipts=[
                Receipt(known.pk, 12, lot="L1", best_before_on=use_by, unit_cost=Decimal("2.10")),
                Receipt(known.pk, 6, lot="L2", best_before_on=use_by),
                Receipt(new.pk, 3),
            ],
        )  # fmt: skip

    assert (figures(known), figures(new)) == ((18, 0, 18), (3, 0, 3))
    item = StockItem.objects.get(product=known)
    assert (item.unit_cost, item.expected_restock_on) == (Decimal("2.10"), None)
    first = StockMovement.objects.get(lot="L1")
    assert (first.source, first.best_before_on, first.by, first.on_hand_after) == ("BL-7", use_by, staff, 12)


def test_a_delivery_note_entered_twice_enters_once():
    one, other = ProductFactory(), ProductFactory()
    received(one, delivery_note="BL-7")

    with pytest.raises(services.AlreadyReceived):
        services.receive_goods(
            depot_id=DepotFactory().pk,
            delivery_note="BL-7",
            receipts=[Receipt(other.pk, 2), Receipt(one.pk, 10)],
        )

    assert (figures(one)[0], figures(other)[0]) == (10, 100)
    received(one, delivery_note="BL-8"), received(one), received(one)


@pytest.mark.parametrize("quantity", [0, -3, 3_000_000_000])
def test_absurd_receipts_are_refused(quantity):
    product = ProductFactory()

    with pytest.raises(services.StockRefused):
        services.receive_goods(depot_id=DepotFactory().pk, receipts=[Receipt(product.pk, quantity)])
    with pytest.raises(services.StockRefused):
        services.receive_goods(depot_id=DepotFactory().pk, receipts=[])

    assert not StockMovement.objects.exists()


@pytest.mark.parametrize(
    ("how", "quantity", "reason"),
    [(Kind.WRITE_OFF, 1, ""), (Kind.WRITE_OFF, 1, "humeur"), (Kind.COUNT, 1, "broken"), (Kind.RECEIPT, 0, ""),
     (Kind.COUNT, -1, ""), (Kind.WRITE_OFF, 11, "broken")],
)  # fmt: skip
def test_nonsense_changes_nothing(how, quantity, reason):
    product = received(ProductFactory())

    with pytest.raises(services.StockRefused):
        services.change_stock(
            item_ids=[StockItem.objects.get().pk], how=how, quantity=quantity, reason=reason
        )

    assert figures(product) == (10, 0, 10)


def test_movements_are_only_added():
    product = received(ProductFactory())

    for change in (
        lambda: StockMovement.objects.update(quantity=5),
        lambda: StockMovement.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            change()

    assert moves(product) == [(Kind.RECEIPT, 10, 10)]


@pytest.mark.parametrize(
    ("kind", "quantity", "reason"),
    [(Kind.PICKED, 1, ""), (Kind.WRITE_OFF, -1, ""), (Kind.RECEIPT, -1, ""), (Kind.COUNT, 1, "broken")],
)
def test_the_database_refuses_a_movement_the_wrong_way(kind, quantity, reason):
    ProductFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        StockMovement.objects.create(
            item=StockItem.objects.get(), kind=kind, quantity=quantity, on_hand_after=1, reason=reason
        )


def test_an_import_counts_and_leaves_its_movement(shop, tmp_path):
    imported(tmp_path, GOOD | {"stock": "24"})
    imported(tmp_path, GOOD | {"stock": "20"})
    imported(tmp_path, GOOD | {"stock": "20"})

    product = StockItem.objects.get().product
    assert moves(product) == [(Kind.OPENING, 24, 24), (Kind.COUNT, -4, 20)]
    assert queries.drifted() == []


def test_an_imported_count_keeps_what_orders_took(shop, tmp_path):
    imported(tmp_path, GOOD | {"stock": "24"})
    product = StockItem.objects.get().product
    take("A1", {product.pk: 6})

    imported(tmp_path, GOOD | {"stock": "20"})

    assert figures(product) == (20, 6, 14)


@pytest.mark.parametrize("work", ["pick", "leave", "receive", "change"])
def test_more_articles_cost_no_more_queries(work):
    def cost(count):
        products = ProductFactory.create_batch(count)
        ids = [product.pk for product in products]
        reference = f"{work}{count}"
        take(reference, dict.fromkeys(ids, 2))
        with CaptureQueriesContext(connection) as spent:
            if work == "pick":
                pick(reference, dict.fromkeys(ids, 2))
            elif work == "leave":
                services.pick_as_ordered(order_reference=reference)
            elif work == "receive":
                services.receive_goods(
                    depot_id=DepotFactory().pk, receipts=[Receipt(pk, 1, unit_cost=Decimal(pk)) for pk in ids]
                )
            else:
                items = list(StockItem.objects.filter(product__in=ids).values_list("pk", flat=True))
                services.change_stock(item_ids=items, how=Kind.COUNT, quantity=9)
        return len(spent)

    assert cost(1) == cost(2) == cost(12) <= 15


def test_drift_is_seen_and_told_each_night(caplog):
    product = received(ProductFactory())
    check_drift()
    assert queries.drifted() == [] and not caplog.records

    StockItem.objects.filter(product=product).update(on_hand=11)
    check_drift()

    assert queries.drifted() == [StockItem.objects.get().pk]
    assert "1 stock items are not what their movements add up to" in caplog.text
