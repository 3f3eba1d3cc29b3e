"""What is reported is answered at once within the limits, by a call beyond them, and never paid twice."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from config.facts import deliver_all
from delivery.promise.models import Compensation, Incident, Outcome
from delivery.promise.services import decide, seed_rules
from shop.claims import queries, services
from shop.claims.models import Claim, ClaimEvent, ClaimLimits
from shop.orders import services as orders
from shop.orders.models import Order, Refund
from shop.orders.services import Returned
from shop.payments.models import PaymentAccount
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory, UserFactory
from tests.shop.claims.reporting import delivered_order, photo, report
from tests.shop.orders.depot import lines_of, new_slot, packed, place, settle

pytestmark = pytest.mark.django_db
# A slot of its own: the first one's cut-off has passed by then.
LATER = timedelta(hours=5)


def outcome_of(order):
    return Outcome.objects.get(order_reference=order.reference)


def refunded(order):
    settle()
    return PaymentAccount.objects.get(order_reference=order.reference).refunded


# --- at once --------------------------------------------------------------------------------------


def test_a_missing_article_is_believed_and_given_back_at_once(order):
    claim = report(order, {"Comté": 2})

    assert (claim.state, claim.answer, claim.amount) == ("answered", "refund", Decimal("8.00"))
    assert claim.by is None and claim.refund.reason == "missing"
    assert refunded(order) == Decimal("8.00")
    assert outcome_of(order).units_missing == 2
    assert list(claim.events.values_list("kind", flat=True)) == ["reported", "refunded"]


def test_what_was_weighed_is_reported_whole(order):
    claim = report(order, {"Pommes": 1}, "damaged")

    assert claim.lines.get().quantity == 1000 and claim.amount == Decimal("3.20")
    assert outcome_of(order).damaged_units == 1


def test_two_missing_articles_give_the_delivery_back_as_the_depots_own_would(zone, comte):
    seed_rules()
    order = delivered_order(zone, {comte: 8})
    fee = order.bill.delivery_fee
    assert fee > 0

    report(order, {"Comté": 2})
    deliver_all()
    # Judged when the order is over: nobody told that it arrived, so its slot and twelve hours must be.
    Outcome.objects.update(
        slot_starts_at=order.slot.starts_at - timedelta(hours=20),
        slot_ends_at=order.slot.ends_at - timedelta(hours=20),
    )
    decide(order_reference=order.reference)
    deliver_all()

    assert Compensation.objects.get().remedy == "delivery_refund"
    assert refunded(order) == Decimal("8.00") + fee


def test_one_line_is_never_paid_twice_by_claim_and_compensation(order):
    report(order, {"Comté": 5})

    with pytest.raises(services.NothingToClaim):
        report(order, {"Comté": 1})
    with pytest.raises(orders.MoreThanBilled):
        orders.give_back(
            order_reference=order.reference,
            reason="missing",
            occasion="staff",
            lines=[Returned(lines_of(order)["Comté"].pk, 1)],
        )

    assert Refund.objects.count() == Claim.objects.count() == 1


def test_a_double_tap_is_one_claim(order):
    key = uuid4()

    first = report(order, {"Comté": 1}, key=key)
    again = report(order, {"Lessive": 1}, key=key)

    assert first == again and Refund.objects.count() == 1


def test_money_that_is_not_taken_yet_goes_back_once_it_is(zone, comte):
    order = delivered_order(zone, {comte: 6}, is_paid=False)

    claim = report(order, {"Comté": 1})
    assert (claim.state, claim.answer, claim.refund) == ("received", "refund", None)
    assert not services.carry_on(claim_id=claim.pk)
    settle()
    assert services.carry_on(claim_id=claim.pk)

    claim.refresh_from_db()
    assert claim.state == "answered" and claim.refund.amount == Decimal("4.00")
    assert list(claim.events.values_list("kind", flat=True)) == ["reported", "waits", "refunded"]


def test_money_that_never_comes_asks_for_a_person_after_an_hour(zone, comte, time_machine):
    order = delivered_order(zone, {comte: 6}, is_paid=False)
    claim = report(order, {"Comté": 1})

    time_machine.move_to(claim.created_at + timedelta(hours=1, minutes=1))
    services.carry_on(claim_id=claim.pk)

    claim.refresh_from_db()
    assert (claim.state, claim.why) == ("to_call", "money")


def test_a_shelf_life_that_was_broken_is_given_back_where_one_was_promised(order):
    order.lines.filter(name="Comté").update(minimum_life_days=10)

    claim = report(order, {"Comté": 1}, "life")

    assert claim.answer == "refund" and outcome_of(order).life_broken_units == 1
    with pytest.raises(services.NothingToClaim):
        report(order, {"Lessive": 1}, "life")


# --- once more ------------------------------------------------------------------------------------


def test_what_came_broken_comes_once_more_in_the_slot_that_was_said(order, zone):
    slot = new_slot(zone, starts_in=timedelta(hours=30))

    claim = report(order, {"Comté": 2}, "damaged", slot=slot)

    again = Order.objects.get(makes_good=order)
    assert (claim.state, claim.answer, claim.replacement) == ("answered", "replacement", again)
    assert again.slot == slot and again.total == 0 and not Refund.objects.exists()
    assert [one.left for one in queries.claimable(order) if one.line.name == "Comté"] == [3]
    assert outcome_of(order).damaged_units == 2


def test_without_stock_or_slot_it_is_given_back_and_nothing_is_left_behind(order, zone, comte):
    slot = new_slot(zone, starts_in=timedelta(hours=30))
    StockItem.objects.filter(product=comte).update(on_hand=0, reserved=0)

    claim = report(order, {"Comté": 1}, "damaged", slot=slot)

    slot.refresh_from_db()
    assert claim.answer == "refund" and claim.wanted == "replacement"
    assert slot.booked == 0 and not Order.objects.filter(makes_good=order).exists()


# --- beyond the limits ----------------------------------------------------------------------------


def test_beyond_the_amount_somebody_calls_and_nothing_is_refused(zone, soap):
    order = delivered_order(zone, {soap: 6})

    claim = report(order, {"Lessive": 4})

    assert (claim.state, claim.why, claim.answer) == ("to_call", "amount", "")
    assert claim.call_by is not None and not Refund.objects.exists()
    assert outcome_of(order).units_missing == 0


def test_the_first_three_orders_have_more(zone, soap):
    order = delivered_order(zone, {soap: 6}, rank=3)

    assert report(order, {"Lessive": 4}).answer == "refund"


def test_beyond_the_number_somebody_calls(zone, comte):
    order = delivered_order(zone, {comte: 6})

    states = [report(order, {"Comté": 1}).state for _n in range(5)]

    assert states == ["answered"] * 4 + ["to_call"]
    assert Claim.objects.get(state="to_call").why == "number"


def test_those_of_guests_who_merged_count_and_old_ones_do_not(order, time_machine):
    for _n in range(4):
        report(order, {"Lessive": 1})
    owner = CustomerFactory()
    order.customer.merged_into = owner
    order.customer.save()

    assert queries.claims_by(owner.pk, order.delivered_at - timedelta(days=1)).count() == 4
    time_machine.move_to(order.delivered_at + timedelta(days=91))
    assert queries.claims_by(owner.pk, order.delivered_at + timedelta(days=1)).count() == 0


def test_above_a_value_a_photo_is_what_is_answered_at_once(order):
    without = report(order, {"Lessive": 2}, "damaged")
    with_one = report(order, {"Lessive": 2}, "damaged", photo=photo())

    assert (without.state, without.why) == ("to_call", "photo")
    assert with_one.answer == "refund" and len(with_one.photo_hash) == 64


def test_fresh_goods_two_days_on_are_talked_over(zone, time_machine):
    fish = ProductFactory(name="Truite", price=Decimal("6.00"), shelf__slug="truites")
    fish.shelf.temperature = "chilled"
    fish.shelf.save()
    order = delivered_order(zone, {fish: 6})
    time_machine.move_to(order.delivered_at + timedelta(hours=49))

    assert report(order, {"Truite": 1}, "damaged").why == "late"
    assert report(order, {"Truite": 1}, "missing").answer == "refund"


def test_what_cost_nothing_is_talked_over(order, zone):
    report(order, {"Comté": 2}, "damaged", slot=new_slot(zone, starts_in=timedelta(hours=30)))
    again = Order.objects.get(makes_good=order)
    packed(again)
    orders.hand_over(reference=again.reference)

    claim = report(Order.objects.get(pk=again.pk), {"Comté": 1})

    assert (claim.state, claim.why) == ("to_call", "free")


def test_new_limits_hold_from_then_on(order):
    ClaimLimits.objects.create(
        amount=1, number=4, days=90, newcomer_amount=1, newcomer_number=4, photo_from=0, made_by=UserFactory()
    )

    assert report(order, {"Comté": 1}).state == "to_call"
    with pytest.raises(DatabaseError), transaction.atomic():
        ClaimLimits.objects.update(amount=100)


# --- what is no claim -----------------------------------------------------------------------------


@pytest.mark.parametrize("quantities", [{}, {"Comté": 0}, {"Comté": -1}, {"Comté": 6}])
def test_quantities_that_cannot_be_are_refused(order, quantities):
    with pytest.raises(services.NothingToClaim):
        report(order, quantities)

    assert not Claim.objects.exists() and not Refund.objects.exists() and not Incident.objects.exists()


def test_another_orders_line_is_refused(order, zone, comte):
    other = delivered_order(zone, {comte: 6}, email="autre@exemple.fr", starts_in=LATER)
    told = services.Reported("missing", {lines_of(other)["Comté"].pk: 1})

    with pytest.raises(services.NothingToClaim):
        services.report(order_reference=order.reference, key=uuid4(), reported=told)
    with pytest.raises(ValueError, match="not_mine"):
        report(order, {"Comté": 1}, "not_mine")

    assert not Claim.objects.exists()


def test_what_was_announced_missing_or_given_back_cannot_be_reported(zone, comte, soap):
    order = packed(place(zone, {comte: 5, soap: 3}), {comte: 0})
    settle()
    orders.hand_over(reference=order.reference)
    orders.give_back(
        order_reference=order.reference, reason="mistake", occasion="staff",
        lines=[Returned(lines_of(order)["Lessive"].pk, 2)],
    )  # fmt: skip

    order = Order.objects.select_related("slot", "zone").get(pk=order.pk)
    assert [(one.line.name, one.left) for one in queries.claimable(order)] == [("Lessive", 1)]


def test_what_staff_deliver_because_it_never_came_takes_nothing_from_what_did(zone, comte):
    order = packed(place(zone, {comte: 5}), {comte: 3})
    settle()
    orders.hand_over(reference=order.reference)
    line, slot = lines_of(order)["Comté"].pk, new_slot(zone, starts_in=timedelta(hours=30))
    left = []

    for wanted in (2, 1):
        orders.redo_delivery(
            order_reference=order.reference, quantities={line: wanted}, slot_id=slot.pk, key=uuid4()
        )
        left += [one.left for one in queries.claimable(Order.objects.get(pk=order.pk))]

    assert left == [3, 2]


def test_an_order_to_come_or_long_gone_is_not_reported_here(order, time_machine):
    time_machine.move_to(order.delivered_at + timedelta(days=14, seconds=1))
    with pytest.raises(services.NotReportable):
        report(order, {"Comté": 1})
    time_machine.move_to(order.delivered_at)
    Order.objects.filter(pk=order.pk).update(status="placed")
    with pytest.raises(services.NotReportable):
        report(order, {"Comté": 1})

    assert not Claim.objects.exists()


def test_what_is_open_is_not_reported_twice(zone, soap):
    order = delivered_order(zone, {soap: 4})
    report(order, {"Lessive": 4})

    with pytest.raises(services.NothingToClaim):
        report(order, {"Lessive": 1})


# --- the books ------------------------------------------------------------------------------------


def test_what_was_reported_stays_and_ends_once(order):
    claim = report(order, {"Comté": 1})

    for change in ({"amount": 0}, {"kind": "damaged"}, {"state": "to_call"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Claim.objects.filter(pk=claim.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Claim.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        ClaimEvent.objects.update(data={})


def test_the_number_of_queries_does_not_grow_with_the_lines(zone, django_assert_max_num_queries):
    few = delivered_order(zone, {ProductFactory(price=Decimal("5.00")): 4})
    many = delivered_order(
        zone, {ProductFactory(price=Decimal("1.00")): 2 for _n in range(12)}, starts_in=LATER
    )

    with django_assert_max_num_queries(75) as of_few:
        report(few, dict.fromkeys(lines_of(few), 1))
    with django_assert_max_num_queries(75) as of_many:
        report(many, dict.fromkeys(lines_of(many), 1))

    assert len(of_many) == len(of_few)
