"""The French words of vouchers: a short name, their conditions, and why one is refused."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from config.numbers import short_decimal
from config.templatetags.cabas import day_said, euros, last_day_said
from loyalty.vouchers import rules


def label_of(*, kind: str, value: Decimal, code: str = "") -> str:
    """« Bon de 5,00 € », « Bon de 10 % », « Code PRINTEMPS (10 %) »: 60 signs at most."""
    if code:
        return _("Code %(code)s (%(worth)s)") % {"code": code, "worth": worth_said(kind=kind, value=value)}
    if kind == rules.DELIVERY:
        return _("Bon « livraison offerte »")
    if kind == rules.PERCENTAGE:
        return _("Bon de %(percent)s\u202f%%") % {"percent": short_decimal(value)}
    return _("Bon de %(amount)s") % {"amount": euros(value)}


def worth_said(*, kind: str, value: Decimal) -> str:
    """« 5,00 € », « 10 % » or « livraison offerte »."""
    if kind == rules.DELIVERY:
        return _("livraison offerte")
    if kind == rules.PERCENTAGE:
        return _("%(percent)s\u202f%%") % {"percent": short_decimal(value)}
    return euros(value)


def listed(names: Sequence[str], most: int = 3) -> str:
    """« Crémerie, Pains et 4 autres »."""
    shown, more = list(names[:most]), len(names) - most
    if more > 0:
        return _("%(names)s et %(more)d autres") % {"names": ", ".join(shown), "more": more}
    return (
        _("%(names)s et %(last)s") % {"names": ", ".join(shown[:-1]), "last": shown[-1]}
        if shown[1:]
        else "".join(shown)
    )


def conditions_of(voucher: Any, names: Sequence[str] = ()) -> list[str]:
    """What is to be known before choosing it, the end last. ``names``: what it is for, where not for all."""
    told = [_("sur %(names)s") % {"names": listed(names)}] if names else []
    if voucher.minimum_goods:
        told.append(_("dès %(amount)s d’articles") % {"amount": euros(voucher.minimum_goods)})
    if voucher.ceiling is not None:
        told.append(_("%(amount)s au plus") % {"amount": euros(voucher.ceiling)})
    if voucher.first_order_only:
        told.append(_("pour une première commande"))
    if voucher.state == "planned":
        told.append(_("à partir du %(day)s") % {"day": day_said(voucher.valid_from)})
    told.append(_("jusqu’au %(day)s") % {"day": last_day_said(voucher.valid_until)})
    return told


AUDIENCES = {
    rules.AWAY: _lazy("sans commande depuis %(n)d jours"), rules.AT_LEAST: _lazy("au moins %(n)d commandes livrées"),
    rules.AT_MOST: _lazy("au plus %(n)d commandes livrées"),
}  # fmt: skip


def audience_said(code: Any) -> str:
    """« sans commande depuis 60 jours »."""
    if code.audience in AUDIENCES:
        return str(AUDIENCES[code.audience] % {"n": code.audience_number or 0})
    return str(code.get_audience_display())


# What keeps a code from being written, beside its field; « %(name)s » is an article or a shelf.
FAULTS = {
    "beyond_food": _lazy(
        "%(name)s\u202f: la loi limite à 34\u202f%% l’ensemble des réductions sur un produit alimentaire."
    ),
    "beyond_other": _lazy(
        "%(name)s\u202f: la loi limite à 40\u202f%% l’ensemble des réductions sur ce produit."
    ),
    "milk": _lazy("%(name)s\u202f: un lait premier âge ne reçoit aucune réduction (C. conso. L122-12)."),
    "alcohol": _lazy("%(name)s\u202f: un bon ne réduit jamais l’alcool (CSP L3322-9)."),
    "covers_nothing": _lazy("%(name)s\u202f: rien n’y est en vente qu’un bon puisse réduire."),
    "no_code": _lazy("De 4 à 20 lettres et chiffres, sans accent."),
    "taken": _lazy("Ce code existe déjà\u202f: un code ne sert qu’à une offre, même terminée."),
    "no_kind": _lazy("Choisissez une nature."),
    "no_value": _lazy("Une livraison offerte n’a pas de valeur."),
    "whole_basket": _lazy("La livraison offerte vaut pour toute la commande\u202f: laissez vide."),
    "no_ceiling": _lazy("Seul un pourcentage a un plafond."),
    "out_of_range": _lazy("Ce chiffre est trop petit ou trop grand."),
    "past": _lazy("Un code ne commence pas dans le passé. Laissez vide pour tout de suite."),
    "end_before_start": _lazy("La fin vient après le début, et n’est pas déjà passée."),
    "too_far": _lazy("Un code dure un an au plus, et commence dans l’année."),
    "no_audience": _lazy("Choisissez pour qui il vaut."),
    "number_missing": _lazy("Indiquez le nombre de jours ou de commandes."),
    "no_number": _lazy("Ce public n’a pas de nombre\u202f: laissez vide."),
    "budget_too_small": _lazy("Le budget ne suffit pas à une seule utilisation."),
    "too_many": _lazy("200 articles, rayons et marques au plus\u202f: choisissez plutôt des rayons."),
    "gone": _lazy("Un article, un rayon ou une marque n’existe plus\u202f: retirez-le."),
    "left_out": _lazy("%(name)s\u202f: laissé de côté, la loi ne permet pas d’y appliquer un bon."),
    "held_up": _lazy(
        "%(name)s\u202f: la réduction s’arrêtera avant le taux annoncé, pour ne pas vendre à perte ni dépasser la loi."
    ),
}


def fault_said(fault: Any) -> str:
    return str(FAULTS[fault.code] % {"name": fault.name})


def refusal_said(refused: rules.VoucherRefused) -> str:
    """Why a voucher takes nothing off, and what to do. Unknown, somebody else's and not for you read the same."""
    if isinstance(refused, rules.BelowVoucherMinimum):
        return _("Il manque %(amount)s d’articles pour utiliser ce bon.") % {"amount": euros(refused.missing)}
    if isinstance(refused, rules.NotTheseArticles):
        said = _("Il vaut pour %(names)s\u202f: rien de tel dans votre panier. Ajoutez-en, puis revenez.")
        return said % {"names": listed(refused.names) or _("certains articles")}
    if isinstance(refused, rules.CodeNotYet):
        said = _("Ce code n’est pas encore valable\u202f: il le sera le %(day)s.")
        return said % {"day": day_said(refused.starts_at)}
    return str(_REFUSALS.get(type(refused), _UNKNOWN))


_UNKNOWN = _lazy(
    "Nous ne reconnaissons pas ce code, ou il n’est pas proposé à ce compte. Vérifiez-le, ou connectez-vous avec le "
    "compte qui l’a reçu."
)
_REFUSALS: dict[type[rules.VoucherRefused], Any] = {
    rules.VoucherCancelled: _lazy("Ce bon a été annulé. Une question\u202f? Écrivez-nous."),
    rules.VoucherSpent: _lazy("Ce bon a déjà servi\u202f: il n’est valable qu’une fois."),
    rules.VoucherTaken: _lazy(
        "Ce bon est pris par une autre commande en cours. Si elle n’aboutit pas, il redevient libre."
    ),
    rules.VoucherNotYet: _lazy(
        "Ce bon n’est pas encore valable\u202f: gardez-le pour une prochaine commande."
    ),
    rules.VoucherExpired: _lazy("Ce bon n’est plus valable\u202f: sa date est passée."),
    rules.FirstOrderOnly: _lazy("Ce bon est réservé à une première commande."),
    rules.VoucherWorthless: _lazy(
        "Ce bon n’enlèverait rien à cette commande\u202f: gardez-le pour une prochaine fois."
    ),
    rules.SignInForCode: _lazy(
        "Ce code sert une fois par client\u202f: connectez-vous ou créez un compte pour l’utiliser. Votre panier vous suit."
    ),
    rules.EmailUnproven: _lazy(
        "Confirmez d’abord votre adresse e-mail, avec le code que nous vous avons écrit\u202f: ce code vous attendra ici."
    ),
    rules.CodeOver: _lazy(
        "Ce code n’est plus valable\u202f: l’offre est terminée. Votre commande, elle, ne change pas."
    ),
    rules.CodeExhausted: _lazy(
        "Tout ce qui était prévu pour ce code a été utilisé\u202f: il ne peut plus rien enlever. "
        "Vos autres bons restent valables."
    ),
    rules.CodeSpent: _lazy("Vous avez déjà utilisé ce code\u202f: il sert une fois par client."),
    rules.CodeChanged: _lazy(
        "Les conditions de ce code viennent de changer\u202f: vérifiez le total, rien n’est débité."
    ),
}
