"""The French words of promotions: short on a card, whole in the basket, with the cure on the staff's form."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.numbers import NARROW, NO_BREAK
from config.templatetags.cabas import euros, first_of_month, french_number
from shop.pricing.checks import Problem
from shop.pricing.offers import (
    AMOUNT,
    FREE_DELIVERY,
    LOT,
    N_FOR_M,
    PERCENT,
    POINTS,
    SECOND,
    Multiplied,
    Reduced,
    Terms,
)
from shop.pricing.past import Step

CAPPED = {
    "law": gettext_lazy("limitée au plafond légal"),
    "cost": gettext_lazy("limitée par le prix d’achat"),
    "budget": gettext_lazy("limitée à ce qu’il en reste"),
}
CAPPED_POINTS = gettext_lazy("limités au plafond légal")
PROBLEMS = {
    "missing": gettext_lazy("Ce chiffre est nécessaire à cette promotion."),
    "out_of_range": gettext_lazy("Ce chiffre sort des limites : plus de 0, 100 %% au plus, de 2 à 24 articles par lot."),
    "too_far": gettext_lazy("Une promotion se termine au plus tard dans deux ans."),
    "no_budget": gettext_lazy("Des points multipliés n’ôtent rien du prix : ils ne puisent dans aucun budget. Laissez ce champ vide."),
    "no_limit": gettext_lazy("Des points multipliés valent pour toute la ligne : laissez ce champ vide."),
    "alcohol": gettext_lazy("%(names)s : les points ne se multiplient pas sur l’alcool, dont rien ne doit pousser la vente (Code de la santé publique, L3323-2). Retirez-le."),
    "alcohol_left_out": gettext_lazy("Alcool laissé de côté, dont rien ne doit pousser la vente : %(names)s."),
    "points_beyond_food": gettext_lazy("%(names)s : ces points de plus vaudraient %(points)s %% de son prix ; la loi permet 34 %% au plus sur un aliment (loi 2020-1525, art. 125)."),
    "points_beyond_other": gettext_lazy("%(names)s : ces points de plus vaudraient %(points)s %% de son prix ; la loi permet 40 %% au plus hors alimentation (loi 2020-1525, art. 125)."),
    "points_beyond_food_with": gettext_lazy("%(names)s serait réduit de %(figure)s %%, et ses points de plus vaudraient %(points)s %% de son prix, avec « %(other)s » : la loi permet 34 %% au plus sur un aliment, tout compris (loi 2020-1525, art. 125)."),
    "points_beyond_other_with": gettext_lazy("%(names)s serait réduit de %(figure)s %%, et ses points de plus vaudraient %(points)s %% de son prix, avec « %(other)s » : la loi permet 40 %% au plus hors alimentation, tout compris (loi 2020-1525, art. 125)."),
    "pay_is_less": gettext_lazy("On paie moins d’articles qu’on n’en prend : 2 pour « 3 pour 2 »."),
    "hours": gettext_lazy("La dernière heure vient après la première."),
    "end_before_start": gettext_lazy("La fin vient après le début."),
    "all_past": gettext_lazy("Cette promotion serait déjà finie : choisissez une fin à venir."),
    "whole_basket": gettext_lazy("La livraison offerte vaut pour tout le panier : ne choisissez ni produit, ni rayon, ni marque."),
    "empty_scope": gettext_lazy("Choisissez au moins un produit, un rayon ou une marque."),
    "covers_nothing": gettext_lazy("Aucun article en vente n’est concerné : choisissez un produit qui a un prix, ou un rayon qui n’est pas vide."),
    "weighed": gettext_lazy("%(names)s se vend au poids : un lot compte des pièces. Retirez-le, ou choisissez un pourcentage."),
    "same": gettext_lazy("« %(names)s » est la même promotion à des dates qui se chevauchent."),
    "milk": gettext_lazy("%(names)s : aucune promotion n’est permise sur le lait premier âge (Code de la consommation, L122-12). Retirez-le."),
    "given_away": gettext_lazy("Le nom d’une promotion alimentaire ne dit ni « gratuit » ni « offert » (Code de commerce, L443-1) ; %(names)s est un aliment."),
    "no_gain": gettext_lazy("Ce prix de lot n’est pas plus bas que celui des pièces prises une à une : %(names)s."),
    "beyond_price": gettext_lazy("%(names)s ne coûte que %(figure)s € : la réduction en ôterait davantage."),
    "beyond_food": gettext_lazy("%(names)s serait réduit de %(figure)s %% : la loi permet 34 %% au plus sur un aliment, lots compris (loi 2020-1525, art. 125)."),
    "beyond_other": gettext_lazy("%(names)s serait réduit de %(figure)s %% : la loi permet 40 %% au plus hors alimentation, lots compris (loi 2020-1525, art. 125)."),
    "below_cost": gettext_lazy("%(names)s ne peut se vendre sous %(figure)s € TTC, son prix d’achat, majoré de 10 %% pour un aliment (Code de commerce, L442-5)."),
    "milk_left_out": gettext_lazy("Lait premier âge laissé de côté, comme la loi le veut : %(names)s."),
    "weighed_left_out": gettext_lazy("Vendus au poids, donc hors des lots : %(names)s."),
    "held_up_by_cost": gettext_lazy("Réduction limitée par le prix d’achat : %(names)s."),
}  # fmt: skip
WHYS = {
    "first": gettext_lazy("Premier prix"),
    "changed": gettext_lazy("Nouveau prix"),
    "planned": gettext_lazy("Prix programmé"),
    "promotion": gettext_lazy("Promotion"),
    "promotion_over": gettext_lazy("Fin de la promotion"),
    "unpriced": gettext_lazy("Sans prix"),
}
PLANS = {
    "columns": gettext_lazy("Trois cellules sont attendues : l’article, le prix, la date."),
    "article": gettext_lazy("Aucun produit n’a ce code ni cette référence."),
    "price": gettext_lazy("Un prix va de 0,01 à 9 999,99 €, au centime près et sans signe."),
    "date": gettext_lazy("Date illisible : écrivez 01/12/2026, ou 01/12/2026 08:00."),
    "no_such_hour": gettext_lazy("Aucune horloge ne montre cet instant, ou elle le montre deux fois : changement d’heure."),
    "past": gettext_lazy("Cet instant est déjà passé."),
    "too_far": gettext_lazy("Un prix se programme au plus deux ans à l’avance."),
    "doubled": gettext_lazy("Même article et même instant qu’à la ligne %(other)s."),
    "planned": gettext_lazy("Un prix est déjà prévu pour cet article à cet instant : annulez-le d’abord."),
}  # fmt: skip
PLAN_FILES = {
    "empty": gettext_lazy("Ce fichier ne contient aucun prix."),
    "utf16": gettext_lazy("Le fichier est en UTF-16 : enregistrez-le en « CSV UTF-8 »."),
    "binary": gettext_lazy("Ce n’est pas un fichier de texte : enregistrez la feuille en CSV."),
    "heading": gettext_lazy("En-tête inattendu : les colonnes sont « ean » (ou « référence »), « prix » et « date »."),
    "quotes": gettext_lazy("Un guillemet est mal placé ou n’est pas fermé."),
    "too_many": gettext_lazy("Plus de 5 000 prix : découpez le fichier."),
}  # fmt: skip
NAMES_SHOWN = 3
HOW = {
    N_FOR_M: gettext_lazy("le moins cher est déduit"),
    SECOND: gettext_lazy("sur le moins cher des deux"),
}


def problem(found: Problem) -> str:
    """The sentence that staff read, with the articles it is about."""
    shown = ", ".join(found.names[:NAMES_SHOWN])
    more = len(found.names) - NAMES_SHOWN
    if more > 0:
        shown += ngettext(" et %(n)d autre", " et %(n)d autres", more) % {"n": more}
    said = {
        "names": shown,
        "figure": _figure(found.figure),
        "points": _figure(found.points),
        "other": found.other,
    }
    return str(PROBLEMS[found.code]) % said


def _figure(figure: Decimal | None) -> str:
    return french_number(figure).removesuffix(",00") if figure is not None else ""


def plan_refusal(code: str, other: int = 0) -> str:
    """Why a line of a file plans nothing."""
    return str(PLANS[code]) % {"other": other}


def percent(value: Decimal) -> str:
    """« 20 % », « 12,5 % »."""
    return f"{french_number(value, 1).removesuffix(',0')}{NARROW}%"


def badge_of(terms: Terms) -> str:
    """« −20 % », « 3 pour 2 », « 2e à −50 % », « 2 pour 5 € »."""
    if terms.kind == PERCENT:
        return f"−{percent(terms.percent or Decimal(0))}"
    if terms.kind == AMOUNT:
        return f"−{euros(terms.amount)}"
    if terms.kind == N_FOR_M:
        return _("%(take)d pour %(pay)d") % {"take": terms.take or 0, "pay": terms.pay or 0}
    if terms.kind == SECOND:
        return _("2e à −%(percent)s") % {"percent": percent(terms.percent or Decimal(0))}
    if terms.kind == LOT:
        return _("%(take)d pour %(amount)s") % {"take": terms.take or 0, "amount": _short_euros(terms.amount)}
    if terms.kind == POINTS:
        return points_badge(terms.points_factor or 1)
    return _("livraison offerte")


def points_badge(factor: int) -> str:
    """« Points ×3 »."""
    return _("Points\u00a0×%(factor)d") % {"factor": factor}


def _short_euros(amount: Decimal | None) -> str:
    """« 5 € » rather than « 5,00 € »."""
    return euros(amount).replace(",00", "")


def label_of(terms: Terms) -> str:
    """What an order keeps of a promotion: its name and what it is."""
    badge = badge_of(terms)
    if terms.kind == FREE_DELIVERY or badge.lower() in terms.name.lower():
        return terms.name or badge
    return f"{terms.name}{NARROW}: {badge}" if terms.name else badge


def why(step: Step) -> str:
    """« Promotion « Fête du pain » », « Prix programmé »."""
    said = str(WHYS[step.why])
    return f"{said} «{NARROW}{step.promotion}{NARROW}»" if step.promotion else said


def explanation(reduced: Reduced, product: str) -> str:
    """« −20 % sur Yaourt nature, du 3 au 9 novembre », with the cap it met, if any."""
    terms = reduced.terms
    badge = badge_of(terms)
    if terms.kind in HOW:
        said = f"{badge}{NARROW}: {HOW[terms.kind]}"
    elif terms.kind == LOT:
        said = badge
    else:
        said = _("%(badge)s sur %(product)s") % {"badge": badge, "product": product}
    said = f"{said}, {dates(terms.starts_at, terms.ends_at)}"
    return f"{said} ({CAPPED[reduced.capped]})" if reduced.capped else said


def multiplied_said(multiplied: Multiplied) -> str:
    """« Points ×3, du 3 au 9 novembre », with the cap it met."""
    terms = multiplied.terms
    said = f"{points_badge(multiplied.factor)}, {dates(terms.starts_at, terms.ends_at)}"
    return f"{said} ({CAPPED_POINTS})" if multiplied.is_capped else said


def hint(terms: Terms, missing: int) -> str:
    """« Encore 1 pour profiter de 3 pour 2 »."""
    return _("Encore %(n)d pour profiter de «\u202f%(badge)s\u202f»") % {
        "n": missing,
        "badge": badge_of(terms),
    }


def dates(starts_at: datetime, ends_at: datetime) -> str:
    """« du 3 au 9 novembre »: the days on which it holds, in Paris; the end is the first instant after it."""
    first, last = timezone.localtime(starts_at), timezone.localtime(ends_at - timedelta(seconds=1))
    if first.date() == last.date():
        return _("le %(day)s") % {"day": _day(last)}
    same_month = (first.year, first.month) == (last.year, last.month)
    start = _day(first).split(NO_BREAK)[0] if same_month else _day(first)
    return _("du %(start)s au %(end)s") % {"start": start, "end": _day(last)}


def short_day(at: datetime, *, with_year: bool) -> str:
    """« 22 nov. », « 1er nov. 2025 »: short enough for an axis or a narrow column."""
    said = date_format(timezone.localtime(at), "j N Y" if with_year else "j N")
    return first_of_month(said.lower()).replace(" ", NO_BREAK)


def _day(at: datetime) -> str:
    return first_of_month(date_format(at, "j F").lower()).replace(" ", NO_BREAK)
