"""What the letter says of an order whose crates are closed: what is in them, what differs, what is charged."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from config.templatetags.cabas import quantity_label
from shop.orders import wording
from shop.orders.letters import addressed
from shop.orders.models import Order, OrderLine
from shop.orders.pickups import place_of


def receipt_letter(order_reference: str) -> dict[str, Any]:
    """Four queries, however long the order. Raises Order.DoesNotExist, OrderBill.DoesNotExist before it is packed."""
    order = Order.objects.select_related("slot", "zone", "bill").get(reference=order_reference)
    lines = list(order.lines.all())
    bill = order.bill
    return {
        **addressed(order),
        "place": place_of(order) if order.is_collect else None,
        "lines": [_packed(line) for line in lines if line.picked],
        "differences": _differences(lines),
        "ordered_total": order.total,
        "goods_total": bill.goods_total,
        "deposit_total": bill.deposit_total,
        "delivery_fee": bill.delivery_fee,
        "voucher_discount": bill.voucher_discount,
        "voucher_label": order.voucher_label,
        "total": bill.total,
        "less": order.total - bill.total,
        "vat": [{"rate": one.rate, "vat": one.vat} for one in bill.vat_totals.all()],
        "tracking_path": reverse("tracking", args=[order.tracking_token]),
    }


def _packed(line: OrderLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "quantity_label": quantity_label(line.sold_by, line.picked or 0),
        "billed": line.billed,
    }


def _differences(lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    """Each line that is not as ordered, in words, with what was to be paid for it and what is."""
    by_id = {line.pk: line for line in lines}
    stand_ins = {line.replaces_id: line for line in lines if line.replaces_id}
    return [
        {
            "name": line.name,
            "facts": facts,
            "ordered": None if line.replaces_id else line.total,
            "billed": line.billed,
        }
        for line in lines
        if (
            facts := wording.line_facts(
                line, stand_ins.get(line.pk), by_id[line.replaces_id] if line.replaces_id else None
            )
        )
    ]
