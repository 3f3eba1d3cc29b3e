"""What a customer was promised and not given, and what made up for it, as an agent reads it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery.promise.models import Outcome
from delivery.promise.queries import compensations_of as granted_to
from delivery.promise.wording import lasting, remedy_said

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Incident:
    """A promise that was broken, in one French phrase: « 42 minutes de retard », « 2 articles manquants »."""

    order_reference: str
    what: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Compensation:
    """What made up for one, in French, with the sentence that its customer reads as the reason."""

    order_reference: str
    what: str
    why: str
    granted_at: datetime


def incidents_of(customer_ids: Collection[int]) -> list[Incident]:
    """Of a customer and the guests merged into them, the latest thirty. One query."""
    hurt = Outcome.objects.hurt() | Outcome.objects.filter(is_our_doing=True)
    found = hurt.filter(customer__in=customer_ids).order_by("-slot_starts_at")[:SHOWN]
    return [Incident(one.order_reference, "\u202f; ".join(_broken(one)), one.slot_starts_at) for one in found]


def _broken(one: Outcome) -> list[str]:
    late = one.seconds_late
    told = [_("annulée de notre fait")] if one.is_our_doing else []
    if late is not None and late > 0:
        told.append(_("%(late)s de retard") % {"late": lasting(late)})
    elif one.is_collect and one.ready_at is None and not one.is_our_doing:
        told.append(_("pas prête à l’heure"))
    for units, said in (
        (
            one.units_missing,
            ngettext("%(n)d article manquant", "%(n)d articles manquants", one.units_missing),
        ),
        (one.damaged_units, ngettext("%(n)d article abîmé", "%(n)d articles abîmés", one.damaged_units)),
        (
            one.life_broken_units,
            ngettext("%(n)d date trop courte", "%(n)d dates trop courtes", one.life_broken_units),
        ),
    ):
        if units:
            told.append(said % {"n": units})
    return told


def compensations_of(customer_ids: Collection[int]) -> list[Compensation]:
    """Of a customer and the guests merged into them, the latest thirty. One query."""
    given = granted_to(customer_ids).filter(~Q(granted_at=None))[:SHOWN]
    return [
        Compensation(
            one.order_reference,
            remedy_said(one.remedy, one.amount_cents),
            one.decision.sentence,
            one.granted_at or one.decision.at,
        )
        for one in given
    ]
