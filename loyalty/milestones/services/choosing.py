"""Which gift: the customer's own choice until it is being prepared, the first there is where nobody chose."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from loyalty.milestones.models import Due, MilestoneItem
from loyalty.milestones.rules import NotAmong
from loyalty.rewards import services as rewards
from loyalty.rewards.models import Present
from loyalty.rewards.rules import OutOfStock


@transaction.atomic
def choose(*, customer_ids: Collection[int], present_id: int, item_id: int) -> Present:
    """The customer's choice, or another one.

    Raises NotAmong (no gift of theirs, or not one of its articles), TooLate once it is being prepared, OutOfStock. Locks the
    present, then its item; at most ten queries.
    """
    own = Due.objects.filter(customer__in=customer_ids, present=present_id).first()
    part = _parts(own).filter(item=item_id).first() if own else None
    if part is None:
        raise NotAmong(item_id)
    return rewards.put_in(present_id=present_id, item_id=item_id, name=part.item.name)


@transaction.atomic
def settle(*, order_references: Collection[str]) -> None:
    """These orders are being prepared: a gift that nobody chose is the first of which some are left, and none is chosen any
    more. Locks their presents, then the articles to choose from, each in order of id; four queries, and some nine for each
    gift that nobody chose.
    """
    going = rewards.hold_attached(order_references)
    unchosen = [one.pk for one in going if one.item_id is None and not one.is_paper and not one.settled_at]
    dues = list(Due.objects.filter(present__in=unchosen).order_by("present"))
    parts = MilestoneItem.objects.filter(milestone__in={due.milestone_id for due in dues})
    rewards.lock_items(set(parts.values_list("item_id", flat=True)) if dues else set())
    for due in dues:
        _choose_for(due)
    rewards.settle(order_references=order_references)


def _choose_for(due: Due) -> None:
    for part in _parts(due):
        try:
            with transaction.atomic():
                rewards.put_in(present_id=due.present_id or 0, item_id=part.item_id, name=part.item.name)
        except OutOfStock:
            continue
        return


def _parts(due: Due) -> QuerySet[MilestoneItem]:
    return (
        MilestoneItem.objects.filter(milestone=due.milestone_id)
        .select_related("item")
        .order_by("place", "pk")
    )
