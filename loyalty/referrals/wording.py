"""What sponsors, friends and staff read of referrals, in French."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.templatetags.cabas import day_said, euros, last_day_said
from loyalty.points.wording import points_said
from loyalty.referrals import rules
from loyalty.referrals.models import Referral, ReferralTerms
from loyalty.referrals.rules import Signal

State, Reason = Referral.State, Referral.Reason
SIGNALS = {
    Signal.ADDRESS_SPONSOR: gettext_lazy("livré à l’adresse du parrain"),
    Signal.ADDRESS_FRIEND: gettext_lazy("livré à l’adresse d’un autre de ses proches"),
    Signal.CARD_SPONSOR: gettext_lazy("payé avec la carte du parrain"),
    Signal.CARD_FRIEND: gettext_lazy("payé avec la carte d’un autre de ses proches"),
    Signal.DEVICE_SPONSOR: gettext_lazy("invitation acceptée sur l’appareil du parrain"),
    Signal.DEVICE_FRIEND: gettext_lazy("invitation acceptée sur l’appareil d’un autre de ses proches"),
    Signal.MANY: gettext_lazy("plus de cinq proches en sept jours"),
    Signal.MOSTLY_BACK: gettext_lazy("plus de la moitié de la commande a été remboursée"),
    Signal.BLOCKED: gettext_lazy("invitations du parrain bloquées par l’équipe"),
}


def signals_said(found: Sequence[str]) -> str:
    """In a sentence, for staff: « Livré à l’adresse du parrain, payé avec la carte du parrain. »"""
    told = ", ".join(str(SIGNALS[Signal(one)]) for one in found)
    return f"{told[0].upper()}{told[1:]}." if told else ""


def for_friend(terms: ReferralTerms) -> str:
    """« un bon de 10,00 € sur votre première commande, dès 60,00 € d’articles »."""
    said = _("un bon de %(sum)s sur votre première commande, dès %(least)s d’articles") % {
        "sum": euros(terms.friend_value), "least": euros(terms.friend_minimum),
    }  # fmt: skip
    if not terms.friend_points:
        return said
    return _("%(voucher)s, puis %(points)s une fois livré") % {
        "voucher": said, "points": points_said(terms.friend_points),
    }  # fmt: skip


def for_sponsor(terms: ReferralTerms) -> str:
    """« 300 points », « un bon de 10,00 € »."""
    if terms.sponsor_points:
        return points_said(terms.sponsor_points)
    return _("un bon de %(sum)s") % {"sum": euros(terms.sponsor_value)}


def rule_said(terms: ReferralTerms) -> str:
    """What there is to know, in two sentences."""
    friend = _("Votre proche, nouveau client, reçoit %(what)s") % {
        "what": _("un bon de %(sum)s dès %(least)s d’articles")
        % {"sum": euros(terms.friend_value), "least": euros(terms.friend_minimum)}
    }
    then = _("à la livraison de sa première commande, vous recevez %(what)s.") % {"what": for_sponsor(terms)}
    most = ngettext(
        "Un proche récompensé par an au plus\u202f; dans le doute, quelqu’un regarde avant de répondre.",
        "%(n)s proches récompensés par an au plus\u202f; dans le doute, quelqu’un regarde avant de répondre.",
        terms.yearly_most,
    ) % {"n": terms.yearly_most}
    return f"{friend}\u202f; {then} {most}"


def friend_said(referral: Referral) -> str:
    """« L. », and no more of the name. Needs the friend."""
    name = referral.friend.first_name.strip()
    return f"{name[0].upper()}." if name else _("Un proche")


def state_said(referral: Referral, now: datetime) -> str:
    """Where a friend's referral stands, as its sponsor reads it: what it brought, or what happens next. Of the friend it tells
    that they accepted, and whether a first order was delivered: neither what they do meanwhile nor why they do not count.
    """
    match referral.state:
        case State.ACCEPTED if referral.ends_at <= now:
            return _("Invitation terminée, sans première livraison")
        case State.ACCEPTED | State.ORDERED:
            return _(
                "Invitation acceptée\u202f: votre récompense arrive avec la première livraison, commandée au plus tard le %(day)s"
            ) % {"day": last_day_said(referral.ends_at)}
        case State.REVIEW:
            return _("Livré, en cours de vérification\u202f: nous vous répondons sous quelques jours")
        case State.REWARDED:
            return _("Livré\u202f: %(what)s pour vous") % {"what": for_sponsor(referral.terms)}
        case _refused if referral.reason == Reason.CEILING:
            return _(
                "Livré, mais vos récompenses de l’année étaient déjà toutes gagnées. Merci quand même\u202f!"
            )
        case _refused:
            return _("Non retenu. Une question\u202f? Écrivez-nous.")


def refusal_said(refused: rules.InvitationRefused) -> str:
    """Why an invitation is not for whoever accepts it, and what they may do."""
    said = {
        rules.InvitationUnknown: _(
            "Nous ne reconnaissons pas cette invitation\u202f: vérifiez le lien reçu."
        ),
        rules.InvitationOver: _(
            "Cette invitation n’est plus valable\u202f: demandez-en une nouvelle à votre proche."
        ),
        rules.OwnInvitation: _(
            "C’est votre propre invitation\u202f: envoyez-la à un proche, elle lui est destinée."
        ),
        rules.InTurn: _(
            "Vous avez vous-même invité cette personne\u202f: on ne se parraine pas l’un l’autre."
        ),
        rules.AlreadyInvited: _(
            "Vous avez déjà accepté l’invitation de quelqu’un d’autre\u202f: la première compte."
        ),
        rules.NotNew: _(
            "Vous avez déjà commandé chez nous\u202f: une invitation est réservée aux nouveaux clients."
        ),
    }
    return said[type(refused)]


def settled_said(referral: Referral) -> str:
    return day_said(referral.settled_at) if referral.settled_at else ""
