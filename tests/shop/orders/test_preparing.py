"""From the closed slot to the closed crates: what was found is what is charged, and never above what was agreed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from shop.orders import services
from shop.orders.models import BillVat, LineEvent, OrderBill, OrderLine
from shop.orders.rules import Prepared, bill, heaviest, substitute_price
from shop.payments.errors import ProviderUnavailable
from shop.payments.gateways.demo import DemoGateway
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.stock.models import StockItem, StockMovement
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import lines_of, packed, pick, place, settled, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def comte():
    return ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)


@pytest.fixture
def apples():
    return ProductFactory(name="Pommes", weighed=True, stock=50_000)


def test_what_was_found_is_what_is_charged(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 12}), {comte: 11})
    money = settled(order)

    assert (order.status, order.bill.goods_total) == ("packed", Decimal("44.00"))
    assert (money.captured, money.released) == (order.bill.total, order.most - order.bill.total)
    assert [event.kind for event in order.events.all()][-3:] == ["picking", "packed", "paid"]


def test_goods_leave_the_shelf_as_the_crates_are_closed(zone, comte):  # noqa: F811
    order = started(place(zone, {comte: 12}))
    pick(order, {comte: 11})
    before = StockItem.objects.get(product=comte)
    services.pack_order(reference=order.reference)
    after = StockItem.objects.get(product=comte)

    assert (before.on_hand, before.reserved) == (50, 12)
    assert (after.on_hand, after.reserved) == (39, 0)
    assert StockMovement.objects.filter(kind="picked", source=order.reference).get().quantity == -11


def test_a_heavier_weight_is_paid_up_to_what_was_announced(zone, comte, apples):  # noqa: F811
    order = place(zone, {comte: 12, apples: 1000})
    assert order.weighing_margin == Decimal("0.32")
    assert PaymentAccount.objects.get(order_reference=order.reference).authorised == order.total + Decimal(
        "0.32"
    )

    order = packed(order, {apples: 1400})

    assert lines_of(order)["Pommes"].billed == Decimal("3.52")
    assert order.bill.total == order.most


def test_a_lighter_weight_is_paid_as_weighed_and_misses_nothing(zone, comte, apples):  # noqa: F811
    order = packed(place(zone, {comte: 12, apples: 1000}), {apples: 950})
    line = lines_of(order)["Pommes"]

    assert (line.billed, line.missing) == (Decimal("3.04"), 0)
    assert [event.kind for event in line.events.all()] == ["weighed"]


@pytest.mark.parametrize("grams", [-1, 1501, 10**9])
def test_a_weight_that_nobody_weighed_is_refused(zone, comte, apples, grams):  # noqa: F811
    order = started(place(zone, {comte: 12, apples: 1000}))

    with pytest.raises(services.QuantityRefused):
        pick(order, {apples: grams})

    assert not LineEvent.objects.exists()
    assert set(order.lines.values_list("picked", flat=True)) == {None}


def test_more_pieces_than_ordered_are_refused(zone, comte):  # noqa: F811
    order = started(place(zone, {comte: 12}))

    with pytest.raises(services.QuantityRefused):
        pick(order, {comte: 13})


@pytest.mark.parametrize("is_at_once", [False, True])
def test_what_stands_in_is_not_found_as_well_as_what_it_stands_in_for(zone, comte, is_at_once):  # noqa: F811
    brie = ProductFactory(name="Brie", price=Decimal("4.10"), shelf=comte.shelf, stock=50)
    order = started(place(zone, {comte: 12}, choice="substitute"))
    pick(order, {comte: 8})
    [line] = services.settle_at_shelf(references=[order.reference])
    services.replace_at_shelf(line_id=line.pk, product_id=brie.pk, by_id=None)
    pick(order, {brie: 0})

    with pytest.raises(services.QuantityRefused):
        if not is_at_once:
            pick(order, {comte: 12})
        pick(order, {comte: 12, brie: 4})

    pick(order, {brie: 0 if not is_at_once else 4})
    assert sum(line.picked for line in order.lines.all()) == 12


def test_what_would_expire_too_soon_is_refused(zone, comte):  # noqa: F811
    comte.minimum_life_days = 5
    comte.save()
    order = started(place(zone, {comte: 12}))
    promised = timezone.localdate(order.slot.starts_at) + timedelta(days=5)

    for read in (None, promised - timedelta(days=1)):
        with pytest.raises(services.KeepsTooShort) as refused:
            pick(order, best_before_on=read)
        assert refused.value.until == promised
    pick(order, best_before_on=promised)

    assert LineEvent.objects.get().best_before_on == promised


def test_an_empty_shelf_needs_no_date(zone, comte):  # noqa: F811
    comte.minimum_life_days = 5
    comte.save()
    order = started(place(zone, {comte: 12}))

    pick(order, {comte: 0})

    assert order.lines.get().picked == 0


def test_the_same_said_twice_is_once(zone, comte):  # noqa: F811
    order = started(place(zone, {comte: 12}))
    pick(order), pick(order, {comte: 12})

    assert (order.lines.get().picked, LineEvent.objects.count()) == (12, 1)


def test_a_slip_is_put_right_by_whoever_saw_it(zone, comte):  # noqa: F811
    order = started(place(zone, {comte: 12}))
    line = order.lines.get()
    pick(order, {comte: 10})

    with pytest.raises(services.AlreadyPicked):
        services.note_picked(found=[services.Found(line.pk, 12)], by_id=None, order_ids=[order.pk])
    pick(order, {comte: 12})

    line.refresh_from_db()
    assert (line.picked, line.missing) == (12, 0)
    assert list(line.events.values_list("kind", "quantity")) == [
        ("picked", 10),
        ("missing", 2),
        ("picked", 12),
    ]


def test_crates_are_not_closed_before_every_shelf_was_visited(zone, comte, apples):  # noqa: F811
    order = started(place(zone, {comte: 12, apples: 1000}))

    with pytest.raises(services.LinesLeft) as refused:
        services.pack_order(reference=order.reference)

    assert refused.value.number == 2
    assert not OrderBill.objects.exists()


def test_closed_twice_is_closed_once(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 12}))
    services.pack_order(reference=order.reference)

    assert order.events.filter(kind="packed").count() == 1
    assert StockItem.objects.get(product=comte).on_hand == 38


def test_nothing_is_picked_of_an_order_that_waits_or_ended(zone, comte):  # noqa: F811
    order = place(zone, {comte: 12})
    with pytest.raises(services.MoveRefused):
        pick(order)
    services.cancel_order(reference=order.reference)

    assert services.start_picking(references=[order.reference]) == set()


def test_an_order_under_way_is_cancelled_no_more(zone, comte):  # noqa: F811
    order = started(place(zone, {comte: 12}))

    with pytest.raises(services.MoveRefused):
        services.cancel_order(reference=order.reference)


def test_where_nothing_at_all_is_found_nothing_is_charged(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 12}), {comte: 0})
    money = settled(order)

    assert (order.status, order.events.last().kind) in {
        ("cancelled", "nothing_left"), ("cancelled", "payment_released"),
    }  # fmt: skip
    assert (money.captured, money.held) == (0, 0)
    assert StockItem.objects.get(product=comte).reserved == 0


def test_delivery_stays_at_its_price_however_much_is_missing(zone, comte):  # noqa: F811
    zone.free_delivery_from = Decimal(45)
    zone.save()
    order = packed(place(zone, {comte: 12}), {comte: 3})

    assert (order.delivery_fee, order.bill.delivery_fee) == (0, 0)
    assert order.bill.total == Decimal("12.00")


def test_vat_of_the_bill_is_that_of_its_lines(zone, comte, apples):  # noqa: F811
    wine = ProductFactory(name="Savon", vat_rate=Decimal("20.0"), price=Decimal("3.33"))
    order = packed(place(zone, {comte: 11, apples: 700, wine: 3}), {apples: 730, wine: 2})
    gross = {total.rate: total.gross for total in order.bill.vat_totals.all()}
    billed = {rate: Decimal(0) for rate in gross}
    for line in order.lines.all():
        billed[line.vat_rate] += line.billed
    billed[Decimal("20.0")] += order.bill.delivery_fee

    assert gross == billed
    assert sum(gross.values()) + order.bill.deposit_total == order.bill.total


@pytest.mark.parametrize("kept", [OrderBill, BillVat, LineEvent])
def test_what_was_billed_and_done_is_never_changed(zone, comte, kept):  # noqa: F811
    packed(place(zone, {comte: 12}))
    key = kept._meta.pk.attname

    for change in (f"UPDATE {kept._meta.db_table} SET {key} = {key}", f"DELETE FROM {kept._meta.db_table}"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_a_provider_that_is_silent_does_not_keep_the_order(zone, comte, monkeypatch):  # noqa: F811
    def silent(*_args, **_asked):
        raise ProviderUnavailable("no answer")

    order = place(zone, {comte: 12})
    with monkeypatch.context() as patch:
        patch.setattr(DemoGateway, "capture", silent)
        order = packed(order)
        settled(order)
    asked = PaymentOperation.objects.get(kind="capture")
    assert (order.status, asked.state) == ("packed", "unknown")
    assert not order.events.filter(kind="paid").exists()

    money = settled(order)
    assert PaymentOperation.objects.get(kind="capture").key == asked.key
    assert money.captured == order.bill.total and order.events.filter(kind="paid").exists()


def test_handed_over_once(zone, comte):  # noqa: F811
    order = packed(place(zone, {comte: 12}))
    services.hand_over(reference=order.reference)
    services.hand_over(reference=order.reference)

    order.refresh_from_db()
    assert (order.status, order.events.filter(kind="delivered").count()) == ("delivered", 1)


def test_no_line_without_a_history(zone, comte, apples):  # noqa: F811
    packed(place(zone, {comte: 12, apples: 600}), {apples: 0})

    assert not OrderLine.objects.filter(events=None).exists()


prices = st.decimals(min_value="0.01", max_value="60", places=2)


@st.composite
def prepared(draw):
    """A line, and what was found of it; sometimes a part was given up and something stands in."""
    by_weight = draw(st.booleans())
    quantity = draw(st.integers(1, 3000 if by_weight else 30))
    total = draw(prices)
    dropped = draw(st.sampled_from([0, quantity, draw(st.integers(0, quantity))]))
    wanted = quantity - dropped
    picked = draw(st.integers(0, wanted + wanted // 2 if by_weight else wanted))
    rate = draw(st.sampled_from([Decimal("5.5"), Decimal("10.0"), Decimal("20.0")]))
    sold_by = "weight" if by_weight else "piece"
    lines = [Prepared(sold_by, quantity, picked, total, rate, dropped=dropped)]
    if dropped and draw(st.booleans()):
        most = heaviest(dropped) if by_weight else dropped
        lines.append(
            Prepared(
                sold_by, dropped, draw(st.integers(0, most)), substitute_price(total, dropped, quantity), rate
            )
        )
    margin = (
        Decimal(0)
        if not by_weight
        else Prepared(sold_by, quantity, heaviest(quantity), total, rate).billed - total
    )
    return lines, total + margin


@given(st.lists(prepared(), min_size=1, max_size=12), prices)
def test_a_bill_adds_up_and_stays_within_what_was_agreed(parts, fee):
    lines = [line for some, _most in parts for line in some]
    most = sum(most for _some, most in parts) + fee
    made = bill(lines, fee=fee, most=most)

    assert made.total <= most
    assert all(amount >= 0 for amount in made.lines)
    assert sum(gross for gross, _vat in made.vat.values()) == made.goods_total + made.delivery_fee
    for line, amount in zip(lines, made.lines, strict=True):
        if not line.picked:
            assert amount == 0
