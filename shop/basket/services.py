"""Every write to a basket. Lock order: basket row, then what slots locks."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from config.rows import Figure, joined, rows
from delivery.slots import services as slots
from delivery.slots.models import Hold
from delivery.slots.queries import OF_BASKETS, live_hold
from shop.basket.models import Basket, BasketLine
from shop.basket.queries import SELLABLE, detailed_lines, of_session, open_basket, sellable_products
from shop.basket.rules import LINES_AT_MOST, Difference, Wanted, merged_quantities, price_difference
from shop.catalogue.models import Product
from shop.catalogue.rules import quantity_is_valid
from shop.stock.queries import availability


class UnknownProduct(Exception):
    """No published product has this id."""


class QuantityRefused(Exception):
    """Not a whole number of steps, or more than one order may hold of ``product``."""

    def __init__(self, product: Product) -> None:
        super().__init__(product.pk)
        self.product = product


class BasketFull(Exception):
    """More different products than a basket holds."""


class BasketClosed(Exception):
    """It became an order, or part of another basket, since it was read: there is another one to write to."""


def obtain_basket(*, key: UUID | None, customer_id: int | None, postcode: str = "") -> Basket:
    """The open basket of this customer or session, opened when there is none. One to three queries."""
    found = open_basket(key=key, customer_id=customer_id)
    if found:
        return found
    try:
        with transaction.atomic():
            return Basket.objects.create(customer_id=customer_id, postcode=postcode)
    except IntegrityError:  # another tab of the same customer opened it in between
        return Basket.objects.get(customer=customer_id, customer__isnull=False, is_open=True)


def note_place(*, basket: Basket, postcode: str) -> None:
    """Where this basket goes, for whoever finds it again on another machine. One UPDATE, none when it is known."""
    if basket.postcode != postcode:
        Basket.objects.filter(pk=basket.pk).update(postcode=postcode)
        basket.postcode = postcode


@transaction.atomic
def set_line(*, basket: Basket, product_id: int, quantity: int) -> int:
    """Set how much of a product the basket holds, in pieces or grams; 0 removes. Renews the slot's hold.

    Returns the quantity set. Raises UnknownProduct, QuantityRefused, BasketFull, BasketClosed; then nothing changed.
    Locks the basket row: two tabs adding at once both count.
    """
    if quantity == 0:
        _take_up(basket, product_id)
        BasketLine.objects.filter(basket=basket, product_id=product_id).delete()
        return quantity
    product = _take_up(basket, product_id)
    if product is None or product.price is None:
        raise UnknownProduct(product_id)
    if not quantity_is_valid(sold_by=product.sold_by, step=product.step, quantity=quantity):
        raise QuantityRefused(product)
    wanted = [basket.pk, product_id, quantity, product.price, timezone.now()]
    if not rows(_SET_LINE, [*wanted, basket.pk, product_id, LINES_AT_MOST]):
        raise BasketFull(LINES_AT_MOST)
    return quantity


# Counted after the basket's row is held: another tab's line is in it.
_SET_LINE = """
INSERT INTO basket_basketline (basket_id, product_id, quantity, price_seen, added_at)
SELECT %s, %s, %s, %s, %s
 WHERE (SELECT count(*) FROM basket_basketline WHERE basket_id = %s AND product_id <> %s) < %s
    ON CONFLICT (basket_id, product_id) DO UPDATE SET quantity = EXCLUDED.quantity, price_seen = EXCLUDED.price_seen
RETURNING id
"""


def _take_up(basket: Basket, product_id: int) -> Product | None:
    """`lock` and `touch` at once, and the product where it is on sale: one query, two or three with a slot.

    The row that notes the activity holds off other writers. Raises BasketClosed.
    """
    found = list(joined(_TAKEN_UP, [timezone.now(), basket.pk, product_id], *_TAKEN))
    if not found:
        raise BasketClosed
    [(has_place, product)] = found
    if has_place:
        slots.renew_hold(holder=str(basket.key))
    return product  # type: ignore[no-any-return]


# A place that lapsed meanwhile is no longer to be renewed: asking for it finds none.
_TAKEN = Figure("touched.has_place"), SELLABLE
_TAKEN_UP = f"""
WITH touched AS (
    UPDATE basket_basket b SET touched_at = %s WHERE b.id = %s AND b.is_open
    RETURNING EXISTS (SELECT FROM slots_hold h WHERE h.holder = b.key::text AND {OF_BASKETS}) AS has_place
)
SELECT {", ".join(part.sql for part in _TAKEN)}
  FROM touched LEFT JOIN catalogue_product p ON p.id = %s AND p.is_published
"""  # noqa: S608 - names of columns


def touch(*, basket: Basket) -> None:
    """Note activity: the slot's hold lasts another hour, three at most."""
    Basket.objects.filter(pk=basket.pk).update(touched_at=timezone.now())
    slots.renew_hold(holder=str(basket.key))


@transaction.atomic
def acknowledge_changes(*, basket: Basket) -> None:
    """The shopper has seen today's prices: they become the ones last seen. One UPDATE a changed line, two in all.

    The basket counts as touched now: promotions that ended before were told.
    """
    touch(basket=basket)
    for line in basket.lines.select_related("product"):
        if line.product.price and line.price_seen != line.product.price:
            line.price_seen = line.product.price
            line.save(update_fields=["price_seen"])


@transaction.atomic
def add_again(*, basket: Basket, depot_id: int, wanted: Iterable[Wanted]) -> list[Difference]:
    """Put products of a list or a past order back, and say what differs. Eight statements, however many.

    A product no longer sold is left out; one in short supply, or sold in other steps by now, is put in at
    what remains in whole steps; beyond the most lines a basket holds, the rest is left out. Locks the basket.
    Raises BasketClosed.
    """
    lock(basket=basket)
    wishes = list(wanted)
    ids = [wish.product_id for wish in wishes]
    products, available = sellable_products(ids), availability(depot_id, ids)
    held = dict(basket.lines.values_list("product_id", "quantity"))
    differences: list[Difference] = []
    lines: list[BasketLine] = []
    for wish in wishes:
        product = products.get(wish.product_id)
        quantity, found = _what_comes_back(wish, product, available.get(wish.product_id, 0))
        is_new = wish.product_id not in held
        if product is None or not quantity:
            differences.append(Difference(wish.name, "gone"))
        elif is_new and len(held) >= LINES_AT_MOST:
            differences.append(Difference(wish.name, "full"))
        else:
            differences.extend(found)
            held[product.pk] = max(quantity, held.get(product.pk, 0))
            lines.append(
                BasketLine(
                    basket=basket, product=product, quantity=held[product.pk], price_seen=product.price or 0
                )
            )
    BasketLine.objects.bulk_create(
        lines, update_conflicts=True, unique_fields=["basket", "product"],
        update_fields=["quantity", "price_seen"],
    )  # fmt: skip
    touch(basket=basket)
    return differences


def _what_comes_back(wish: Wanted, product: Product | None, stock: int) -> tuple[int, list[Difference]]:
    """How much of a wish can be had, in whole steps, and what differs from it."""
    if product is None or product.price is None:
        return 0, []
    step = product.step
    usual = max(step, wish.quantity - wish.quantity % step)
    quantity = min(usual, stock - stock % step)
    if not quantity_is_valid(sold_by=product.sold_by, step=step, quantity=quantity):
        return 0, []
    found = list(price_difference(wish.name, wish.price_then, product.price))
    if quantity < wish.quantity:
        found.insert(0, Difference(wish.name, "short", wish.quantity, quantity))
    return quantity, found


@transaction.atomic
def adjust_to_stock(*, basket: Basket, depot_id: int, own_order: str = "") -> None:
    """Bring every line in short supply to what remains; what is gone leaves, unless it is expected back. One write a line.

    Locks the basket. Raises BasketClosed.
    """
    lock(basket=basket)
    for line in detailed_lines(basket, depot_id, own_order=own_order):
        if line.must_shrink:
            own = BasketLine.objects.filter(basket=basket, product=line.product)
            if line.affordable_quantity:
                own.update(quantity=line.affordable_quantity)
            else:
                own.delete()
    touch(basket=basket)


@transaction.atomic
def merge_at_sign_in(*, visitor_key: UUID | None, customer_id: int) -> Basket | None:
    """Make one basket of the visitor's and the customer's: the visitor's, with the slot it holds or the other's.

    A basket whose payment is running keeps its key, since an order is being made of it: the other is absorbed
    by it, and two such baskets stay apart. Locks both rows in id order, then their holds. Either way the basket
    counts as touched: whoever is ordering it as it was must look again.
    """
    both = list(
        Basket.objects.select_for_update()
        .filter(is_open=True)
        .filter(pk__in=_candidates(visitor_key, customer_id))
        .order_by("id")
    )
    own = next((one for one in both if one.customer_id == customer_id), None)
    visitor = next((one for one in both if one is not own), None)
    if visitor is None:
        return own
    if own is None:
        if _give_to(visitor, customer_id):
            return visitor
        # Another sign-in of the same customer was first: theirs is the customer's now.
        return merge_at_sign_in(visitor_key=visitor_key, customer_id=customer_id)
    if not _is_being_paid(own):
        _absorb(visitor, own, customer_id)
        return visitor
    if not _is_being_paid(visitor):
        _absorb(own, visitor, customer_id)
    return own


def _give_to(visitor: Basket, customer_id: int) -> bool:
    visitor.customer_id, visitor.touched_at = customer_id, timezone.now()
    try:
        with transaction.atomic():
            visitor.save(update_fields=["customer", "touched_at"])
    except IntegrityError:
        return False
    return True


def _is_being_paid(basket: Basket) -> bool:
    hold = live_hold(str(basket.key))
    return hold is not None and hold.state == hold.State.PINNED


def _candidates(visitor_key: UUID | None, customer_id: int) -> list[int]:
    found = Basket.objects.filter(Q(customer_id=customer_id) | of_session(visitor_key), is_open=True)
    return list(found.values_list("pk", flat=True))


def _absorb(kept: Basket, absorbed: Basket, customer_id: int) -> None:
    lines = {line.product_id: line for line in kept.lines.all()}
    others = {line.product_id: line for line in absorbed.lines.all()}
    quantities = merged_quantities(
        {product: line.quantity for product, line in lines.items()},
        {product: line.quantity for product, line in others.items()},
    )
    for product, quantity in list(quantities.items())[:LINES_AT_MOST]:
        source = lines.get(product) or others[product]
        BasketLine.objects.update_or_create(
            basket=kept, product_id=product, defaults={"quantity": quantity, "price_seen": source.price_seen}
        )
    if live_hold(str(kept.key)):
        slots.release_hold(holder=str(absorbed.key))
    elif slots.move_hold(from_holder=str(absorbed.key), to_holder=str(kept.key)):
        # The place goes along with where it is.
        kept.postcode = absorbed.postcode or kept.postcode
    kept.customer_id, kept.postcode = customer_id, kept.postcode or absorbed.postcode
    Basket.objects.filter(pk=absorbed.pk).update(is_open=False)
    Basket.objects.filter(pk=kept.pk).update(
        customer_id=customer_id, postcode=kept.postcode, touched_at=timezone.now()
    )


def zone_held(basket: Basket) -> int | None:
    """The zone of the place that a basket holds. One query."""
    hold = live_hold(str(basket.key))
    return hold.slot.zone_id if hold else None


@transaction.atomic
def let_go_elsewhere(*, basket: Basket, zone_id: int) -> Hold | None:
    """Give the basket's slot back if it serves another zone; the hold let go. At most five queries.

    Raises slots.HoldPinned while its payment runs: then nothing changed.
    """
    hold = live_hold(str(basket.key))
    if hold is None or hold.slot.zone_id == zone_id:
        return None
    if not slots.release_hold(holder=str(basket.key)):
        raise slots.HoldPinned
    return hold


@transaction.atomic
def take_out(*, key: UUID, taken: Mapping[int, int]) -> None:
    """An order took these (product → pieces or grams) of an open basket: they leave it, and what was put in since
    stays. The caller holds the basket's lock. Two statements, and one for each article of which something stays.
    """
    for line in BasketLine.objects.filter(basket__key=key, basket__is_open=True, product__in=taken):
        if line.quantity > taken[line.product_id]:
            line.quantity -= taken[line.product_id]
            line.save(update_fields=["quantity"])
            continue
        line.delete()


@transaction.atomic
def empty_basket(*, basket: Basket) -> None:
    """Remove every line; the slot stays held. Two statements."""
    basket.lines.all().delete()
    touch(basket=basket)


def lock(*, basket: Basket) -> None:
    """Hold off other writers of this basket until the caller's transaction ends. One query. Raises BasketClosed."""
    if not Basket.objects.select_for_update().get(pk=basket.pk).is_open:
        raise BasketClosed


def lock_untouched(*, basket: Basket) -> bool:
    """Lock the basket; False when somebody wrote to it, or closed it, since it was read. One query."""
    now = Basket.objects.select_for_update().only("touched_at", "is_open").get(pk=basket.pk)
    return now.is_open and now.touched_at == basket.touched_at


def lock_by_key(*, key: UUID) -> Basket | None:
    """The same, for whoever knows only its key; None when there is no such basket. One query."""
    return Basket.objects.select_for_update().filter(key=key).first()


@transaction.atomic
def close(*, key: UUID, order_reference: str, ordered: Collection[int]) -> None:
    """The basket became an order. What was added after the order was made stays, in a new open basket.

    ``ordered`` are the products the order took. The caller holds the basket's lock. Two statements, and four
    more when something stays.
    """
    basket = Basket.objects.filter(key=key, is_open=True).first()
    if basket is None:
        return
    Basket.objects.filter(pk=basket.pk).update(is_open=False, order_reference=order_reference)
    left = basket.lines.exclude(product_id__in=ordered)
    if left.exists():
        fresh = Basket.objects.create(
            customer_id=basket.customer_id, postcode=basket.postcode, continues=basket.key
        )
        left.update(basket=fresh)
