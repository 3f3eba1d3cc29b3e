"""What couriers and staff read of the road, in French."""

from collections.abc import Mapping, Sequence

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.templatetags.cabas import hour
from delivery.rounds.problem import Point
from delivery.tracking.models import Run, Visit
from delivery.tracking.rules import Absent, Refusal

Words = str | Promise

REFUSALS: dict[str, Words] = {
    Refusal.IN_FUTURE: _("L’heure annoncée est à venir\u202f: vérifiez l’horloge du téléphone."),
    Refusal.TOO_OLD: _("C’était il y a plus de 36\u00a0heures\u202f: appelez le dépôt pour le faire noter."),
    Refusal.BEFORE_START: _("L’heure annoncée précède le début de la tournée."),
    Refusal.BEFORE_ARRIVAL: _("L’heure annoncée précède votre arrivée à cette adresse."),
    Refusal.NOT_OPEN: _("C’était déjà noté autrement\u202f: rien n’a changé."),
    Refusal.NO_SUCH_STOP: _("Cet arrêt n’est pas dans votre tournée."),
    Refusal.AGE_NOT_CHECKED: _("Une commande avec alcool se remet après vérification de l’âge."),
    Refusal.STOPS_LEFT: _("Il reste des arrêts\u202f: terminez-les avant le retour au dépôt."),
    Refusal.ROUND_OVER: _("La tournée est déjà terminée."),
    Refusal.OFF_THE_PLANET: _("La position reçue n’est pas sur Terre\u202f: elle est ignorée."),
    Refusal.REFUSED_UNKNOWN: _("Un article refusé n’est pas dans cette commande."),
}

ABSENT: dict[str, Words] = {
    Absent.NOBODY: _("Personne ne répond"),
    Absent.CODE: _("Le code ne marche pas"),
    Absent.ADDRESS: _("Adresse introuvable"),
    Absent.CLOSED: _("Fermé"),
}


def whereabouts(run: Run, visits: Sequence[Visit]) -> str:
    """Where a phone last said that it was, beside the next door; empty of one that says nothing. No query."""
    if run.placed_at is None or run.latitude is None or run.longitude is None or run.ended_at:
        return ""
    seen = {"at": hour(run.placed_at)}
    door = next((one for one in visits if one.is_open), None)
    if door is None or door.drop.point is None:
        return gettext("Dernière position à %(at)s.") % seen
    away = Point(run.latitude, run.longitude).metres_to(door.drop.point)
    seen |= {"n": str(door.number), "away": number_format(round(away / 1000, 1), 1)}
    return gettext("Dernière position à %(at)s, à %(away)s\u00a0km à vol d’oiseau de l’arrêt %(n)s.") % seen


def refusal(why: str) -> str:
    return str(REFUSALS.get(why, "")) if why else ""


def crates(numbers: Mapping[str, int]) -> list[tuple[str, str]]:
    """Temperature and how many crates of it, in words, the cold ones last: they are loaded last too."""
    ambient, chilled, frozen = (numbers.get(kind, 0) for kind in ("ambient", "chilled", "frozen"))
    said = [
        ("ambient", ambient, ngettext("%(n)s bac sec", "%(n)s bacs secs", ambient)),
        ("chilled", chilled, ngettext("%(n)s bac frais", "%(n)s bacs frais", chilled)),
        ("frozen", frozen, ngettext("%(n)s bac surgelé", "%(n)s bacs surgelés", frozen)),
    ]
    return [(kind, words % {"n": number}) for kind, number, words in said if number]


def floor(said: str) -> str:
    """« 3 » is typed, « étage 3 » is read; what already says more stays as it was typed."""
    return gettext("étage\u00a0%(floor)s") % {"floor": said} if said.strip().isdecimal() else said
