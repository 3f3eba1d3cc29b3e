"""The public record in words: figures with what they are figures of, and small numbers told as such."""

from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.cabas import euros, french_number, grouped
from crm.insights.ports import AnswerTimes
from crm.insights.record import Figures
from delivery.promise.queries import ENOUGH_ORDERS


class Measure(NamedTuple):
    """One figure of the page: its name, how much, and of what."""

    label: str
    said: str
    of: str


def percent(share: float | None) -> str:
    """« 94,3 % »; « pas assez » where it would say nothing."""
    return _("pas assez") if share is None else f"{french_number(Decimal(str(share)), 1)}\u202f%"


def orders_said(number: int) -> str:
    return ngettext("%(n)s commande", "%(n)s commandes", number) % {"n": grouped(number)}


def measures(found: Figures) -> list[Measure]:
    whole = orders_said(found.orders)
    return [
        Measure(_("À l’heure dite"), percent(found.on_time_share), whole),
        Measure(_("À cinq minutes près"), percent(found.within_5_share), whole),
        Measure(_("À trente minutes près"), percent(found.within_30_share), whole),
        Measure(_("Livrées complètes"), percent(found.complete_share), whole),
        Measure(
            _("Manque annoncé avant le départ"),
            percent(found.told_share),
            ngettext("%(n)s commande avec un manque", "%(n)s commandes avec un manque", found.lacked)
            % {"n": grouped(found.lacked)},
        ),
        Measure(
            _("Trois premières commandes tenues"), percent(found.first_share), orders_said(found.first_orders)
        ),
        Measure(
            _("Compensations versées"),
            euros(found.compensated),
            ngettext(
                "%(n)s fois, sans être demandées", "%(n)s fois, sans être demandées", found.compensations
            )
            % {"n": grouped(found.compensations)},
        ),
    ]


def answers_said(found: AnswerTimes) -> Measure:
    of = ngettext("%(n)s message", "%(n)s messages", found.judged) % {"n": grouped(found.judged)}
    share = found.share_within_24h if found.judged >= ENOUGH_ORDERS else None
    if share is not None and found.median_minutes is not None:
        of = _("%(of)s, la moitié en moins de %(median)s") % {
            "of": of,
            "median": lasting(found.median_minutes),
        }
    return Measure(
        _("Répondu par une personne en 24 heures"), percent(None if share is None else share * 100), of
    )


def lasting(minutes: int) -> str:
    """« 45 min », « 2 h 05 »."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}\u00a0h\u00a0{rest:02d}" if hours else f"{rest}\u00a0min"
