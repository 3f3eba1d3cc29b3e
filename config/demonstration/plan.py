"""What is asked for, and what of it can be."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from django.utils import timezone

PARIS = ZoneInfo("Europe/Paris")
DAYS = 180
SEED = 1
MOST = {"products": 1_000_000, "customers": 2_000_000, "days": 1_500, "seed": 2**31 - 1}
WORDS = {
    "products": "nombre de produits", "customers": "nombre de clients", "days": "nombre de jours",
    "seed": "numéro de tirage",
}  # fmt: skip
# One order per household every so many days, whatever its class: what the classes in households.py come to.
DAYS_BETWEEN_ORDERS = 28
MOST_ORDERS = 20_000_000
# How much is ordered in each month, January first: a dip in summer, a peak before the feasts.
MONTHS = (0.98, 0.97, 1.0, 1.02, 1.03, 1.0, 0.88, 0.76, 1.02, 1.04, 1.08, 1.25)


class Refused(Exception):
    """Nothing was changed; the message says why, in French."""


def this_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a shop. ``until`` is the instant of its latest order: with the seed, it decides everything."""

    products: int = 0
    customers: int = 0
    days: int = DAYS
    seed: int = SEED
    until: datetime | None = None

    @property
    def now(self) -> datetime:
        return (self.until or this_hour()).astimezone(UTC)

    @property
    def first_day(self) -> date:
        """In Paris; the last of ``days`` is the day of ``now``."""
        return self.now.astimezone(PARIS).date() - timedelta(days=self.days - 1)

    @property
    def orders(self) -> int:
        """About how many."""
        return self.customers * self.days // DAYS_BETWEEN_ORDERS

    def check(self) -> None:
        """Raises Refused for a figure that is negative, or beyond what is generated."""
        for name, most in MOST.items():
            least = 1 if name == "days" else 0
            value = getattr(self, name)
            if not least <= value <= most:
                raise Refused(
                    f"{WORDS[name].capitalize()}\u202f: de {least} à {grouped(most)}, et non {grouped(value)}."
                )
        if self.orders > MOST_ORDERS:
            raise Refused(
                f"Ces clients passeraient {grouped(self.orders)} commandes\u202f: "
                f"{grouped(MOST_ORDERS)} au plus. Demandez moins de clients ou moins de jours."
            )

    def pace(self) -> list[float]:
        """Where each day starts on a clock that runs faster in busy months, and where the last one ends.

        The clock's whole length is ``days``, so that seasons change when orders come, not how many.
        """
        weights = [MONTHS[(self.first_day + timedelta(days=i)).month - 1] for i in range(self.days)]
        scale = self.days / sum(weights)
        return [0.0, *accumulate(weight * scale for weight in weights)]


def grouped(number: int) -> str:
    """« 12 345 »."""
    return f"{number:,}".replace(",", "\u202f")
