"""Each order is told and refunded once however many workers, and nothing slips by as a recall opens."""

from decimal import Decimal

import pytest

from config.facts import deliver_all
from config.staff import StaffGroup
from crm.desk.services import publish_page
from crm.outbox.models import Message
from delivery.zones.models import Depot
from shop.orders import services as orders
from shop.orders.models import Order
from shop.payments.models import PaymentOperation
from shop.recalls import services
from shop.recalls.events import BuyerConcerned
from shop.recalls.models import Recall, RecallNotice
from shop.recalls.services import NewRecall, working
from shop.stock.models import StockItem, StockMovement
from shop.stock.services import StockShort, take_stock
from tests.concurrency.racing import meet_after, together, without_row_locks
from tests.factories import ProductFactory, ZoneFactory
from tests.shop.orders.depot import pick, place, started
from tests.shop.orders.test_orders import member
from tests.shop.recalls.conftest import all_paid

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
WORKERS, ORDERS = 4, 6


@pytest.fixture
def zone():
    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")
    return ZoneFactory()


@pytest.fixture
def brie():
    return ProductFactory(name="Brie", price=Decimal("4.00"), stock=500)


@pytest.fixture
def open_recall(db):
    by = member(StaffGroup.CATALOGUE).pk

    def opened(product):
        wanted = NewRecall(ean=product.ean, hazard="listeria", sentence="Un motif.", advice="destroy")
        return services.open_recall(wanted=wanted, by_id=by)

    return opened


def refunds():
    return PaymentOperation.objects.filter(kind=PaymentOperation.Kind.REFUND)


def test_workers_at_once_tell_and_refund_each_order_once(zone, brie, open_recall):
    all_paid(zone, {brie: 10}, ORDERS)
    made = open_recall(brie)

    def work(_n):
        services.list_buyers(recall_id=made.pk)
        return services.treat_some(recall_id=made.pk)

    answers = together(WORKERS, work)
    deliver_all()

    assert all(isinstance(answer, int) for answer in answers), answers
    assert sum(answers) == ORDERS
    assert RecallNotice.objects.filter(state="bought", refund="asked").count() == ORDERS
    assert refunds().count() == ORDERS
    assert Message.objects.filter(purpose="product_recalled").count() == ORDERS


def test_control_without_the_lock_two_workers_tell_one_order_twice(zone, brie, open_recall, monkeypatch):
    all_paid(zone, {brie: 10}, 1)
    made = open_recall(brie)
    services.list_buyers(recall_id=made.pk)
    without_row_locks(monkeypatch)
    meet_after(monkeypatch, working, "withdraw_recalled", 2)
    notice = RecallNotice.objects.get()
    told = []
    monkeypatch.setattr(working, "publish", told.append)

    together(2, lambda _n: services.treat_some(recall_id=made.pk))

    # Its refund is asked once all the same: payments keep that by themselves.
    assert told == [BuyerConcerned(made.pk, notice.order.reference, notice.order.customer_id)] * 2


def test_what_is_being_ordered_as_the_recall_opens_is_listed_or_refused(zone, brie, open_recall):
    order = place(zone, {brie: 10})
    depot = Depot.objects.get().pk

    def run(n):
        if n == 0:
            return open_recall(brie)
        return take_stock(order_reference=f"CB-{n}", depot_id=depot, quantities={brie.pk: 1})

    answers = together(6, run)

    assert isinstance(answers[0], Recall)
    assert all(isinstance(answer, dict | StockShort) for answer in answers[1:]), answers
    assert StockItem.objects.get(product=brie).on_hand == 0
    with pytest.raises(StockShort):
        take_stock(order_reference="CB-LATE", depot_id=depot, quantities={brie.pk: 1})
    services.list_buyers(recall_id=answers[0].pk)
    assert RecallNotice.objects.get().order_id == order.pk


def test_a_picker_at_the_shelf_as_the_recall_is_worked_off_ends_with_nothing_in_a_closed_crate(
    zone, brie, open_recall
):
    placed = [place(zone, {brie: 10}) for _ in range(4)]
    for order in placed:
        pick(started(order))
    made = open_recall(brie)
    services.list_buyers(recall_id=made.pk)

    def run(n):
        if n == 4:
            return services.treat_some(recall_id=made.pk)
        return orders.pack_order(reference=placed[n].reference)

    answers = together(5, run)

    # Closed just before, and then told and refunded; or marked, and then refused until it is taken out.
    assert answers[4] == 4, answers
    assert all(isinstance(answer, Order | orders.RecalledInCrates) for answer in answers[:4]), answers
    became = set(RecallNotice.objects.values_list("order__status", "state"))
    assert became <= {("packed", "bought"), ("picking", "in_crates")}


def test_two_who_open_the_same_recall_open_one(brie, open_recall):
    answers = together(3, lambda _n: open_recall(brie))

    assert sum(isinstance(answer, Recall) for answer in answers) == 1
    assert all(isinstance(answer, Recall | services.AlreadyRecalled) for answer in answers), answers
    assert Recall.objects.count() == 1
    assert StockMovement.objects.filter(kind="write_off").count() == 1


def test_one_shelf_checked_twice_at_once_counts_once(brie, open_recall):
    by = member(StaffGroup.PICKING).pk
    made = services.open_recall(
        wanted=NewRecall(
            ean=brie.ean, hazard="listeria", sentence="Un motif.", advice="destroy", lots=["L1"]
        ),
        by_id=by,
    )
    shelf = made.shelves.get().pk

    answers = together(3, lambda n: services.check_shelf(shelf_id=shelf, kept=n + 1, by_id=by))

    assert sum(isinstance(answer, services.ShelfAlreadyChecked) for answer in answers) == 2, answers
    assert StockItem.objects.get(product=brie).on_hand == made.shelves.get().kept
