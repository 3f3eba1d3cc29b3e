"""What an order comes to, its voucher and its VAT: what lines bear adds up to the order, whatever it is made of."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.vouchers.rules import Terms
from shop.orders.rules import Article, Prepared, bill, figures, weighing_margin
from shop.pricing.rules import NOTHING, PricedLine, spread_reduction, vat_totals

RATES = [Decimal("5.5"), Decimal("10.0"), Decimal("20.0")]
FIVE_OFF = Terms("amount", Decimal(5), label="Bon de 5 €")


def article(price="10.00", *, rate="5.5", quantity=1, deposit="0", discount="0", age=None, milk=False, pk=1):
    priced = PricedLine(Decimal(price), "piece", quantity, Decimal(rate), Decimal(deposit), Decimal(discount))
    return Article(pk, f"{pk:013}", "?", "", priced, age, is_first_age_milk=milk)


def priced(*articles, voucher=None, slot="5.90", free_from="80"):
    return figures(articles, slot_price=Decimal(slot), free_delivery_from=Decimal(free_from), voucher=voucher)


def test_without_a_voucher_delivery_is_taxed_at_twenty_and_deposits_are_not():
    order = priced(article("10.55", deposit="0.30"))

    assert order.total == Decimal("16.75")
    assert order.vat == {
        Decimal("5.5"): (Decimal("10.55"), Decimal("0.55")),
        Decimal("20.0"): (Decimal("5.90"), Decimal("0.98")),
    }
    assert Decimal("20.0") not in priced(article(), free_from="10").vat


def test_a_voucher_lowers_the_base_of_each_rate_by_its_part():
    order = priced(article("30.00", pk=1), article("10.00", rate="20", pk=2), voucher=FIVE_OFF, slot="0")

    assert order.goods_total == Decimal("40.00") and order.total == Decimal("35.00")
    assert order.voucher_shares == (Decimal("3.75"), Decimal("1.25"))
    assert [gross for gross, _vat in order.vat.values()] == [Decimal("26.25"), Decimal("8.75")]
    assert order.voucher_label == "Bon de 5 €"


def test_a_delivery_credit_takes_the_fee_and_its_vat():
    order = priced(article("40.00"), voucher=Terms("delivery", label="Livraison offerte"))

    assert (order.delivery_fee, order.voucher_discount) == (Decimal("5.90"), Decimal("5.90"))
    assert order.total == Decimal("40.00")
    assert list(order.vat) == [Decimal("5.5")] and order.voucher_shares == (NOTHING,)


def test_thresholds_do_not_see_the_voucher():
    order = priced(article("80.00"), voucher=FIVE_OFF)

    assert order.delivery_fee == 0 and order.goods_total == Decimal("80.00")


@pytest.mark.parametrize("kept", [{"age": 18, "rate": "20"}, {"milk": True}])
def test_alcohol_and_first_age_milk_are_not_reduced(kept):
    order = priced(article("10.00", pk=1), article("30.00", pk=2, **kept), voucher=FIVE_OFF)
    alone = priced(article("30.00", **kept), voucher=FIVE_OFF)

    assert order.voucher_shares == (Decimal("5.00"), NOTHING)
    assert alone.voucher_discount == 0 and alone.voucher_label == ""


def test_what_a_card_can_pay_at_least_remains():
    order = priced(article("20.00"), voucher=Terms("amount", Decimal(50)), slot="0")

    assert order.total == Decimal("0.50") and order.voucher.is_cut


cents = st.decimals(min_value="0.01", max_value=80, places=2)
articles = st.lists(
    st.builds(
        lambda price, rate, quantity, deposit, share, age, milk: article(
            price, rate=rate, quantity=quantity, deposit=deposit, age=age, milk=milk,
            discount=(price * quantity * share / 100).quantize(Decimal("0.01")),
        ),
        cents, st.sampled_from(RATES), st.integers(1, 6), st.sampled_from([Decimal(0), Decimal("0.20")]),
        st.integers(0, 40), st.sampled_from([None, None, 18]), st.booleans(),
    ),
    min_size=1, max_size=12,
)  # fmt: skip
vouchers = st.one_of(
    st.builds(Terms, st.just("amount"), st.decimals("0.01", 300, places=2)),
    st.builds(Terms, st.just("percentage"), st.decimals("0.01", 100, places=2), st.none() | cents),
    st.just(Terms("delivery")),
)


@given(articles=articles, voucher=vouchers, slot=st.sampled_from(["0", "2.90", "5.90"]), free_from=st.sampled_from(["0", "40", "900"]))  # fmt: skip
def test_everything_adds_up_with_any_voucher(articles, voucher, slot, free_from):
    plain = priced(*articles, slot=slot, free_from=free_from)
    order = priced(*articles, voucher=voucher, slot=slot, free_from=free_from)

    assert order.total == plain.total - order.voucher_discount
    assert (
        order.total == order.goods_total + order.deposit_total + order.delivery_fee - order.voucher_discount
    )
    assert order.total >= min(plain.total, Decimal("0.50"))
    assert (order.goods_total, order.delivery_fee, order.discount_total) == (
        plain.goods_total, plain.delivery_fee, plain.discount_total,
    )  # fmt: skip
    assert sum(order.voucher_shares, NOTHING) == order.voucher.on_goods
    for one, share in zip(articles, order.voucher_shares, strict=True):
        assert 0 <= share <= (one.priced.total if one.takes_voucher else NOTHING)
    assert sum((gross for gross, _vat in order.vat.values()), NOTHING) == order.total - order.deposit_total
    lines = [
        (one.priced.vat_rate, one.priced.total - share)
        for one, share in zip(articles, order.voucher_shares, strict=True)
    ]
    fee = order.delivery_fee - order.voucher.on_delivery
    expected = vat_totals([*lines, (Decimal("20.0"), fee)] if fee else lines)
    assert order.vat == {rate: (total.gross, total.vat) for rate, total in expected.items()}
    if not fee:
        assert sum(order.line_vat, NOTHING) == sum((vat for _gross, vat in order.vat.values()), NOTHING)


@given(articles=articles, voucher=vouchers)
def test_the_order_of_lines_changes_no_total(articles, voucher):
    one, other = priced(*articles, voucher=voucher), priced(*articles[::-1], voucher=voucher)

    assert (one.total, one.vat) == (other.total, other.vat)


def test_no_reduction_beyond_what_it_reduces():
    with pytest.raises(ValueError, match="at most"):
        spread_reduction(Decimal(2), [(RATES[0], Decimal(1))])


picks = st.lists(st.floats(0, 1.5), min_size=12, max_size=12)


@given(articles=articles, voucher=vouchers, slot=st.sampled_from(["0", "5.90"]), picks=picks, weighed=st.booleans())  # fmt: skip
def test_a_bill_with_a_voucher_adds_up_and_stays_within_what_was_agreed(
    articles, voucher, slot, picks, weighed
):
    if weighed:
        articles = [
            replace(
                one,
                priced=replace(one.priced, sold_by="weight", quantity=700, discount=NOTHING, deposit=NOTHING),
            )
            for one in articles
        ]
    order = priced(*articles, voucher=voucher, slot=slot)
    lines = [
        Prepared(
            one.priced.sold_by, one.priced.quantity,
            int(one.priced.quantity * (part if weighed else min(part, 1))),
            one.priced.total, one.priced.vat_rate, one.priced.deposit_total, takes_voucher=one.takes_voucher,
        )
        for one, part in zip(articles, picks, strict=False)
    ]  # fmt: skip
    most = order.total + weighing_margin(articles)

    made = bill(
        lines,
        fee=order.delivery_fee,
        most=most,
        voucher=voucher if order.voucher_discount else None,
        voucher_agreed=order.voucher_discount,
    )

    assert 0 <= made.total <= most
    assert sum((gross for gross, _vat in made.vat.values()), NOTHING) == made.total - made.deposit_total
    for line, amount, share in zip(lines, made.lines, made.voucher_shares, strict=True):
        assert 0 <= share <= (amount if line.takes_voucher else NOTHING)
