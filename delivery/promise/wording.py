"""The French words of promises: why something is given, and what."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.cabas import euros, hour, said_at
from delivery.promise import rules
from delivery.promise.rules import Facts, Verdict


def in_cents(cents: int) -> str:
    return euros(Decimal(cents) / 100)


def remedy_said(remedy: str, cents: int) -> str:
    """« livraison remboursée (5,90 €) »."""
    said = {
        rules.DELIVERY_REFUND: _("livraison remboursée (%(amount)s)"),
        rules.NEXT_DELIVERY: _("prochaine livraison offerte"),
        rules.VOUCHER: _("bon de %(amount)s"),
        rules.POINTS: _("points de fidélité offerts, pour %(amount)s"),
        rules.GIFT: _("cadeau, d’une valeur de %(amount)s"),
        rules.REPLACEMENT: _("articles livrés à nouveau, sans frais"),
        rules.CALL: _("appel dans l’heure"),
        rules.ARTICLES_REFUND: _("articles remboursés"),
    }
    return said[remedy] % {"amount": in_cents(cents)}


def sentence_of(facts: Facts, verdict: Verdict) -> str:
    """The whole arithmetic: what happened, what the rule says, what comes of it."""
    return f"{_happened(facts, verdict)}, {_what_comes(verdict)}."


def _happened(facts: Facts, verdict: Verdict) -> str:
    terms, is_due = verdict.terms, verdict.said not in {rules.NOT_DUE, rules.STANDS}
    match terms.trigger:
        case "late":
            return _late(facts, terms.late_minutes, is_due=is_due)
        case "not_ready":
            return _not_ready(facts)
    units = rules.units_hurt(terms.trigger, facts)
    return (
        f"{_units(terms.trigger, units, facts.units_ordered)}, {_threshold(terms.least_units, is_due=is_due)}"
    )


def _late(facts: Facts, minutes: int, *, is_due: bool) -> str:
    at = facts.arrived_at
    assert at is not None  # noqa: S101 - judged once it is known
    told = {"arrived": _arrival(at, facts.slot_ends_at), "end": hour(facts.slot_ends_at)}
    late = facts.seconds_late or 0
    if late <= 0:
        return _("Arrivée %(arrived)s, créneau jusqu’à %(end)s\u202f: à l’heure") % told
    told |= {"late": lasting(late), "limit": str(minutes)}
    if is_due:
        return (
            _("Arrivée %(arrived)s, créneau jusqu’à %(end)s\u202f: %(late)s de retard, plus de %(limit)s")
            % told
        )
    return (
        _("Arrivée %(arrived)s, créneau jusqu’à %(end)s\u202f: %(late)s de retard, pas plus de %(limit)s")
        % told
    )


def _arrival(at: datetime, slot_ends_at: datetime) -> str:
    """« à 20 h 42 », with its day where that is not the slot's."""
    if timezone.localdate(at) == timezone.localdate(slot_ends_at):
        return _("à %(hour)s") % {"hour": hour(at)}
    return _("le %(at)s") % {"at": said_at(at)}


def lasting(seconds: int) -> str:
    """« 42 minutes », « 30 minutes et 1 seconde », « 2 h 05 »."""
    minutes, rest = divmod(seconds, 60)
    if minutes >= 120:
        return f"{minutes // 60}\u00a0h\u00a0{minutes % 60:02d}"
    said = ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes} if minutes else ""
    if not rest or minutes > 60:
        return said
    more = ngettext("%(n)d seconde", "%(n)d secondes", rest) % {"n": rest}
    return _("%(minutes)s et %(seconds)s") % {"minutes": said, "seconds": more} if said else more


def _not_ready(facts: Facts) -> str:
    told = {"start": hour(facts.slot_starts_at), "end": hour(facts.slot_ends_at)}
    late = facts.seconds_late
    if facts.ready_at is None or late is None:
        return _("Retrait promis dès %(start)s, commande toujours pas prête à %(end)s") % told
    told["ready"] = _arrival(facts.ready_at, facts.slot_starts_at)
    if late <= 0:
        return _("Retrait promis dès %(start)s, commande prête %(ready)s") % told
    told["late"] = lasting(late)
    return _("Retrait promis dès %(start)s, commande prête %(ready)s\u202f: %(late)s d’attente") % told


def _units(trigger: str, units: int, ordered: int) -> str:
    said = {
        rules.INCOMPLETE: ngettext(
            "%(n)d article absent sur %(all)d, sans avoir été annoncé",
            "%(n)d articles absents sur %(all)d, sans avoir été annoncés",
            units,
        ),
        rules.DAMAGED: ngettext(
            "%(n)d article abîmé sur %(all)d", "%(n)d articles abîmés sur %(all)d", units
        ),
        rules.LIFE: ngettext(
            "%(n)d article sur %(all)d à consommer plus tôt que promis",
            "%(n)d articles sur %(all)d à consommer plus tôt que promis",
            units,
        ),
    }
    return said[trigger] % {"n": units, "all": ordered}


def _threshold(least: int, *, is_due: bool) -> str:
    told = {"least": least}
    return _("au moins %(least)d") % told if is_due else _("moins de %(least)d") % told


def _what_comes(verdict: Verdict) -> str:
    remedy = remedy_said(verdict.remedy, verdict.cents) if verdict.remedy else ""
    match verdict.said:
        case "granted":
            return remedy
        case "cumulated":
            return _("déjà compensé\u202f: une seule fois par commande, la meilleure")
        case "stands":
            return _("ce qui a été accordé reste acquis")
        case "staff":
            return f"{remedy}\u202f: {_for_staff(verdict.why)}"
    return _("rien n’est dû")


def _for_staff(why: str) -> str:
    because = {
        rules.ORDER_CEILING: _("plafond de la commande atteint, à décider par l’équipe"),
        rules.CUSTOMER_CEILING: _("plafond par client atteint, à décider par l’équipe"),
        rules.WEEK_CEILING: _("plafond de la semaine atteint, à décider par l’équipe"),
        rules.BETTER: _("mieux que ce qui a déjà été accordé, à décider par l’équipe"),
    }
    return because[why]


def staff_sentence(before: Any, verdict: Any, why: Any) -> str:
    """What staff made of a decision, after its own words. ``why`` is one of Decision.Why."""
    happened = str(before.sentence).removesuffix(".").rpartition("\u202f: ")[0] or str(before.sentence)
    remedy = remedy_said(before.remedy, before.amount_cents)
    told = {"happened": happened.removesuffix(f", {remedy}"), "remedy": remedy, "why": why.label}
    if verdict == "refused":
        return _("%(happened)s\u202f: refusé par l’équipe, %(why)s.") % told
    return _("%(happened)s, %(remedy)s, accordé par l’équipe\u202f: %(why)s.") % told


def announced(late_minutes: int, remedy: str, cents: int) -> str:
    """What is promised before it happens: « Si votre livreur arrive plus de 30 minutes après la fin du créneau :
    livraison remboursée (5,90 €), sans rien demander. »
    """
    told = {"late": lasting(late_minutes * 60), "remedy": remedy_said(remedy, cents)}
    return (
        _(
            "Si votre livreur arrive plus de %(late)s après la fin du créneau\u202f: %(remedy)s, sans rien demander."
        )
        % told
    )


def title_said(remedy: str, cents: int) -> str:
    """What a letter is headed with."""
    said = {
        rules.DELIVERY_REFUND: _("Votre livraison vous est remboursée"),
        rules.NEXT_DELIVERY: _("Votre prochaine livraison est offerte"),
        rules.VOUCHER: _("Un bon de %(amount)s pour vous"),
        rules.POINTS: _("Des points de fidélité pour vous"),
        rules.GIFT: _("Un cadeau pour vous"),
        rules.REPLACEMENT: _("Vos articles vous sont livrés à nouveau"),
        rules.CALL: _("Nous vous appelons dans l’heure"),
        rules.ARTICLES_REFUND: _("Vos articles vous sont remboursés"),
    }
    return said[remedy] % {"amount": in_cents(cents)}


def done_said(remedy: str, cents: int, until: str) -> str:
    """What we do, and what is left to do for whoever reads it: nothing, or little. ``until`` is a voucher's last day."""
    said = {
        rules.DELIVERY_REFUND: _(
            "Nous rendons %(amount)s à la carte qui a payé. Votre banque met cinq à dix jours ouvrés à les afficher."
        ),
        rules.NEXT_DELIVERY: _(
            "Un bon «\u202flivraison offerte\u202f» vous attend dans votre compte, sous Fidélité, jusqu’au %(until)s. "
            "Vous le choisissez au moment de commander."
        ),
        rules.VOUCHER: _(
            "Votre bon vous attend dans votre compte, sous Fidélité, jusqu’au %(until)s. "
            "Vous le choisissez au moment de commander."
        ),
        rules.POINTS: _(
            "Ils vous attendent dans votre compte, sous Fidélité, et se dépensent dès maintenant."
        ),
        rules.GIFT: _("Il arrive avec votre prochaine commande."),
        rules.REPLACEMENT: _("Nous vous écrivons dès que leur créneau est fixé."),
        rules.CALL: _("Restez joignable au numéro de votre commande\u202f: nous réglons cela ensemble."),
        rules.ARTICLES_REFUND: _("Nous les rendons à la carte qui a payé."),
    }
    return said[remedy] % {"amount": in_cents(cents), "until": until}


def version_said(version: Any) -> str:
    """« plus de 30 minutes de retard : livraison remboursée, ou la prochaine offerte si celle-ci l’était »."""
    when = {
        rules.LATE: _("plus de %(n)d minutes de retard"),
        rules.INCOMPLETE: _("au moins %(n)d articles absents sans l’avoir annoncé"),
        rules.DAMAGED: _("au moins %(n)d articles abîmés"),
        rules.NOT_READY: _("retrait pas prêt au début du créneau"),
        rules.LIFE: _("au moins %(n)d articles à consommer plus tôt que promis"),
    }[version.trigger] % {"n": version.late_minutes or version.least_units or 0}
    gives = str(version.get_remedy_display())
    if version.amount_cents:
        gives += f" ({in_cents(version.amount_cents)})"
    if version.if_free:
        gives = _("%(gives)s, la prochaine si elle était offerte") % {"gives": gives}
    said = f"{when}\u202f: {gives}"
    if version.audience != rules.EVERYBODY:
        said += f", {version.get_audience_display()}"
    return said if version.is_on else _("arrêtée")


def ceilings_said(version: Any) -> str:
    """« 3 fois par client sur 30 jours, 1 000,00 € par semaine »."""
    told = []
    if version.most_per_order_cents is not None:
        told.append(_("%(amount)s par commande") % {"amount": in_cents(version.most_per_order_cents)})
    if version.most_per_customer is not None:
        told.append(
            _("%(n)d fois par client sur %(days)d jours")
            % {"n": version.most_per_customer, "days": version.customer_days}
        )
    if version.most_per_week_cents is not None:
        told.append(_("%(amount)s par semaine") % {"amount": in_cents(version.most_per_week_cents)})
    return ", ".join(told) or _("aucun")
