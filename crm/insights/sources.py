"""What customers brought in, by how they came: the same days of each, and what their coming cost taken off. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

CENT = Decimal("0.01")
# Of fewer recruits a difference says more of chance than of the source.
LEAST_RECRUITS = 30
# So many days of each recruit are looked at, from the first delivery on; one who has fewer behind them waits.
HORIZONS = (30, 90, 180)


class Source(StrEnum):
    REFERRAL = "referral"
    # The first order used a voucher that was given to win customers.
    CAMPAIGN = "campaign"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Brought:
    """Recruits of one source. Euros without VAT: ``turnover`` and ``cost`` of the articles that were kept, after reductions
    and vouchers; ``rewards`` what sponsors and friends were given for it. ``waiting``: too recent to be counted.
    """

    source: Source
    recruits: int
    waiting: int
    orders: int
    turnover: Decimal
    cost: Decimal
    rewards: Decimal

    @property
    def margin(self) -> Decimal:
        return self.turnover - self.cost - self.rewards

    @property
    def is_small(self) -> bool:
        return self.recruits < LEAST_RECRUITS

    @property
    def orders_each(self) -> Decimal | None:
        return self._each(Decimal(self.orders))

    @property
    def margin_each(self) -> Decimal | None:
        """Of one recruit; None of none."""
        return self._each(self.margin)

    @property
    def rate(self) -> Decimal | None:
        """Hundredths of the turnover; None of none."""
        if not self.turnover:
            return None
        return (self.margin * 100 / self.turnover).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def rate_said(self) -> str:
        """« 40 », « −50 »."""
        return "" if self.rate is None else f"{self.rate:.0f}".replace("-", "−")

    def _each(self, whole: Decimal) -> Decimal | None:
        return (whole / self.recruits).quantize(CENT, ROUND_HALF_UP) if self.recruits else None
