"""What a refund comes to, how long a buyer may withdraw. Pure: no clock, no database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from shop.orders.rules import share_of
from shop.pricing.rules import NOTHING, spread_cents
from shop.search.rules import is_working_day

# C. conso. L221-18 (to declare it) and L221-24 (to be refunded).
WITHDRAWN_WITHIN = timedelta(days=14)
REFUNDED_WITHIN = timedelta(days=14)
# From when its crates are closed until a day after its slot, a replacement is refused in a few clicks.
REFUSED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Charged:
    """A line as it was billed, and what of it went back already; ``picked`` and ``returned`` in pieces or grams."""

    picked: int
    billed: Decimal
    deposit: Decimal = NOTHING
    returned: int = 0
    refunded: Decimal = NOTHING
    deposit_refunded: Decimal = NOTHING

    @property
    def left(self) -> int:
        return max(0, self.picked - self.returned)

    def refund_of(self, quantity: int) -> tuple[Decimal, Decimal]:
        """What so many more pieces or grams give back: (goods, deposit).

        Counted from the whole: given back piece by piece, a line gives back what was billed, to the cent.
        """
        back = self.returned + quantity
        goods = share_of(self.billed, back, self.picked) - self.refunded
        deposit = share_of(self.deposit, back, self.picked) - self.deposit_refunded
        return max(NOTHING, goods), max(NOTHING, deposit)


def spread_credit(
    amount: Decimal, left: Mapping[Decimal | None, Decimal]
) -> dict[Decimal | None, Decimal] | None:
    """An amount without particulars, over the VAT rates in proportion to what is left at each.

    By largest remainder, to the cent. Only what goes beyond all taxed goods gives back deposits: these are owed on
    the return of their containers. None when more is asked than is left.
    """
    taxed = {rate: gross for rate, gross in sorted_rates(left) if rate is not None and gross > 0}
    goods = min(amount, sum(taxed.values(), NOTHING))
    if amount - goods > left.get(None, NOTHING):
        return None
    places = list(taxed)
    shares = spread_cents(goods, {place: taxed[rate] for place, rate in enumerate(places)})
    spread: dict[Decimal | None, Decimal] = {places[place]: share for place, share in shares.items() if share}
    return spread | ({None: amount - goods} if amount > goods else {})


def sorted_rates(amounts: Mapping[Decimal | None, Decimal]) -> Sequence[tuple[Decimal | None, Decimal]]:
    """Lowest rate first, what is outside VAT last."""
    return sorted(amounts.items(), key=lambda item: (item[0] is None, item[0] or NOTHING))


def left_at(
    billed: Mapping[Decimal | None, Decimal], given: Iterable[tuple[Decimal | None, Decimal]]
) -> dict[Decimal | None, Decimal]:
    """Rate → euros billed and not given back; None → outside VAT."""
    left = dict(billed)
    for rate, amount in given:
        left[rate] = left.get(rate, NOTHING) - amount
    return left


def withdrawn_until(delivered_on: date) -> date:
    """The last day on which a buyer may withdraw: the fourteenth after delivery, or the next working day where that
    is none (C. conso. L221-19).
    """
    last = delivered_on + WITHDRAWN_WITHIN
    while not is_working_day(last):
        last += timedelta(days=1)
    return last
