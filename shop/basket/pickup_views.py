"""Where to fetch an order instead of having it brought: a point, then one of its slots."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from delivery.slots.models import Slot
from delivery.slots.queries import first_free_slots
from delivery.zones.models import Zone
from delivery.zones.queries import known_zones
from shop.basket.deliveries import grid_for
from shop.basket.forms import PostcodeForm
from shop.basket.shopper import shopper_of


@require_safe
def points_page(request: HttpRequest) -> HttpResponse:
    """The open points, those of the visitor's department first, each with its next slot. Two queries of its own."""
    shopper = shopper_of(request)
    form = PostcodeForm(request.GET if "code_postal" in request.GET else None)
    postcode = form.cleaned_data["code_postal"] if form.is_bound and form.is_valid() else shopper.postcode
    near, far = known_zones().points_from(postcode)
    free = first_free_slots([*near, *far])
    context = {
        "form": form,
        "postcode": postcode,
        "near": [_card(point, free) for point in near],
        "far": [_card(point, free) for point in far],
        "chosen": shopper.point,
        "next_url": request.GET.get("suite", ""),
    }
    return render(request, "basket/points.html", context)


def _card(point: Zone, free: dict[int, Slot]) -> dict[str, object]:
    return {"point": point, "slot": free.get(point.pk)}


@require_safe
def point_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The slots of one point. Two queries of its own."""
    point = next((point for point in known_zones().points if point.slug == slug), None)
    if point is None:
        raise Http404
    context = {"slot_zone": point, "slot_postcode": "", "next_url": request.GET.get("suite", "")}
    context |= grid_for(shopper_of(request), point, back=request.get_full_path())
    return render(request, "basket/point.html", context)
