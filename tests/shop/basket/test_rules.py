from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shop.basket.rules import merged_quantities, price_difference

QUANTITIES = st.dictionaries(st.integers(1, 50), st.integers(1, 99), max_size=20)


@given(QUANTITIES, QUANTITIES)
def test_merging_loses_no_product_and_never_adds_up(kept, absorbed):
    merged = merged_quantities(kept, absorbed)

    assert set(merged) == set(kept) | set(absorbed)
    assert all(merged[product] == max(kept.get(product, 0), absorbed.get(product, 0)) for product in merged)


def test_the_same_price_is_no_difference():
    assert not list(price_difference("Lait", Decimal("1.20"), Decimal("1.20")))


def test_an_unknown_former_price_is_no_difference():
    assert not list(price_difference("Lait", None, Decimal("1.20")))


def test_a_price_that_rose_is_told_as_dearer():
    (difference,) = price_difference("Lait", Decimal("1.20"), Decimal("1.30"))

    assert (difference.kind, difference.before, difference.now) == (
        "dearer",
        Decimal("1.20"),
        Decimal("1.30"),
    )
