"""How far a promotion may go. Pure. A lawyer confirms; here is the law as written.

*Value.* The advantages given to the consumer on one named product, cumulated, are at most 34 % of its price for food
and pet food, 40 % for other everyday consumer goods (loi 2020-1525 « ASAP », art. 125 II, as extended by loi 2023-221
« Descrozaille » and amended by loi 2025-337 of 14 April 2025, in force until 15 April 2028). A lot counts as what it
really takes off: 3 pour 2 is 33.3 %, 2 pour 1 is 50 %, the second at −50 % is 25 %. Goods outside the text, such as
flowers, are kept to 40 % too.

*Points.* An advantage counts whether it is had at once or later, and all of them together (the same art. 125 II:
« avantages promotionnels, immédiats ou différés »). What multiplied points are worth beyond those that every article
brings counts with the reduction of the article; together they keep within the cap, and the points give way. Points
that all articles bring alike are no advantage on one of them.
A voucher for named articles or shelves is one of these advantages, on the articles it names; one for a whole basket is
not (ADR 20).

*Resale at a loss.* Nothing is sold below its effective purchase price, taxes included (C. com. L442-5), raised by a
tenth for food (the same art. 125 I; fresh fruit and vegetables are exempt from the tenth, and here are not). Between
depots the highest cost counts. What already costs less than that is not reduced at all.

*Words.* « Gratuit » sells no food (C. com. L443-1 I); « offert » is avoided with it.

*Alcohol* is food for all of these. Its promotions keep within them and never give it away: to offer it for free, at
will, to sell is forbidden (CSP L3322-9), and so is to push it forward (L3323-2 ff.): its points are never multiplied.

*First-age milk* takes no promotion, struck price, gift or sample (C. conso L122-12 to L122-16), nor points (delegated
regulation (EU) 2016/127, art. 10).
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from math import floor
from typing import Literal, Protocol

from shop.catalogue.rules import CENT

FOOD_CAP, OTHER_CAP = Decimal("0.34"), Decimal("0.40")
FOOD_COST_FACTOR = Decimal("1.10")
GRAMS_PER_KILO = 1000
# Where points are worth nothing.
NO_LIMIT = 1000
NOTHING = Decimal("0.00")


class Costed(Protocol):
    """What the caps need to know of an article."""

    @property
    def price(self) -> Decimal: ...
    @property
    def is_food(self) -> bool: ...
    @property
    def is_counted(self) -> bool: ...
    @property
    def vat_rate(self) -> Decimal: ...
    @property
    def unit_cost(self) -> Decimal: ...
    @property
    def gross(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Cap:
    """The least that may be asked: to the cent above, exactly, and why."""

    amount: Decimal
    exact: Decimal
    reason: Literal["law", "cost"]


def cap_of(*, is_food: bool) -> Decimal:
    """The largest share of its price that may be taken off."""
    return FOOD_CAP if is_food else OTHER_CAP


def cost_floor(item: Costed) -> Decimal:
    """The least price per piece or kilogram that is no resale at a loss, VAT included, exact."""
    factor = FOOD_COST_FACTOR if item.is_food else Decimal(1)
    return item.unit_cost * factor * (100 + item.vat_rate) / 100


def least_price(item: Costed) -> Cap:
    """The least price per piece or kilogram."""
    by_law = item.price * (1 - cap_of(is_food=item.is_food))
    at_cost = cost_floor(item)
    exact = max(by_law, at_cost)
    return Cap(_up(exact), exact, "cost" if at_cost > by_law else "law")


def least_total(item: Costed, quantity: int) -> Cap:
    """The least that so many pieces or grams may cost together; never more than they cost now."""
    unit = least_price(item)
    exact = unit.exact * quantity if item.is_counted else unit.exact * quantity / GRAMS_PER_KILO
    full = item.price * quantity if item.is_counted else item.gross
    return Cap(min(_up(exact), full), exact, unit.reason)


def most_factor(*, full: Decimal, paid: Decimal, is_food: bool, share: Fraction) -> int:
    """How many times what costs ``paid`` instead of ``full`` may count for points at most; 1: as everything does.

    ``share`` is what the points of a sum are worth, as a part of it.
    """
    room = Fraction(cap_of(is_food=is_food)) * Fraction(full) - Fraction(full - paid)
    each = Fraction(paid) * share
    if each <= 0:
        return NO_LIMIT
    return 1 + max(0, floor(room / each))


def advantage(*, taken_off: Fraction, factor: int, share: Fraction) -> Fraction:
    """What a reduction of such a part of the price and points multiplied on what is left come to, as a part of it."""
    return taken_off + (factor - 1) * share * (1 - taken_off)


def deferred_value(paid: Decimal, *, factor: int, share: Fraction) -> Decimal:
    """Euros, to the cent above, that points multiplied so often on what is ``paid`` are worth beyond the usual; ``share`` as in
    `most_factor`.
    """
    exact = Fraction(paid) * (factor - 1) * share
    return _up(Decimal(exact.numerator) / exact.denominator)


def voucher_room(item: Costed, quantity: int, *, discount: Decimal, deferred: Decimal = NOTHING) -> Decimal:
    """The most that a voucher for named articles may take off so many pieces or grams, ``discount`` being off already.

    It is a promotion on them: with the others it keeps within `least_total`. ``deferred`` is what the same articles
    bring later, in euros, such as extra points: an advantage too, which the law cumulates.
    """
    full = item.price * quantity if item.is_counted else item.gross
    return max(NOTHING, full - discount - deferred - least_total(item, quantity).amount)


def _up(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_CEILING)
