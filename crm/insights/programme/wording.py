"""The programme in words, and its figures as they are written."""

from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.templatetags.cabas import euros, french_number, grouped
from crm.insights.programme.benefit import HORIZON_DAYS, Amount, Benefit
from crm.insights.programme.sales import (
    DELIVERY,
    ENOUGH_ORDERS,
    GIFTS,
    POINTS,
    PROMOTIONS,
    VOUCHERS,
    Held,
    Sales,
)
from crm.insights.recovery.estimate import ENOUGH_CUSTOMERS, ENOUGH_EACH
from crm.insights.recovery.wording import difference_with_interval, percent

NARROW = "\u202f"
# In the order of the page's columns.
DISCOUNTS = {
    PROMOTIONS: gettext_lazy("Promotions"),
    DELIVERY: gettext_lazy("Livraison offerte"),
    f"{VOUCHERS}loyalty": gettext_lazy("Bons contre des points"),
    POINTS: gettext_lazy("Points dépensés autrement"),
    GIFTS: gettext_lazy("Cadeaux et attentions, au coût"),
    f"{VOUCHERS}compensation": gettext_lazy("Promesses non tenues"),
    f"{VOUCHERS}gift": gettext_lazy("Gestes du service client"),
    f"{VOUCHERS}welcome": gettext_lazy("Bienvenue"),
    f"{VOUCHERS}referral": gettext_lazy("Parrainage"),
    f"{VOUCHERS}campaign": gettext_lazy("Campagnes"),
}
# What is given for loyalty and for trouble: no promotion that everybody sees.
OF_LOYALTY = (f"{VOUCHERS}loyalty", POINTS)
# Below so many points that came, a share of them says nothing.
ENOUGH_CREDITED = 1000


def month_said(first: date) -> str:
    return date_format(first, "F Y").capitalize()


def share_said(share: Decimal | None) -> str:
    """« 2,4 % »; « pas assez » where nobody can tell."""
    return _("pas assez") if share is None else f"{french_number(share, 1)}{NARROW}%"


def rate_said(part: int, credited: int) -> str:
    return share_said(Decimal(100 * part) / credited if credited >= ENOUGH_CREDITED else None)


def discount_said(what: str) -> str:
    """A kind that came later is told by its code rather than not at all."""
    return str(DISCOUNTS.get(what, what))


def cost_said(year: Sales) -> str:
    """What loyalty cost in the months shown."""
    cost = sum((year.discounts.get(what, Decimal(0)) for what in OF_LOYALTY), Decimal(0))
    if not year.turnover:
        return _("Aucune commande ces douze derniers mois.")
    return _(
        "En douze mois, les points ont coûté %(cost)s, soit %(share)s du chiffre d’affaires\u202f; toutes les réductions ensemble, "
        "%(total)s, soit %(whole)s."
    ) % {
        "cost": euros(cost),
        "share": share_said(100 * cost / year.turnover),
        "total": euros(year.total),
        "whole": share_said(year.share),
    }


def held_said(held: Held) -> str:
    """« 120,00 € de réductions sur 4 000,00 € : 3,0 %, pour 2,5 % prévus. »"""
    if not held.sales.is_enough:
        return ngettext(
            "Pas assez\u202f: %(n)s commande, il en faut %(enough)s.",
            "Pas assez\u202f: %(n)s commandes, il en faut %(enough)s.",
            held.sales.orders,
        ) % {"n": grouped(held.sales.orders), "enough": ENOUGH_ORDERS}
    return _(
        "%(total)s de réductions pour %(turnover)s de chiffre d’affaires\u202f: %(share)s, pour %(allowed)s prévus."
    ) % {
        "total": euros(held.sales.total), "turnover": euros(held.sales.turnover), "share": share_said(held.sales.share),
        "allowed": share_said(held.share),
    }  # fmt: skip


def state_said(held: Held) -> str:
    if held.is_over:
        return _("Budget dépassé de %(sum)s.") % {"sum": euros(held.sales.total - held.allowed)}
    if held.is_near:
        return _("Budget presque atteint\u202f: il reste %(sum)s.") % {
            "sum": euros(held.allowed - held.sales.total)
        }
    return _("Dans le budget\u202f: il reste %(sum)s.") % {"sum": euros(held.allowed - held.sales.total)}


def heaviest_said(sales: Sales) -> str:
    if sales.heaviest is None:
        return ""
    what, amount = sales.heaviest
    return _("Ce qui pèse le plus\u202f: %(what)s, %(sum)s.") % {
        "what": discount_said(what).lower(),
        "sum": euros(amount),
    }


def benefit_said(told: Benefit) -> list[str]:
    """Whether spenders came back more, what it cost and brought, and how far that goes."""
    group, compared = told.group, told.group.comparison
    if compared is None:
        return [lacks(told)]
    said = [
        _(
            "%(spent)s de ceux qui ont payé avec leurs points ont recommandé dans les %(days)s jours, contre %(kept)s de "
            "clients semblables qui en avaient autant et les ont gardés\u202f: %(difference)s."
        )
        % {
            "spent": percent(compared.disappointed), "kept": percent(compared.comparable.share.value),
            "days": HORIZON_DAYS, "difference": difference_with_interval(compared),
        },
        _("L’écart est établi\u202f: son intervalle ne contient pas 0.")
        if compared.is_real
        else _("L’écart n’est pas établi\u202f: son intervalle contient 0."),
    ]  # fmt: skip
    if told.cost is not None and told.extra is not None:
        said.append(
            _(
                "Sur %(n)s commandes comparées, les points ont coûté %(cost)s, et la marge en plus serait de %(extra)s."
            )
            % {"n": grouped(compared.incidents), "cost": euros(told.cost), "extra": _interval(told.extra)}
        )
    if group.unmatched:
        said.append(
            ngettext(
                "%(n)s commande payée avec des points n’a pas de client semblable, et n’est pas comparée.",
                "%(n)s commandes payées avec des points n’ont pas de client semblable, et ne sont pas comparées.",
                group.unmatched,
            )
            % {"n": grouped(group.unmatched)}
        )
    return said


def lacks(told: Benefit) -> str:
    return ngettext(
        "Pas assez pour comparer\u202f: %(n)s client a payé avec des points depuis un an. Il en faut %(enough)s semblables à "
        "d’autres qui les ont gardés, dont au moins %(each)s revenus et %(each)s non revenus.",
        "Pas assez pour comparer\u202f: %(n)s clients ont payé avec des points depuis un an. Il en faut %(enough)s semblables "
        "à d’autres qui les ont gardés, dont au moins %(each)s revenus et %(each)s non revenus.",
        told.group.customers,
    ) % {"n": grouped(told.group.customers), "enough": ENOUGH_CUSTOMERS, "each": ENOUGH_EACH}


def _interval(amount: Amount) -> str:
    return _("%(value)s (de %(low)s à %(high)s)") % {
        "value": euros(amount.value), "low": euros(amount.low), "high": euros(amount.high),
    }  # fmt: skip


def method_said(told: Benefit) -> list[str]:
    said = [
        _(
            "Semblables\u202f: autant de commandes jusque-là (1, 2, 3, de 4 à 9, 10 et plus), même rythme propre (7, 14, 30 "
            "jours, plus rare, inconnu), même panier (60\u00a0€, 100\u00a0€, au-delà), et autant de points à dépenser (de 100 à "
            "199, à 499, à 999, 1\u202f000 et plus)."
        ),
        _(
            "Ce n’est pas une preuve\u202f: qui dépense ses points pensait peut-être déjà à revenir. Seules la première commande "
            "qui suit et sa marge sont comptées\u202f; intervalles à 98\u202f%."
        ),
    ]
    if told.one_in > 1:
        said.append(_("Compté sur un client sur %(n)s.") % {"n": grouped(told.one_in)})
    return said
