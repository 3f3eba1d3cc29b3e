"""The counter of a pickup point: a code, the order, its handing over. For a phone in one hand."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from config.limits import Limit, machine_of, too_many
from config.templatetags.cabas import said_at, slot_label_long
from delivery.zones.models import PickupPoint
from delivery.zones.queries import all_points
from shop.orders import services
from shop.orders.forms import HandOverForm, PickupCodeForm
from shop.orders.models import Order

# Right codes do not count. A million codes and some dozens of open orders: thirty tries an hour find one in decades.
WRONG_BY_USER = Limit("pickup.user", most=30)
WRONG_BY_MACHINE = Limit("pickup.machine", most=60)
SESSION_POINT = "counter_point"
View = Callable[..., HttpResponse]


def for_clerks(view: View) -> View:
    """Signed in, with the right to hand orders over; others get 403."""
    may = permission_required("orders.hand_over_order", raise_exception=True)(view)
    return login_required(never_cache(may))


def counted(view: View) -> View:
    """Answer 429 to a user or a machine whose wrong codes are used up."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        spent = [(WRONG_BY_USER, str(request.user.pk)), (WRONG_BY_MACHINE, machine_of(request))]
        # Both count, whichever is used up.
        left = [limit.spend(value) for limit, value in spent]
        if not all(left):
            return too_many(request)
        response = view(request, *args, **kwargs)
        if not getattr(request, "_code_was_wrong", False):
            for limit, value in spent:
                limit.give_back(value)
        return response

    return guarded


@for_clerks
@require_http_methods(["GET", "HEAD", "POST"])
def counter(request: HttpRequest) -> HttpResponse:
    """Choose the point once, type a code, see whose order it is."""
    points = all_points()
    point = _point(request, points)
    if request.method == "POST" and point:
        return _look_up(request, point)
    return render(request, "orders/counter.html", _page(request, points, point, PickupCodeForm()))


def _point(request: HttpRequest, points: list[PickupPoint]) -> PickupPoint | None:
    """The one that the form or the address names, else the last one; the only one where there is but one."""
    wanted = request.POST.get("point", request.GET.get("point", request.session.get(SESSION_POINT)))
    found = next((point for point in points if point.slug == wanted), None)
    found = found or (points[0] if len(points) == 1 else None)
    if found and request.session.get(SESSION_POINT) != found.slug:
        request.session[SESSION_POINT] = found.slug
    return found


def _page(
    request: HttpRequest, points: list[PickupPoint], point: PickupPoint | None, form: PickupCodeForm
) -> dict[str, Any]:
    return {"points": points, "point": point, "form": form, "order": None}


@counted
def _look_up(request: HttpRequest, point: PickupPoint) -> HttpResponse:
    form = PickupCodeForm(request.POST)
    if form.is_valid():
        try:
            order = services.order_at_counter(point_id=point.pk, code=form.cleaned_data["code"])
        except REFUSALS as refusal:
            form.add_error("code", _why(request, refusal))
        else:
            return _show(
                request, point, order, HandOverForm(initial={"code": form.cleaned_data["code"]}, order=order)
            )
    return render(request, "orders/counter.html", _page(request, [], point, form), status=422)


def _show(
    request: HttpRequest, point: PickupPoint, order: Order, form: HandOverForm, status: int = 200
) -> HttpResponse:
    context = {"points": [], "point": point, "order": order, "form": form, "articles": order.lines.count()}
    return render(request, "orders/counter.html", context, status=status)


@for_clerks
@require_POST
def hand_over(request: HttpRequest) -> HttpResponse:
    """The order is in its customer's hands."""
    point = _point(request, all_points())
    if point is None:
        return redirect("counter")
    return _hand_over(request, point)


@counted
def _hand_over(request: HttpRequest, point: PickupPoint) -> HttpResponse:
    form = HandOverForm(request.POST, order=None)
    try:
        if not form.is_valid():
            raise services.WrongCode
        order = services.hand_over_at_point(
            point_id=point.pk, code=form.cleaned_data["code"], by_id=request.user.pk or 0,
            is_of_age=form.cleaned_data["is_of_age"],
        )  # fmt: skip
    except services.AgeNotChecked:
        order = services.order_at_counter(point_id=point.pk, code=form.cleaned_data["code"])
        asked = HandOverForm(request.POST, order=order)
        asked.add_error("is_of_age", _("Vérifiez l’âge sur une pièce d’identité, puis cochez la case."))
        return _show(request, point, order, asked, status=422)
    except REFUSALS as refusal:
        messages.error(request, _why(request, refusal))
    else:
        messages.success(request, _("Commande %(reference)s remise.") % {"reference": order.reference})
    return redirect(f"{reverse('counter')}?point={point.slug}")


REFUSALS = (services.WrongCode, services.PickupClosed, services.NotReady)


def _why(request: HttpRequest, refusal: Exception) -> str:
    """What the clerk tells the customer. Of a wrong code nothing is told but that it is wrong."""
    if isinstance(refusal, services.PickupClosed):
        pickup = refusal.pickup
        if pickup.handed_at:
            return _("Cette commande a déjà été remise, le %(at)s.") % {"at": said_at(pickup.handed_at)}
        return _("Cette commande est annulée : elle n’est plus à remettre.")
    if isinstance(refusal, services.NotReady):
        return _("Cette commande n’est pas encore prête. Son créneau : %(slot)s.") % {
            "slot": slot_label_long(refusal.order.slot)
        }
    setattr(request, "_code_was_wrong", True)  # noqa: B010 - read by `counted`
    return _(
        "Aucune commande de ce point n’a ce code. Relisez-le avec la personne, et vérifiez dans sa lettre le lieu du retrait."
    )
