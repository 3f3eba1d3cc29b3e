"""The French words of the checklist, one table for the admin, the import and its reject file; how an article is packed."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.templatetags.cabas import grams
from shop.catalogue.rules import Particular, net_quantity_label

MISSING: dict[str, str | Promise] = {
    Particular.PRICE: _("prix manquant"),
    Particular.VAT: _("taux de TVA manquant"),
    Particular.SHELF: _("rayon manquant"),
    Particular.NET_QUANTITY: _("quantité nette manquante"),
    Particular.INGREDIENTS: _("liste des ingrédients manquante"),
    Particular.ALLERGENS: _("allergènes non déclarés (« aucun » se déclare aussi)"),
    Particular.NUTRITION: _("déclaration nutritionnelle incomplète"),
    Particular.ORIGIN: _("origine manquante"),
    Particular.STORAGE: _("conditions de conservation manquantes"),
    Particular.OPERATOR: _("nom et adresse de l’exploitant manquants"),
    Particular.ALCOHOL_DEGREE: _("degré d’alcool manquant"),
    Particular.MINIMUM_AGE: _("âge minimal de 18 ans à indiquer"),
    Particular.ILLUSTRATION: _("données d’illustration à remplacer avant la vente"),
    Particular.RECALLED: _("rappel de produit en cours"),
    "withdrawn": _("retiré de la vente par l’équipe"),
}

INVENTED: dict[str, str | Promise] = {
    "price": _("prix"),
    "net_quantity": _("quantité nette"),
    "storage": _("conservation"),
    "stock": _("stock"),
    "cost": _("coût d’achat"),
}


def missing_words(codes: Iterable[str]) -> list[str]:
    """The reasons in French, in the order given."""
    return [str(MISSING.get(code, code)) for code in codes]


def packaging_label(*, by_weight: bool, step: int, net_quantity: Decimal | None, net_unit: str) -> str:
    """« 500 g », or by how many grams (``step``) a weighed article is sold."""
    if by_weight:
        return gettext("au poids, par %(step)s") % {"step": grams(step)}
    return net_quantity_label(net_quantity, net_unit)
