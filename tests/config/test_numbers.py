from decimal import Decimal

import pytest

from config.numbers import french_decimal, short_decimal


@pytest.mark.parametrize(
    "text", ["-1", "+1", "1e3", "١٢", "1,2,3", "1.234,5", "12 34", "", "nan", "1 234 56", "9" * 31]
)
def test_numbers_that_are_not_french_are_refused(text):
    assert french_decimal(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("1\u202f234,50", "1234.50"), ("1\u00a0234", "1234"), ("1 234.5", "1234.5"), ("0,5", "0.5")],
)
def test_french_spaces_and_commas_are_read(text, value):
    assert french_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    ("amount", "said"), [("1234.50", "1\u202f234,5"), ("4.90", "4,9"), ("100.00", "100")]
)
def test_idle_zeros_are_not_said(amount, said):
    assert short_decimal(Decimal(amount)) == said
