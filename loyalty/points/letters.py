"""What letters say of points."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from config.templatetags.cabas import last_day_said
from loyalty.points.events import PointsExpiring
from loyalty.points.queries import terms_at
from loyalty.points.rules import worth
from loyalty.points.wording import points_said
from shop.customers.queries import addressee


def expiring_letter(told: PointsExpiring) -> dict[str, Any] | None:
    """None for somebody without an address, or where no programme runs any more. Two queries."""
    customer = addressee(told.customer_id)
    row = terms_at(timezone.now())
    if customer is None or row is None:
        return None
    first, last = (
        last_day_said(datetime.fromtimestamp(at, tz=UTC)) for at in (told.first_epoch, told.last_epoch)
    )
    return {
        "recipient": customer.email,
        "customer_id": customer.pk,
        "first_name": customer.first_name,
        "points": points_said(told.points),
        "worth": worth(told.points, row.terms),
        "first": first,
        "last": last if last != first else "",
        "needs_account": customer.user_id is None,
    }
