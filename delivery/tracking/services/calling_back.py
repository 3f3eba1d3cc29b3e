"""An order that its courier is not to deliver after all."""

from django.db import transaction

from delivery.tracking.errors import AtTheDoor
from delivery.tracking.models import Run, Visit


@transaction.atomic
def call_back(*, order_reference: str) -> None:
    """Its door leaves the round that has it; nothing where none has. Twice is once.

    Raises AtTheDoor where the courier stands there already, or it is handed over. Locks the run; three queries.
    """
    found = Visit.objects.filter(drop__order_reference=order_reference).exclude(
        state__in=[Visit.State.HANDED_ON, Visit.State.CANCELLED, Visit.State.ABSENT]
    )
    run_id = found.values_list("run_id", flat=True).first()
    if run_id is None:
        return
    list(Run.objects.select_for_update().filter(pk=run_id).values_list("pk"))
    if found.exclude(state=Visit.State.TO_COME).exists():
        raise AtTheDoor(order_reference)
    found.update(state=Visit.State.HANDED_ON)
