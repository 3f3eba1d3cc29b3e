"""What guests were promised counts for whoever they turned out to be."""

from config.facts import handler
from loyalty.milestones import services
from shop.customers.events import GuestsMerged


@handler(GuestsMerged, key="milestones.gather")
def gather(merged: GuestsMerged) -> None:
    services.gather(customer_id=merged.customer_id, guest_ids=merged.guest_ids)
