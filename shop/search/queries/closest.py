"""Which product would do in place of another: for a page, and for what is missing from an order."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Case, F, FloatField, Q, Value, When
from django.db.models.functions import Abs, Cast, Coalesce, Ln

from shop.catalogue.models import Product
from shop.search.queries.card import ORGANIC_LABELS, Shelved, shelved
from shop.search.queries.listing import BY_NAME

# What stands in is sold at the price of what is missing at most: beyond this the shop would give too much away.
DEAREST_TIMES = Decimal("1.5")
# As labels are spelled: « AB », « Bio », « bio ».
_ORGANIC_SPELLINGS = sorted(
    {spelling for label in ORGANIC_LABELS for spelling in (label, label.upper(), label.capitalize())}
)


class Kin(NamedTuple):
    """What another product is compared with, to stand beside or in place of this one."""

    shelf_id: int
    brand_id: int | None
    sold_by: str
    net_unit: str
    net_quantity: Decimal | None
    packshot: str
    price: Decimal


def kin_of(product: Product) -> Kin:
    """No query."""
    return Kin._make(getattr(product, name) for name in Kin._fields)


def closest_first(around: Shelved, kin: Kin) -> Shelved:
    """Same brand, same kind of packaging, then how far quantity and price are: twice as much is as far as half."""
    same_brand = Case(When(brand=kin.brand_id or 0, then=Value(0)), default=Value(1))
    same_format = Case(
        When(sold_by=kin.sold_by, net_unit=kin.net_unit, packshot=kin.packshot, then=Value(0)),
        default=Value(1),
    )
    far: Any = _ratio("price", kin.price)
    if kin.net_quantity:
        far = far + Coalesce(_ratio("net_quantity", kin.net_quantity), Value(9.0))
    ordered: Shelved = around.order_by(same_brand, same_format, far, "-popularity", *BY_NAME)
    return ordered


def _ratio(field: str, value: Decimal) -> Abs:
    return Abs(Ln(Cast(F(field), FloatField()) / Value(float(value)), output_field=FloatField()))


def substitutes(
    product: Product,
    depot_id: int,
    *,
    quantity: int,
    without: Collection[int],
    without_allergens: Collection[str] = (),
    limit: int = 3,
) -> list[Product]:
    """What may stand in for so many pieces or grams of a product, closest first, all of it on the shelf now. One query.

    From the same shelf, sold the same way, organic for organic, never with a minimum age the product had not, first-age milk
    for its like alone and never dearer, none of ``without``. With allergens to avoid, only what states its own, and neither contains nor may contain any of them.
    """
    around = shelved(depot_id).filter(
        shelf=product.shelf_id, sold_by=product.sold_by, available__gte=quantity
    )
    around = around.exclude(pk__in=[product.pk, *without])
    if product.price is not None:
        around = around.filter(price__lte=product.price * DEAREST_TIMES)
        # What is dearer is sold below its price: never first-age milk (C. conso L122-12).
        around = around.exclude(is_first_age_milk=True, price__gt=product.price)
    if not product.is_first_age_milk:
        around = around.filter(is_first_age_milk=False)
    if product.minimum_age is None:
        around = around.filter(minimum_age=None)
    if not ORGANIC_LABELS.isdisjoint(label.lower() for label in product.labels):
        around = around.filter(labels__overlap=_ORGANIC_SPELLINGS)
    if without_allergens:
        avoid = list(without_allergens)
        around = around.filter(allergens__isnull=False).exclude(
            Q(allergens__overlap=avoid) | Q(traces__overlap=avoid)
        )
    return list(closest_first(around, kin_of(product))[:limit])
