"""What a promotion does to its articles, for whoever is about to announce it."""

from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from shop.pricing.models import Promotion
from shop.pricing.offers import BY_LOT, Item, Terms
from shop.pricing.promotions import claim
from shop.pricing.queries import SCOPES, Scope, draft_of
from shop.pricing.rules import GRAMS_PER_KILO, NOTHING
from shop.pricing.wording import CAPPED
from shop.pricing.wording import percent as in_percent

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """An article, or a whole lot of it, before and after; or why it is left out."""

    name: str
    before: Decimal = NOTHING
    after: Decimal = NOTHING
    capped: str = ""
    left_out: str = ""

    @property
    def percent(self) -> str:
        return f"−{in_percent((self.before - self.after) / self.before * 100)}"


def effects(promotion: Promotion) -> tuple[list[Effect], int]:
    """The effect on its first twenty articles, and how many more there are. Nine queries."""
    scope = Scope(**{name: list(getattr(promotion, name).all()) for name in SCOPES})
    draft = draft_of(promotion, scope)
    whole = replace(draft.terms, left=None, most_per_order=None)
    articles = [] if promotion.kind == Promotion.Kind.FREE_DELIVERY else draft.everything
    return [_effect(whole, one) for one in articles[:SHOWN]], max(0, len(articles) - SHOWN)


def _effect(terms: Terms, item: Item) -> Effect:
    if item.is_first_age_milk:
        return Effect(item.name, left_out=_("lait premier âge, laissé de côté"))
    if terms.kind in BY_LOT and not item.is_counted:
        return Effect(item.name, left_out=_("vendu au poids, hors des lots"))
    quantity = terms.lot_size if terms.kind in BY_LOT else GRAMS_PER_KILO if not item.is_counted else 1
    bought = replace(item, quantity=quantity)
    share = claim(terms, [bought]).shares.get(item.product_id)
    discount, capped = (share.discount, share.capped) if share else (NOTHING, "")
    name = item.name if quantity in {1, GRAMS_PER_KILO} else f"{quantity} × {item.name}"
    return Effect(name, bought.gross, bought.gross - discount, str(CAPPED[capped]) if capped else "")
