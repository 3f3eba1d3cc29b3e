"""What letters say of milestones."""

from typing import Any

from loyalty.milestones.queries import announced
from loyalty.rewards.wording import present_said


def gift_letter(due_id: int) -> dict[str, Any] | None:
    """None where it was given or called off meanwhile, or nobody can be written to. Two queries."""
    found = announced(due_id)
    if found is None:
        return None
    due, customer = found
    present = due.present
    return {
        "recipient": customer.email,
        "customer_id": customer.pk,
        "first_name": customer.first_name,
        "gift": due.milestone.name,
        "where": present_said(present) if present else "",
        "items": [part.item.name for part in due.milestone.parts.select_related("item")],
        "needs_account": customer.user_id is None,
    }
