"""Sums that an invoice and its credit notes must keep, whatever was sold."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shop.documents.rules import (
    Row,
    exceeds,
    left_to_credit,
    money_as_json,
    net_unit_price,
    number_of,
    row_as_json,
    row_of_json,
    rows_of,
    sums,
)
from shop.orders.refund_rules import spread_credit
from shop.pricing.rules import vat_totals

RATES = [Decimal("5.5"), Decimal("10.0"), Decimal("20.0"), None]
cents = st.integers(1, 100_000).map(lambda n: Decimal(n) / 100)
rows = st.lists(
    st.builds(Row, label=st.text(max_size=20), gross=cents, rate=st.sampled_from(RATES)), max_size=30
)


@given(rows)
def test_what_is_kept_adds_up_to_its_rows(sold):
    payload = {"rows": [row_as_json(row) for row in sold], **money_as_json(sums(sold))}

    kept = rows_of(payload)

    assert kept == sold
    assert Decimal(payload["total"]) == sum(row.gross for row in kept)
    assert Decimal(payload["total"]) == sum(
        (Decimal(payload[part]) for part in ("net", "vat_amount", "untaxed")), Decimal(0)
    )
    expected = vat_totals((row.rate, row.gross) for row in kept if row.rate is not None)
    assert {Decimal(vat["rate"]): Decimal(vat["vat"]) for vat in payload["vat"]} == {
        rate: total.vat for rate, total in expected.items()
    }
    for vat in payload["vat"]:
        assert Decimal(vat["net"]) + Decimal(vat["vat"]) == Decimal(vat["gross"])


@given(rows, st.data())
def test_credits_without_particulars_end_at_nothing_left(sold, data):
    left = sums(sold).by_rate()
    credited = []

    while total := sum(left.values()):
        amount = Decimal(data.draw(st.integers(1, int(total * 100)))) / 100
        spread = spread_credit(amount, left)
        assert sum(spread.values()) == amount
        assert not exceeds(spread, left)
        credited.append(spread)
        left = left_to_credit(left, [spread])
        if len(credited) > 5:
            credited.append(spread_credit(sum(left.values()), left))
            left = left_to_credit(left, credited[-1:])

    assert left_to_credit(sums(sold).by_rate(), credited) == left
    assert not any(left.values())


@given(rows, cents)
def test_more_than_was_invoiced_is_never_spread(sold, beyond):
    invoiced = sums(sold)

    assert spread_credit(invoiced.total + beyond, invoiced.by_rate()) is None


def test_deposits_are_given_back_last():
    left = {Decimal("5.5"): Decimal("10.00"), None: Decimal("2.00")}

    assert spread_credit(Decimal("10.00"), left) == {Decimal("5.5"): Decimal("10.00")}
    assert spread_credit(Decimal("11.00"), left) == {Decimal("5.5"): Decimal("10.00"), None: Decimal("1.00")}


def test_a_credit_follows_the_rates_to_the_cent():
    left = {Decimal("5.5"): Decimal("20.00"), Decimal("20.0"): Decimal("10.00")}

    assert spread_credit(Decimal("1.00"), left) == {
        Decimal("5.5"): Decimal("0.67"),
        Decimal("20.0"): Decimal("0.33"),
    }


def test_a_voucher_is_one_more_row_at_each_rate():
    sold = [
        Row("Café", Decimal("10.00"), Decimal("5.5")),
        Row("Bon d’achat", Decimal("-4.00"), Decimal("5.5")),
    ]

    assert sums(sold).total == Decimal("6.00")
    assert sums(sold).vat[0].vat == Decimal("0.31")


def test_a_row_keeps_a_rate_it_has_not():
    assert row_of_json(row_as_json(Row("Consignes", Decimal("1.20"), None))).rate is None


def test_numbers_and_prices_are_written_out():
    assert number_of("F", 2026, 123) == "F2026-000123"
    assert number_of("A", 2027, 1_234_567) == "A2027-1234567"
    assert net_unit_price(Decimal("2.50"), Decimal("5.5")) == Decimal("2.3697")
