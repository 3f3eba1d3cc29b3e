"""How many times the articles of a basket count for points. Pure, and nobody's name: everybody has the same.

The rules in prose.

1. *Beside the price.* A multiplier takes nothing off and does not compete with what reduces a line: both may hold.
2. *The highest counts.* Of several multipliers on a line the highest factor holds, never their sum or product.
3. *The law comes first.* Where the reduction of a line and what its points are worth beyond the usual would together pass
   the cap (`caps`), the factor is lowered to what fits. Looked at are the pieces that are reduced, not the line as a
   whole; and the dearest of the rules of points under which the order may come to count.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction

from loyalty.points.rules import Programme
from shop.pricing.caps import most_factor
from shop.pricing.offers import POINTS, Item, Multiplied, Reduced, Terms

# An order counts for points once its money is taken, under the rules of that day: so long after it was placed at most.
COUNTS_WITHIN = timedelta(days=30)


def share_between(programme: Programme, start: datetime, end: datetime) -> Fraction:
    """What the points of an order placed then may come to be worth, as a part of what they are for; 0 without any."""
    coming = programme.between(start, end + COUNTS_WITHIN)
    return max((terms.share for terms in coming), default=Fraction(0))


def multiply(
    items: Iterable[Item], promotions: Collection[Terms], reduced: Mapping[int, Reduced], *, share: Fraction
) -> dict[int, Multiplied]:
    """Product → its multiplier, of those that run now and hold for this slot; ``share`` as `caps.most_factor` has it."""
    multipliers = sorted((one for one in promotions if one.kind == POINTS), key=_highest_first)
    found = {}
    for item in items:
        terms = next((one for one in multipliers if one.covers(item)), None)
        if terms and (one := _within_law(terms, item, reduced.get(item.product_id), share)):
            found[item.product_id] = one
    return found


def _highest_first(terms: Terms) -> tuple[int, int]:
    return -(terms.points_factor or 1), terms.id


def _within_law(terms: Terms, item: Item, reduced: Reduced | None, share: Fraction) -> Multiplied | None:
    full = reduced.on if reduced else item.gross
    paid = full - reduced.discount if reduced else full
    wanted = terms.points_factor or 1
    factor = min(wanted, most_factor(full=full, paid=paid, is_food=item.is_food, share=share))
    return Multiplied(terms, factor, is_capped=factor < wanted) if factor > 1 else None
