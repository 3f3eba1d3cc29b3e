"""The figures as staff read them."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.numbers import NO_BREAK
from config.templatetags.cabas import euros, grouped
from crm.insights.recovery.costs import LostMargin
from crm.insights.recovery.episodes import Kind
from crm.insights.recovery.estimate import (
    ENOUGH_CUSTOMERS,
    ENOUGH_EACH,
    Comparison,
    Group,
    HalfBack,
    Recovery,
    Verdict,
)
from crm.insights.recovery.intervals import Estimate
from crm.insights.recovery.matching import COMPARABLES_AT_LEAST, WASHOUT_DAYS

KINDS = {
    Kind.REFUND: gettext_lazy("Remboursé"),
    Kind.GESTURE: gettext_lazy("Bons, points, cadeaux"),
    Kind.REPLACEMENT: gettext_lazy("Remplacé"),
    Kind.TRIP: gettext_lazy("Trajets"),
}


def percent(share: float) -> str:
    return f"{round(100 * share)}{NO_BREAK}%"


def points(difference: float) -> str:
    """« −16 », « +4 », « 0 »."""
    rounded = round(100 * difference)
    return f"{rounded:+d}".replace("-", "−") if rounded else "0"


def with_interval(estimate: Estimate) -> str:
    """« 54 % (de 47 à 61 %) »."""
    low, high = round(100 * estimate.interval.low), percent(estimate.interval.high)
    return _("%(share)s (de %(low)s à %(high)s)") % {
        "share": percent(estimate.value), "low": low, "high": high,
    }  # fmt: skip


def difference_with_interval(comparison: Comparison) -> str:
    """« −16 points (de −24 à −8) »."""
    found = comparison.difference
    rounded = round(100 * found.value)
    told = ngettext(
        "%(points)s point (de %(low)s à %(high)s)", "%(points)s points (de %(low)s à %(high)s)", abs(rounded)
    )
    ends = {"low": points(found.interval.low), "high": points(found.interval.high)}
    return told % {"points": points(found.value), **ends}


def compared_part(group: Group) -> str:
    """On which incidents the difference stands; nothing when on all."""
    if group.comparison is None or not group.unmatched:
        return ""
    told = ngettext(
        "Sur %(n)s incident comparé, dont %(share)s revenus.",
        "Sur %(n)s incidents comparés, dont %(share)s revenus.",
        group.comparison.incidents,
    )
    return told % {"n": grouped(group.comparison.incidents), "share": percent(group.comparison.disappointed)}


def sentence(group: Group, horizon_days: int) -> str:
    """The whole figure, ready to be read out."""
    if group.returns is None:
        return lacks(group)
    told = _("%(share)s sont revenus en %(days)s jours (de %(low)s à %(high)s)") % {
        "share": percent(group.returns.share.value),
        "days": horizon_days,
        "low": round(100 * group.returns.share.interval.low),
        "high": percent(group.returns.share.interval.high),
    }
    compared, on = group.comparison, _on_incidents(group.incidents)
    if compared is None:
        return f"{told}. {on} {lacks(group)}"
    against = percent(compared.comparable.share.value)
    if not group.unmatched:
        return _("%(told)s, contre %(against)s de clients comparables sans incident. %(on)s") % {
            "told": told, "against": against, "on": on,
        }  # fmt: skip
    return _("%(told)s. %(on)s %(some)s") % {
        "told": told,
        "on": on,
        "some": _among_matched(compared, against),
    }


def _on_incidents(incidents: int) -> str:
    return ngettext("Sur %(n)s incident.", "Sur %(n)s incidents.", incidents) % {"n": grouped(incidents)}


def _among_matched(compared: Comparison, against: str) -> str:
    told = _(
        "Pour les %(n)s qui ont des clients comparables sans incident\u202f: %(share)s contre %(against)s."
    )
    return told % {
        "n": grouped(compared.incidents),
        "share": percent(compared.disappointed),
        "against": against,
    }


def lacks(group: Group) -> str:
    """Why a figure is not shown; nothing when all are."""
    if group.returns is None:
        told = ngettext(
            "Pas assez\u202f: %(n)s client déçu, il en faut %(enough)s.",
            "Pas assez\u202f: %(n)s clients déçus, il en faut %(enough)s.",
            group.customers,
        )
        return told % {"n": grouped(group.customers), "enough": ENOUGH_CUSTOMERS}
    if group.comparison is None:
        told = _(
            "Pas assez pour comparer\u202f: il faut %(customers)s clients déçus semblables à d’autres sans incident,"
            " dont au moins %(each)s revenus et %(each)s non revenus."
        )
        return told % {"customers": ENOUGH_CUSTOMERS, "each": ENOUGH_EACH}
    return ""


def verdict(group: Group) -> str:
    """Whether one half is beaten, as far as one can tell."""
    told = {
        Verdict.BEATEN: _("Plus de la moitié sont revenus\u202f: tout l’intervalle est au-dessus de 50\u00a0%."),
        Verdict.MISSED: _("Moins de la moitié sont revenus\u202f: tout l’intervalle est en dessous de 50\u00a0%."),
        Verdict.OPEN: _("On ne peut pas encore dire si plus de la moitié reviennent\u202f: l’intervalle contient 50\u00a0%."),
    }  # fmt: skip
    return told[group.verdict] if group.verdict else ""


def half_back(found: HalfBack, horizon_days: int) -> str:
    """« la moitié en 15 jours (de 11 à 23) »."""
    if found.day is None:
        return _("moins de la moitié en %(days)s jours") % {"days": horizon_days}
    told = ngettext("la moitié en %(day)s jour", "la moitié en %(day)s jours", found.day) % {"day": found.day}
    if found.latest is None:
        return _("%(told)s (%(earliest)s au plus tôt)") % {"told": told, "earliest": found.earliest}
    return _("%(told)s (de %(earliest)s à %(latest)s)") % {
        "told": told, "earliest": found.earliest, "latest": found.latest,
    }  # fmt: skip


def lost_margin(lost: LostMargin) -> str:
    """« 310,20 € (de 120,00 à 505,40 €) »."""
    low = euros(lost.low).removesuffix(f"{NO_BREAK}€")
    return _("%(value)s (de %(low)s à %(high)s)") % {
        "value": euros(lost.value), "low": low, "high": euros(lost.high),
    }  # fmt: skip


def matched_on(names: Sequence[str]) -> list[str]:
    """What both sides have alike."""
    labels = {
        "orders": _("le nombre de commandes jusque-là\u202f: 1, 2, 3, de 4 à 9, 10 et plus"),
        "rhythm": _("le rythme propre, médiane des écarts entre commandes\u202f: jusqu’à 7, 14 ou 30 jours, plus rare, ou pas encore connu"),
        "zone": _("la zone de livraison"),
        "basket": _("le panier\u202f: jusqu’à 60\u00a0€, jusqu’à 100\u00a0€, au-delà"),
    }  # fmt: skip
    return [labels[name] for name in names]


def left_out(recovery: Recovery) -> list[str]:
    """Which incidents do not count, and why; a reason without an incident is not told."""
    recent = ngettext(
        "%(n)s incident de moins de %(days)s jours\u202f: trop récent pour savoir.",
        "%(n)s incidents de moins de %(days)s jours\u202f: trop récents pour savoir.",
        recovery.too_recent,
    ) % {"n": grouped(recovery.too_recent), "days": recovery.horizon_days}
    touched = ngettext(
        "%(n)s incident qui en suit un autre du même client à moins de %(days)s jours\u202f: on ne saurait lequel a pesé.",
        "%(n)s incidents qui en suivent un autre du même client à moins de %(days)s jours\u202f: on ne saurait lequel a pesé.",
        recovery.touched,
    ) % {"n": grouped(recovery.touched), "days": WASHOUT_DAYS}
    unmatched = ngettext(
        "%(n)s incident compté mais pas comparé\u202f: moins de %(least)s clients semblables sans incident.",
        "%(n)s incidents comptés mais pas comparés\u202f: moins de %(least)s clients semblables sans incident.",
        recovery.overall.unmatched,
    ) % {"n": grouped(recovery.overall.unmatched), "least": COMPARABLES_AT_LEAST}
    numbers = (recovery.too_recent, recovery.touched, recovery.overall.unmatched)
    return [told for told, many in zip((recent, touched, unmatched), numbers, strict=True) if many]


def level(share: float) -> str:
    """« Intervalles à 98 % : … »."""
    return _(
        "Intervalles à %(level)s\u202f: chacun manque la vérité environ %(missed)s fois sur 100. Plus larges que"
        " l’usage (95\u00a0%%), parce que cette page en montre plusieurs à la fois."
    ) % {"level": percent(share), "missed": round(100 * (1 - share))}


def comparables(recovery: Recovery) -> str:
    """Who the disappointed are compared with."""
    told = ngettext(
        "%(n)s commande livrée sans incident (%(customers)s clients) sert de comparaison.",
        "%(n)s commandes livrées sans incident (%(customers)s clients) servent de comparaison.",
        recovery.comparable_orders,
    )
    return told % {
        "n": grouped(recovery.comparable_orders),
        "customers": grouped(recovery.comparable_customers),
    }
