"""Episodes written by hand: one argument says what the test is about."""

from decimal import Decimal
from itertools import count

from crm.insights.recovery.episodes import Episode

LATE, FEE = "En retard", "Livraison remboursée"
_customers = count(1)


def episode(**said):
    """An order of a third, 80 € basket by a customer of their own, seen for 90 days, who did not return."""
    usual = {
        "customer_id": next(_customers),
        "orders_so_far": 3,
        "rhythm_days": 10,
        "zone": "Centre",
        "basket": Decimal(80),
        "observed_days": 90,
    }
    return Episode(**usual | said)


def incident(**said):
    return episode(**{"causes": (LATE,)} | said)


def several(number, returned, *, make=episode, day=10, **said):
    """``number`` orders, the first ``returned`` of which were followed by another after ``day`` days."""
    return [make(**said, returned_after_days=day if at < returned else None) for at in range(number)]
