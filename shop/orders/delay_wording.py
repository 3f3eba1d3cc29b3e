"""A late order in sentences: the same on its page and in its letters."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from config.templatetags.cabas import first_of_month, hour, slot_label_long
from delivery.promise.queries import promised_if_late
from delivery.slots.rules import up_to_five_minutes
from shop.orders.delays import SlotChoice, delay_facts
from shop.orders.models import Delay, Order
from shop.orders.pickups import pickup_of

Cause, Answer = Delay.Cause, Delay.Answer


def about(at: datetime) -> str:
    """« vers 19 h 40 », « demain vers 9 h »: rounded up to five minutes."""
    rounded = up_to_five_minutes(at)
    said = _("vers %(hour)s") % {"hour": hour(rounded)}
    day = timezone.localdate(rounded)
    if day == timezone.localdate():
        return said
    return f"{first_of_month(date_format(day, 'l j F').lower())} {said}"


def sentence(delay: Delay) -> str:
    if delay.cause == Cause.MISSED:
        return _("Nous sommes passés, personne n’a répondu")
    if delay.expected_at is None:
        return _("Votre livraison aura du retard")
    return _("Votre livraison aura du retard, nous l’attendons %(about)s") % {
        "about": about(delay.expected_at)
    }


def promise(delay: Delay) -> str:
    """What we do unasked where it is late: said before it happens. Two queries."""
    if delay.cause == Cause.MISSED:
        return _(
            "Votre commande est rapportée au dépôt, au frais. Dites-nous quand vous êtes là\u202f: c’est sans frais."
        )
    given = promised_if_late(delay.order.reference)
    return f"{_('C’est à nous de tenir l’heure.')} {given}".strip()


def wait(delay: Delay) -> tuple[str, str]:
    if delay.expected_at is None:
        return _("L’attendre"), _("Nous vous disons l’heure dès que nous la savons.")
    return (
        _("L’attendre, %(about)s") % {"about": about(delay.expected_at)},
        _("L’heure se précise sur votre page de suivi."),
    )


def slot(choice: SlotChoice) -> tuple[str, str]:
    when = slot_label_long(choice.slot)
    if choice.is_pickup:
        return (
            _("La retirer à %(place)s, %(when)s") % {"place": choice.slot.zone.name, "when": when},
            ", ".join(choice.slot.zone.place_lines),
        )
    return _("Un autre créneau\u202f: %(when)s") % {"when": when}, _(
        "Sans frais\u202f; vos produits frais restent au froid."
    )


def cancel(delay: Delay) -> tuple[str, str]:
    if delay.order.status == Order.Status.PACKED:
        return _("Annuler toute la commande"), _("Tout vous est remboursé, livraison comprise.")
    return _("Annuler toute la commande"), _("Rien ne sera débité.")


def settled(delay: Delay) -> str:
    """What is done, as a whole sentence."""
    order = delay.order
    when = slot_label_long(order.slot)
    match delay.answer:
        case Answer.WAIT:
            return _("Vous l’attendez, merci de votre patience.")
        case Answer.SLOT:
            return _("Nous vous livrons %(when)s, sans frais.") % {"when": when}
        case Answer.PICKUP:
            return _("Elle vous attend à %(place)s, %(when)s.") % {"place": order.zone.name, "when": when}
    if order.status == Order.Status.RETURNED:
        return _("Votre commande est annulée\u202f: tout vous est remboursé, livraison comprise.")
    return _("Votre commande est annulée\u202f: rien ne sera débité.")


def delay_letter(delay_id: int) -> dict[str, Any]:
    """What the letters about a delay say. Two queries where it is to be fetched now, else one."""
    facts = delay_facts(delay_id)
    delay: Delay = facts.pop("delay")
    pickup = pickup_of(delay.order)
    return facts | {
        "sentence": sentence(delay),
        "promise": promise(delay),
        "settled": settled(delay) if delay.answer else "",
        "pickup_code": pickup.code if pickup else "",
    }
