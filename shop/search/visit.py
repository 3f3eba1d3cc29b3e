"""From where somebody looks at the shelves: their zone, its depot and its promotions."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from delivery.zones.models import Zone
from delivery.zones.queries import NoZone
from delivery.zones.visitor import delivered_zone, visitor_postcode, visitor_zone
from shop.pricing.book import PromotionBook
from shop.pricing.promotions import SlotFacts
from shop.pricing.queries import book_for


@dataclass(frozen=True)
class Visit:
    """``zone`` is None in a shop whose zones are not set up yet: its shelves can still be seen."""

    zone: Zone | None
    # Theirs, where it is delivered.
    postcode: str

    @property
    def depot_id(self) -> int | None:
        return self.zone.depot_id if self.zone else None

    @property
    def zone_id(self) -> int | None:
        return self.zone.pk if self.zone else None

    @cached_property
    def book(self) -> PromotionBook:
        """The zone's promotions. No query when kept, else one."""
        return book_for(self.zone_id)

    @property
    def conditions(self) -> dict[str, Any]:
        """Fees, minimum and threshold are known before the first add: what search/_conditions.html needs.

        The threshold is that of a promotion where one offers delivery, at any hour, from less.
        """
        return {"zone": self.zone, "postcode": self.postcode, "free_from": self._free_from}

    @property
    def _free_from(self) -> Decimal | None:
        if self.zone is None:
            return None
        here = SlotFacts(zone_id=self.zone.pk)
        return self.book.offered_from(self.zone.free_delivery_from, here, fee=self.zone.peak_price)


def visit_of(request: HttpRequest) -> Visit:
    """No query when the zone is kept, else one or two."""
    try:
        zone = visitor_zone(request)
    except NoZone:
        return Visit(None, "")
    return Visit(zone, visitor_postcode(request) if delivered_zone(request) else "")
