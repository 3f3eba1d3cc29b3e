"""The French words of claims: what is asked, what is answered, and when it arrives."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.templatetags.cabas import euros, hour, said_at, slot_label_long
from shop.claims.models import Claim
from shop.orders.refunds import said_article

Kind, State, Answer, Why = Claim.Kind, Claim.State, Claim.Answer, Claim.Why

ASKED: Mapping[str, str | Promise] = {
    Kind.MISSING: gettext_lazy("Que manque-t-il\u202f?"),
    Kind.DAMAGED: gettext_lazy("Qu’est-ce qui est abîmé\u202f?"),
    Kind.LIFE: gettext_lazy("Qu’est-ce qui se garde trop peu\u202f?"),
    Kind.NOT_MINE: gettext_lazy("Qu’avez-vous reçu\u202f?"),
}


def photo_asked(above: Decimal) -> str:
    return _(
        "Au-delà de %(amount)s, elle nous permet de répondre tout de suite ; sans elle, nous vous appelons."
    ) % {"amount": euros(above)}


def by_hour(at: datetime) -> str:
    """« 18 h 40 », « demain 9 h », « le 3 décembre à 9 h »."""
    days = (timezone.localdate(at) - timezone.localdate()).days
    if days <= 0:
        return hour(at)
    return _("demain %(hour)s") % {"hour": hour(at)} if days == 1 else _("le %(at)s") % {"at": said_at(at)}


def headed(claim: Claim) -> str:
    """What its page and its letter begin with. No query: needs what `queries.claims_of` reads."""
    if claim.state == State.TO_CALL:
        return _("Nous vous appelons avant %(hour)s") % {"hour": by_hour(_called_by(claim))}
    if claim.state == State.RECEIVED:
        return _("Nous vous rendons %(amount)s") % {"amount": euros(claim.amount)}
    return {
        Answer.REFUND: _("Nous vous rendons %(amount)s") % {"amount": euros(_refunded(claim))},
        Answer.REPLACEMENT: _("Nous vous le livrons à nouveau, sans frais"),
        Answer.KEPT: _("Gardez-le, il ne vous coûte rien"),
        Answer.CALLED: _("C’est réglé"),
        Answer.REFUSED: _("Notre réponse"),
    }[Answer(claim.answer)]


def repaired(claim: Claim) -> str:
    """What whoever was robbed reads first."""
    if claim.state == State.TO_CALL:
        return _("un de vos articles a été remis à un autre foyer")
    return _("nous vous rendons %(amount)s, sans rien demander") % {"amount": euros(_refunded(claim))}


def sentence(claim: Claim) -> str:
    """What we do, and when it arrives. No query, like `headed`."""
    if claim.state == State.TO_CALL:
        told = _("Gardez votre téléphone à portée\u202f: nous réglons cela ensemble.")
        return f"{_why(claim)} {told}"
    if claim.state == State.RECEIVED:
        return _(
            "Votre paiement est en cours d’encaissement\u202f: le remboursement part juste après, sans rien demander. "
            "Votre banque met ensuite cinq à dix jours ouvrés à l’afficher."
        )
    return " ".join(filter(None, [_given(claim), claim.said]))


def _given(claim: Claim) -> str:
    match claim.answer:
        case Answer.REFUND:
            return _refund_said(claim)
        case Answer.REPLACEMENT:
            return _replacement_said(claim)
        case Answer.KEPT:
            return _("Rien ne vous est débité pour cela. Nous cherchons à qui c’était, et nous réparons.")
    return ""


def _called_by(claim: Claim) -> datetime:
    assert claim.call_by is not None  # noqa: S101 - a constraint of its table
    return claim.call_by


def _refunded(claim: Claim) -> Any:
    return claim.refund.amount if claim.refund else claim.amount


def _why(claim: Claim) -> str:
    return {
        Why.PHOTO: _("Sans photo, nous préférons en parler avec vous."),
        Why.LATE: _(
            "C’est un produit frais, livré il y a plus de deux jours\u202f: nous préférons en parler avec vous."
        ),
        Why.FREE: _("Ces articles ne vous avaient rien coûté\u202f: voyons ensemble comment bien faire."),
    }.get(Why(claim.why), _("Nous préférons en parler de vive voix."))


def _refund_said(claim: Claim) -> str:
    said = _("C’est demandé, sur la carte qui a payé. Votre banque met cinq à dix jours ouvrés à l’afficher.")
    if claim.wanted == Answer.REPLACEMENT:
        instead = _("Le créneau ou l’article n’est plus disponible\u202f: nous vous remboursons.")
        return f"{instead} {said}"
    return said


def _replacement_said(claim: Claim) -> str:
    assert claim.replacement is not None  # noqa: S101 - a constraint of its table
    return _("Rendez-vous %(slot)s. Gardez ou jetez ce qui est abîmé\u202f: rien n’est à rendre.") % {
        "slot": slot_label_long(claim.replacement.slot)
    }


def parts(claim: Claim) -> list[str]:
    """« 2 × Yaourt nature ». No query: needs its lines."""
    if claim.kind == Kind.NOT_MINE:
        return [f"{claim.units}\u00a0× {claim.words}"]
    return [said_article(one.line, one.quantity) for one in claim.lines.all()]


def compared(number: int, days: int, others: Any, like: str) -> str:
    """« 4 signalements en 90 jours, contre 0,3 pour des clients comparables (4 à 7 commandes) »."""
    mine = ngettext("%(n)d signalement en %(days)d jours", "%(n)d signalements en %(days)d jours", number) % {
        "n": number,
        "days": days,
    }
    if others is None:
        return _("%(mine)s, et personne à qui comparer (%(like)s)") % {"mine": mine, "like": like}
    return _("%(mine)s, contre %(others)s pour des clients comparables (%(like)s)") % {
        "mine": mine, "others": others, "like": like,
    }  # fmt: skip
