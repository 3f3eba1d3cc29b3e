"""What the page of an order shows: what was ordered, what became of it, what is charged for it, and what comes next."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.templatetags.cabas import euros, french_number, quantity_label, said_at, slot_label
from loyalty.vouchers.queries import voucher_held_by
from shop.basket.summary import money_summary
from shop.orders import wording
from shop.orders.compensations import made_good
from shop.orders.models import Order, OrderBill, OrderEvent, OrderLine
from shop.orders.pickups import pickup_of, place_of
from shop.orders.ports import recalls_of
from shop.orders.queries import address_lines, may_pay_again, pay_path
from shop.orders.questions import open_questions
from shop.orders.rules import Bill, Figures, bill, is_newcomer
from shop.pricing.wording import points_badge
from shop.search.queries import cards_by_id

Kind, Status = OrderEvent.Kind, Order.Status
_PICKED, _READY = gettext_lazy("Préparation"), gettext_lazy("Commande prête")
_DELIVERED, _FETCHED = gettext_lazy("Livraison"), gettext_lazy("Retrait")
# What an order has still before it, by where it stands.
_COMING = {
    Status.PLACED: (_PICKED, _READY, _DELIVERED),
    Status.PICKING: (_READY, _DELIVERED),
    Status.PACKED: (_DELIVERED,),
}


def with_billed(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Each with ``billed_total``, none before its crates are closed. No query of its own."""
    return orders.annotate(billed_total=F("bill__total"))


def order_context(order: Order) -> dict[str, Any]:
    """Ten queries, eleven once the bill is made, however long the order; one more for a pickup, one for a voucher."""
    lines = _with_stand_ins(list(order.lines.prefetch_related("events")))
    events = list(order.events.all())
    kinds = {event.kind for event in events}
    made = OrderBill.objects.filter(order=order).first()
    return {
        "order": order,
        "bill": made,
        "lines": _rows(order, lines),
        **_sums(order, lines, made),
        "events": [{"label": Kind(one.kind).label, "at": said_at(one.at), "done": True} for one in events]
        + _to_come(order),
        "questions": open_questions(order, lines),
        "place": place_of(order) if order.is_collect else None,
        "pickup": pickup_of(order),
        "address": address_lines(order),
        "recalls": recalls_of(order.reference),
        "made_good": made_good(order.reference),
        # Whoever has the link alone sees none: they name the buyer.
        "documents": [],
        "shortage": _wishes(order, lines),
        "pay_path": pay_path(order) if may_pay_again(order) else "",
        "is_released": bool(kinds & OrderEvent.RELEASES),
        "was_authorised": Kind.PAYMENT_SECURED in kinds,
        "is_paid": Kind.PAID in kinds,
        "cancelled_because": wording.cancelled_because(kinds),
        "can_cancel": order.status == Status.PLACED and order.slot.cutoff_at > timezone.now(),
    }


def _with_stand_ins(lines: list[OrderLine]) -> list[OrderLine]:
    """What stands in for a line comes right after it."""
    stand_ins = {line.replaces_id: line for line in lines if line.replaces_id}
    return [
        one
        for line in lines
        if not line.replaces_id
        for one in (line, stand_ins.get(line.pk))
        if one is not None
    ]


def _rows(order: Order, lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    cards = cards_by_id([line.product_id for line in lines if line.product_id], order.depot_id)
    by_id = {line.pk: line for line in lines}
    stand_ins = {line.replaces_id: line for line in lines if line.replaces_id}
    return [
        {
            "line": line,
            "card": cards.get(line.product_id or 0),
            "quantity_label": quantity_label(line.sold_by, line.quantity),
            "total": (amount := _amount(order, line)),
            "full_total": _before(line, amount),
            "points": points_badge(line.points_factor) if line.points_factor > 1 else "",
            "facts": wording.line_facts(
                line, stand_ins.get(line.pk), by_id[line.replaces_id] if line.replaces_id else None
            ),
            "history": wording.line_history(line, line.events.all()),
        }
        for line in lines
    ]


def _amount(order: Order, line: OrderLine) -> Decimal:
    """What is charged for a line; before the bill, what would be as things stand."""
    if line.billed is not None:
        return line.billed
    return line.prepared.billed if order.stands else line.total


def _before(line: OrderLine, amount: Decimal) -> Decimal | None:
    """What it would have cost: as ordered where that has changed, else before its reduction."""
    if amount != line.total:
        return line.total
    return line.total + line.discount if line.discount else None


def summed_up(totals: Figures, *, is_collect: bool, points: str = "") -> dict[str, Any]:
    """What an order that is not made yet, or not yet changed, will come to, and what it will bring."""
    return money_summary(
        goods=totals.goods_total,
        discount=totals.discount_total,
        deposits=totals.deposit_total,
        delivery=totals.delivery_fee,
        total=totals.total,
        vat=[(rate, vat) for rate, (_gross, vat) in totals.vat.items()],
        offered_by=totals.delivery_label,
        is_collect=is_collect,
        voucher=totals.voucher_discount,
        voucher_label=totals.voucher_label,
        points=points,
    )


def _sums(order: Order, lines: Sequence[OrderLine], made: OrderBill | None) -> dict[str, Any]:
    """``sums`` in two columns where there is a bill, or already a difference; else the ``summary`` as ordered."""
    if made is not None:
        vat = [(one.rate, one.vat) for one in made.vat_totals.all()]
        return {"summary": None, "sums": _two_columns(order, made, _("Facturé"), _vat_note(vat))}
    if order.stands:
        expected = _expected(order, lines)
        if expected.total != order.total:
            return {"summary": None, "sums": _two_columns(order, expected, _("Prévu"), _most_note(order))}
    summary = money_summary(
        goods=order.goods_total,
        discount=order.discount_total,
        deposits=order.deposit_total,
        delivery=order.delivery_fee,
        total=order.total,
        vat=[(total.rate, total.vat) for total in order.vat_totals.all()],
        offered_by=order.delivery_label,
        is_collect=order.is_collect,
        voucher=order.voucher_discount,
        voucher_label=order.voucher_label,
    )
    notes = [summary["note"], _most_note(order) if order.stands else ""]
    return {"summary": summary | {"note": " · ".join(filter(None, notes))}, "sums": None}


def _expected(order: Order, lines: Sequence[OrderLine]) -> Bill:
    """The bill as things stand. One query where a voucher was taken."""
    voucher = voucher_held_by(order.reference) if order.voucher_discount else None
    return bill(
        [line.prepared for line in lines],
        fee=order.delivery_fee,
        most=order.most,
        voucher=voucher.agreed_terms if voucher else None,
        voucher_agreed=order.voucher_discount,
    )


def _two_columns(order: Order, now: OrderBill | Bill, heading: str, note: str) -> dict[str, Any]:
    rows = [
        (_("Articles"), order.goods_total, now.goods_total),
        (_("Consignes"), order.deposit_total, now.deposit_total),
        (order.voucher_label, -order.voucher_discount, -now.voucher_discount),
        (_("Retrait") if order.is_collect else _("Livraison"), order.delivery_fee, now.delivery_fee),
    ]
    return {
        "heading": heading,
        "rows": [row for row in rows[:-1] if any(row[1:])] + rows[-1:],
        "when_free": _("gratuit") if order.is_collect else _("offerte"),
        "ordered": order.total,
        "now": now.total,
        "note": note,
    }


def _vat_note(vat: list[tuple[Decimal, Decimal]]) -> str:
    return " · ".join(
        _("dont TVA à %(rate)s\u202f%% : %(amount)s\u00a0€")
        % {"rate": french_number(rate, 1).removesuffix(",0"), "amount": french_number(amount)}
        for rate, amount in vat
    )


def _most_note(order: Order) -> str:
    """What is weighed may be somewhat heavier, and never dearer than that."""
    if not order.weighing_margin:
        return ""
    return _("selon la pesée, au plus %(most)s") % {"most": euros(order.most)}


def _to_come(order: Order) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = [
        {"label": label, "at": "", "done": False} for label in _COMING.get(Status(order.status), ())
    ]
    if steps:
        last = _FETCHED if order.is_collect else _DELIVERED
        steps[-1] |= {"label": last, "at": slot_label(order.slot)}
    return steps


def _wishes(order: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    return {
        "usual": order.get_shortage_choice_display(),
        "others": [(line.name, line.get_shortage_choice_display()) for line in lines if line.shortage_choice],
        "asks_newcomer": is_newcomer(order.rank)
        and "substitute" in {order.shortage_choice, *(line.shortage_choice for line in lines)},
    }
