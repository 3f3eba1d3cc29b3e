"""What the lines of an order cost once their quantities change. Pure.

The rules in prose.

1. *Untouched* lines keep all they had: price, promotion, reduction.
2. *Less* of an article costs in proportion, its reduction with it, down to the cent: one piece is never dearer than it
   was ordered at.
3. *More* of an article: what was ordered keeps its price and its reduction, and what is added has today's price. Where
   today's price and promotions on all of it come cheaper, the customer gets those instead.
4. *Taken out*: nothing of it counts any more.
5. *Points* stay multiplied as they were. Where more was ordered and the line bears no reduction, the higher factor of then
   and now holds for all of it; a reduced one keeps the factor that the law allowed beside that very reduction.

A line has one unit price. Ordered and added at two prices, it bears the dearer one, and what it costs less is part of
its discount: `Article.price_kept`, which no promotion pays.
"""

from dataclasses import replace
from decimal import ROUND_DOWN, Decimal

from shop.catalogue.rules import CENT
from shop.orders.rules import Article
from shop.pricing.rules import NOTHING, line_total


def taken_out(article: Article) -> Article:
    priced = replace(article.priced, quantity=0, discount=NOTHING)
    return replace(
        article, priced=priced, promotion_id=None, promotion_label="", price_kept=NOTHING, points_factor=1
    )


def lowered(article: Article, quantity: int) -> Article:
    """``quantity`` pieces or grams of more; the promotion never bears more than it did."""
    if not quantity:
        return taken_out(article)
    was = article.priced
    priced = replace(was, quantity=quantity, discount=NOTHING)
    if not was.discount:
        return replace(article, priced=priced)
    total = _down(was.total * quantity / was.quantity)
    discount = priced.gross - min(priced.gross, total)
    kept = discount
    if article.promotion_id is not None:
        in_proportion = _down(article.price_kept * quantity / was.quantity)
        kept = min(discount, max(in_proportion, discount - _by_promotion(article)))
    return replace(article, priced=replace(priced, discount=discount), price_kept=kept)


def raised(article: Article, *, today: Article) -> Article:
    """The cheaper of: as ordered with the rest at today's price, or all of it as ``today`` sells it."""
    kept = _with_more(article, today)
    cheaper = today if today.priced.total < kept.priced.total else kept
    if cheaper.priced.discount:
        return cheaper
    return replace(cheaper, points_factor=max(article.points_factor, today.points_factor))


def _with_more(article: Article, today: Article) -> Article:
    was, now = article.priced, today.priced
    total = was.total + line_total(now.unit_price, was.sold_by, now.quantity - was.quantity)
    priced = replace(
        was, unit_price=max(was.unit_price, now.unit_price), quantity=now.quantity, discount=NOTHING
    )
    # Two weights rounded apart may come a cent dearer than together.
    discount = max(NOTHING, priced.gross - total)
    kept = max(NOTHING, discount - _by_promotion(article)) if article.promotion_id else discount
    return replace(article, priced=replace(priced, discount=discount), price_kept=kept)


def _by_promotion(article: Article) -> Decimal:
    return article.priced.discount - article.price_kept


def _down(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_DOWN)
