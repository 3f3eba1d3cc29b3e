"""What a promotion does to its articles, for whoever is about to announce it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils import timezone
from django.utils.translation import gettext as _

from shop.pricing.caps import advantage
from shop.pricing.checks import Draft
from shop.pricing.cumulated import in_hundredths
from shop.pricing.models import Promotion
from shop.pricing.multipliers import share_between
from shop.pricing.offers import BY_LOT, POINTS, Item, Terms
from shop.pricing.promotions import claim
from shop.pricing.queries import SCOPES, Scope, draft_of
from shop.pricing.rules import GRAMS_PER_KILO, NOTHING
from shop.pricing.wording import CAPPED, points_badge
from shop.pricing.wording import percent as in_percent

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """An article, or a whole lot of it, before and after; what its points become; or why it is left out."""

    name: str
    before: Decimal = NOTHING
    after: Decimal = NOTHING
    capped: str = ""
    left_out: str = ""
    points: str = ""

    @property
    def percent(self) -> str:
        return f"−{in_percent((self.before - self.after) / self.before * 100)}"


def effects(promotion: Promotion) -> tuple[list[Effect], int]:
    """The effect on its first twenty articles, and how many more there are. Ten queries."""
    scope = Scope(**{name: list(getattr(promotion, name).all()) for name in SCOPES})
    draft = draft_of(promotion, scope)
    whole = replace(draft.terms, left=None, most_per_order=None)
    articles = [] if promotion.kind == Promotion.Kind.FREE_DELIVERY else draft.everything
    share = _share(draft, timezone.now())
    return [_effect(whole, one, share) for one in articles[:SHOWN]], max(0, len(articles) - SHOWN)


def _share(draft: Draft, now: datetime) -> Fraction:
    """What points come to be worth while it runs, as a part of what they are for."""
    terms = draft.terms
    return share_between(draft.programme, max(terms.starts_at, now), max(terms.ends_at, now))


def _effect(terms: Terms, item: Item, share: Fraction) -> Effect:
    if item.is_first_age_milk:
        return Effect(item.name, left_out=_("lait premier âge, laissé de côté"))
    if terms.kind == POINTS:
        return _more_points(terms, item, share)
    if terms.kind in BY_LOT and not item.is_counted:
        return Effect(item.name, left_out=_("vendu au poids, hors des lots"))
    quantity = terms.lot_size if terms.kind in BY_LOT else GRAMS_PER_KILO if not item.is_counted else 1
    bought = replace(item, quantity=quantity)
    had = claim(terms, [bought]).shares.get(item.product_id)
    discount, capped = (had.discount, had.capped) if had else (NOTHING, "")
    name = item.name if quantity in {1, GRAMS_PER_KILO} else f"{quantity} × {item.name}"
    return Effect(name, bought.gross, bought.gross - discount, str(CAPPED[capped]) if capped else "")


def _more_points(terms: Terms, item: Item, share: Fraction) -> Effect:
    if item.is_alcohol:
        return Effect(item.name, left_out=_("alcool, laissé de côté"))
    factor = terms.points_factor or 1
    badge = points_badge(factor)
    if not share:
        return Effect(
            item.name, points=_("%(badge)s, sans effet : aucun programme de points") % {"badge": badge}
        )
    more = in_hundredths(advantage(taken_off=Fraction(0), factor=factor, share=share) * 100)
    return Effect(
        item.name,
        points=_("%(badge)s, soit %(percent)s de son prix en plus")
        % {"badge": badge, "percent": in_percent(more)},
    )
