"""What may be given beside an order, and what a reward asks for. Pure.

*The law.* First-age milk is neither given nor rewarded, no sample of it either (C. conso L122-12 to L122-16; delegated
regulation (EU) 2016/127, article 10). Alcohol is neither a gift nor a reward (CSP L3322-9, L3323-2 ff.). Food is never
called free (C. com. L443-1 I): what is given is a « cadeau ».
"""

import re
from datetime import timedelta

# « gratuités », « gratuitement », « offerts »: words that sell no food; « offre » as a noun is no gift.
GIVEN_AWAY = re.compile(r"gratuit|gratis|\boffert", re.IGNORECASE)
# The least and the most that a reward asks for: no reward below what a first balance reaches, none that nobody reaches.
LEAST_POINTS, MOST_POINTS = 10, 100_000
# How long what a reward grants may be used.
GRANTED_LASTS = timedelta(days=365)
MOST_DELIVERIES = 24


class OutOfStock(Exception):
    """None of it is left: another is to be chosen."""


class RewardGone(Exception):
    """It is not offered, or not any more."""


class RewardChanged(Exception):
    """It asks for other points than whoever pressed the button saw; ``points`` now."""

    def __init__(self, points: int) -> None:
        super().__init__(points)
        self.points = points


class TooLate(Exception):
    """It is in its crate already, or was handed over."""


class PresentsDue(Exception):
    """An order's presents are each to be put in, or said to be missing, before its crates are closed."""


class StockRefused(Exception):
    """More would be taken off a stock than there is; ``left`` is there."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left
