"""What is true of a conversation's order, as its agent sees it and as reply texts say it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from config.templatetags.cabas import euros, slot_label_long
from crm.desk.models import Attachment, Callback, Conversation, Entry, ReplyText
from shop.customers.models import Customer
from shop.orders.models import Order
from shop.payments.queries import refunds_of


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Figures of one order; ``refunded`` is what was asked back and not refused."""

    order: Order
    refunded: Decimal

    @property
    def tracking_url(self) -> str:
        path = reverse("tracking", args=[self.order.tracking_token])
        return f"{settings.SITE_URL.rstrip('/')}{path}"


def order_facts(reference: str) -> OrderFacts | None:
    """Two queries; none without a reference, one for an order that does not exist."""
    order = (
        Order.objects.select_related("slot", "zone", "customer").filter(reference=reference).first()
        if reference
        else None
    )
    if order is None:
        return None
    refunds = refunds_of(reference).values()
    return OrderFacts(order, sum((one.amount for one in refunds), Decimal(0)))


def facts_for(conversation: Conversation, known: OrderFacts | None, *, agent: str) -> dict[str, str]:
    """Placeholder → words, for those that are known. No query; needs the conversation's customer."""
    facts = {"numéro": str(conversation.pk), "agent": agent, "prénom": _first_name(conversation, known)}
    if known is None:
        return facts | {"référence": conversation.order_reference}
    order = known.order
    return facts | {
        "référence": order.reference,
        "créneau": slot_label_long(order.slot),
        "état": order.get_status_display(),
        "total": euros(order.total),
        "remboursé": euros(known.refunded) if known.refunded else "",
        "adresse": ", ".join(filter(None, [order.line1, f"{order.postcode} {order.city}".strip()])),
        "suivi": known.tracking_url,
    }


def _first_name(conversation: Conversation, known: OrderFacts | None) -> str:
    """The customer's, else the recipient's; what a stranger typed as a name is no first name for sure."""
    if conversation.customer and conversation.customer.first_name:
        return conversation.customer.first_name
    return known.order.first_name if known else ""


def reply_texts() -> QuerySet[ReplyText]:
    """Those that agents are offered. One query when read."""
    return ReplyText.objects.filter(is_active=True)


def thread(conversation: Conversation) -> list[Entry]:
    """All that was said, with what came along, the files' bytes left where they are. Three queries."""
    files = Attachment.objects.defer("data")
    return list(
        conversation.entries.select_related("written_by", "mail").prefetch_related(
            Prefetch("attachments", queryset=files)
        )
    )


def calls_of(conversation: Conversation) -> QuerySet[Callback]:
    """Calls that are owed about it. One query when read."""
    return conversation.callbacks.filter(state__in=Callback.OPEN)


def customer_by_id(typed: str) -> Customer | None:
    """The customer that a page of the desk names; for a merged guest, whom they became. Two queries at most."""
    if not typed.isdecimal() or len(typed) > 18:
        return None
    found = Customer.objects.select_related("merged_into__user", "user").filter(pk=int(typed)).first()
    return found.merged_into or found if found else None


def others_of(conversation: Conversation) -> QuerySet[Conversation]:
    """What else the same person waits for: a colleague's matter, or the same words sent twice. One query when read."""
    whose: dict[str, Any] = (
        {"customer": conversation.customer_id} if conversation.customer_id else {"email": conversation.email}
    )
    others = Conversation.objects.filter(**whose).exclude(pk=conversation.pk)
    if not any(whose.values()):
        return others.none()
    return others.order_by("-received_at")[:5]
