"""What is read of each order, and of what its customer did next."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from crm.insights.queries.episodes import recovery_episodes
from crm.insights.recovery.episodes import Kind
from delivery.promise.models import Outcome
from delivery.promise.services import decide, seed_rules
from shop.orders.models import Order, Refund
from tests.config.test_staff import place_order
from tests.factories import CustomerFactory, SlotFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIRST = datetime(2026, 9, 1, 18, tzinfo=UTC)
SINCE, UNTIL = datetime(2026, 8, 1).date(), datetime(2026, 11, 1).date()


@pytest.fixture
def elodie():
    return CustomerFactory()


def ordered(customer, at, *, late=None, total="50.00", **outcome):
    """Placed at an instant, promised the day after, and arrived so many minutes after its slot."""
    starts = at + DAY
    slot = SlotFactory(starts_at=starts, ends_at=starts + DAY / 24, cutoff_at=at + DAY / 2)
    order = place_order(slot, Decimal(total))
    status = outcome.pop("status", Order.Status.DELIVERED)
    Order.objects.filter(pk=order.pk).update(customer=customer, placed_at=at, status=status)
    arrived = None if late is None else slot.ends_at + timedelta(minutes=late)
    Outcome.objects.filter(order_reference=order.reference).delete()
    usual = {
        "customer": customer, "zone": order.zone, "rank": 4, "units_ordered": 9, "fee_cents": 590,
        "slot_starts_at": slot.starts_at, "slot_ends_at": slot.ends_at, "ready_at": starts - DAY / 12, "arrived_at": arrived,
    }  # fmt: skip
    Outcome.objects.update_or_create(order_reference=order.reference, defaults=usual | outcome)
    order.refresh_from_db()
    return order


def read():
    return recovery_episodes(SINCE, UNTIL)


def test_each_order_that_came_is_one_with_what_its_customer_did_next(elodie):
    ordered(elodie, FIRST, late=-5)
    ordered(elodie, FIRST + 10 * DAY, late=42)
    ordered(elodie, FIRST + 30 * DAY, late=-5)

    first, hurt, last = read()

    assert (first.orders_so_far, first.causes, first.returned_after_days, first.next_incident_after_days) == (
        1,
        (),
        8,
        10,
    )
    assert (hurt.orders_so_far, hurt.causes, hurt.returned_after_days) == (2, ("retard",), 18)
    assert (last.returned_after_days, last.days_since_incident) == (None, 19)
    assert last.rhythm_days == 10
    assert first.basket == Decimal("50.00")


def test_what_was_given_and_what_it_cost_is_told_of_its_cause(elodie):
    seed_rules()
    order = ordered(elodie, FIRST, late=42)
    decide(order_reference=order.reference)
    Refund.objects.create(order=order, occasion="plainte", reason="missing", amount=Decimal("3.00"))
    Refund.objects.create(order=order, occasion="geste", reason="goodwill", amount=Decimal("9.00"))

    (hurt,) = read()

    assert [str(one) for one in hurt.remedies] == ["livraison remboursée"]
    assert sorted((cost.kind, cost.amount) for cost in hurt.costs) == [
        (Kind.REFUND, Decimal("3.00")),
        (Kind.REFUND, Decimal("5.90")),
    ]


def test_a_delivery_offered_next_time_is_a_gesture(elodie):
    seed_rules()
    order = ordered(elodie, FIRST, late=42, fee_cents=0)
    decide(order_reference=order.reference)

    (hurt,) = read()

    assert [str(one) for one in hurt.remedies] == ["prochaine livraison offerte"]
    assert [cost.kind for cost in hurt.costs] == [Kind.GESTURE]


def test_guests_merged_into_a_customer_are_that_customer(elodie):
    ordered(CustomerFactory(guest=True, merged_into=elodie), FIRST, late=42)
    ordered(elodie, FIRST + 9 * DAY, late=-5)

    assert [one.returned_after_days for one in read()] == [7, None]


def test_what_they_called_off_is_no_order_and_what_we_called_off_is_an_incident(elodie):
    ordered(elodie, FIRST, status=Order.Status.CANCELLED, cancelled_at=FIRST + DAY)
    ordered(
        elodie,
        FIRST + 9 * DAY,
        status=Order.Status.CANCELLED,
        cancelled_at=FIRST + 10 * DAY,
        is_our_doing=True,
    )

    (only,) = read()

    assert (only.orders_so_far, only.causes) == (1, ("commande annulée de notre fait",))


def test_a_delivery_made_once_more_is_a_cost_and_no_return(elodie):
    hurt = ordered(elodie, FIRST, late=42)
    again = ordered(elodie, FIRST + 3 * DAY, late=-5)
    Order.objects.filter(pk=again.pk).update(makes_good=hurt)

    (only,) = read()

    assert only.returned_after_days is None
    assert Kind.TRIP in {cost.kind for cost in only.costs}


def test_an_order_already_waiting_is_no_return(elodie):
    ordered(elodie, FIRST, late=42)
    ordered(elodie, FIRST + DAY / 3, late=-5)

    assert read()[0].returned_after_days is None


@pytest.mark.parametrize("number", [2, 6])
def test_reading_takes_six_queries_however_many_orders(django_assert_num_queries, elodie, number):
    for n in range(number):
        ordered(elodie, FIRST + n * 5 * DAY, late=42 if n % 2 else -5)

    with django_assert_num_queries(6):
        read()
