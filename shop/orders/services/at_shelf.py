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
    unsettled = _unsettled(of_orders)
    for line in unsettled:
        _settle(line)
    return [line for line in unsettled if wants_replacement(line)]


def settle_short(*, line_id: int) -> None:
    """The same for one line, whose replacement is the picker's to find. Locks its order, then stock; 20 queries."""
    settle_found(line_id=line_id)
    for line in _unsettled(OrderLine.objects.filter(pk=line_id, order__status=Status.PICKING)):
        _settle(line)


def _settle(line: OrderLine) -> None:
    choice = _choice(line)
    if choice in {ShortageChoice.ASK, ShortageChoice.CANCEL, ShortageChoice.LATER}:
        _settle_line(line.pk, line.order_id, choice)


def _choice(line: OrderLine) -> str:
    order = line.order
    return effective_choice(of_order=order.shortage_choice, of_line=line.shortage_choice, rank=order.rank)


def short_at_shelf(*, reference: str) -> dict[int, int]:
    """Line → what it lacks, of those that came short. One query."""
    found = OrderLine.objects.filter(order__reference=reference, picked__isnull=False)
    return {line.pk: line.missing for line in found if line.missing}


def wants_replacement(line: OrderLine) -> bool:
    """Whether a picker who found too little of a line, read with its order, looks for another article. No query."""
    return bool(line.missing) and not line.replaces_id and _choice(line) == ShortageChoice.SUBSTITUTE


def is_settled(line: OrderLine) -> bool:
    """Whether what its customer chose for a line that came short has been done. Three queries."""
    return not _unsettled(OrderLine.objects.filter(pk=line.pk))


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
        and not any(_stands(one) for one in line.questions.all())
    ]


def _stands(question: ShortageQuestion) -> bool:
    """Asked at the shelf, and not because of a slip that was put right since."""
    is_slip = question.answer == ShortageQuestion.Answer.FOUND
    return question.cause == ShortageQuestion.Cause.SHELF and not is_slip


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
    if is_settled(line):
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
