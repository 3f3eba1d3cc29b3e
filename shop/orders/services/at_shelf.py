"""A shelf turned out empty: what the customer chose for that is done, with the picker standing there."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from shop.catalogue.models import Product
from shop.customers.models import ShortageChoice
from shop.orders.models import LineEvent, OrderLine, ShortageQuestion
from shop.orders.rules import effective_choice
from shop.orders.services.asking import settle_found, tell, wait_for
from shop.orders.services.books import Status, locked, locked_all
from shop.orders.services.errors import MoveRefused, OfferGone
from shop.orders.services.substituting import Stand, add_stand_in, stand_ins

Kind = LineEvent.Kind
STAND_INS_SHOWN = 6
# What ends the matter of a missing article: it was asked about, put off, replaced, or nothing would do.
_SETTLED = frozenset({Kind.LATER, Kind.REPLACED, Kind.NONE_FITS})


def settle_at_shelf(*, references: Collection[str]) -> list[OrderLine]:
    """Do for each line that came short what its customer chose; those for which the picker must find a replacement.

    Whoever wanted to be asked is asked; « cancel everything » is asked once more, with that as what happens else. What
    was asked about and has been found since is settled as found. Again does nothing more; orders that are not being
    prepared are passed over. Each line in a transaction of its own, which locks its order, then stock: shelves of
    several lines are never held at once, in whatever order they come. Four queries, and 15 for each line it settles.
    """
    of_orders = OrderLine.objects.filter(order__reference__in=references, order__status=Status.PICKING)
    for line in of_orders.filter(questions__answer="", questions__cause=ShortageQuestion.Cause.SHELF):
        settle_found(line_id=line.pk)
    return [line for line in _unsettled(of_orders) if _is_to_replace(line)]


def _is_to_replace(line: OrderLine) -> bool:
    order = line.order
    choice = effective_choice(of_order=order.shortage_choice, of_line=line.shortage_choice, rank=order.rank)
    if choice in {ShortageChoice.ASK, ShortageChoice.CANCEL, ShortageChoice.LATER}:
        _settle_line(line.pk, order.pk, choice)
    return choice == ShortageChoice.SUBSTITUTE


@transaction.atomic
def _settle_line(line_id: int, order_id: int, choice: str) -> None:
    """Nothing where somebody was faster, or the order is not being prepared any more."""
    still = locked_all(pk=order_id, status=Status.PICKING)
    for line in _unsettled(OrderLine.objects.filter(pk=line_id, order__in=still)):
        if choice == ShortageChoice.LATER:
            wait_for(still[0], line)
            LineEvent.objects.create(line=line, kind=Kind.LATER, quantity=line.missing)
        else:
            tell(still[0], line, line.missing, ShortageQuestion.Cause.SHELF)


def _unsettled(lines: QuerySet[OrderLine]) -> list[OrderLine]:
    """Lines that came short and about which nothing was done. Three queries."""
    found = lines.filter(picked__isnull=False, replaces=None).select_related("order", "product__shelf")
    return [
        line
        for line in found.prefetch_related("events", "questions")
        if line.missing
        and _SETTLED.isdisjoint(event.kind for event in line.events.all())
        and not any(one.cause == ShortageQuestion.Cause.SHELF for one in line.questions.all())
    ]


def stands_for(line: OrderLine) -> list[Stand]:
    """What the picker may put in its place, closest first. Four queries."""
    return stand_ins(line.order, line, line.missing, limit=STAND_INS_SHOWN)


@transaction.atomic
def replace_at_shelf(*, line_id: int, product_id: int | None, by_id: int | None) -> OrderLine | None:
    """The picker's choice among `stands_for`; None says that nothing would do, and is written.

    The same choice twice is once. Raises MoveRefused, OfferGone (not one of them, gone meanwhile, or settled otherwise
    before). Locks the order, then stock; at most 25 queries.
    """
    reference = OrderLine.objects.values_list("order__reference", flat=True).get(pk=line_id)
    order = locked(reference)
    if order.status != Status.PICKING:
        raise MoveRefused(order.status)
    line = order.lines.select_related("product__shelf", "order").get(pk=line_id)
    if not _unsettled(order.lines.filter(pk=line_id)):
        return _settled_as(line, product_id)
    if product_id is None:
        LineEvent.objects.create(line=line, kind=Kind.NONE_FITS, quantity=line.missing, by_id=by_id)
        return None
    product = _chosen(line, product_id)
    return add_stand_in(order=order, line=line, product=product, quantity=line.missing, by_id=by_id)


def _settled_as(line: OrderLine, product_id: int | None) -> OrderLine | None:
    """What was settled before, where it is the same."""
    stands = OrderLine.objects.filter(replaces=line).first()
    if product_id is not None and (stands is None or stands.product_id != product_id):
        raise OfferGone(product_id)
    return stands


def _chosen(line: OrderLine, product_id: int) -> Product:
    for stand in stands_for(line):
        if stand.product.pk == product_id:
            return stand.product
    raise OfferGone(product_id)
