"""A customer's orders, and the page that opens with a link alone."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.limits import Limit, limited_by_machine, too_many
from delivery.slots.models import Slot
from delivery.slots.queries import same_hour_again, slot_of_zone
from delivery.zones.queries import known_zones
from loyalty.points.queries import points_of_order
from loyalty.points.wording import order_said
from loyalty.rewards.queries import presents_with
from shop.basket.holding import hold_for
from shop.basket.refill import put_back
from shop.basket.rules import Wanted
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user
from shop.orders import services
from shop.orders.back import back_context
from shop.orders.forms import CancelForm
from shop.orders.kept import kept_of, statement
from shop.orders.models import Order
from shop.orders.ports import documents_of
from shop.orders.queries import SESSION_ORDERED, is_received, order_by_token, orders_of
from shop.orders.road import delay_shown, road_of
from shop.orders.shown import order_context, with_billed

PER_PAGE = 20
# What is over, or as good as: its hour may be taken again.
REBOOKED = (Order.Status.PACKED, Order.Status.DELIVERED, Order.Status.CANCELLED)
# Whoever found a link must not find the address that confirms by trying.
CANCELS_BY_TOKEN = Limit("cancel.token", most=10)
CANCELS_BY_MACHINE = Limit("cancel.machine", most=20)


def _own(request: HttpRequest) -> list[int]:
    return customer_ids(customer_for_user(request.user))  # type: ignore[arg-type]


@login_required
@require_safe
@never_cache
def orders_page(request: HttpRequest) -> HttpResponse:
    page = Paginator(with_billed(orders_of(_own(request))), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "orders/orders.html", {"page_obj": page, "querystring": ""})


@login_required
@require_safe
@never_cache
def order_page(request: HttpRequest, reference: str) -> HttpResponse:
    order = get_object_or_404(orders_of(_own(request)), reference=reference)
    own = {
        "is_own": True,
        "shows_code": True,
        "is_received": is_received(order),
        "documents": documents_of(reference),
        "live": services.live_amendment(order),
        "same_hour": _same_hour(order),
        "kept": kept_of(order),
        "delay": delay_shown(order),
        "presents": presents_with(reference),
        "points": order_said(points, timezone.now()) if (points := points_of_order(reference)) else "",
    }
    return render(request, "orders/order.html", order_context(order) | back_context(order) | own)


@require_safe
@never_cache
def tracking_page(request: HttpRequest, token: str) -> HttpResponse:
    """One big sentence, then the steps, then the details. Opens without sign-in, shows others no e-mail or phone."""
    order = _by_token(token)
    is_buyer = request.session.get(SESSION_ORDERED) == order.reference
    context = (
        order_context(order)
        | back_context(order)
        | {
            "is_own": False,
            "is_received": is_received(order),
            "is_fresh": "merci" in request.GET,
            # A link may be passed on: only whoever ordered in this session reads the address again.
            "is_buyer": is_buyer,
            # Whoever says the code gets the goods.
            "shows_code": is_buyer,
            "cancel_form": CancelForm(),
            "road": road_of(order),
            "kept": kept_of(order),
            "delay": delay_shown(order),
        }
    )
    response = render(request, "orders/tracking.html", context)
    # The address is a key: the site's same-origin policy keeps it from other sites, this from search engines.
    # Stricter (no-referrer) would make browsers post "Origin: null", which CSRF protection refuses.
    response["X-Robots-Tag"] = "noindex"
    return response


@login_required
@require_safe
@never_cache
def promises_page(request: HttpRequest) -> HttpResponse:
    """A year of promises and what became of them. Four queries."""
    asked = request.GET.get("annee", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else None
    return render(request, "orders/promises.html", {"statement": statement(_own(request), year)})


@require_safe
@never_cache
def tracking_live(request: HttpRequest, token: str) -> HttpResponse:
    """The sentence of the tracking page alone, asked anew every half minute; the whole page where the order's state
    has changed since. Three queries.
    """
    order = _by_token(token)
    road = road_of(order)
    if road is None or not road.is_under_way:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "orders/_live.html", {"order": order, "road": road})


def _by_token(token: str) -> Order:
    order = order_by_token(token)
    if order is None:
        raise Http404
    return order


@login_required
@require_POST
def reorder(request: HttpRequest, reference: str) -> HttpResponse:
    """All that was ordered into the basket again, and nothing that stood in for it; prices and stock of today.

    With ``same_hour``, the id of a slot, that one is held first.
    """
    order = get_object_or_404(orders_of(_own(request)), reference=reference)
    elsewhere = _rebook(request, order, request.POST["same_hour"]) if "same_hour" in request.POST else ""
    wanted = [
        Wanted(line.product_id or 0, line.name, line.quantity, line.unit_price)
        for line in order.lines.filter(replaces=None)
    ]
    put_back(request, wanted)
    return redirect(elsewhere or "basket")


def _same_hour(order: Order) -> Slot | None:
    """The next slot at the hour of an order that is over. One query at most."""
    if order.status not in REBOOKED or not _is_served(order):
        return None
    return same_hour_again(order.slot, order.zone)


def _is_served(order: Order) -> bool:
    """Whether its address or its point still belongs to its zone. No query where the zones are kept."""
    zones = known_zones()
    here = zones.point(order.zone_id) or zones.of_postcode(order.postcode)
    return here is not None and here.pk == order.zone_id


def _rebook(request: HttpRequest, order: Order, slot_id: str) -> str:
    """The slot that the button named, and no other. The page to go on to where it cannot be held."""
    if slot_id.isdecimal() and _is_served(order) and slot_of_zone(order.zone_id, int(slot_id)):
        return hold_for(request, int(slot_id), postcode=order.postcode)
    messages.error(request, _("Ce créneau n’est plus proposé. En voici d’autres, encore libres."))
    return "slots"


@login_required
@require_POST
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    mine = _own(request)
    get_object_or_404(orders_of(mine), reference=reference)
    _cancel(request, reference, mine)
    return redirect("order", reference=reference)


@require_POST
@never_cache
@limited_by_machine(CANCELS_BY_MACHINE)
def cancel_as_guest(request: HttpRequest, token: str) -> HttpResponse:
    """The link alone changes nothing: the order's e-mail address confirms."""
    order = _by_token(token)
    if not CANCELS_BY_TOKEN.spend(token):
        return too_many(request)
    form = CancelForm(request.POST)
    if not form.is_valid() or form.cleaned_data["email"].strip().lower() != order.email.lower():
        messages.error(request, _("Cette adresse n’est pas celle de la commande : rien n’a été annulé."))
        return redirect("tracking", token=token)
    _cancel(request, order.reference, [order.customer_id])
    return redirect("tracking", token=token)


def _cancel(request: HttpRequest, reference: str, customer_ids: list[int]) -> None:
    try:
        order = services.cancel_order(reference=reference, customer_ids=customer_ids)
    except services.TooLateToCancel:
        messages.error(
            request, _("Il est trop tard pour annuler en ligne : nos équipes s’en occupent. Appelez-nous.")
        )
    except services.MoveRefused:
        messages.error(request, _("Cette commande ne peut pas être annulée."))
    else:
        given_back = _("Votre bon vous est rendu.") if order.voucher_discount else ""
        messages.success(request, f"{_('Commande annulée. Rien ne sera débité.')} {given_back}".strip())
