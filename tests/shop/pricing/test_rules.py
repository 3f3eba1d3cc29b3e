"""The arithmetic of money, by example and by property."""

from dataclasses import FrozenInstanceError
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.pricing import rules
from shop.pricing.rules import PricedLine

CENT = Decimal("0.01")
amounts = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("999.99"), places=2)
rates = st.sampled_from([Decimal("5.5"), Decimal("10.0"), Decimal("20.0")])
vat_lines = st.lists(st.tuples(rates, amounts), max_size=40)
priced_lines = st.builds(
    PricedLine,
    unit_price=amounts,
    sold_by=st.sampled_from(["piece", "weight"]),
    quantity=st.integers(1, 5000),
    vat_rate=rates,
    deposit=st.sampled_from([Decimal("0.00"), Decimal("0.30")]),
)


def apples(quantity=1, price="2.50", sold_by="piece", rate="5.5", deposit="0"):
    return PricedLine(Decimal(price), sold_by, quantity, Decimal(rate), Decimal(deposit))


@pytest.mark.parametrize(
    ("price", "sold_by", "quantity", "expected"),
    [
        ("2.50", "piece", 3, "7.50"),
        ("3.20", "weight", 750, "2.40"),
        ("1.99", "weight", 250, "0.50"),  # 0.4975
        ("3.30", "weight", 150, "0.50"),  # 0.495: half up
        ("3.10", "weight", 150, "0.47"),  # 0.465: half up, where banker's rounding says 0.46
        ("0.01", "weight", 1, "0.00"),
        ("2.50", "piece", 0, "0.00"),
    ],
)
def test_line_total_is_rounded_half_up_once(price, sold_by, quantity, expected):
    total = rules.line_total(Decimal(price), sold_by, quantity)

    assert total == Decimal(expected)
    assert total.as_tuple().exponent == -2


def test_negative_quantity_has_no_total():
    with pytest.raises(ValueError, match="negative"):
        rules.line_total(Decimal("2.50"), "piece", -1)


def test_weighed_product_carries_no_deposit():
    assert rules.deposit_total(Decimal("0.30"), "weight", 750) == 0
    assert rules.deposit_total(Decimal("0.30"), "piece", 6) == Decimal("1.80")


@pytest.mark.parametrize(
    ("goods", "expected"), [("0.00", "5.90"), ("119.99", "5.90"), ("120.00", "0.00"), ("300.00", "0.00")]
)
def test_delivery_is_offered_from_the_threshold_on(goods, expected):
    fee = rules.delivery_fee(Decimal(goods), Decimal("5.90"), Decimal("120.00"))

    assert fee == Decimal(expected)


@pytest.mark.parametrize(
    ("goods", "missing"), [("0.00", "40.00"), ("39.99", "0.01"), ("40.00", "0"), ("41", "0")]
)
def test_amounts_to_thresholds_are_never_negative(goods, missing):
    assert rules.amount_to_minimum(Decimal(goods), Decimal("40.00")) == Decimal(missing)
    assert rules.amount_to_free_delivery(Decimal(goods), Decimal("40.00")) == Decimal(missing)


def test_deposits_count_in_the_total_but_for_no_threshold():
    lines = [apples(quantity=10, price="3.95", deposit="0.30")]

    totals = rules.basket_totals(
        lines,
        slot_price=Decimal("5.90"),
        minimum_order=Decimal("40.00"),
        free_delivery_from=Decimal("42.00"),
    )

    assert totals.goods == Decimal("39.50")
    assert totals.deposits == Decimal("3.00")
    assert totals.delivery == Decimal("5.90")
    assert totals.to_minimum == Decimal("0.50")
    assert not totals.reaches_minimum
    assert totals.to_free_delivery == Decimal("2.50")
    assert totals.total == Decimal("48.40")


def test_empty_basket_owes_nothing():
    totals = rules.basket_totals(
        [], slot_price=Decimal("5.90"), minimum_order=Decimal("40.00"), free_delivery_from=Decimal("120.00")
    )

    assert totals.total == 0
    assert totals.to_minimum == Decimal("40.00")


def test_results_cannot_be_changed():
    totals = rules.vat_totals([(Decimal("5.5"), Decimal("10.55"))])

    with pytest.raises(FrozenInstanceError):
        totals[Decimal("5.5")].vat = Decimal(0)


def test_vat_is_computed_once_per_rate_and_not_per_line():
    # Ten times 0.10 € at 5.5 %: 0.0052 € each, a cent per line, but 0.05 € on the whole.
    lines = [(Decimal("5.5"), Decimal("0.10"))] * 10

    total = rules.vat_totals(lines)[Decimal("5.5")]

    assert total.vat == Decimal("0.05")
    assert total.net == Decimal("0.95")
    assert sum(rules.vat_totals([line])[Decimal("5.5")].vat for line in lines) == Decimal("0.10")


def test_rates_written_differently_are_one_rate():
    totals = rules.vat_totals([(Decimal("20"), Decimal(6)), (Decimal("20.00"), Decimal(6))])

    assert [(total.gross, total.vat) for total in totals.values()] == [(Decimal(12), Decimal("2.00"))]


def test_equal_lines_share_a_missing_cent_in_their_order():
    # 0.02 € of VAT over three equal lines: the first two get it.
    shares = rules.spread_vat([(Decimal("5.5"), Decimal("0.10"))] * 3)

    assert shares == [CENT, CENT, Decimal("0.00")]


def test_nothing_is_spread_over_nothing():
    assert rules.spread_vat([]) == []
    assert rules.spread_cents(Decimal("0.00"), {}) == {}
    with pytest.raises(ValueError, match="nothing to spread"):
        rules.spread_cents(CENT, {})


def test_weightless_lines_share_equally():
    shares = rules.spread_cents(Decimal("0.05"), {1: Decimal(0), 2: Decimal(0)})

    assert shares == {1: Decimal("0.03"), 2: Decimal("0.02")}


@given(vat_lines)
def test_vat_spread_over_lines_adds_up_to_the_vat_of_each_rate(lines):
    shares = rules.spread_vat(lines)

    spread = {}
    for (rate, _gross), share in zip(lines, shares, strict=True):
        spread[rate] = spread.get(rate, Decimal(0)) + share
    assert spread == {rate: total.vat for rate, total in rules.vat_totals(lines).items()}
    assert all(share == share.quantize(CENT) for share in shares)


@given(vat_lines)
def test_each_line_is_within_a_cent_of_its_own_vat(lines):
    shares = rules.spread_vat(lines)

    for (rate, gross), share in zip(lines, shares, strict=True):
        assert 0 <= share <= gross
        assert abs(share - gross * rate / (100 + rate)) < CENT * 2


@given(vat_lines, st.randoms(use_true_random=False))
def test_order_of_lines_changes_neither_totals_nor_shares(lines, random):
    shuffled = random.sample(lines, len(lines))

    assert rules.vat_totals(shuffled) == rules.vat_totals(lines)
    before = sorted(zip(lines, rules.spread_vat(lines), strict=True))
    after = sorted(zip(shuffled, rules.spread_vat(shuffled), strict=True))
    assert before == after


@given(vat_lines)
def test_gross_of_the_rates_is_the_gross_of_the_lines(lines):
    totals = rules.vat_totals(lines).values()

    assert sum(total.gross for total in totals) == sum(gross for _rate, gross in lines)
    for total in totals:
        exact = total.gross * total.rate / (100 + total.rate)
        assert total.vat == exact.quantize(CENT, rounding=ROUND_HALF_UP)
        assert total.net + total.vat == total.gross


@given(
    st.integers(-10_000, 100_000),
    st.dictionaries(
        st.integers(0, 50),
        st.decimals(min_value=-100, max_value=1000, places=2),
        min_size=1,
        max_size=30,
    ),
)
def test_cents_are_spread_exactly_even_with_discount_lines(cents, weights):
    total = cents * CENT

    shares = rules.spread_cents(total, weights)

    assert sum(shares.values()) == total
    assert shares.keys() == weights.keys()
    whole = sum(weights.values())
    if whole:
        assert all(abs(shares[key] - total * weights[key] / whole) < CENT for key in weights)


@given(st.lists(priced_lines, max_size=20), amounts, amounts, amounts)
def test_basket_total_is_the_sum_of_what_is_shown(lines, slot_price, minimum, free_from):
    totals = rules.basket_totals(
        lines, slot_price=slot_price, minimum_order=minimum, free_delivery_from=free_from
    )

    shown = sum((line.total + line.deposit_total for line in lines), Decimal(0)) + totals.delivery
    assert totals.total == shown
    assert totals.delivery in {Decimal(0), slot_price}
    assert totals.goods + totals.to_minimum >= minimum
    assert (totals.to_free_delivery == 0) == (totals.goods >= free_from)
