"""From a letter's name and its context to a subject, an HTML body and a text body."""

from dataclasses import dataclass
from typing import Any

import mrml
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

# What follows the shop's name in an inbox. `{}` takes plain values of the context; codes stay out: a
# subject shows on locked screens and is stored unsealed.
SUBJECTS = {
    "order_confirmation": _("Votre commande {reference} est confirmée"),
    "order_amended": _("Votre commande {reference} est modifiée"),
    "amendment_refused": _("Commande {reference} : modification non faite"),
    "order_cancelled": _("Votre commande {reference} est annulée"),
    "order_packed": _("Votre commande {reference} est prête"),
    "shortage_told": _("Commande {reference} : à vous de choisir pour {name}"),
    "shortage_settled": _("Commande {reference} : ce que nous faisons pour {name}"),
    "order_delivered": _("Commande {reference} : promis, tenu"),
    "delay_told": _("Commande {reference} : votre livraison aura du retard"),
    "delivery_missed": _("Commande {reference} : nous sommes passés"),
    "delay_settled": _("Commande {reference} : votre choix est noté"),
    "order_returned": _("Commande {reference} : tout vous est remboursé"),
    "order_to_agree": _("Commande {reference} : à confirmer et à payer"),
    "payment_needed": _("Commande {reference} : un autre moyen de paiement"),
    "payment_voided": _("Commande {reference} : paiement arrivé trop tard"),
    "refund_made": _("Commande {reference} : votre remboursement"),
    "compensation_granted": _("Commande {reference} : {headed}"),
    "claim_answered": _("Commande {reference} : {headed}"),
    "robbed_order_repaired": _("Commande {reference} : {headed}"),
    "withdrawal_acknowledged": _("Commande {reference} : votre rétractation est reçue"),
    "withdrawal_closed": _("Commande {reference} : votre rétractation est close"),
    "pickup_reminder": _("Commande {reference} : votre retrait"),
    "product_recalled": _("Rappel de produit : {name}"),
    "sign_in_code": _("Votre code de connexion"),
    "email_verification_code": _("Confirmez votre adresse e-mail"),
    "password_reset": _("Choisissez un nouveau mot de passe"),
    "unknown_account": _("Aucun compte à cette adresse"),
    "account_exists": _("Vous avez déjà un compte"),
    "security_notice": _("Un changement dans votre compte"),
    "contact_acknowledged": _("Nous avons bien reçu votre message"),
    "contact_answered": _("Réponse à votre demande {number}"),
    "review_refused": _("Votre avis n’est pas publié"),
    "review_answered": _("Nous avons répondu à votre avis"),
    "coverage_opened": _("Cabas livre maintenant chez vous"),
    "slot_offered": _("Une place pour vous : {when}"),
    "product_restocked": _("De retour en rayon : {name}"),
    "gift_announced": _("Un cadeau vous attend"),
    "referral_rewarded": _("{reward} pour vous, et merci"),
    "points_expiring": _("{points} à dépenser avant le {first}"),
}


class LetterUnknown(LookupError):
    """No letter of that name."""


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    html: str
    text: str


def render(template: str, context: dict[str, Any]) -> Letter:
    """Render `templates/emails/<template>.mjml` and `.txt`. No query. Raises LetterUnknown.

    The context is escaped in the HTML by Django before MJML is read, so that a name is never markup.
    """
    if template not in SUBJECTS:
        raise LetterUnknown(template)
    known = {
        "site_url": settings.SITE_URL,
        "help_email": settings.HELP_EMAIL,
        "help_phone": settings.HELP_PHONE,
        **context,
    }
    subject = " ".join(str(SUBJECTS[template]).format_map(known).split())
    markup = render_to_string(f"emails/{template}.mjml", {**known, "title": subject})
    text = render_to_string(f"emails/{template}.txt", known)
    return Letter(subject[:200], mrml.to_html(markup).content, text.strip() + "\n")
