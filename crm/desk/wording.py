"""What the desk's pages say in words."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from config.templatetags.cabas import first_of_month, hour
from crm.desk.queries import colleague
from crm.desk.services import AnsweredMeanwhile, Erased, GapsLeft, MoveRefused, NoAddress, TakenByAnother
from crm.desk.services.phone_orders import AdultsOnly, Incomplete
from delivery.slots import services as slots
from shop.basket import services as baskets
from shop.checkout import services as checkout
from shop.checkout.ports import SellingClosed
from shop.customers.models import User
from shop.orders import services as orders
from shop.pricing.services import PromotionOver
from shop.stock.services import StockShort

REFUSALS = (AnsweredMeanwhile, Erased, GapsLeft, MoveRefused, NoAddress, TakenByAnother)


def agent_name(user: User | None) -> str:
    """« camille.durand »: colleagues know each other by it, and customers read none of it."""
    return user.email.partition("@")[0] if user else ""


def signature(user: Any) -> str:
    """« Camille »: how an answer is signed."""
    return agent_name(user).partition(".")[0].partition("+")[0].capitalize()


def refused(why: Exception) -> str:
    """Why nothing was done, and what to do now. A colleague's name costs one query."""
    if isinstance(why, TakenByAnother):
        name = agent_name(colleague(why.by_id)) or _("un autre agent")
        return _("%(name)s s’en occupe\u202f: rien n’a été envoyé. Votre texte est gardé ci-dessous.") % {
            "name": name
        }
    if isinstance(why, AnsweredMeanwhile):
        return _(
            "Du nouveau est arrivé depuis que cette page est ouverte\u202f: relisez, puis recommencez. "
            "Rien n’est envoyé, noté ni classé."
        )
    if isinstance(why, Erased):
        return _("Cette demande est effacée\u202f: rien ne peut plus s’y ajouter. Ouvrez-en une autre.")
    if isinstance(why, GapsLeft):
        return _("Il reste à compléter\u202f: %(names)s. Rien n’est parti.") % {"names": ", ".join(why.names)}
    if isinstance(why, NoAddress):
        return _("Aucune adresse e-mail n’est connue\u202f: appelez, puis notez l’appel.")
    return _("Entre-temps, quelqu’un d’autre a changé l’état de cette demande. Voici où elle en est.")


def time_left(due_at: datetime, now: datetime) -> str:
    """« dans 3 h », « en retard de 20 min »."""
    is_late = due_at <= now
    span = _span(now - due_at if is_late else due_at - now)
    return (_("en retard de %(span)s") if is_late else _("dans %(span)s")) % {"span": span}


def _span(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 1)}\u00a0min"
    if minutes < 48 * 60:
        return f"{minutes // 60}\u00a0h" + (
            f"\u00a0{minutes % 60:02d}" if minutes < 6 * 60 and minutes % 60 else ""
        )
    days = minutes // (24 * 60)
    return ngettext("%(days)d jour", "%(days)d jours", days) % {"days": days}


def due_said(at: datetime, now: datetime) -> str:
    """« aujourd’hui à 14 h 05 », « demain à 9 h », « le 03/12 à 9 h »."""
    local, today = timezone.localtime(at).date(), timezone.localtime(now).date()
    if local == today:
        return _("aujourd’hui à %(hour)s") % {"hour": hour(at)}
    if local == today + timedelta(days=1):
        return _("demain à %(hour)s") % {"hour": hour(at)}
    return _("le %(day)s à %(hour)s") % {"day": f"{local:%d/%m}", "hour": hour(at)}


def promised(at: datetime) -> str:
    """« mardi 1er décembre à 14 h 05 »."""
    day = first_of_month(date_format(timezone.localtime(at), "l j F").lower())
    return _("%(day)s à %(hour)s") % {"day": day, "hour": hour(at)}


def file_size(size: int) -> str:
    """« 340 Ko », « 1,2 Mo »."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))}\u00a0Ko"
    return f"{size / 1_000_000:.1f}\u00a0Mo".replace(".", ",")


PHONE_REFUSALS = (
    AdultsOnly,
    Incomplete,
    baskets.UnknownProduct,
    baskets.QuantityRefused,
    baskets.BasketFull,
    baskets.BasketClosed,
    checkout.BelowMinimum,
    checkout.BasketChanged,
    checkout.TotalChanged,
    orders.BasketAlreadyOrdered,
    slots.SlotFull,
    slots.SlotClosed,
    slots.SlotUnknown,
    slots.HoldLapsed,
    slots.HoldPinned,
    PromotionOver,
    SellingClosed,
    StockShort,
)
_MISSING = {
    "address": _lazy("Il manque une adresse où nous livrons."),
    "slot": _lazy("Il manque un créneau, ou le sien n’est plus retenu."),
    "articles": _lazy("Le panier est vide."),
    "changed": _lazy("Le panier a changé\u202f: stock, prix ou promotion. Relisez-le avec le client."),
}


def not_ordered(why: Exception) -> str:
    """Why a step of an order by telephone was not made, and what to do."""
    if isinstance(why, Incomplete):
        return str(_MISSING[why.what])
    if isinstance(why, AdultsOnly):
        return _("L’alcool se commande en ligne\u202f: le client y déclare lui-même sa date de naissance.")
    if isinstance(why, checkout.BelowMinimum):
        return _("Le minimum de commande de cette zone n’est pas atteint.")
    if isinstance(
        why, slots.SlotFull | slots.SlotClosed | slots.SlotUnknown | slots.HoldLapsed | slots.HoldPinned
    ):
        return _("Ce créneau n’est plus libre\u202f: proposez-en un autre.")
    if isinstance(why, baskets.QuantityRefused):
        return _("Cette quantité ne se vend pas\u202f: un nombre entier de pièces, ou de pas en grammes.")
    if isinstance(why, baskets.UnknownProduct | baskets.BasketFull):
        return _("Ce produit ne peut pas être ajouté.")
    if isinstance(why, SellingClosed):
        return _("La commande est fermée pour un moment.")
    if isinstance(why, orders.BasketAlreadyOrdered | baskets.BasketClosed):
        return _("Cette commande est déjà envoyée.")
    return _("Le panier a changé entre-temps\u202f: relisez-le avec le client, rien n’est envoyé.")
