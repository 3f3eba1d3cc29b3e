"""What a voucher takes off, and what its code looks like."""

from decimal import Decimal
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.vouchers.rules import ALPHABET, GROUP, GROUPS, Terms, canonical, discount, new_code

LEAST = Decimal("0.50")
euros = st.decimals(min_value=0, max_value=500, places=2)
some_terms = st.one_of(
    st.builds(Terms, st.just("amount"), st.decimals("0.01", 200, places=2)),
    st.builds(Terms, st.just("percentage"), st.decimals("0.01", 100, places=2), st.none() | euros),
    st.builds(Terms, st.just("delivery")),
)


def taken(terms, goods="40.00", delivery="5.90", deposits="0"):
    goods, delivery = Decimal(goods), Decimal(delivery)
    to_pay = goods + delivery + Decimal(deposits)
    return discount(terms, goods=goods, delivery=delivery, to_pay=to_pay, least=LEAST)


# --- codes ----------------------------------------------------------------------------------------


def test_a_code_has_eighty_bits_at_least():
    assert log2(len(ALPHABET)) * GROUPS * GROUP >= 80
    assert len(ALPHABET) == len(set(ALPHABET)) >= 30
    assert not set(ALPHABET) & set("IO01LU")


def test_codes_are_grouped_and_all_different():
    codes = {new_code() for _n in range(1000)}

    assert len(codes) == 1000
    assert all([len(part) for part in code.split("-")] == [5, 5, 5, 5] for code in codes)


@pytest.mark.parametrize("said", [str.lower, lambda c: c.replace("-", " "), lambda c: f"  {c}\n", lambda c: c.replace("-", "")])  # fmt: skip
def test_a_code_is_read_however_it_is_typed(said):
    code = new_code()

    assert canonical(said(code)) == code.replace("-", "")


@pytest.mark.parametrize(
    "typed",
    ["", "-", "ABCDE", "A" * 19, "A" * 21, "A" * 1000, "0" * 20, "É" * 20, "Ａ" * 20, "🥕" * 20, "A" * 19 + "\0", "ſ" * 21],
)  # fmt: skip
def test_what_is_no_code_is_none(typed):
    assert canonical(typed) is None


@given(st.text(max_size=300))
def test_whatever_is_typed_is_read_or_refused(typed):
    letters = canonical(typed)

    assert letters is None or (len(letters) == 20 and set(letters) <= set(ALPHABET))


# --- amounts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "goods", "expected"),
    [
        (Terms("amount", Decimal(5)), "40.00", "5.00"),
        (Terms("percentage", Decimal(10)), "40.05", "4.01"),
        (Terms("percentage", Decimal(10)), "40.04", "4.00"),
        (Terms("percentage", Decimal(20), Decimal(6)), "40.00", "6.00"),
        (Terms("percentage", Decimal(20), Decimal(9)), "40.00", "8.00"),
    ],
)
def test_what_comes_off_goods(terms, goods, expected):
    off = taken(terms, goods)

    assert (off.on_goods, off.on_delivery, off.is_cut) == (Decimal(expected), 0, False)


def test_a_delivery_credit_takes_off_the_slots_price_and_nothing_else():
    off = taken(Terms("delivery"))

    assert (off.on_goods, off.on_delivery, off.is_cut) == (0, Decimal("5.90"), False)
    assert taken(Terms("delivery"), delivery="0").total == 0


def test_deposits_are_never_reduced():
    assert taken(Terms("amount", Decimal(50)), deposits="3").total == Decimal("40.00")


def test_what_a_card_can_pay_remains_and_the_cut_is_told():
    off = taken(Terms("amount", Decimal(50)), delivery="0")

    assert (off.total, off.is_cut) == (Decimal("39.50"), True)


@given(terms=some_terms, goods=euros, delivery=euros, deposits=euros)
def test_never_more_than_there_is_and_the_least_remains(terms, goods, delivery, deposits):
    to_pay = goods + delivery + deposits

    off = discount(terms, goods=goods, delivery=delivery, to_pay=to_pay, least=LEAST)

    assert 0 <= off.on_goods <= goods and 0 <= off.on_delivery <= delivery
    assert off.total == 0 or to_pay - off.total >= LEAST
    assert off.total == off.total.quantize(Decimal("0.01"))
    assert not (off.on_goods and off.on_delivery)


@given(terms=some_terms, goods=euros, more=euros)
def test_more_goods_never_get_less_off(terms, goods, more):
    few = discount(terms, goods=goods, delivery=Decimal(0), to_pay=goods)
    many = discount(terms, goods=goods + more, delivery=Decimal(0), to_pay=goods + more)

    assert many.total >= few.total
