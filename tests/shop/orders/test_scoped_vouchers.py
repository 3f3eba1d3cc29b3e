"""A voucher for named articles: what the law lets each line bear, to the cent, from the order to its bill."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from loyalty.vouchers.models import Voucher
from loyalty.vouchers.rules import Scope, Terms
from shop.catalogue.models import Product
from shop.orders.models import Order, OrderLine
from shop.orders.rules import Article, Prepared, bill, figures, room_in, weighing_margin
from shop.orders.services.substituting import add_stand_in
from shop.pricing.caps import cap_of, least_total, voucher_room
from shop.pricing.offers import Item
from shop.pricing.rules import NOTHING, PricedLine
from shop.stock.models import StockItem
from tests.factories import AisleFactory, ProductFactory
from tests.loyalty.points.earning import programme
from tests.loyalty.vouchers.coding import drawn, off, proven, shared
from tests.shop.checkout.conftest import Walk, terms, zone  # noqa: F401
from tests.shop.orders.changes import amend, fresh, pay
from tests.shop.orders.depot import new_slot, packed, settled, started

D = Decimal
ALL = Scope(brands=frozenset({1}))


# --- the room of one line --------------------------------------------------------------------------


def cheese(price="10.00", quantity=2, **facts):
    return Item(1, D(price), "piece", quantity, brand_id=1, vat_rate=D("5.5"), **facts)


def test_the_room_is_what_promotions_leave_of_the_cap():
    assert voucher_room(cheese(), 2, discount=NOTHING) == D("6.80")
    assert voucher_room(cheese(), 2, discount=D("5.00")) == D("1.80")
    assert voucher_room(cheese(), 2, discount=D("6.80")) == voucher_room(cheese(), 2, discount=D("9.00")) == 0
    assert voucher_room(cheese(is_food=False), 2, discount=NOTHING) == D("8.00")


def test_what_is_given_later_counts_as_given():
    assert voucher_room(cheese(), 2, discount=D("1.00"), deferred=D("2.00")) == D("3.80")
    assert voucher_room(cheese(), 2, discount=D("1.00"), deferred=D("9.00")) == 0


def test_it_never_goes_below_cost():
    assert voucher_room(cheese(unit_cost=D("8.00")), 2, discount=NOTHING) == D("1.43")
    assert voucher_room(cheese(unit_cost=D("12.00")), 2, discount=NOTHING) == 0


# --- property: every line within the law, everything to the cent ------------------------------------


@st.composite
def sold(draw, pk):
    """An article with its promotion, within the law as promotions are, and whether the voucher is for it."""
    weighed = draw(st.booleans())
    item = Item(
        pk, draw(st.decimals("0.10", 40, places=2)), "weight" if weighed else "piece",
        draw(st.integers(50, 3000) if weighed else st.integers(1, 12)), brand_id=draw(st.sampled_from([1, 2])),
        vat_rate=draw(st.sampled_from([D("5.5"), D("10.0"), D("20.0")])), is_food=draw(st.booleans()),
        unit_cost=draw(st.decimals("0", 30, places=4)),
    )  # fmt: skip
    promotion = draw(st.integers(0, 100)) * max(NOTHING, item.gross - least_total(item, item.quantity).amount)
    discount = (promotion / 100).quantize(D("0.01"), rounding="ROUND_DOWN")
    priced = PricedLine(item.price, item.sold_by, item.quantity, item.vat_rate, discount=discount)
    return item, Article(
        pk, f"{pk:013}", "?", "", priced, draw(st.sampled_from([None, None, None, 18])),
        voucher_room=room_in(ALL, item, discount=discount),
    )  # fmt: skip


baskets = st.integers(1, 8).flatmap(lambda n: st.tuples(*(sold(pk) for pk in range(1, n + 1))))
codes = st.one_of(
    st.builds(Terms, st.just("amount"), st.decimals("0.01", 50, places=2)),
    st.builds(Terms, st.just("percentage"), st.decimals("0.01", 50, places=2), st.none() | st.decimals("0.01", 30, places=2)),
)  # fmt: skip


def ordered_of(basket, code):
    return figures(
        [one for _item, one in basket], slot_price=D("5.90"), free_delivery_from=D(80), voucher=code
    )


@given(basket=baskets, code=codes)
def test_promotions_and_the_voucher_stay_within_the_cap_on_every_line(basket, code):
    order = ordered_of(basket, code)

    assert sum(order.voucher_shares, NOTHING) == order.voucher.on_goods
    for (item, article), share in zip(basket, order.voucher_shares, strict=True):
        if item.brand_id != 1 or article.minimum_age:
            assert share == 0
            continue
        paid = article.priced.total - share
        assert 0 <= share <= article.voucher_room
        assert paid >= min(article.priced.total, least_total(item, item.quantity).amount)
        exact = item.price * item.quantity / (1 if item.is_counted else 1000)
        if share:
            # What is charged is rounded to the cent once, by the scales.
            assert paid >= exact * (1 - cap_of(is_food=item.is_food))
            assert article.priced.discount + share <= exact * cap_of(is_food=item.is_food) + D("0.005")


@given(basket=baskets, code=codes)
def test_a_percentage_is_that_percentage_of_what_it_is_for(basket, code):
    order = ordered_of(basket, code)
    counted = [one.priced.total for item, one in basket if item.brand_id == 1 and not one.minimum_age]

    if code.kind == "percentage":
        assert order.voucher.on_goods <= sum(counted, NOTHING) * code.value / 100 + D("0.005")
    else:
        assert order.voucher.on_goods <= code.value
    assert sum((gross for gross, _vat in order.vat.values()), NOTHING) == order.total


@given(basket=baskets, code=codes, parts=st.lists(st.floats(0, 1.3), min_size=8, max_size=8))
def test_its_bill_keeps_each_line_in_proportion_and_within_what_was_agreed(basket, code, parts):
    order = ordered_of(basket, code)
    articles = [one for _item, one in basket]
    lines = [
        Prepared(
            one.priced.sold_by, one.priced.quantity, int(one.priced.quantity * (part if one.priced.sold_by == "weight" else min(part, 1))),
            one.priced.total, one.priced.vat_rate, takes_voucher=one.takes_voucher, voucher_room=one.voucher_room,
        )
        for one, part in zip(articles, parts, strict=False)
    ]  # fmt: skip
    most = order.total + weighing_margin(articles)
    agreed = replace(code, most=order.voucher_discount)

    made = bill(
        lines, fee=order.delivery_fee, most=most, voucher=agreed if order.voucher_discount else None,
        voucher_agreed=order.voucher_discount,
    )  # fmt: skip

    assert made.voucher_discount <= order.voucher_discount and 0 <= made.total <= most
    assert sum(made.voucher_shares, NOTHING) == made.voucher_discount
    for line, amount, share in zip(lines, made.lines, made.voucher_shares, strict=True):
        if share:
            assert line.takes_voucher and line.voucher_room
            assert amount - share >= (line.total - line.voucher_room) * line.counted / line.quantity


# --- an order's life with one ----------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def fresh_shelf():
    return AisleFactory(slug="fromages", name="Fromages", parent=AisleFactory(slug="frais", name="Frais"))


@pytest.fixture
def comte(fresh_shelf):
    return ProductFactory(name="Comté", price=D("4.00"), shelf=fresh_shelf, stock=90)


@pytest.fixture
def bread():
    return ProductFactory(name="Pain", price=D("2.00"), stock=90)


@pytest.fixture
def customer():
    return proven()


@pytest.fixture
def order_with(zone, comte, bread, customer):  # noqa: F811
    """Forty euros of cheese and twenty of bread, paid for with a code."""
    StockItem.objects.update(unit_cost=D("0.50"))

    def make(code):
        client = Client()
        client.force_login(customer.user)
        walk = Walk(client).fill(comte, quantity=10).fill(bread, quantity=10)
        walk.hold(new_slot(zone)).say_who()
        client.post(reverse("checkout_voucher"), {"code": code.code})
        walk.come_back(walk.pay(walk.order()))
        return Order.objects.get()

    return make


def shares(order):
    return {line.name: line.voucher_share for line in order.lines.all()}


def test_the_bill_works_it_out_anew_on_what_is_delivered_and_the_budget_follows(
    order_with, comte, fresh_shelf
):
    code = shared("FROMAGE", value=D(20), aisles=[fresh_shelf], budget=D(100))
    order = order_with(code)
    assert shares(order) == {"Comté": D("8.00"), "Pain": 0} and drawn(code) == (1, D("8.00"))

    done = packed(order, {comte: 7})
    settled(done)

    assert done.bill.voucher_discount == D("5.60")
    assert {line.name: line.billed_share for line in done.lines.all()} == {"Comté": D("5.60"), "Pain": 0}
    assert Voucher.objects.get().state == "used" and drawn(code) == (1, D("5.60"))


def test_where_none_of_it_is_found_it_comes_back(order_with, comte, fresh_shelf):
    code = shared("FROMAGE", value=D(20), aisles=[fresh_shelf], budget=D(100))

    done = packed(order_with(code), {comte: 0})
    settled(done)

    assert done.bill.voucher_discount == 0
    assert Voucher.objects.get().state == "live" and drawn(code) == (0, 0)


def test_what_stands_in_bears_what_the_missing_one_would_have(order_with, comte, fresh_shelf):
    code = off("10.00", "FROMAGE", products=[comte])
    order = started(order_with(code))
    line = order.lines.get(product=comte)
    tomme = ProductFactory(name="Tomme", price=D("5.00"), stock=20)
    cheap = ProductFactory(name="Mimolette", price=D("1.00"), stock=20)
    StockItem.objects.update(unit_cost=D("0.50"))

    dear = add_stand_in(order=order, line=line, product=tomme, quantity=5)
    # Five euros off its 25 € already.
    assert (dear.total, dear.discount) == (D("20.00"), D("5.00"))
    assert (line.voucher_room, dear.voucher_room, dear.takes_voucher) == (D("13.60"), D("3.50"), True)
    OrderLine.ever.filter(replaces=line).update(replaces=None)
    small = add_stand_in(order=order, line=line, product=cheap, quantity=5)

    assert small.voucher_room == D("1.70")


@pytest.mark.parametrize("price", ["3.00", "4.00", "4.40", "5.00", "6.00"])
@pytest.mark.parametrize("factor", [1, 3])
@pytest.mark.parametrize("cost", ["0.50", "2.80"])
def test_all_that_is_taken_off_what_stands_in_is_within_the_law(order_with, comte, price, factor, cost):
    programme()
    order = started(order_with(off("10.00", "FROMAGE", products=[comte])))
    order.lines.filter(product=comte).update(points_factor=factor)
    other = ProductFactory(name="Tomme", price=D(price), stock=20)
    StockItem.objects.update(unit_cost=D(cost))

    stand = add_stand_in(order=order, line=order.lines.get(product=comte), product=other, quantity=5)

    # Ten points worth 30 cents for 15 €: two hundredths of what is paid, once more for each time beyond the first.
    later = stand.total * (factor - 1) / 50
    assert 0 <= stand.voucher_room <= D("6.80")
    if stand.voucher_room:
        assert stand.discount + later + stand.voucher_room <= D("0.34") * D(price) * 5
        assert stand.total - stand.voucher_room >= D(cost) * 5 * D("1.10") * D("1.055")


def test_of_an_ordinary_voucher_what_stands_in_has_no_limit_of_its_own(order_with, comte):
    order = started(order_with(off("10.00")))

    stand = add_stand_in(
        order=order, line=order.lines.get(product=comte), product=ProductFactory(price=D("3.00")), quantity=5
    )

    assert stand.voucher_room is None


def test_amended_it_follows_its_articles_and_no_others(order_with, comte, bread, fresh_shelf):
    code = shared("FROMAGE", value=D(20), aisles=[fresh_shelf])
    order = order_with(code)
    brie = ProductFactory(name="Brie", price=D("5.00"), shelf=fresh_shelf, stock=9)
    StockItem.objects.update(unit_cost=D("0.50"))

    pay(amend(order, {comte: 12, bread: 20}, added={brie: 2}))
    order = fresh(order)

    assert shares(order) == {"Comté": D("9.60"), "Pain": 0, "Brie": D("2.00")}
    assert order.voucher_discount == D("11.60") and drawn(code) == (1, D("11.60"))
    rooms = {line.name: line.voucher_room for line in order.lines.all()}
    assert rooms == {"Comté": D("16.32"), "Pain": 0, "Brie": D("3.40")}

    amend(order, {comte: 5})

    assert shares(fresh(order))["Comté"] == D("4.00") and drawn(code) == (1, D("6.00"))


def test_of_a_code_with_a_budget_an_amended_order_has_no_more_than_was_drawn(order_with, comte, fresh_shelf):
    code = shared("FROMAGE", value=D(20), aisles=[fresh_shelf], budget=D("8.00"))
    order = order_with(code)

    pay(amend(order, {comte: 20}))
    order = packed(fresh(order))
    settled(order)

    assert order.voucher_discount == order.bill.voucher_discount == D("8.00")
    assert drawn(code) == (1, D("8.00"))


def test_once_nothing_it_is_for_is_left_it_comes_back(order_with, comte, bread, fresh_shelf):
    code = shared("FROMAGE", value=D(20), aisles=[fresh_shelf])
    order = order_with(code)

    pay(amend(order, {comte: 0, bread: 40}))

    order = fresh(order)
    assert order.voucher_discount == 0 and drawn(code) == (0, 0)
    assert Voucher.objects.get().state == "live"


def test_what_is_sold_no_more_keeps_its_part_in_proportion(order_with, comte, bread, fresh_shelf):
    code = shared("FROMAGE", value=D(20), aisles=[fresh_shelf])
    order = order_with(code)
    Product.objects.filter(pk=comte.pk).update(is_published=False, price=None)

    amend(order, {comte: 9, bread: 11})

    line = fresh(order).lines.get(product=comte)
    assert (line.voucher_room, line.voucher_share) == (D("12.24"), D("7.20"))
