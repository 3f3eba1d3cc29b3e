"""Reads of milestones. A customer's start from the customer, and the guests who merged into them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from loyalty.milestones.models import Due, Milestone, MilestoneItem, SampleDraw
from loyalty.milestones.rules import SAMPLE_EVERY, Sample
from loyalty.rewards.models import Item, Present
from shop.customers.models import Customer
from shop.customers.queries import of_party

Kind, Trigger = Milestone.Kind, Milestone.Trigger


def running(now: datetime) -> QuerySet[Milestone]:
    """Those in force. One query when read."""
    still = Q(stopped_at=None) | Q(stopped_at__gt=now)
    return Milestone.objects.filter(still, starts_at__lte=now)


def next_gift(customer_ids: Collection[int], rank: int, now: datetime) -> Milestone | None:
    """The nearest gift of an order to come, this very one included, that they did not have yet. Two queries, and one for each
    milestone that took another's place.
    """
    ahead = running(now).filter(kind=Kind.GIFT, trigger=Trigger.ORDERS, threshold__gte=rank)
    had = set(Due.objects.filter(customer__in=customer_ids, occasion=0).values_list("line_id", flat=True))
    nearest = ahead.select_related("replaces").order_by("threshold", "pk")
    return next((one for one in nearest if one.first.pk not in had), None)


def gifts_to_come(now: datetime) -> list[Milestone]:
    """Those of orders with their articles, as the welcome letter names them. Three queries."""
    gifts = running(now).filter(kind=Kind.GIFT, trigger=Trigger.ORDERS, threshold__gt=1)
    return list(gifts.order_by("threshold").prefetch_related("parts__item"))


@dataclass(frozen=True, slots=True)
class Choice:
    """A gift of a customer's, and what they may choose: (item, whether any is left)."""

    due: Due
    present: Present
    items: tuple[tuple[Item, bool], ...]


def choices_of(customer_ids: Collection[int]) -> list[Choice]:
    """Gifts that are still to be chosen, or chosen again. Two queries, and none more for more of them."""
    open_ones = Due.objects.filter(
        customer__in=customer_ids, milestone__kind=Kind.GIFT, present__settled_at=None,
        present__state__in=[Present.State.WAITING, Present.State.ATTACHED],
    )  # fmt: skip
    dues = list(open_ones.select_related("present", "milestone").order_by("pk"))
    of_milestone: dict[int, list[Item]] = {due.milestone_id: [] for due in dues}
    parts = MilestoneItem.objects.filter(milestone__in=of_milestone).select_related("item")
    for part in parts.order_by("place", "pk"):
        of_milestone[part.milestone_id].append(part.item)
    return [
        Choice(due, due.present, tuple((item, _is_there(item)) for item in of_milestone[due.milestone_id]))
        for due in dues
        if due.present
    ]


def _is_there(item: Item) -> bool:
    return item.stock > 0 and item.withdrawn_at is None


def samples() -> list[Sample]:
    """Those that may be drawn. One query."""
    there = Item.objects.filter(kind=Item.Kind.SAMPLE, stock__gt=0, withdrawn_at=None)
    return [
        Sample(pk, shelf, stock, name)
        for pk, shelf, stock, name in there.values_list("pk", "shelf_ref", "stock", "name")
        if shelf is not None
    ]


def tried(customer_id: int) -> set[int]:
    """Items that this party could try before. One query."""
    return set(SampleDraw.objects.filter(of_party(customer_id)).values_list("item_id", flat=True))


def had_sample_lately(customer_id: int, now: datetime) -> bool:
    """One query."""
    lately = SampleDraw.objects.filter(of_party(customer_id), at__gt=now - SAMPLE_EVERY)
    return lately.exists()


def letters_of(order_references: Collection[str]) -> QuerySet[Due]:
    """The welcomes whose letters go with these orders, with what their vouchers are. Two queries when read."""
    going = Due.objects.filter(present__order_reference__in=order_references, present__is_paper=True)
    return going.select_related("milestone", "present", "customer").prefetch_related("milestone__vouchers")


def announced(due_id: int) -> tuple[Due, Customer] | None:
    """A gift that still waits, and its owner, whoever they are by now; None of one without an address. One query."""
    waits = Due.objects.filter(pk=due_id, present__state__in=[Present.State.WAITING, Present.State.ATTACHED])
    due = waits.select_related("milestone", "present", "customer__merged_into").first()
    if due is None:
        return None
    customer = due.customer.merged_into or due.customer
    return (due, customer) if customer.email else None
