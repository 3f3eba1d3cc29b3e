"""A simulated day, told, and held against what the shop made of it."""

from decimal import Decimal

from config.demonstration.day.running import Outcome
from config.demonstration.day.truth import compensations, differences, public, warned
from config.templatetags.cabas import euros


def check(day: Outcome) -> list[str]:
    """What the shop granted or published otherwise than the truth says; nothing where both are the same."""
    return [
        *differences(compensations(day.lived), day.granted),
        *differences(public(day.lived), day.published),
    ]


def told(day: Outcome) -> list[str]:
    lived, words = day.lived, warned(day.lived)
    late = [one for one in lived if not one.is_on_time]
    kept = [one for one in lived if one.is_on_time and one.is_complete]
    owed = compensations(lived)
    given = euros(Decimal(sum(cents for _remedy, cents in owed.values())) / 100)
    lead = "–" if words.lead_minutes is None else f"{words.lead_minutes:.0f} min"
    return [
        f"{len(lived)} commandes, {len(kept)} complètes et à l’heure, {len(late)} en retard.",
        f"Retards annoncés avant la fin du créneau\u202f: {words.right} sur {words.right + words.missed}, "
        f"{words.wrong} annoncés à tort, {lead} d’avance (médiane).",
        f"{len(owed)} compensations, {given}.",
    ]
