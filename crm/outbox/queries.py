"""What letters say, read where it is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.urls import reverse
from django.utils import timezone

from config.templatetags.cabas import slot_label_long
from crm.outbox.models import Message, State
from crm.outbox.sending import message_named
from delivery.slots.queries import wait_by_id
from delivery.zones.models import CoverageRequest
from shop.catalogue.models import Product
from shop.orders.models import Order
from shop.orders.ports import Late
from shop.orders.rules import spoken_reference

# Refused by a rule of ours that did its work: nobody has to look.
_AS_IT_SHOULD = ("expired", "suppressed", "no_consent", "erased")


def waiting_for_a_person() -> QuerySet[Message]:
    """Letters that did not leave, or perhaps did, and that somebody can still do something about. One query.

    Past its time a code or a link helps nobody, whatever became of it.
    """
    is_over = Q(expires_at__isnull=False, expires_at__lte=timezone.now())
    return Message.objects.filter(state__in=[State.FAILED, State.UNKNOWN]).exclude(
        Q(state=State.FAILED, reason__in=_AS_IT_SHOULD) | is_over
    )


def stuck_order_letters() -> list[Late]:
    """Letters about orders that failed or may not have left, and that somebody can still do something about, the
    oldest first. One query.

    A letter is about the order whose reference begins its occasion, whatever its purpose.
    """
    reference = Func(F("occasion"), Value(" "), Value(1), function="split_part", output_field=TextField())
    order = Order.objects.filter(reference=OuterRef("reference"))
    found = (
        waiting_for_a_person()
        .annotate(
            reference=reference,
            order_id=Subquery(order.values("pk")),
            starts_at=Subquery(order.values("slot__starts_at")),
        )
        .exclude(order_id=None)
        .order_by("pk")
        .values_list("reference", "order_id", "starts_at", "subject", "created_at")
    )
    return [Late(*row) for row in found]


@dataclass(frozen=True, slots=True)
class LetterSent:
    """What a reply is a reply to."""

    purpose: str
    occasion: str
    recipient: str
    customer_id: int | None

    @property
    def order_reference(self) -> str:
        """What its occasion begins with, where that is a reference; else nothing."""
        first = self.occasion.partition(" ")[0]
        return first if spoken_reference(first) == first else ""


def letter_named(message_ids: Sequence[str]) -> LetterSent | None:
    """The letter that one of these Message-IDs names, ours or the provider's; the first that does. Two queries at most."""
    ours = next((pk for one in message_ids if (pk := message_named(one)) is not None), None)
    columns = ("purpose", "occasion", "recipient", "customer_id")
    found = Message.objects.filter(pk=ours).values_list(*columns).first() if ours is not None else None
    if found is None:
        named = [name for one in message_ids for name in (one, one.strip("<>"))]
        known = Message.objects.exclude(provider_message_id="").filter(provider_message_id__in=named)
        found = known.values_list(*columns).first()
    return LetterSent(*found) if found else None


_RECALL_LETTERS = {State.SENT: "sent", State.FAILED: "failed", State.UNKNOWN: "failed"}


def recall_letters(recall_id: int, order_references: Collection[str]) -> dict[str, str]:
    """Order → what became of its letter about a recall: "sent", "waiting" or "failed". One query."""
    occasions = {f"{recall_id} {reference}": reference for reference in order_references}
    found = Message.objects.filter(purpose="product_recalled", occasion__in=occasions)
    return {
        occasions[occasion]: _RECALL_LETTERS.get(State(state), "waiting")
        for occasion, state in found.values_list("occasion", "state")
    }


def order_status(reference: str) -> str:
    """What has become of an order, as a word of Order.Status. One query; raises Order.DoesNotExist."""
    return str(Order.objects.values_list("status", flat=True).get(reference=reference))


def coverage_letter(request_id: int) -> dict[str, Any] | None:
    """Whom to tell that a postcode is delivered: recipient, postcode and the occasion. One query.

    None when the request is gone or waits again. Someone told once may ask again after a zone closed:
    each telling is its own occasion.
    """
    found = CoverageRequest.objects.filter(pk=request_id, told_at__isnull=False).first()
    if found is None or found.told_at is None:
        return None
    occasion = f"{found.pk} {found.told_at:%Y-%m-%dT%H:%M:%S.%f}"
    return {"recipient": found.email, "postcode": found.postcode, "occasion": occasion}


def restock_letter(product_id: int) -> dict[str, str]:
    """What a letter says of a product that is back: its name and address. One query; raises Product.DoesNotExist."""
    name, slug = Product.objects.values_list("name", "slug").get(pk=product_id)
    return {"name": name, "slug": slug}


def offer_letter(entry_id: int) -> dict[str, Any] | None:
    """What a letter says of a place that is kept for whoever waited. One query.

    None once it is taken, left or over: whoever was quicker than the letter needs none.
    """
    entry = wait_by_id(entry_id)
    if entry is None or not entry.is_offered:
        return None
    zone = entry.slot.zone
    return {
        "recipient": entry.email,
        "customer_id": entry.customer_id,
        "when": slot_label_long(entry.slot),
        "point": zone.name if zone.is_collect else "",
        "offered_until": entry.offered_until,
        "offer_path": reverse("slot_offer", args=[entry.token]),
    }
