"""What letters say, read where it is kept."""

from typing import Any

from delivery.zones.models import CoverageRequest
from shop.orders.models import Order


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
