"""Presents follow whoever they belong to."""

from config.facts import handler
from loyalty.rewards import services
from shop.customers.events import GuestsMerged


@handler(GuestsMerged, key="rewards.gather")
def gather(merged: GuestsMerged) -> None:
    services.gather(customer_id=merged.customer_id, guest_ids=merged.guest_ids)
