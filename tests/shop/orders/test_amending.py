"""A placed order is changed before its cut-off: what it becomes, what is refused, what stands when nothing is paid."""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import ANY

import pytest
import time_machine
from django.utils import timezone

from delivery.slots.models import Hold, Slot
from delivery.slots.services import SlotClosed, SlotFull
from loyalty.vouchers import services as vouchers
from shop.catalogue.models import Product
from shop.documents.models import Document
from shop.orders import services
from shop.orders.models import Amendment, Order, OrderLine
from shop.orders.tasks import charge_packed, expire_unpaid
from shop.payments import services as payments
from shop.payments.gateways import demo, gateway
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.payments.queries import payment_state
from shop.pricing.models import Promotion
from shop.pricing.services import promotions_changed
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import slot, terms, walk, zone  # noqa: F401
from tests.shop.orders.changes import (
    amend,
    check,
    events_of,
    fresh,
    kept_of,
    page_of,
    pay,
    reserved,
    seen,
    settle,
    wishes,
)
from tests.shop.orders.depot import close, packed, pick, place, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def comte(zone):  # noqa: F811
    return ProductFactory(name="Comté", price=Decimal("3.00"))


@pytest.fixture
def lait(zone):  # noqa: F811
    return ProductFactory(name="Lait", price=Decimal("2.00"))


@pytest.fixture
def pommes(zone):  # noqa: F811
    return ProductFactory(name="Pommes", weighed=True)


@pytest.fixture(autouse=True)
def thresholds(zone):  # noqa: F811
    type(zone).objects.update(minimum_order=15, free_delivery_from=60)


@pytest.fixture
def order(zone, comte, lait):  # noqa: F811
    return place(zone, {comte: 10, lait: 10}, starts_in=timedelta(days=2))


def other_slot(order, **fields):
    return SlotFactory(zone=order.zone, starts_at=order.slot.starts_at + timedelta(hours=3), **fields)


def available(product):
    return StockItem.objects.get(product=product).available


# --- done at once -----------------------------------------------------------------------------------


def test_less_is_done_at_once_and_asks_no_card(order, comte, lait):
    done = amend(order, {comte: 6, lait: 9})
    settle(order)

    order = fresh(order)
    assert done.state == Amendment.State.APPLIED and not done.extra
    assert order.goods_total == Decimal("36.00")
    assert events_of(order) == [("Comté", "lowered", 4), ("Lait", "lowered", 1)]
    assert (available(comte), available(lait)) == (94, 91)
    assert order.events.filter(kind="amended").count() == 1
    assert not PaymentOperation.objects.exclude(occasion="").exists()
    check(order)


def test_what_is_taken_out_stays_as_history_and_counts_nowhere(order, comte, lait):
    amend(order, {lait: 0, comte: 12})
    settle(order)

    out = OrderLine.ever.get(order=order, product=lait)
    assert (out.quantity, out.total, out.vat_amount) == (0, 0, 0)
    assert [line.name for line in order.lines.all()] == ["Comté"]
    assert events_of(order) == [("Comté", "raised", 2), ("Lait", "removed", 10)]
    assert reserved(order.reference) == {comte.pk: 12}
    check(order)


def test_what_was_taken_out_may_come_back(order, comte, lait):
    amend(order, {lait: 0, comte: 12})
    pay(amend(order, added={lait: 3}))

    assert OrderLine.ever.filter(order=order).count() == 2
    assert fresh(order).lines.get(product=lait).quantity == 3
    assert events_of(order)[-1] == ("Lait", "joined", 3)
    check(order)


def test_another_slot_of_the_zone(order, comte):
    old, new = order.slot, other_slot(order)

    amend(order, slot=new)
    settle(order)

    assert fresh(order).slot_id == new.pk
    assert [Slot.objects.get(pk=one.pk).booked for one in (old, new)] == [0, 1]
    check(order)


def test_another_address_of_the_zone(order):
    done = amend(order, line1="1 place de la Bastille", postcode="75012", city="Paris", door_code="B9")

    order = fresh(order)
    assert (order.line1, order.postcode, order.door_code) == ("1 place de la Bastille", "75012", "B9")
    assert done.proposal["address"] == {}
    check(order)


def test_the_depot_picks_and_charges_the_amended_order(order, comte, lait):
    pay(amend(order, {comte: 12, lait: 0}, added={ProductFactory(name="Pain", price=Decimal("1.00")): 10}))

    order = packed(order)
    settle(order)

    assert order.bill.goods_total == Decimal("46.00")
    assert PaymentAccount.objects.get(pk=order.reference).captured == order.total
    assert order.lines.count() == 2


# --- more than is authorised ------------------------------------------------------------------------


def test_more_waits_for_its_payment_and_leaves_the_order_as_it_was(order, comte, lait):
    before = kept_of(order)

    live = amend(order, {comte: 15}, slot=(new := other_slot(order)))

    assert live.state == Amendment.State.PREPARED
    # 15 € of cheese, less the delivery, which is offered from 60 €.
    assert live.extra == Decimal("9.10")
    assert kept_of(order) == before
    assert reserved(live.occasion) == {comte.pk: 5}
    assert (available(comte), Slot.objects.get(pk=new.pk).booked) == (85, 1)


def test_once_paid_the_order_becomes_what_was_agreed(order, comte, lait):
    done = pay(amend(order, {comte: 15, lait: 8}, slot=(new := other_slot(order))))

    order = fresh(order)
    assert done.state == Amendment.State.APPLIED
    assert order.goods_total == Decimal("61.00") and order.slot_id == new.pk
    assert reserved(order.reference) == {comte.pk: 15, lait.pk: 8} and not reserved(done.occasion)
    account = PaymentAccount.objects.get(pk=order.reference)
    assert account.authorised >= order.most
    check(order)


def test_a_refused_card_leaves_the_old_order_intact(order, comte):
    before = kept_of(order)
    live = amend(order, {comte: 15}, slot=(new := other_slot(order)))

    pay(live, "refuse")
    assert kept_of(order) == before
    services.give_up_amendment(amendment_id=live.pk, why="given_up")
    settle(order)

    live.refresh_from_db()
    assert (live.state, live.why) == ("dropped", "given_up")
    assert kept_of(order) == before
    assert (available(comte), Slot.objects.get(pk=new.pk).booked) == (90, 0)
    assert payment_state(order.reference) == "secured"
    assert order.events.filter(kind="amendment_refused").count() == 1
    check(order)


def test_a_page_that_lapses_drops_the_amendment(order, comte):
    before = kept_of(order)
    live = amend(order, {comte: 15})
    page = page_of(live)
    gateway().expire_page(page.session_id)
    payments.refresh(key=page.key)
    settle(order)

    live.refresh_from_db()
    assert (live.state, live.why) == ("dropped", "unpaid")
    assert kept_of(order) == before


def test_after_half_an_hour_what_it_kept_is_given_back(order, comte):
    live = amend(order, {comte: 15})
    page_of(live)
    Amendment.objects.filter(pk=live.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    expire_unpaid()
    settle(order)

    live.refresh_from_db()
    assert (live.state, live.why) == ("dropped", "unpaid")
    assert available(comte) == 90
    check(order)


def test_paid_after_the_cut_off_it_is_voided_and_the_order_stands(order, comte):
    before = kept_of(order)
    live = amend(order, {comte: 15})
    close(order)

    live = pay(live)

    assert (live.state, live.why) == ("dropped", "too_late")
    assert kept_of(order) == before
    account = PaymentAccount.objects.get(pk=order.reference)
    assert (account.authorised - account.released) == order.total


def test_cancelling_the_order_drops_the_amendment_and_voids_both_payments(order, comte):
    live = amend(order, {comte: 15}, slot=(new := other_slot(order)))
    page = page_of(live)

    services.cancel_order(reference=order.reference)
    settle(order)
    with pytest.raises(demo.PageClosed):
        demo.pay(token=page.session_id, card_code="accepte")

    live.refresh_from_db()
    assert (live.state, live.why) == ("dropped", "cancelled")
    assert (available(comte), Slot.objects.get(pk=new.pk).booked) == (100, 0)
    account = PaymentAccount.objects.get(pk=order.reference)
    assert account.authorised == account.released


def test_the_same_wishes_twice_are_one_amendment_and_others_say_so(order, comte):
    live = amend(order, {comte: 15})

    assert amend(order, {comte: 15}).pk == live.pk
    with pytest.raises(services.AmendmentUnderWay) as told:
        amend(order, {comte: 16})
    assert told.value.amendment_id == live.pk
    assert order.amendments.count() == 1


def test_a_small_difference_asks_what_a_card_takes_at_least(order, lait):
    cheap = ProductFactory(price=Decimal("0.20"))

    live = pay(amend(order, added={cheap: 1}))

    assert live.extra == Decimal("0.50")
    order = packed(order)
    settle(order)
    assert PaymentAccount.objects.get(pk=order.reference).captured == order.bill.total


def test_a_second_amendment_uses_what_the_first_one_authorised(order, comte, lait):
    pay(amend(order, {comte: 15}))
    amend(order, {comte: 10})
    settle(order)

    done = amend(order, {comte: 15})

    assert done.state == Amendment.State.APPLIED
    assert order.amendments.count() == 3
    check(order)


# --- cards saved for a later slot -------------------------------------------------------------------


@pytest.fixture
def far(zone, comte, lait):  # noqa: F811
    order = place(zone, {comte: 10, lait: 10}, starts_in=timedelta(days=10), slot=None)
    assert payment_state(order.reference) == "card_saved"
    return order


def test_beside_a_saved_card_only_the_sum_to_charge_changes(far, comte):
    done = amend(far, {comte: 15})

    card = PaymentOperation.objects.get(kind="save_card")
    assert done.state == Amendment.State.APPLIED
    assert card.amount == fresh(far).most == Decimal("65.00") + fresh(far).delivery_fee
    check(far)


def test_a_saved_card_is_charged_two_days_before_the_new_slot(far):
    new = SlotFactory(
        zone=far.zone, starts_at=timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=5)
    )

    amend(far, slot=new)

    assert PaymentOperation.objects.get(kind="save_card").due_at == new.starts_at - timedelta(days=2)
    check(far)


def test_an_extra_payment_keeps_the_order_within_what_a_card_holds(order, comte):
    late = SlotFactory(zone=order.zone, starts_at=order.slot.starts_at + timedelta(days=20))

    with pytest.raises(services.SlotTooFar):
        amend(order, {comte: 15}, slot=late)
    pay(amend(order, {comte: 15}))
    with pytest.raises(services.SlotTooFar):
        amend(order, slot=late)
    check(order)


# --- refused, and nothing changed -------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [-1, 100, 10**9])
def test_a_quantity_that_no_order_holds(order, comte, quantity):
    before = kept_of(order)

    with pytest.raises(services.WrongQuantity):
        amend(order, {comte: quantity})

    assert kept_of(order) == before and not order.amendments.exists()


def test_a_line_of_another_order(order, zone, comte):  # noqa: F811
    foreign = place(zone, {comte: 9}, starts_in=timedelta(days=2), slot=order.slot)

    with pytest.raises(services.LineUnknown):
        services.propose(fresh(order), services.Wishes({foreign.lines.get().pk: 1}, order.slot_id, {}))


def test_a_product_nobody_sells(order):
    draft = ProductFactory(draft=True)

    with pytest.raises(services.NotForSale):
        amend(order, added={draft: 1})
    with pytest.raises(services.NotForSale):
        services.propose(fresh(order), services.Wishes({}, order.slot_id, {}, added={10**9: 1}))


def test_what_left_the_shop_may_be_lowered_but_not_raised(order, comte):
    Product.objects.filter(pk=comte.pk).update(is_published=False)

    with pytest.raises(services.NotForSale):
        amend(order, {comte: 11})
    amend(order, {comte: 9})
    check(order)


def test_more_than_the_shelf_has(order, comte):
    StockItem.objects.filter(product=comte).update(on_hand=12)

    with pytest.raises(services.NotThatMuch) as told:
        amend(order, {comte: 13})
    assert told.value.left == 2


def test_below_the_minimum_and_nothing_at_all(order, comte, lait):
    with pytest.raises(services.BelowZoneMinimum) as told:
        amend(order, {comte: 1, lait: 1})
    assert told.value.missing == order.zone.minimum_order - 5
    with pytest.raises(services.BelowZoneMinimum) as told:
        amend(order, {comte: 0, lait: 0})
    assert told.value.is_empty


def test_a_slot_of_another_zone_full_or_closed(order):
    before = kept_of(order)
    elsewhere = SlotFactory(zone=ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"]))

    with pytest.raises(services.SlotElsewhere):
        amend(order, slot=elsewhere)
    with pytest.raises(SlotFull):
        amend(order, slot=other_slot(order, capacity=1, booked=1))
    with pytest.raises(SlotClosed):
        amend(
            order,
            slot=SlotFactory(
                zone=order.zone, is_closed=True, starts_at=order.slot.starts_at + timedelta(hours=5)
            ),
        )
    assert kept_of(order) == before


def test_an_address_of_another_zone(order):
    ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])

    for postcode in ("69001", "13001"):
        with pytest.raises(services.ElsewhereDelivered):
            amend(order, postcode=postcode)


def test_alcohol_asks_for_a_date_of_birth(order):
    vin = ProductFactory(alcohol=True, name="Vin")

    with pytest.raises(services.AgeUnknown):
        amend(order, added={vin: 1})
    type(order.customer).objects.filter(pk=order.customer_id).update(birth_on="1980-01-01")
    pay(amend(order, added={vin: 1}))

    assert fresh(order).requires_age_check
    amend(order, {vin: 0})
    assert not fresh(order).requires_age_check
    check(order)


def test_after_the_cut_off_and_while_it_is_picked(order, comte):
    wished = wishes(order, {comte: 9})
    close(order)
    before = kept_of(order)
    for start in (False, True):
        if start:
            services.start_picking(references=[order.reference])
        with pytest.raises(services.TooLateToAmend):
            services.amend_order(
                reference=order.reference, customer_ids=[order.customer_id], wishes=wished, seen=ANY
            )
    assert kept_of(order)[1:] == before[1:]


def test_somebody_else(order, comte):
    with pytest.raises(Order.DoesNotExist):
        services.amend_order(
            reference=order.reference, customer_ids=[CustomerFactory().pk], wishes=wishes(order), seen=ANY
        )


def test_a_price_that_changed_since_is_shown_again(order, comte):
    wished = wishes(order, {comte: 12})
    shown = seen(order, wished)
    Product.objects.filter(pk=comte.pk).update(price=Decimal("4.00"))

    with pytest.raises(services.ProposalChanged):
        services.amend_order(
            reference=order.reference, customer_ids=[order.customer_id], wishes=wished, seen=shown
        )
    assert not order.amendments.exists()


def test_confirming_twice_is_once(order, comte):
    wished = wishes(order, {comte: 8})
    shown = seen(order, wished)
    press = {
        "reference": order.reference,
        "customer_ids": [order.customer_id],
        "wishes": wished,
        "seen": shown,
    }

    first, second = services.amend_order(**press), services.amend_order(**press)

    assert first.pk == second.pk
    with pytest.raises(services.NothingChanges):
        amend(order, {comte: 8})
    check(order)


def test_a_line_about_which_something_was_agreed_stays(order, comte, lait):
    services.tell_shortage(
        reference=order.reference, line_id=order.lines.get(product=comte).pk, missing=4, cause="forecast"
    )

    with pytest.raises(services.LineSettled):
        amend(order, {comte: 5})
    question = order.questions.get()
    services.answer_shortage(token=question.token, answer="leave_out")
    with pytest.raises(services.LineSettled):
        amend(order, {comte: 5})
    amend(order, {lait: 9})
    assert fresh(order).goods_total == Decimal("48.00")


def test_a_missing_article_settled_while_it_was_paid_drops_it(order, comte, lait):
    live = amend(order, {comte: 15})
    services.tell_shortage(
        reference=order.reference, line_id=order.lines.get(product=lait).pk, missing=4, cause="forecast"
    )
    services.answer_shortage(token=order.questions.get().token, answer="leave_out")

    live = pay(live)

    assert (live.state, live.why) == ("dropped", "changed")
    assert reserved(order.reference) == {comte.pk: 10, lait.pk: 6}


# --- prices and promotions --------------------------------------------------------------------------


def promotion(product, **limits):
    now = timezone.now()
    made = Promotion.objects.create(
        name="Fête", kind="percent", percent=Decimal(20), starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=3), **limits,
    )  # fmt: skip
    made.products.add(product)
    promotions_changed()
    return made


def test_more_at_another_price_keeps_what_was_ordered(order, comte):
    Product.objects.filter(pk=comte.pk).update(price=Decimal("4.00"))

    pay(amend(order, {comte: 12}))

    line = fresh(order).lines.get(product=comte)
    assert (line.unit_price, line.total, line.price_kept) == (
        Decimal("4.00"),
        Decimal("38.00"),
        Decimal("10.00"),
    )
    assert line.promotion_label
    check(order)


def test_a_promotion_since_then_counts_for_what_is_raised(order, comte):
    promotion(comte)

    done = amend(order, {comte: 11})

    line = fresh(order).lines.get(product=comte)
    assert line.total == Decimal("26.40")
    assert done.state == Amendment.State.APPLIED
    check(order)


def test_a_promotion_that_ended_stays_with_what_was_ordered(zone, comte, lait):  # noqa: F811
    given = promotion(comte)
    order = place(zone, {comte: 10, lait: 10}, starts_in=timedelta(days=2))
    Promotion.objects.filter(pk=given.pk).update(stopped_at=timezone.now())

    pay(amend(order, {comte: 12}))
    assert fresh(order).lines.get(product=comte).total == Decimal("30.00")
    check(order)
    amend(order, {comte: 6})
    assert fresh(order).lines.get(product=comte).total == Decimal("15.00")
    check(order)
    amend(order, {comte: 0, lait: 15})
    check(order)
    given.refresh_from_db()
    assert given.spent == 0


def test_a_budget_is_kept_while_the_difference_is_paid(order, comte):
    tight = promotion(comte, budget=Decimal("7.00"))

    live = amend(order, {comte: 20})

    tight.refresh_from_db()
    assert tight.spent > 0
    pay(live)
    check(order)
    services.cancel_order(reference=order.reference)
    tight.refresh_from_db()
    assert tight.spent == 0


def test_weighed_goods_keep_their_margin(zone, pommes, lait):  # noqa: F811
    order = place(zone, {pommes: 5000, lait: 10}, starts_in=timedelta(days=2))

    pay(amend(order, {pommes: 6500}))
    check(order)
    amend(order, {pommes: 700, lait: 12})
    check(order)


def test_who_waits_for_a_place_finds_none_taken_twice(order, comte):
    new = other_slot(order, capacity=1)
    amend(order, {comte: 15}, slot=new)

    assert Hold.objects.filter(slot=new, state="pinned").count() == 1
    assert Slot.objects.get(pk=new.pk).is_full


def test_settling_twice_is_once(order, comte):
    done = pay(amend(order, {comte: 15}))
    before = kept_of(order)

    assert services.settle_paid(amendment_id=done.pk) == "applied"
    assert services.settle_lapsed(amendment_id=done.pk) == "applied"
    assert services.give_up_amendment(amendment_id=done.pk, why="given_up") == "applied"
    assert kept_of(order) == before


def test_what_left_the_shop_while_it_was_paid_joins_no_order(order):
    before = kept_of(order)
    pain = ProductFactory(name="Pain", price=Decimal("4.00"))
    live = amend(order, added={pain: 5})
    Product.objects.filter(pk=pain.pk).update(is_published=False)

    live = pay(live)

    assert (live.state, live.why) == ("dropped", "changed")
    assert kept_of(order) == before


# --- vouchers ---------------------------------------------------------------------------------------


def test_a_voucher_stays_with_its_order_at_what_it_is_worth_now(order, comte, lait):
    held = hold_voucher(order, kind="percentage", value=Decimal(10), minimum_goods=Decimal(30))

    amend(order, {comte: 8, lait: 8})
    settle(order)

    order = fresh(order)
    assert (order.goods_total, order.voucher_discount) == (Decimal("40.00"), Decimal("4.00"))
    assert sum(line.voucher_share for line in order.lines.all()) == Decimal("4.00")
    assert order.total == order.goods_total + order.delivery_fee - 4
    held.refresh_from_db()
    assert (held.order_reference, held.amount) == (order.reference, Decimal("4.00"))


def test_below_its_minimum_a_voucher_is_given_back(order, comte, lait):
    held = hold_voucher(order, kind="percentage", value=Decimal(10), minimum_goods=Decimal(45))

    amend(order, {comte: 6, lait: 6})

    order = fresh(order)
    assert (order.voucher_discount, order.voucher_label) == (0, "")
    assert order.total == order.goods_total + order.delivery_fee
    held.refresh_from_db()
    assert held.order_reference == ""


def hold_voucher(order, **worth):
    """As if it had been ordered with."""
    granted = vouchers.grant(
        origin="gift", source=f"order:{order.pk}", valid_until=timezone.now() + timedelta(days=30), **worth
    )
    off = Decimal("5.00")
    vouchers.reserve(
        voucher_id=granted.voucher.pk, order_reference=order.reference, customer_id=order.customer_id,
        goods=order.goods_total, is_first_order=True, amount=off,
    )  # fmt: skip
    Order.objects.filter(pk=order.pk).update(
        voucher_discount=off, voucher_label="Bon de 10 %", total=order.total - off
    )
    order.refresh_from_db()
    return granted.voucher


def test_an_article_asked_about_while_it_was_paid_stays_as_it_was(order, comte, lait):
    waiting = amend(order, {comte: 25, lait: 0})
    services.tell_shortage(
        reference=order.reference, line_id=order.lines.get(product=lait).pk, missing=3, cause="forecast"
    )

    assert pay(waiting).state == Amendment.State.DROPPED
    assert order.lines.get(product=lait).quantity == 10


def test_an_order_paid_twice_has_one_invoice_of_it_all(order, comte):
    pay(amend(order, {comte: 20}))
    done = packed(order)
    for _turn in range(2):
        settle(order)

    invoice = Document.objects.get()
    money = PaymentAccount.objects.get(order_reference=order.reference)
    assert PaymentOperation.objects.filter(kind="capture", state="succeeded").count() == 2
    assert Decimal(invoice.payload["paid"]["amount"]) == money.captured == done.bill.total
    assert done.events.filter(kind="paid").count() == 1


def test_what_a_lapsed_difference_left_uncharged_is_asked_again(order, comte):
    pay(amend(order, {comte: 20}))
    started(order)
    pick(order)
    PaymentOperation.objects.filter(account_id=order.reference, occasion__startswith="amend").update(
        state="released"
    )
    services.pack_order(reference=order.reference)
    assert not PaymentOperation.objects.filter(kind="capture").exists()
    PaymentOperation.objects.filter(account_id=order.reference, occasion__startswith="amend").update(
        state="succeeded"
    )

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        charge_packed()

    assert (
        sum(PaymentOperation.objects.filter(kind="capture").values_list("amount", flat=True))
        == fresh(order).bill.total
    )
