"""The welcome: a letter to each customer that names the gifts to come, and how-to sheets of the service on its back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from shop.documents.rendering import render


@dataclass(frozen=True, slots=True)
class PrintedVoucher:
    """As the letter tells it, with the code that nothing else tells."""

    label: str
    code: str
    conditions: str


@dataclass(frozen=True, slots=True)
class WelcomeLetter:
    """To one customer; ``gifts`` are (when, what) of those to come, ``beside`` what lies in the crates with it."""

    order_reference: str
    first_name: str
    gifts: Sequence[tuple[str, str]] = ()
    vouchers: Sequence[PrintedVoucher] = ()
    beside: Sequence[str] = ()
    # Of somebody without an account, whom no voucher would know.
    needs_account: bool = False


def welcome_letters(letters: Sequence[WelcomeLetter]) -> bytes:
    """One PDF for a whole wave, two pages each, to be printed on both sides. No query. Raises RenderedInTransaction."""
    return render("welcome", {
        "description": _("Lettres de bienvenue"),
        "author": "Cabas",
        "running": "",
        "page": _("Page"),
        "foot": [settings.HELP_PHONE, settings.HELP_EMAIL, settings.SITE_URL],
        "letters": [_letter(letter) for letter in letters],
        "sheets_title": _("Votre service, mode d’emploi"),
        "sheets": _sheets(),
    })  # fmt: skip


def _letter(letter: WelcomeLetter) -> dict[str, Any]:
    return {
        "reference": letter.order_reference,
        "greeting": _("Bonjour %(name)s,") % {"name": letter.first_name} if letter.first_name else _("Bonjour,"),
        "opening": [
            _(
                "Merci pour votre première commande. Nous l’avons préparée à la main, recomptée, et tenue prête à l’heure "
                "choisie\u202f: c’est tout ce que nous savons faire, et nous voulons le faire chaque fois."
            ),
            _(
                "S’il manque quelque chose, si nous sommes en retard de plus de trente minutes, vous n’avez rien à demander\u202f: "
                "nous le voyons, et nous réparons."
            ),
        ],
        "beside_title": _("Dans vos bacs aujourd’hui"),
        "beside": list(letter.beside),
        "gifts_title": _("Et pour la suite"),
        "gifts": [[when, what] for when, what in letter.gifts],
        "vouchers_title": _("À utiliser quand vous voulez"),
        "vouchers": [
            {"label": one.label, "code": one.code, "conditions": one.conditions} for one in letter.vouchers
        ],
        "voucher_hint": (
            _(
                "Ouvrez un compte avec l’adresse e-mail de cette commande\u202f: ces bons vous y attendent, un par commande."
            )
            if letter.needs_account
            else _("Le code se saisit à la dernière étape d’une commande, une seule fois.")
        ),
        "closing": _("À très bientôt,"),
        "signature": _("toute l’équipe de Cabas"),
    }  # fmt: skip


def _sheets() -> list[dict[str, Any]]:
    return [
        {
            "title": _("Choisir son heure"),
            "lines": [
                _("Un créneau d’une heure, gardé pendant que vous faites vos courses."),
                _("Complet\u202f? Mettez-vous en attente\u202f: une place qui se libère vous est gardée une demi-heure."),
            ],
        },
        {
            "title": _("Changer d’avis"),
            "lines": [
                _("Jusqu’à la clôture de votre créneau, ajoutez ou retirez des articles depuis votre commande."),
                _("Annuler ne coûte rien avant cette heure."),
            ],
        },
        {
            "title": _("Suivre son livreur"),
            "lines": [
                _("Le lien de votre confirmation montre l’heure d’arrivée, qui se précise d’arrêt en arrêt."),
                _("Un retard\u202f? Vous le savez avant d’avoir à appeler, avec le choix d’attendre, de changer ou d’annuler."),
            ],
        },
        {
            "title": _("Un article manque"),
            "lines": [
                _("Nous vous demandons avant de remplacer\u202f; jamais plus cher, jamais sans votre accord au début."),
                _("À la porte, un remplaçant se refuse\u202f: il vous est remboursé."),
            ],
        },
        {
            "title": _("Un souci à la livraison"),
            "lines": [
                _("«\u202fUn souci\u202f?\u202f» sur votre commande\u202f: trois touches et une photo, la réponse est immédiate."),
                _("Un produit abîmé\u202f? Quelqu’un vous rappelle dans l’heure."),
            ],
        },
        {
            "title": _("Points et cadeaux"),
            "lines": [
                _("Vos achats rapportent des points, vos commandes des cadeaux à choisir."),
                _("Tout est dans «\u202fMa fidélité\u202f», avec une phrase pour chaque mouvement."),
            ],
        },
    ]  # fmt: skip
