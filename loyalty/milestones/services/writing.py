"""Milestones are written once; another takes the place of one, from its own day on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from loyalty.milestones.models import Milestone, MilestoneItem, MilestoneVoucher


@dataclass(frozen=True, slots=True)
class Terms:
    """What a milestone gives: its articles in order, and (kind, value, minimum, days) of the letter's vouchers."""

    name: str
    kind: str
    trigger: str
    threshold: int
    starts_at: datetime
    item_ids: Sequence[int]
    has_letter: bool = False
    vouchers: Sequence[tuple[str, Decimal, Decimal, int]] = ()


@transaction.atomic
def write(*, terms: Terms, by_id: int | None, replaces: Milestone | None = None) -> Milestone:
    """A milestone with all that it gives. Four queries."""
    milestone = Milestone.objects.create(
        name=terms.name, kind=terms.kind, trigger=terms.trigger, threshold=terms.threshold, starts_at=terms.starts_at,
        has_letter=terms.has_letter, written_by_id=by_id, replaces=replaces,
    )  # fmt: skip
    MilestoneItem.objects.bulk_create(
        MilestoneItem(milestone=milestone, item_id=item_id, place=place)
        for place, item_id in enumerate(terms.item_ids)
    )
    MilestoneVoucher.objects.bulk_create(
        MilestoneVoucher(milestone=milestone, kind=kind, value=value, minimum_goods=least, lasts_days=days)
        for kind, value, least, days in terms.vouchers
    )
    return milestone


class AlreadyReplaced(Exception):
    """Another took its place, or it was stopped."""


@transaction.atomic
def replace(*, milestone_id: int, terms: Terms, by_id: int) -> Milestone:
    """From the day of the new one on the old one is not in force; whoever was told of it gets what they were told.

    Raises AlreadyReplaced. Locks the old one; six queries.
    """
    old = Milestone.objects.select_for_update().get(pk=milestone_id)
    if old.stopped_at:
        raise AlreadyReplaced(milestone_id)
    old.stopped_at = terms.starts_at
    old.save(update_fields=["stopped_at"])
    return write(terms=terms, by_id=by_id, replaces=old)


@transaction.atomic
def stop(*, milestone_id: int) -> bool:
    """From now on, though another was to take its place later; what was announced is given. False: it was stopped before. One
    UPDATE.
    """
    now = timezone.now()
    standing = Milestone.objects.filter(Q(stopped_at=None) | Q(stopped_at__gt=now), pk=milestone_id)
    return bool(standing.update(stopped_at=now))
