"""Every change of a price is written down by the database, whoever makes it; what may be struck follows from it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, transaction

from shop.catalogue.models import Product
from shop.catalogue.services import change_prices
from shop.pricing.history import Price, Stretch, lowest_practised
from shop.pricing.models import PriceChange
from tests.factories import ProductFactory

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def days(number):
    return NOW - timedelta(days=number)


def written(product):
    return list(
        PriceChange.objects.filter(product=product).order_by("since", "id").values_list("price", flat=True)
    )


@pytest.mark.django_db
class TestWrittenDown:
    def test_a_new_product_starts_its_history(self):
        product = ProductFactory(price=Decimal("2.50"))

        assert written(product) == [Decimal("2.50")]

    def test_a_draft_without_a_price_has_none(self):
        assert written(ProductFactory(draft=True)) == []

    def test_a_change_by_the_service_is_written_down(self):
        product = ProductFactory(price=Decimal("2.50"))

        change_prices(prices={product.pk: Decimal("2.80")})

        assert written(product) == [Decimal("2.50"), Decimal("2.80")]

    def test_an_update_that_forgets_every_rule_is_written_down_too(self):
        product = ProductFactory(price=Decimal("2.50"))

        Product.objects.filter(pk=product.pk).update(price=Decimal("1.90"))

        assert written(product) == [Decimal("2.50"), Decimal("1.90")]

    def test_saving_the_same_price_writes_nothing(self):
        product = ProductFactory(price=Decimal("2.50"))

        change_prices(prices={product.pk: Decimal("2.50")})
        Product.objects.filter(pk=product.pk).update(price=Decimal("2.50"), description="?")

        assert written(product) == [Decimal("2.50")]

    @pytest.mark.parametrize("act", ["update", "delete"])
    def test_history_is_only_added_to(self, act):
        product = ProductFactory(price=Decimal("2.50"))
        rows = PriceChange.objects.filter(product=product)

        with pytest.raises(ProgrammingError), transaction.atomic():
            rows.delete() if act == "delete" else rows.update(price=1)

        assert written(product) == [Decimal("2.50")]

    def test_history_outlives_its_product(self):
        product = ProductFactory(price=Decimal("2.50"))

        Product.objects.filter(pk=product.pk).delete()

        assert PriceChange.objects.filter(product_id=product.pk).count() == 1


def test_the_reference_is_the_lowest_of_the_thirty_days_before():
    prices = [Price(days(90), Decimal("1.00")), Price(days(40), Decimal("3.00")), Price(days(10), Decimal("2.50")),
              Price(days(5), Decimal("3.20"))]  # fmt: skip

    assert lowest_practised(prices, before=NOW) == Decimal("2.50")


def test_the_price_in_force_when_the_thirty_days_begin_counts():
    prices = [Price(days(40), Decimal("2.00")), Price(days(29), Decimal("3.00"))]

    assert lowest_practised(prices, before=NOW) == Decimal("2.00")


def test_less_than_thirty_days_of_history_strike_nothing():
    assert lowest_practised([Price(days(29), Decimal("2.00"))], before=NOW) is None
    assert lowest_practised([], before=NOW) is None


def test_exactly_thirty_days_are_enough():
    assert lowest_practised([Price(days(30), Decimal("2.00"))], before=NOW) == Decimal("2.00")


def test_an_earlier_promotion_counts_as_a_price_practised():
    prices = [Price(days(90), Decimal("3.00"))]
    recent = Stretch(days(20), days(15), Decimal("2.40"))
    older = Stretch(days(50), days(31), Decimal("2.00"))

    assert lowest_practised(prices, before=NOW, reduced=[recent, older]) == Decimal("2.40")


def test_a_time_without_a_price_is_no_price():
    prices = [Price(days(40), Decimal("3.00")), Price(days(20), None), Price(days(10), Decimal("3.50"))]

    assert lowest_practised(prices, before=NOW) == Decimal("3.00")
