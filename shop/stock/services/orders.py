"""What orders take of the stock, give back, and what is picked for them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from shop.stock.models import StockItem, StockMovement, StockReservation
from shop.stock.services.alerts import tell_restocked
from shop.stock.services.books import MOST, Kind, moved, write

Cost = tuple[Decimal, date]


@dataclass
class StockShort(Exception):
    """The depot lacks something; ``available`` tells what is left of each article that falls short."""

    available: dict[int, int]


class StockAlreadyReturned(Exception):
    """This order gave its stock back, or it was picked: a new order takes under its own reference."""


@transaction.atomic
def take_stock(*, order_reference: str, depot_id: int, quantities: Mapping[int, int]) -> dict[int, Cost]:
    """Take a basket's quantities (pieces or grams) for an order, all or nothing.

    Returns the dated purchase cost of each product, to be frozen on the order's lines. Asked again for
    the same order, it takes nothing and answers the same. Raises StockShort, StockAlreadyReturned.
    One statement locks the rows ORDER BY id FOR NO KEY UPDATE, checks, takes and records. 2 queries.
    """
    _check_quantities(quantities)
    if taken := _already_taken(order_reference):
        return taken
    try:
        with transaction.atomic():
            return _take(order_reference, depot_id, quantities)
    except (StockShort, IntegrityError):
        # A double submit of the same order may have taken it while we waited for the rows.
        if taken := _already_taken(order_reference):
            return taken
        raise


def _check_quantities(quantities: Mapping[int, int]) -> None:
    if not quantities or any(not 0 < quantity <= MOST for quantity in quantities.values()):
        raise ValueError("quantities must be above zero")


def _already_taken(order_reference: str) -> dict[int, Cost]:
    rows = StockReservation.objects.filter(order_reference=order_reference).values_list(
        "item__product_id", "item__unit_cost", "item__cost_since", "returned_at", "picked_at"
    )
    if any(returned_at or picked_at for *_rest, returned_at, picked_at in rows):
        raise StockAlreadyReturned(order_reference)
    return {product_id: (cost, since) for product_id, cost, since, *_ends in rows}


_TAKE_SQL = """
WITH wanted AS (
    SELECT * FROM unnest(%(products)s::bigint[], %(quantities)s::int[]) AS w(product_id, quantity)
), locked AS MATERIALIZED (
    SELECT i.id, i.product_id, i.available, i.unit_cost, i.cost_since, w.quantity
      FROM stock_stockitem i JOIN wanted w USING (product_id)
     WHERE i.depot_id = %(depot)s
     ORDER BY i.id
       FOR NO KEY UPDATE OF i
), verdict AS MATERIALIZED (
    SELECT count(*) = (SELECT count(*) FROM wanted) AND bool_and(available >= quantity) AS fits FROM locked
), taken AS (
    UPDATE stock_stockitem i SET reserved = i.reserved + l.quantity
      FROM locked l, verdict v WHERE i.id = l.id AND v.fits
), recorded AS (
    INSERT INTO stock_stockreservation (order_reference, item_id, quantity, created_at)
    SELECT %(reference)s, l.id, l.quantity, now() FROM locked l, verdict v WHERE v.fits
)
SELECT w.product_id, w.quantity, coalesce(l.available, 0), l.unit_cost, l.cost_since, v.fits
  FROM wanted w LEFT JOIN locked l USING (product_id) CROSS JOIN verdict v
"""


def _take(order_reference: str, depot_id: int, quantities: Mapping[int, int]) -> dict[int, Cost]:
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_SQL,
            {
                "products": list(quantities), "quantities": list(quantities.values()),
                "depot": depot_id, "reference": order_reference,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    if not rows[0][5]:
        raise StockShort({pk: available for pk, wanted, available, *_rest in rows if available < wanted})
    return {pk: (cost, since) for pk, _wanted, _available, cost, since, _fits in rows}


@transaction.atomic
def return_stock(*, order_reference: str, also: str = "") -> dict[int, int]:
    """Give back what an order took, exactly once; the quantities given back now, by product.

    ``also`` is a second name under which it took something: both go in the same locks. Nothing to give back (never
    taken, or given back before) answers an empty dict. Locks the items in order of id with their reservations.
    2 queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RETURN_SQL, [[order_reference, also or order_reference]])
        given_back = dict(cursor.fetchall())
    if given_back:
        tell_restocked(product_ids=given_back)
    return given_back


_RETURN_SQL = """
WITH held AS MATERIALIZED (
    SELECT r.id AS reservation_id, i.id AS item_id, i.product_id, r.quantity
      FROM stock_stockreservation r JOIN stock_stockitem i ON i.id = r.item_id
     WHERE r.order_reference = ANY(%s) AND r.returned_at IS NULL AND r.picked_at IS NULL
     ORDER BY i.id
       FOR NO KEY UPDATE OF i, r
), of_item AS (
    SELECT item_id, product_id, sum(quantity)::int AS quantity FROM held GROUP BY item_id, product_id
), given AS (
    UPDATE stock_stockitem i SET reserved = i.reserved - o.quantity FROM of_item o WHERE i.id = o.item_id
), closed AS (
    UPDATE stock_stockreservation r SET returned_at = now() FROM held h WHERE r.id = h.reservation_id
)
SELECT product_id, quantity FROM of_item
"""


@transaction.atomic
def change_reservations(
    *, order_reference: str, depot_id: int, changes: Mapping[int, int], kept_as: str = ""
) -> dict[int, Cost]:
    """Take more of some products for an order, or give some back: pieces or grams by product, signed.

    What is kept for it under another name, ``kept_as``, is let go in the same locks and serves first; nobody may take
    it in between, and what lies there is not asked again about it. All or nothing; the dated purchase costs by
    product. Never gives back more than it holds. Raises StockShort. Locks the items in order of id, then the
    reservations; at most 8 queries.
    """
    aside = _open_of(kept_as) if kept_as else {}
    items = list(
        StockItem.objects.filter(Q(depot_id=depot_id, product_id__in=changes) | Q(pk__in=aside))
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    aside = _open_reservations(kept_as, list(aside)) if aside else {}
    _must_suffice(items, changes, aside)
    kept = {
        one.item_id: one
        for one in StockReservation.objects.filter(
            order_reference=order_reference, item__in=items
        ).select_for_update()
    }
    for item in items:
        item.reserved -= aside.get(item.pk, 0)
        one = kept.setdefault(
            item.pk, StockReservation(order_reference=order_reference, item=item, quantity=0)
        )
        held = one.quantity if one.pk and not (one.returned_at or one.picked_at) else 0
        left = max(0, held + changes.get(item.product_id, 0))
        if left == held:
            del kept[item.pk]
            continue
        item.reserved += left - held
        # What is given back whole keeps its quantity, as `return_stock` leaves it.
        one.returned_at, one.picked_at = (None, None) if left else (timezone.now(), None)
        one.quantity = left or one.quantity
    StockItem.objects.bulk_update(items, ["reserved"])
    StockReservation.objects.bulk_create([one for one in kept.values() if not one.pk])
    StockReservation.objects.bulk_update(
        [one for one in kept.values() if one.pk], ["quantity", "returned_at", "picked_at"]
    )
    if aside:
        StockReservation.objects.filter(order_reference=kept_as, item__in=aside).update(
            returned_at=timezone.now()
        )
    if any(more < 0 for more in changes.values()):
        tell_restocked(product_ids=[product for product, more in changes.items() if more < 0])
    return {item.product_id: (item.unit_cost, item.cost_since) for item in items}


def _open_of(order_reference: str) -> dict[int, int]:
    """The same as `_open_reservations`, of all items and without a lock: which rows to lock first. One query."""
    rows = StockReservation.objects.filter(order_reference=order_reference, returned_at=None, picked_at=None)
    return dict(rows.values_list("item_id", "quantity"))


def _must_suffice(items: Iterable[StockItem], changes: Mapping[int, int], aside: Mapping[int, int]) -> None:
    """Raises StockShort where more is wanted than is for sale beside what was put aside for it."""
    there = {item.product_id: (item.available, aside.get(item.pk, 0)) for item in items}
    short = {
        product: sum(there.get(product, (0, 0)))
        for product, more in changes.items()
        if more > 0 and more > sum(there.get(product, (0, 0)))
    }
    if short:
        raise StockShort(short)


@transaction.atomic
def pick_stock(
    *, order_reference: str, depot_id: int, quantities: Mapping[int, int], by_id: int | None = None
) -> None:
    """What was really put in an order's crates, by product (pieces or grams), a substitute or a weight included.

    Ends the order's reservations of these products, whatever they were for: 0 says that the shelf was empty. A
    picker who holds more than the shelf was said to have is right: the difference is entered as a count first.
    Raises ValueError on a negative quantity. Locks the items in order of id, then the reservations; 6 queries.
    """
    if any(not 0 <= quantity <= MOST for quantity in quantities.values()):
        raise ValueError("picked quantities are not negative")
    items = list(
        StockItem.objects.filter(depot_id=depot_id, product_id__in=quantities)
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    kept = _open_reservations(order_reference, [item.pk for item in items])
    for item in items:
        item.reserved -= kept.get(item.pk, 0)
    moves = [
        *(_found(item, quantities[item.product_id] - item.on_hand, by_id) for item in items),
        *(_picked(item, quantities[item.product_id], order_reference, by_id) for item in items),
    ]
    write(items, [move for move in moves if move is not None])
    _close(order_reference, list(kept))


@transaction.atomic
def pick_as_ordered(*, order_reference: str) -> int:
    """The order has left and nobody said what was picked: what it had reserved is taken off the shelves, as far
    as they go. How many articles. Twice is once. Locks like `pick_stock`; at most 6 queries.
    """
    items = list(
        StockItem.objects.filter(
            reservations__order_reference=order_reference,
            reservations__returned_at=None,
            reservations__picked_at=None,
        )
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )
    kept = _open_reservations(order_reference, [item.pk for item in items])
    leaving = [item for item in items if item.pk in kept]
    for item in leaving:
        item.reserved -= kept[item.pk]
    moves = [_picked(item, min(kept[item.pk], item.on_hand), order_reference, None) for item in leaving]
    write(leaving, [move for move in moves if move is not None])
    _close(order_reference, list(kept))
    return len(kept)


def _open_reservations(order_reference: str, item_ids: Collection[int]) -> dict[int, int]:
    """Item → quantity, their rows locked. One query."""
    rows = StockReservation.objects.filter(
        order_reference=order_reference, item__in=item_ids, returned_at=None, picked_at=None
    )
    return dict(rows.order_by("item_id").select_for_update().values_list("item_id", "quantity"))


def _close(order_reference: str, item_ids: Collection[int]) -> None:
    StockReservation.objects.filter(order_reference=order_reference, item__in=item_ids).update(
        picked_at=timezone.now()
    )


def _found(item: StockItem, more: int, by_id: int | None) -> StockMovement | None:
    return moved(item, Kind.COUNT, more, by_id=by_id) if more > 0 else None


def _picked(item: StockItem, quantity: int, order_reference: str, by_id: int | None) -> StockMovement | None:
    return moved(item, Kind.PICKED, -quantity, source=order_reference, by_id=by_id) if quantity else None
