"""When a claim is answered at once, and which hour is said for a call. Pure: no clock, no database."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from shop.orders.rules import is_newcomer

MISSING, DAMAGED, NOT_MINE, LIFE = "missing", "damaged", "not_mine", "life"
# Why somebody calls in place of an answer at once.
AMOUNT, NUMBER, PHOTO, FREE, LATE, MONEY = "amount", "number", "photo", "free", "late", "money"
# What is chilled or frozen was kept by its customer since: two days on, what it was like at the door is to be talked over.
FRESH_WITHIN = timedelta(hours=48)
# What is reported in three taps; the legal guarantee of conformity (C. conso. L217-3 ff., two years) goes on beside it.
REPORTED_WITHIN = timedelta(days=14)
# By one order's word so many others are made good for without anybody looking.
MOST_REPAIRED = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Euros incl. VAT, and claims within ``days``; the first three orders have their own."""

    amount: Decimal
    number: int
    days: int
    newcomer_amount: Decimal
    newcomer_number: int
    photo_from: Decimal

    def most(self, rank: int) -> Decimal:
        return self.newcomer_amount if is_newcomer(rank) else self.amount

    def times(self, rank: int) -> int:
        return self.newcomer_number if is_newcomer(rank) else self.number


@dataclass(frozen=True, slots=True)
class Told:
    """All that is looked at. ``before`` counts the customer's own claims within the limits' days; ``age`` is since the
    order was received; ``amount`` is what was paid for what is reported.
    """

    kind: str
    amount: Decimal
    rank: int
    before: int
    age: timedelta
    has_photo: bool
    is_fresh: bool


def why_call(told: Told, limits: Limits) -> str:
    """Why somebody calls; empty where the answer is given at once. A missing article is believed without a photo."""
    if not told.amount:
        return FREE
    if told.kind != MISSING and told.is_fresh and told.age > FRESH_WITHIN:
        return LATE
    if told.before >= limits.times(told.rank):
        return NUMBER
    if told.amount > limits.most(told.rank):
        return AMOUNT
    if told.kind == DAMAGED and told.amount > limits.photo_from and not told.has_photo:
        return PHOTO
    return ""


def is_near_limit(amount: Decimal, most: Decimal) -> bool:
    """Within a tenth below what is answered at once."""
    return most * Decimal("0.9") <= amount <= most
