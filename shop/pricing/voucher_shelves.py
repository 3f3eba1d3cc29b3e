"""What whoever writes a shared code may choose from the catalogue, and what the law says of their choice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from loyalty.vouchers.ports import AISLES, BRANDS, PRODUCTS, Fault, Judged
from loyalty.vouchers.rules import Scope
from shop.pricing.caps import cap_of, least_price
from shop.pricing.offers import Item
from shop.pricing.queries import items_of, named_like, names_by_id, with_minimum_age

# Of each kind, on one page of answers.
FOUND_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class VoucherShelves:
    """Binds `loyalty.vouchers.ports.Shelves`."""

    def named(self, scope: Scope) -> Mapping[str, Mapping[int, str]]:
        return names_by_id(_ids(scope))

    def found(self, text: str) -> Sequence[tuple[str, int, str]]:
        return named_like(text, FOUND_AT_MOST)

    def judged(self, scope: Scope, percent: Decimal | None) -> Judged:
        """Seven queries."""
        named = self.named(scope)
        chosen = items_of(Q(pk__in=scope.products))
        covered = items_of(_covered(scope) & Q(is_published=True) & ~Q(pk__in=scope.products))
        adults = with_minimum_age([one.product_id for one in (*chosen, *covered)])
        reducible = [one for one in (*chosen, *covered) if not _kept_from(one, adults)]
        faults = [
            *_gone(scope, named),
            *_untouchable(chosen, adults),
            *_empty(scope, named, reducible),
            *_beyond(reducible, percent),
        ]
        left_out = [Fault("left_out", one.name) for one in covered if _kept_from(one, adults)]
        return Judged(faults, [*left_out[:1], *_held_up(reducible, percent)])


def _ids(scope: Scope) -> dict[str, frozenset[int]]:
    return {PRODUCTS: scope.products, AISLES: scope.aisles, BRANDS: scope.brands}


def _covered(scope: Scope) -> Q:
    on_shelf = Q(shelf__in=scope.aisles) | Q(shelf__parent__in=scope.aisles)
    return on_shelf | Q(brand__in=scope.brands)


def _kept_from(item: Item, adults: set[int]) -> bool:
    """No voucher reduces alcohol (CSP L3322-9) or first-age milk (C. conso L122-12)."""
    return item.is_first_age_milk or item.product_id in adults


def _gone(scope: Scope, named: Mapping[str, Mapping[int, str]]) -> list[Fault]:
    is_whole = all(pks <= named.get(kind, {}).keys() for kind, pks in _ids(scope).items())
    return [] if is_whole else [Fault("gone", "")]


def _untouchable(chosen: Sequence[Item], adults: set[int]) -> Iterable[Fault]:
    for one in chosen:
        if one.is_first_age_milk:
            yield Fault("milk", one.name)
        elif one.product_id in adults:
            yield Fault("alcohol", one.name)


def _empty(scope: Scope, named: Mapping[str, Mapping[int, str]], reducible: Sequence[Item]) -> list[Fault]:
    """Shelves and brands that hold nothing a voucher may reduce."""
    shelves = {pk for one in reducible for pk in (one.shelf_id, one.aisle_id)}
    brands = {one.brand_id for one in reducible}
    idle = [(AISLES, scope.aisles - shelves), (BRANDS, scope.brands - brands)]
    names = [named[kind][pk] for kind, pks in idle for pk in sorted(pks) if pk in named.get(kind, {})]
    return [Fault("covers_nothing", name) for name in names]


def _beyond(items: Sequence[Item], percent: Decimal | None) -> list[Fault]:
    """The first article of which more would be taken off than the law lets."""
    for one in items:
        most = cap_of(is_food=one.is_food) * 100
        if percent is not None and percent > most:
            return [Fault("beyond_food" if one.is_food else "beyond_other", one.name)]
    return []


def _held_up(items: Sequence[Item], percent: Decimal | None) -> list[Fault]:
    """The first article that cannot be reduced so far without being sold at a loss."""
    for one in items:
        least = least_price(one)
        if percent is not None and least.reason == "cost" and one.price * (1 - percent / 100) < least.exact:
            return [Fault("held_up", one.name)]
    return []
