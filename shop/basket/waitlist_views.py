"""A full slot: ask to be told, take the place that is offered, or leave the line. Without sign-in, without JavaScript."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from config.limits import Limit, machine_of, too_many
from config.templatetags.cabas import slot_label_long
from delivery.slots import services as slots
from delivery.slots import waitlist
from delivery.slots.models import Slot, WaitlistEntry
from delivery.slots.queries import slot_by_id, wait_by_token
from shop.basket.forms import WaitForm
from shop.basket.holding import remember_place_held
from shop.basket.shopper import Shopper, shopper_of
from shop.basket.views import safe_next
from shop.basket.wording import PAYMENT_RUNNING

WAITS_BY_MACHINE = Limit("waitlist.machine", most=20)
# Nobody is made to wait for a week of slots by somebody else.
WAITS_BY_ADDRESS = Limit("waitlist.address", most=10, seconds=24 * 3600)
OFFERS_BY_MACHINE = Limit("offer.machine", most=60)
NO_LONGER = gettext_lazy("Ce créneau n’est plus proposé. En voici d’autres, encore libres.")
REFUSALS = {
    waitlist.TooManyWaits: gettext_lazy(
        "Vous attendez déjà une place dans trois créneaux, le maximum\u202f: renoncez à l’un d’eux pour demander celui-ci."
    ),
    waitlist.WaitlistFull: gettext_lazy(
        "Trop de personnes attendent déjà ce créneau pour que votre tour vienne à temps. En voici d’autres, encore libres."
    ),
    slots.SlotClosed: NO_LONGER,
    slots.SlotUnknown: NO_LONGER,
    waitlist.NothingToWaitFor: gettext_lazy(
        "Bonne nouvelle\u202f: une place vient de se libérer dans ce créneau. Réservez-la."
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def wait_for_slot(request: HttpRequest, pk: int) -> HttpResponse:
    """« Me prévenir ». One query of its own to show it."""
    slot, shopper = slot_by_id(pk), shopper_of(request)
    if slot is None:
        raise Http404
    own = shopper.customer.email if shopper.customer else ""
    if request.method != "POST":
        if not slot.has_open_waitlist:
            return _refused(request, slots.SlotClosed())
        known = {"code_postal": request.GET.get("code_postal", ""), "next": request.GET.get("suite", "")}
        return _ask_page(request, slot, WaitForm(own_email=own, initial=known))
    form = WaitForm(request.POST, own_email=own)
    if not form.is_valid():
        return _ask_page(request, slot, form, status=422)
    if not (WAITS_BY_MACHINE.spend(machine_of(request)) and WAITS_BY_ADDRESS.spend(form.address)):
        return too_many(request)
    return _wait(request, shopper, slot, form)


def _wait(request: HttpRequest, shopper: Shopper, slot: Slot, form: WaitForm) -> HttpResponse:
    try:
        waitlist.wait_for_slot(
            slot_id=slot.pk,
            email=form.address,
            customer_id=shopper.customer_id,
            holder=str(shopper.obtain_basket().key),
            postcode=form.cleaned_data["code_postal"],
        )
    except tuple(REFUSALS) as refused:
        return _refused(request, refused)
    messages.success(
        request,
        _(
            "C’est noté\u202f: dès qu’une place se libère le %(slot)s, nous la gardons pour vous et écrivons à %(email)s."
        )
        % {"slot": slot_label_long(slot), "email": form.address},
    )
    return HttpResponseRedirect(safe_next(request, "slots"))


def _refused(request: HttpRequest, refused: Exception) -> HttpResponse:
    is_good_news = isinstance(refused, waitlist.NothingToWaitFor)
    level = messages.SUCCESS if is_good_news else messages.ERROR
    messages.add_message(request, level, str(REFUSALS[type(refused)]))
    return HttpResponseRedirect(safe_next(request, "slots"))


def _grid_of(slot: Slot) -> str:
    """The page where they saw it."""
    if slot.zone.is_collect:
        return reverse("pickup_point", args=[slot.zone.slug])
    return reverse("slots")


def _ask_page(request: HttpRequest, slot: Slot, form: WaitForm, status: int = 200) -> HttpResponse:
    context = {"slot": slot, "form": form, "grid_url": _grid_of(slot)}
    return render(request, "basket/wait.html", context, status=status)


def _entry(token: str) -> WaitlistEntry:
    entry = wait_by_token(token)
    if entry is None:
        raise Http404
    return entry


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def slot_offer(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a letter's link. Mail scanners follow links: a person presses the button, which takes the place."""
    entry = _entry(token)
    if request.method != "POST":
        return _offer_page(request, entry)
    if not OFFERS_BY_MACHINE.spend(machine_of(request)):
        return too_many(request)
    basket = shopper_of(request).obtain_basket()
    try:
        hold = waitlist.take_offer(token=token, to_holder=str(basket.key))
    except slots.HoldPinned:
        messages.error(request, PAYMENT_RUNNING)
        return redirect("checkout_recap")
    except (waitlist.OfferGone, waitlist.EntryUnknown):
        return _offer_page(request, _entry(token), status=410)
    remember_place_held(request, basket, entry.slot.zone_id, entry.postcode)
    messages.success(
        request, _("Créneau réservé une heure\u202f: %(slot)s.") % {"slot": slot_label_long(hold.slot)}
    )
    return redirect("basket")


def _offer_page(request: HttpRequest, entry: WaitlistEntry, status: int = 200) -> HttpResponse:
    context = {"entry": entry, "slot": entry.slot, "grid_url": _grid_of(entry.slot)}
    response = render(request, "basket/offer.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


@require_POST
def leave_waitlist(request: HttpRequest, token: str) -> HttpResponse:
    """They want it no more; from the grid or from a letter's page."""
    entry = _entry(token)
    if waitlist.leave_waitlist(token=token):
        messages.success(
            request,
            _("C’est noté\u202f: vous n’attendez plus de place le %(slot)s.")
            % {"slot": slot_label_long(entry.slot)},
        )
    return HttpResponseRedirect(safe_next(request, "slots"))
