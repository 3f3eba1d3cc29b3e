"""A recall in the words that customers and staff read."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.templatetags.cabas import euros, quantity_label
from shop.orders.letters import addressed
from shop.orders.ports import RecallTold
from shop.recalls.models import Recall, RecallNotice
from shop.recalls.rules import joined

LETTER_LEAVES_WITHIN = timedelta(minutes=15)
State, Refund = RecallNotice.State, RecallNotice.Refund
LETTERS = {
    "sent": gettext_lazy("envoyée"),
    "waiting": gettext_lazy("en route"),
    "failed": gettext_lazy("non reçue"),
}


def which(recall: Recall) -> str:
    """« Lots L1, L2 · DLC ou DDM du 2 au 9 novembre 2026 »."""
    parts = []
    if recall.lots:
        parts.append(_("Lots %(lots)s") % {"lots": joined(recall.lots)} if len(recall.lots) > 1 else _("Lot %(lots)s") % {"lots": recall.lots[0]})  # fmt: skip
    first, last = recall.best_before_from, recall.best_before_to
    if first and last:
        parts.append(
            _("DLC ou DDM du %(first)s au %(last)s") % {"first": _day(first), "last": _day(last)}
            if first != last
            else _("DLC ou DDM du %(first)s") % {"first": _day(first)}
        )
    elif first:
        parts.append(_("DLC ou DDM à partir du %(first)s") % {"first": _day(first)})
    elif last:
        parts.append(_("DLC ou DDM jusqu’au %(last)s") % {"last": _day(last)})
    return " · ".join(parts) or _("Tous les lots")


def _day(day: Any) -> str:
    return str(date_format(day, "j F Y"))


def why(recall: Recall) -> str:
    """The hazard, then the shop's own sentence."""
    hazard = str(recall.get_hazard_display())
    return f"{hazard[:1].upper()}{hazard[1:]}. {recall.sentence}"


def public(recall: Recall) -> dict[str, Any]:
    return {
        "name": recall.name,
        "ean": recall.ean,
        "which": which(recall),
        "why": why(recall),
        "advice": recall.get_advice_display(),
        "notice_reference": recall.notice_reference,
        "notice_url": recall.notice_url,
        "decided_at": recall.decided_at,
    }


def became(notice: RecallNotice) -> str:
    """What the shop did about it for one order."""
    if notice.state in {State.DROPPED, State.IN_CRATES}:
        return _("Nous l’avons retiré de cette commande : il n’est ni livré, ni facturé.")
    amount = euros(notice.amount)
    if notice.refund == Refund.DONE:
        return _("Nous vous avons remboursé %(amount)s.") % {"amount": amount}
    if notice.refund in {Refund.DUE, Refund.ASKED}:
        return _("Nous vous remboursons %(amount)s, sans démarche de votre part.") % {"amount": amount}
    if notice.refund == Refund.NONE:
        return _("Nous vous l’avons déjà remboursé.")
    return _("Nous revenons vers vous pour le remboursement.")


def on_order(notice: RecallNotice) -> RecallTold:
    recall = notice.recall
    in_hand = notice.state == State.BOUGHT
    return RecallTold(
        name=notice.line.name,
        hazard=f"{which(recall)}. {why(recall)}",
        what_to_do=str(recall.get_advice_display()) if in_hand else "",
        became=became(notice),
        url=reverse("recalls"),
    )


def letter(notice: RecallNotice) -> dict[str, Any]:
    recall, order = notice.recall, notice.order
    return {
        **addressed(order),
        "name": notice.line.name,
        "quantity_label": quantity_label(notice.line.sold_by, notice.line.quantity),
        "which": which(recall),
        "is_partial": not recall.is_whole,
        "is_certain": notice.is_certain,
        "why": why(recall),
        "advice": recall.get_advice_display(),
        "was_bought": notice.state == State.BOUGHT,
        "became": became(notice),
        "notice_reference": recall.notice_reference,
        "notice_url": recall.notice_url,
        "recalls_path": reverse("recalls"),
        "tracking_path": reverse("tracking", args=[order.tracking_token]),
    }


def buyer(notice: RecallNotice, letter_state: str) -> dict[str, Any]:
    """One row of the file for staff and for the authorities."""
    order = notice.order
    return {
        _("commande"): order.reference,
        _("créneau"): date_format(order.slot.starts_at, "d/m/Y"),
        _("prénom"): order.first_name,
        _("nom"): order.last_name,
        _("téléphone"): order.phone,
        _("e-mail"): order.email,
        _("code postal"): order.postcode,
        _("quantité"): quantity_label(notice.line.sold_by, notice.line.quantity),
        _("date rappelée"): _("oui") if notice.is_certain else _("date inconnue"),
        _("état"): notice.get_state_display(),
        _("lettre"): str(LETTERS[letter_state]),
        _("remboursement"): notice.get_refund_display(),
        _("montant"): str(notice.amount).replace(".", ","),
    }
