"""A place in a slot is taken for the basket of whoever asks, and what came of it is said on the next page."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from config.templatetags.cabas import slot_label_long
from delivery.slots import services as slots
from delivery.zones.queries import known_zones, zone_for_postcode
from delivery.zones.visitor import forget_point, remember_place, remember_point
from shop.basket import services
from shop.basket.forms import PostcodeForm
from shop.basket.models import Basket
from shop.basket.shopper import shopper_of
from shop.basket.wording import PAYMENT_RUNNING


def hold_for(request: HttpRequest, slot_id: int, *, postcode: str = "") -> str:
    """Hold a slot for an hour; the basket is opened when there is none yet. The name of the page to go on to where it
    could not be held, "" where it is. ``postcode``: the one that the slot was looked up for.
    """
    shopper = shopper_of(request)
    basket = shopper.obtain_basket()
    try:
        hold = slots.hold_slot(slot_id=slot_id, holder=str(basket.key))
    except slots.SlotFull:
        messages.error(request, _("Ce créneau vient d’être pris. En voici d’autres, encore libres."))
        return "slots"
    except slots.HoldPinned:
        messages.error(request, PAYMENT_RUNNING)
        return "checkout_recap"
    except (slots.SlotClosed, slots.SlotUnknown):
        messages.error(request, _("Ce créneau n’est plus proposé. En voici d’autres, encore libres."))
        return "slots"
    remember_place_held(request, basket, hold.slot.zone_id, postcode)
    shopper.forget()
    messages.success(
        request,
        _("Créneau réservé une heure : %(slot)s.") % {"slot": slot_label_long(hold.slot)},
    )
    return ""


def remember_place_held(request: HttpRequest, basket: Basket, zone_id: int, postcode: str) -> None:
    """Stock and fees are from now on those of the pickup point, or of the postcode the slot was looked up for."""
    if point := known_zones().point(zone_id):
        remember_point(request, point)
        return
    forget_point(request)
    form = PostcodeForm({"code_postal": postcode})
    if form.is_valid():
        zone = zone_for_postcode(form.cleaned_data["code_postal"])
        if zone and zone.pk == zone_id:
            services.note_place(basket=basket, postcode=form.cleaned_data["code_postal"])
            remember_place(request, form.cleaned_data["code_postal"])
