"""The orders that a recall touches: listed once, then each told and refunded in a transaction of its own.

A crash leaves some listed and not dealt with: whoever comes next goes on with these, and no order is done twice.
"""

import logging
import time
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from config.facts import publish
from shop.orders.services import Recalled, withdraw_recalled
from shop.recalls.events import BuyerConcerned
from shop.recalls.models import Recall, RecallNotice
from shop.recalls.queries import concerned, to_treat
from shop.recalls.rules import REFUND_WAITS
from shop.recalls.services.money import NotYet, charged, give_back

logger = logging.getLogger(__name__)
State, Refund = RecallNotice.State, RecallNotice.Refund
AT_ONCE = 100
# What must wait (unpaid orders, money not taken yet) is looked at again after that.
LOOKS_AGAIN = timedelta(minutes=1)


@transaction.atomic
def list_buyers(*, recall_id: int) -> int:
    """Write down every order that holds the recalled product; how many. Again adds nothing.

    Complete, since `open_recall` waited for whoever was taking its stock. Locks the recall; three statements, however
    many orders.
    """
    recall = Recall.objects.select_for_update(of=("self",)).get(pk=recall_id)
    if recall.listed_at:
        return 0
    sql, parameters = concerned(
        product_id=recall.product_id, lots=recall.lots, first=recall.best_before_from,
        last=recall.best_before_to, since=recall.sold_since,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LISTED.replace("{concerned}", sql), {**parameters, "recall": recall_id})
        listed: int = cursor.rowcount
    recall.listed_at = timezone.now()
    recall.save(update_fields=["listed_at"])
    return listed


_LISTED = """
INSERT INTO recalls_recallnotice (recall_id, order_id, line_id, is_certain, state, refund, amount)
SELECT %(recall)s, order_id, line_id, is_certain, 'listed', 'none', 0 FROM ({concerned}) touched ORDER BY order_id
ON CONFLICT (recall_id, order_id) DO NOTHING
"""


def treat_some(*, recall_id: int, until: float | None = None) -> int:
    """Deal with what is due, ``until`` that monotonic second; how many. What another worker holds is passed over.

    Each order in its own transaction; one that fails is logged and tried again later. A query per hundred orders.
    """
    done = 0
    while ids := to_treat(recall_id, before=timezone.now() - LOOKS_AGAIN, limit=AT_ONCE):
        for notice_id in ids:
            if until is not None and time.monotonic() > until:
                return done
            done += _treated(notice_id)
    return done


def _treated(notice_id: int) -> bool:
    try:
        return treat(notice_id=notice_id)
    except Exception as fault:
        # The type alone: a message of the database may quote a customer's data.
        logger.error("recall notice %s failed: %s", notice_id, type(fault).__name__)
        RecallNotice.objects.filter(pk=notice_id).update(looked_at=timezone.now())
        return False


@transaction.atomic
def treat(*, notice_id: int) -> bool:
    """Take the article out of an order that is not packed, or tell and refund whoever has it; False for what is done, or held.

    Locks the notice, then the order, stock, account; at most 50 queries.
    """
    mine = RecallNotice.objects.select_for_update(skip_locked=True, of=("self",))
    notice = mine.select_related("recall", "order").filter(pk=notice_id).first()
    if notice is None or (notice.state != State.LISTED and notice.refund != Refund.DUE):
        return False
    notice.looked_at = timezone.now()
    if notice.state == State.LISTED:
        _settle(notice)
    if notice.refund == Refund.DUE:
        _give_back(notice)
    notice.save(update_fields=["state", "looked_at", "told_at", "refund", "amount"])
    return True


def _settle(notice: RecallNotice) -> None:
    recall = notice.recall
    found = withdraw_recalled(
        line_id=notice.line_id, first=recall.best_before_from, last=recall.best_before_to
    )
    match found.state:
        case "unpaid":
            return
        case "ended" | "safe":
            notice.state = State.ENDED
            return
        case "dropped":
            notice.state = State.DROPPED
        case "in_crates":
            notice.state = State.IN_CRATES
        case "gone":
            _bought(notice, found)
    notice.told_at = timezone.now()
    order = notice.order
    publish(
        BuyerConcerned(recall_id=recall.pk, order_reference=order.reference, customer_id=order.customer_id)
    )


def _bought(notice: RecallNotice, found: Recalled) -> None:
    notice.state = State.BOUGHT
    notice.amount = charged(found.line)
    if notice.amount:
        notice.refund = Refund.DUE
    elif found.line.billed is None:
        notice.refund = Refund.BY_HAND


def _give_back(notice: RecallNotice) -> None:
    try:
        notice.amount = give_back(notice=notice)
    except NotYet:
        if notice.told_at and notice.told_at < timezone.now() - REFUND_WAITS:
            notice.refund = Refund.BY_HAND
        return
    notice.refund = Refund.ASKED if notice.amount else Refund.NONE


@transaction.atomic
def note_refunded(*, recall_id: int, order_reference: str) -> None:
    """The money has gone back. One UPDATE; twice is once."""
    RecallNotice.objects.filter(
        recall=recall_id, order__reference=order_reference, refund=Refund.ASKED
    ).update(refund=Refund.DONE, refunded_at=timezone.now())
