"""What customers and staff read of what an order was made good with, and what waits to be carried out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from config.templatetags.cabas import last_day_said
from delivery.promise.models import Compensation
from delivery.promise.queries import compensation, compensations_of_order, undone
from delivery.promise.rules import NEXT_DELIVERY, POINTS, VOUCHER
from delivery.promise.wording import done_said, title_said
from shop.orders.letters import addressed
from shop.orders.models import Order
from shop.orders.services.compensating import REMEDIES, voucher_ends

State = Compensation.State
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class MadeGood:
    """One compensation as an order's page tells it."""

    title: str
    sentence: str
    done: str
    is_done: bool


def made_good(order_reference: str) -> Sequence[MadeGood]:
    """What an order was given and why; what staff still decide on is theirs, what they refused no promise. One query."""
    found = compensations_of_order(order_reference)
    return [_shown(one) for one in found if one.state in Compensation.GIVEN]


def _shown(given: Compensation) -> MadeGood:
    return MadeGood(
        title=title_said(given.remedy, given.amount_cents),
        sentence=given.decision.sentence,
        done=done_said(given.remedy, given.amount_cents, _until(given)),
        is_done=given.state == State.CARRIED_OUT,
    )


def _until(given: Compensation) -> str:
    return last_day_said(voucher_ends(given.granted_at or given.made_at))


def compensation_letter(compensation_id: int) -> dict[str, Any] | None:
    """What the letter says; None for what is not given, or of which no order is known. Two queries."""
    given = compensation(compensation_id)
    if given is None or given.state not in Compensation.GIVEN:
        return None
    order = Order.objects.select_related("slot", "customer").filter(reference=given.order_reference).first()
    if order is None:
        return None
    shown = _shown(given)
    return {
        **addressed(order),
        "headed": shown.title,
        "sentence": shown.sentence,
        "done": shown.done,
        # A voucher, or points, are found in an account: a guest has yet to open theirs.
        "needs_account": given.remedy in {NEXT_DELIVERY, POINTS, VOUCHER} and order.customer.user_id is None,
        "tracking_path": reverse("tracking", args=[order.tracking_token]),
    }


def left_undone(now: datetime, grace: timedelta) -> list[tuple[Order, str, datetime]]:
    """(order, what it was given, since when) of compensations granted longer ago and not carried out. Two queries."""
    waiting = list(undone(REMEDIES, now - grace)[:MOST_SHOWN])
    orders = {
        order.reference: order
        for order in Order.objects.filter(
            reference__in=[one.order_reference for one in waiting]
        ).select_related("slot")
    }
    return [
        (orders[one.order_reference], title_said(one.remedy, one.amount_cents), one.granted_at or now)
        for one in waiting
        if one.order_reference in orders
    ]
