"""Who looks after what: one agent at a time, by one statement that finds it free or does not."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm.desk.models import Callback, Conversation


class TakenByAnother(Exception):
    """A colleague looks after it."""

    def __init__(self, by_id: int | None) -> None:
        super().__init__(by_id)
        self.by_id = by_id


Taken = type[Conversation] | type[Callback]


@transaction.atomic
def take(what: Taken, *, pk: int, user_id: int) -> None:
    """Look after it, unless somebody does. One UPDATE; raises TakenByAnother, after one query more."""
    free = Q(assigned_to=None) | Q(assigned_to=user_id)
    taken = what._default_manager.filter(free, pk=pk).update(assigned_to=user_id, assigned_at=timezone.now())
    if not taken:
        raise TakenByAnother(
            what._default_manager.filter(pk=pk).values_list("assigned_to", flat=True).first()
        )


@transaction.atomic
def take_over(what: Taken, *, pk: int, from_id: int | None, user_id: int) -> None:
    """Take it from the colleague who was seen to have it. One UPDATE.

    Raises TakenByAnother when somebody else was quicker, after one query more.
    """
    seen = what._default_manager.filter(pk=pk, assigned_to=from_id)
    if not seen.update(assigned_to=user_id, assigned_at=timezone.now()):
        raise TakenByAnother(
            what._default_manager.filter(pk=pk).values_list("assigned_to", flat=True).first()
        )


@transaction.atomic
def release(what: Taken, *, pk: int, user_id: int) -> None:
    """Leave it to whoever is free; what a colleague has stays theirs. One UPDATE."""
    what._default_manager.filter(pk=pk, assigned_to=user_id).update(assigned_to=None, assigned_at=None)
