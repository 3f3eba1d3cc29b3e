"""Promotions on a basket. Pure: no clock, no database, and nobody's name: one basket costs everybody the same.

The rules in prose.

1. *One promotion an article.* Of all that would reduce a line, the customer gets the one that takes off most. An
   offer over several articles (« 3 pour 2 » on a shelf) takes part as a whole: it is kept where it takes off more
   than the others together on its articles. Free delivery comes on top of everything.
2. *Each promotion is worked out alone, on the whole basket:* which articles it covers, what it takes off each,
   within what the law, the purchase cost, its budget and its most per order leave it. Only then do they compete.
   So the order of lines changes nothing, and one more promotion never makes a basket dearer.
3. *A percentage or an amount* makes a reduced price per piece or kilogram, half up to the cent: what the card shows
   is what the line counts. *Lots* (« 3 pour 2 », second at −50 %, « 2 pour 5 € ») take whole pieces of the articles
   they cover, the dearest first in lots of their size; the cheapest of each lot is reduced or free, which for the
   customer is the best there is; what is over pays full price. What a lot takes off is spread over its articles in
   proportion to their price, so that each VAT rate bears its part (CGI art. 267 II 1°), to the cent.
4. *Caps.* No line is ever reduced by more than the law allows, nor below what it costs to buy (`caps`). A
   promotion that meets a cap is reduced to it, and says so.
5. *Budget.* What an order gets is at most what is left of the promotion's budget; the rest is spread alike.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate

from shop.catalogue.rules import to_cents
from shop.pricing.caps import least_price, least_total
from shop.pricing.offers import (
    AMOUNT,
    ANYWHERE,
    BY_LOT,
    FREE_DELIVERY,
    LOT,
    N_FOR_M,
    PER_ARTICLE,
    PERCENT,
    SECOND,
    Capped,
    Claim,
    Item,
    Multiplied,
    Outcome,
    Reduced,
    Share,
    SlotFacts,
    Terms,
)
from shop.pricing.rules import NOTHING, line_total, spread_cents

__all__ = [
    "AMOUNT", "ANYWHERE", "BY_LOT", "FREE_DELIVERY", "LOT", "N_FOR_M", "PERCENT", "PER_ARTICLE", "SECOND", "Item",
    "Multiplied", "Outcome", "Reduced", "SlotFacts", "Terms", "claim", "free_delivery", "real_percent", "reduce", "reduced_price",
]  # fmt: skip
# Beyond this many comparisons the best found so far is kept: no basket of real life comes near.
COMPARISONS_AT_MOST = 20_000


def reduce(items: Iterable[Item], promotions: Iterable[Terms]) -> Outcome:
    """What promotions take off a basket; ``promotions`` run now and hold for its slot. One item a product."""
    ordered = sorted(items, key=lambda item: item.product_id)
    claims = []
    hints: dict[int, tuple[Terms, int]] = {}
    for terms in sorted(promotions, key=lambda one: one.id):
        covered = [item for item in ordered if item.quantity and terms.covers(item)]
        claims.append(claim(terms, covered))
        for pk, missing in missing_for_a_lot(terms, covered).items():
            hints.setdefault(pk, (terms, missing))
    lines = _best(claims)
    # A line that another promotion reduces is better off as it is.
    return Outcome(
        lines, {pk: hint for pk, hint in hints.items() if pk not in lines or lines[pk].terms is hint[0]}
    )


# --- one promotion alone ----------------------------------------------------------------------------


def claim(terms: Terms, covered: Sequence[Item]) -> Claim:
    """What a promotion takes off the articles it covers, as if it were alone."""
    if terms.kind in PER_ARTICLE:
        shares = _per_article(terms, covered)
    elif terms.kind in BY_LOT:
        shares = _by_lot(terms, [item for item in covered if item.is_counted])
    else:
        shares = {}
    return Claim(terms, _within_budget(terms, shares))


def reduced_price(terms: Terms, item: Item) -> tuple[Decimal, Capped]:
    """The price per piece or kilogram under a percentage or an amount, and the cap it met. Never above the price."""
    exact = item.price - (terms.amount or NOTHING)
    if terms.kind == PERCENT:
        exact = item.price * (100 - (terms.percent or NOTHING)) / 100
    least = least_price(item)
    if exact < least.exact:
        return min(least.amount, item.price), least.reason
    return min(max(to_cents(exact), least.amount), item.price), ""


def _per_article(terms: Terms, covered: Sequence[Item]) -> dict[int, Share]:
    offers = []
    for item in covered:
        price, capped = reduced_price(terms, item)
        if price < item.price:
            offers.append((item.price - price, item, price, capped))
    # The most that one order may have goes where it takes off most.
    offers.sort(key=lambda offer: (-offer[0], offer[1].product_id))
    left = terms.most_per_order
    shares = {}
    for _gain, item, price, capped in offers:
        pieces = item.quantity if item.is_counted else 1
        reduced = pieces if left is None else min(pieces, left)
        if left is not None:
            left -= reduced
        if reduced and (off := _off(item, price, reduced)):
            shares[item.product_id] = Share(off, capped, _full(item, reduced))
    return shares


def _off(item: Item, price: Decimal, reduced: int) -> Decimal:
    """What ``reduced`` pieces, or all that is weighed, cost less; rounding never goes through a cap."""
    if item.is_counted:
        return (item.price - price) * reduced
    off = item.gross - line_total(price, item.sold_by, item.quantity)
    return max(NOTHING, min(off, item.gross - least_total(item, item.quantity).amount))


def _full(item: Item, reduced: int) -> Decimal:
    return item.price * reduced if item.is_counted else item.gross


def _by_lot(terms: Terms, covered: Sequence[Item]) -> dict[int, Share]:
    """Whole lots, the dearest pieces first. Counted by ranges of pieces: a basket may hold thousands."""
    size = terms.lot_size
    row = sorted(covered, key=lambda one: (-one.price, one.product_id))
    ends = list(accumulate(item.quantity for item in row))
    lots = ends[-1] // size if row and size else 0
    if terms.most_per_order is not None:
        lots = min(lots, terms.most_per_order)

    def off(number: int) -> Decimal:
        places = range(number * size, (number + 1) * size)
        return _off_a_lot(terms, [row[bisect_right(ends, place)] for place in places])

    # Each lot is worth at most the one before: those that take nothing off are the last ones.
    lots = bisect_left(range(lots), True, key=lambda number: off(number) <= 0)
    if not lots:
        return {}
    taken: dict[int, tuple[Item, int]] = {}
    total = -(terms.amount or NOTHING) * lots if terms.kind == LOT else NOTHING
    for item, end in zip(row, ends, strict=True):
        start, stop = min(end - item.quantity, lots * size), min(end, lots * size)
        if start < stop:
            taken[item.product_id] = (item, stop - start)
            total += _off_pieces(terms, item, start, stop)
    return _spread(total, taken)


def _off_pieces(terms: Terms, item: Item, start: int, stop: int) -> Decimal:
    """What the pieces at these places of the row cost less; of a lot price, what they cost at all."""
    if terms.kind == LOT:
        return item.price * (stop - start)
    size = terms.lot_size
    paid = size - 1 if terms.kind == SECOND else terms.pay or 0
    reduced = _reduced_before(stop, size, paid) - _reduced_before(start, size, paid)
    share = (terms.percent or NOTHING) / 100 if terms.kind == SECOND else 1
    return to_cents(item.price * share) * reduced


def _reduced_before(place: int, size: int, paid: int) -> int:
    """How many of the first pieces are the cheapest of their lot, beyond those ``paid``."""
    return place // size * (size - paid) + max(0, place % size - paid)


def _off_a_lot(terms: Terms, lot: Sequence[Item]) -> Decimal:
    """What a whole lot, the dearest first, costs less."""
    if terms.kind == N_FOR_M:
        return sum((item.price for item in lot[terms.pay or 0 :]), NOTHING)
    if terms.kind == SECOND:
        return to_cents(lot[-1].price * (terms.percent or NOTHING) / 100)
    return sum((item.price for item in lot), NOTHING) - (terms.amount or NOTHING)


def _spread(total: Decimal, taken: Mapping[int, tuple[Item, int]]) -> dict[int, Share]:
    """A lot's reduction over its articles in proportion to their price; what one may not take, the others do."""
    gross = {pk: item.price * count for pk, (item, count) in taken.items()}
    caps = {pk: least_total(item, count) for pk, (item, count) in taken.items()}
    room = {pk: gross[pk] - caps[pk].amount for pk in taken}
    left = min(total, sum(room.values(), NOTHING))
    capped: Capped = ""
    if left < total:
        capped = "cost" if any(cap.reason == "cost" for cap in caps.values()) else "law"
    shares = dict.fromkeys(taken, NOTHING)
    while left:
        parts = spread_cents(left, {pk: gross[pk] for pk in sorted(taken) if shares[pk] < room[pk]})
        for pk, part in parts.items():
            given = min(part, room[pk] - shares[pk])
            shares[pk] += given
            left -= given
    return {pk: Share(share, capped, gross[pk]) for pk, share in shares.items()}


def _within_budget(terms: Terms, shares: dict[int, Share]) -> dict[int, Share]:
    total = sum((share.discount for share in shares.values()), NOTHING)
    if terms.left is None or total <= terms.left:
        return shares
    parts = spread_cents(max(NOTHING, terms.left), {pk: share.discount for pk, share in shares.items()})
    # A share is at most what it was: rounding up by a cent may meet its cap.
    return {pk: Share(min(parts[pk], share.discount), "budget", share.on) for pk, share in shares.items()}


def missing_for_a_lot(terms: Terms, covered: Sequence[Item]) -> dict[int, int]:
    """Products of which one more piece completes a lot that takes something off, and how many are missing: 1."""
    counted = sorted(
        (item for item in covered if item.is_counted), key=lambda one: (-one.price, one.product_id)
    )
    size, pieces = terms.lot_size, sum(item.quantity for item in counted)
    if terms.kind not in BY_LOT or not size or pieces % size != size - 1:
        return {}
    if terms.most_per_order is not None and pieces // size >= terms.most_per_order:
        return {}
    over = [item for item in reversed(counted) for _piece in range(min(item.quantity, size))][: size - 1]
    return {item.product_id: 1 for item in counted if _takes_off(terms, [*over, item])}


def _takes_off(terms: Terms, lot: Sequence[Item]) -> bool:
    dearest_first = sorted(lot, key=lambda one: (-one.price, one.product_id))
    off = _off_a_lot(terms, dearest_first)
    return off > 0 and any(least_price(item).amount < item.price for item in lot)


# --- all of them together ---------------------------------------------------------------------------


def _best(claims: Sequence[Claim]) -> dict[int, Reduced]:
    """One promotion an article: the best of each line, then the lots that take off more than those."""
    lines: dict[int, Reduced] = {}
    for one in (one for one in claims if one.terms.kind in PER_ARTICLE):
        for pk, share in one.shares.items():
            if share.discount > (lines[pk].discount if pk in lines else NOTHING):
                lines[pk] = Reduced(one.terms, share.discount, share.capped, share.on)
    gains = [(one.total - _sum_of(lines, one.shares), one) for one in claims if one.terms.kind in BY_LOT]
    for lot in _heaviest([(gain, one) for gain, one in gains if gain > 0]):
        for pk, share in lot.shares.items():
            lines.pop(pk, None)
            if share.discount:
                lines[pk] = Reduced(lot.terms, share.discount, share.capped, share.on)
    return lines


def _sum_of(lines: Mapping[int, Reduced], products: Iterable[int]) -> Decimal:
    return sum((lines[pk].discount for pk in products if pk in lines), NOTHING)


def _heaviest(lots: Sequence[tuple[Decimal, Claim]]) -> list[Claim]:
    """Of lots that may want the same articles, those without one in common that gain most together. Exact."""
    ordered = sorted(lots, key=lambda lot: (-lot[0], lot[1].terms.id))
    beyond = [sum((gain for gain, _claim in ordered[place:]), NOTHING) for place in range(len(ordered) + 1)]
    best: list[Claim] = []
    most, comparisons = NOTHING, 0

    def look(place: int, chosen: list[Claim], taken: frozenset[int], gain: Decimal) -> None:
        nonlocal best, most, comparisons
        comparisons += 1
        if gain > most:
            best, most = chosen, gain
        if gain + beyond[place] <= most or comparisons > COMPARISONS_AT_MOST:
            return
        own, claimed = ordered[place]
        if taken.isdisjoint(claimed.shares):
            look(place + 1, [*chosen, claimed], taken | claimed.shares.keys(), gain + own)
        look(place + 1, chosen, taken, gain)

    look(0, [], frozenset(), NOTHING)
    return best


# --- delivery ---------------------------------------------------------------------------------------


def free_delivery(promotions: Iterable[Terms], *, fee: Decimal) -> Terms | None:
    """The promotion that offers delivery from the lowest amount, where its budget covers the whole fee."""
    offers = [
        one for one in promotions if one.kind == FREE_DELIVERY and (one.left is None or one.left >= fee)
    ]
    return min(offers, key=lambda one: (one.free_from or NOTHING, one.id), default=None)


def real_percent(terms: Terms, price: Decimal | None = None) -> Decimal | None:
    """What a promotion really takes off, in percent and exactly enough to compare; None without the price it needs.

    A lot is counted whole, of articles at one price: 3 pour 2 is 33.33, the second at −50 % is 25.
    """
    if terms.kind == PERCENT:
        return terms.percent
    if terms.kind == SECOND:
        return (terms.percent or NOTHING) / 2
    if terms.kind == N_FOR_M and terms.take:
        return Decimal(terms.take - (terms.pay or 0)) / terms.take * 100
    if price and terms.kind == AMOUNT:
        return (terms.amount or NOTHING) / price * 100
    if price and terms.kind == LOT and terms.take:
        return max(NOTHING, (1 - (terms.amount or NOTHING) / (price * terms.take)) * 100)
    return None
