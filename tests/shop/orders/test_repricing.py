"""Whatever is changed, in whatever order: nothing is dearer than it was ordered at, and every sum agrees."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.slots.models import Slot
from delivery.slots.services import SlotFull
from shop.catalogue.models import Product
from shop.orders import services
from shop.orders.repricing import lowered, raised, taken_out
from shop.orders.rules import Article
from shop.payments.models import PaymentAccount
from shop.pricing.models import Promotion
from shop.pricing.rules import PricedLine, line_total
from shop.pricing.services import promotions_changed
from tests.factories import ProductFactory, SlotFactory
from tests.shop.checkout.conftest import slot, terms, walk, zone  # noqa: F401
from tests.shop.orders.changes import amend, check, check_house, pay
from tests.shop.orders.depot import place

PRICES = st.decimals("0.05", "40", places=2)


def article(price, quantity, *, off=Decimal(0), sold_by="piece", promotion=None):
    gross = line_total(price, sold_by, quantity)
    priced = PricedLine(
        price, sold_by, quantity, Decimal("5.5"), discount=(gross * off).quantize(Decimal("0.01"))
    )
    return Article(1, "2000000000008", "Brie", "", priced, None, promotion_id=promotion)


@st.composite
def ordered(draw):
    sold_by = draw(st.sampled_from(["piece", "weight"]))
    quantity = draw(st.integers(1, 99) if sold_by == "piece" else st.integers(1, 200).map(lambda n: n * 100))
    off = draw(st.sampled_from([Decimal(0), Decimal("0.2"), Decimal("0.333333")]))
    return article(draw(PRICES), quantity, off=off, sold_by=sold_by, promotion=7 if off else None)


@given(ordered(), st.data())
def test_less_is_never_dearer_a_piece_and_its_promotion_never_bears_more(was, data):
    quantity = data.draw(st.integers(0, was.priced.quantity))

    now = lowered(was, quantity) if quantity < was.priced.quantity else was

    assert (
        now.priced.total * was.priced.quantity <= was.priced.total * max(quantity, 0)
        or not was.priced.discount
    )
    assert now.priced.total >= 0 and 0 <= now.price_kept <= now.priced.discount
    assert now.priced.discount - now.price_kept <= was.priced.discount - was.price_kept


@given(ordered(), PRICES, st.sampled_from([Decimal(0), Decimal("0.25")]), st.integers(1, 40))
def test_more_costs_what_was_ordered_and_the_rest_at_today_or_less(was, price, off, more):
    step = 1 if was.priced.sold_by == "piece" else 100
    quantity = was.priced.quantity + more * step
    today = article(price, quantity, off=off, sold_by=was.priced.sold_by, promotion=9 if off else None)

    now = raised(was, today=today)

    assert now.priced.quantity == quantity
    assert now.priced.total <= was.priced.total + line_total(price, was.priced.sold_by, more * step)
    assert now.priced.total <= today.priced.total or now.promotion_id == was.promotion_id
    assert now.priced.total >= 0 and 0 <= now.price_kept <= now.priced.discount
    # Put back, it costs no more a piece than after.
    assert lowered(now, was.priced.quantity).priced.total <= now.priced.total


def test_taken_out_costs_nothing():
    out = taken_out(article(Decimal("3.00"), 4, off=Decimal("0.25"), promotion=3))

    assert (out.priced.total, out.priced.discount, out.promotion_id) == (0, 0, None)


CHANGES = st.lists(
    st.tuples(
        st.dictionaries(st.integers(0, 3), st.integers(0, 14), max_size=3),
        st.integers(0, 3),
        st.sampled_from(["", "price", "stop", "start"]),
        st.sampled_from(["accepte", "accepte", "refuse"]),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_any_changes_keep_sums_stock_slots_budgets_and_money(zone, changes):  # noqa: F811
    type(zone).objects.update(minimum_order=10, free_delivery_from=70)
    products = [ProductFactory(price=Decimal(price), stock=200) for price in ("2.00", "3.10", "0.99")]
    products.append(ProductFactory(weighed=True, price=Decimal("7.77")))
    given_away = promote(products[0], budget=Decimal("9.00"))
    order = place(zone, {products[0]: 6, products[1]: 6, products[3]: 900}, starts_in=timedelta(days=2))
    at = [another_slot(order, hours, price) for hours, price in ((30, "5.90"), (31, "7.90"))]
    for wanted, where, event, card in changes:
        happen(event, products, given_away)
        quantities = {products[n]: (n == 3 and q * 100) or q for n, q in wanted.items()}
        held = {line.product_id for line in order.lines.all()}
        new = {one: q for one, q in quantities.items() if one.pk not in held and q}
        old = {one: q for one, q in quantities.items() if one.pk in held}
        try:
            live = amend(order, old, added=new, slot=at[where] if where < 2 else None)
        except (services.AmendmentRefused, SlotFull):
            check(order)
            continue
        live = pay(live, card)
        if live.is_live:
            services.give_up_amendment(amendment_id=live.pk, why="given_up")
        check(order)
    account = PaymentAccount.objects.get(pk=order.reference)
    order.refresh_from_db()
    assert account.authorised - account.released >= order.most
    services.cancel_order(reference=order.reference)
    check_house()
    given_away.refresh_from_db()
    assert given_away.spent == 0


def promote(product, **limits):
    now = timezone.now()
    made = Promotion.objects.create(
        name="Fête", kind="percent", percent=Decimal(20), starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=3), **limits,
    )  # fmt: skip
    made.products.add(product)
    promotions_changed()
    return made


def happen(event, products, promotion):
    """What the shop does meanwhile."""
    if event == "price":
        for product in products[:2]:
            Product.objects.filter(pk=product.pk).update(price=product.price + Decimal("0.50"))
    elif event:
        Promotion.objects.filter(pk=promotion.pk).update(
            stopped_at=timezone.now() if event == "stop" else None
        )
    promotions_changed()


def another_slot(order, hours, price):
    """The same for every example: they share a database."""
    at = order.slot.starts_at + timedelta(hours=hours)
    found = Slot.objects.filter(zone=order.zone, starts_at=at).first()
    return found or SlotFactory(zone=order.zone, starts_at=at, capacity=3, price=price)
