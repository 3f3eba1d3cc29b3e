"""The basket and its slot."""

import contextlib

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config import kept
from config.limits import Limit, limited_by_machine, machine_of, too_many
from config.pages import page
from config.refusals import note_refusal
from config.templatetags.cabas import grams
from delivery.slots import services as slots
from delivery.zones import services as zones
from delivery.zones.queries import known_zones, zone_for_postcode
from delivery.zones.visitor import (
    home_zone,
    remember_outside,
)
from shop.basket import services
from shop.basket.deliveries import grid_for
from shop.basket.forms import CoverageForm, LineForm, PostcodeForm
from shop.basket.holding import hold_for
from shop.basket.queries import Line, by_aisle, card_in, page_lines, sellable, with_promotions
from shop.basket.shopper import Shopper, shopper_of
from shop.basket.summary import Earning, money_summary, points_brought
from shop.basket.wording import PAYMENT_RUNNING, slot_let_go
from shop.catalogue.models import Product
from shop.catalogue.rules import most_quantity
from shop.pricing.promotions import SlotFacts

# Enough to change one's mind; too few to empty a day's slots without wanting a single product.
EMPTY_HANDED_HOLDS = Limit("hold.machine", most=6)
COVERAGE_BY_MACHINE = Limit("coverage.machine", most=10)
NO_LONGER_SOLD = gettext_lazy("Ce produit n’est plus vendu : rien n’a été ajouté.")


def safe_next(request: HttpRequest, fallback: str) -> str:
    """Where the form asked to go back to, if that is a page of this shop."""
    wanted = request.POST.get("next", "")
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse(fallback)


@require_safe
@never_cache
def basket_page(request: HttpRequest) -> HttpResponse:
    shopper = shopper_of(request)
    lines = _lines(shopper)
    return page(
        request,
        "basket/basket.html",
        key=(kept.version("aisles"),),
        skeleton=dict,
        live=_basket_context(shopper, lines),
    )


def _lines(shopper: Shopper) -> list[Line]:
    if not shopper.basket:
        return []
    lines = page_lines(shopper.lines, shopper.depot_id, own_order=shopper.own_order)
    return with_promotions(lines, shopper.book, shopper.slot_facts, seen_at=shopper.basket.touched_at)


def _basket_context(shopper: Shopper, lines: list[Line]) -> dict[str, object]:
    there = [line for line in lines if not line.is_coming]
    totals = shopper.totals_of([line.priced for line in there])
    return {
        "lines": lines,
        "groups": by_aisle(there),
        "coming": [line for line in lines if line.is_coming],
        "totals": totals,
        "offered_at_best": None
        if shopper.hold or not totals.delivery
        else shopper.book.offered_at_best(totals.free_delivery_from, fee=totals.delivery),
        "summary": money_summary(
            goods=totals.goods,
            discount=totals.discount,
            deposits=totals.deposits,
            delivery=totals.delivery,
            total=totals.total,
            is_estimate=not shopper.hold,
            offered_by=totals.delivery_label,
            is_collect=shopper.point is not None,
            points=points_brought(map(_earning, there), customer_id=shopper.customer_id),
        ),
        "changed_lines": [line for line in there if line.has_new_price],
        "ended_lines": [line for line in lines if line.ended_promotion],
        "short_lines": [line for line in there if line.is_short],
    }


def _earning(line: Line) -> Earning:
    product = line.product
    return Earning(line.total, line.points_factor, product.minimum_age, product.is_first_age_milk)


@require_POST
def set_basket_line(request: HttpRequest) -> HttpResponse:
    """Set one line; answers with the control alone to htmx, else goes back to where the form stood."""
    form = LineForm(request.POST)
    if form.is_valid():
        problem = _try_set_line(
            shopper_of(request), form.cleaned_data["product"], form.cleaned_data["quantity"]
        )
    else:
        problem = _wrong_quantity(sellable(form.cleaned_data.get("product", 0)))
    if problem:
        note_refusal(request)
    if request.headers.get("HX-Request"):
        return _control(request, form, problem)
    if problem:
        messages.error(request, problem)
    return HttpResponseRedirect(safe_next(request, "basket"))


def _try_set_line(shopper: Shopper, product_id: int, quantity: int) -> str | None:
    try:
        shopper.write(
            lambda basket: services.set_line(basket=basket, product_id=product_id, quantity=quantity)
        )
    except services.UnknownProduct:
        return str(NO_LONGER_SOLD)
    except services.QuantityRefused as refused:
        return _wrong_quantity(refused.product)
    except services.BasketFull:
        return _("Votre panier contient déjà 200 produits différents, le maximum pour une commande.")
    finally:
        shopper.forget()
    return None


def _wrong_quantity(product: Product | None) -> str:
    """Say the step and the most of one order: whoever is refused must know what would do."""
    if product is None:
        return str(NO_LONGER_SOLD)
    most = most_quantity(sold_by=product.sold_by, step=product.step)
    if product.sold_by_weight:
        return _(
            "Cette quantité n’est pas possible : par pas de %(step)s, jusqu’à %(most)s. Votre panier n’a pas changé."
        ) % {"step": grams(product.step), "most": grams(most)}
    return _("Cette quantité n’est pas possible : au plus %(most)s pièces. Votre panier n’a pas changé.") % {
        "most": most
    }


def _control(request: HttpRequest, form: LineForm, problem: str | None) -> HttpResponse:
    """The control, then what else on the page speaks of the basket. A refusal is said in the control."""
    shopper = shopper_of(request)
    product_id = form.cleaned_data.get("product", 0)
    card = card_in(shopper.lines, product_id, shopper.depot_id)
    if card is None:
        return HttpResponse(problem or "", status=404)
    context = {"card": card, "quantity": shopper.quantities.get(card["id"], 0), "problem": problem or ""}
    if request.headers.get("HX-Current-URL", "").partition("?")[0].endswith(reverse("basket")):
        # A lot of several articles reduces them all: each line is told anew.
        context |= _basket_context(shopper, _lines(shopper)) | {"page_door": "basket"}
    return render(request, "basket/_control_answer.html", context)


@require_POST
def acknowledge(request: HttpRequest) -> HttpResponse:
    """The shopper has seen the new prices, and which promotions are over."""
    shopper = shopper_of(request)
    if shopper.basket:
        services.acknowledge_changes(basket=shopper.basket)
    return redirect("basket")


@require_POST
def adjust(request: HttpRequest) -> HttpResponse:
    """Bring every line in short supply to what remains."""
    shopper = shopper_of(request)
    if shopper.basket:
        # Closed in between, it has nothing left to adjust: the next page shows the basket there is.
        with contextlib.suppress(services.BasketClosed):
            services.adjust_to_stock(
                basket=shopper.basket, depot_id=shopper.zone.depot_id, own_order=shopper.own_order
            )
            messages.success(request, _("Les quantités suivent maintenant notre stock."))
    return redirect("basket")


@require_POST
def empty(request: HttpRequest) -> HttpResponse:
    shopper = shopper_of(request)
    if shopper.basket:
        services.empty_basket(basket=shopper.basket)
        messages.success(
            request,
            _("Votre panier est vide. Votre créneau reste réservé.")
            if shopper.hold
            else _("Votre panier est vide."),
        )
    return redirect("basket")


@require_safe
def slots_page(request: HttpRequest) -> HttpResponse:
    """Slots of a postcode, before any sign-in. A read: the place is only remembered by the form (POST)."""
    shopper = shopper_of(request)
    form = PostcodeForm(request.GET if "code_postal" in request.GET else None)
    zone, postcode = home_zone(request), shopper.postcode
    if form.is_bound and form.is_valid():
        postcode = form.cleaned_data["code_postal"]
        found = zone_for_postcode(postcode)
        if found is None:
            return _outside(request, postcode, CoverageForm(initial={"code_postal": postcode}))
        zone = found
    return render(
        request,
        "basket/slots.html",
        {
            "form": form,
            "slot_zone": zone,
            "slot_postcode": postcode,
            "free_from": shopper.offers_in(zone).offered_from(
                zone.free_delivery_from, SlotFacts(zone_id=zone.pk), fee=zone.peak_price
            ),
            **grid_for(shopper, zone, back=request.get_full_path(), postcode=postcode),
            "next_url": request.GET.get("suite", ""),
            "has_points": bool(known_zones().points),
        },
    )


def _outside(request: HttpRequest, postcode: str, form: CoverageForm, status: int = 200) -> HttpResponse:
    """Say so, offer to be told, and name the pickup points of the same department."""
    near, _far = known_zones().points_from(postcode)
    context = {"outside_postcode": postcode, "form": form, "points": near if postcode else []}
    return render(request, "basket/outside.html", context, status=status)


@require_POST
def set_postcode(request: HttpRequest) -> HttpResponse:
    """Remember where the visitor lives; outside the zones, say so and offer to be told."""
    form = PostcodeForm(request.POST)
    if not form.is_valid():
        # Said at the field, which keeps what was typed.
        return HttpResponseRedirect(
            reverse("slots", query={"code_postal": form.data.get("code_postal", "")[:12]})
        )
    postcode = form.cleaned_data["code_postal"]
    zone = zone_for_postcode(postcode)
    if zone is None:
        remember_outside(request, postcode)
        return HttpResponseRedirect(f"{reverse('slots')}?code_postal={postcode}")
    try:
        left = shopper_of(request).move_to(postcode, zone)
    except slots.HoldPinned:
        messages.error(request, PAYMENT_RUNNING)
        return redirect("checkout_recap")
    if left:
        messages.warning(request, slot_let_go(left, postcode, zone))
        return redirect("slots")
    return HttpResponseRedirect(safe_next(request, "slots"))


@require_POST
@limited_by_machine(COVERAGE_BY_MACHINE)
def ask_for_coverage(request: HttpRequest) -> HttpResponse:
    form = CoverageForm(request.POST)
    if not form.is_valid():
        return _outside(request, form.data.get("code_postal", "")[:5], form, status=422)
    postcode = form.cleaned_data["code_postal"]
    try:
        zones.ask_for_coverage(email=form.cleaned_data["email"], postcode=postcode)
    except zones.AlreadyCovered:
        messages.success(request, _("Bonne nouvelle : nous livrons déjà chez vous."))
        return HttpResponseRedirect(f"{reverse('slots')}?code_postal={postcode}")
    messages.success(request, _("C’est noté : un seul message, le jour où nous livrerons chez vous."))
    return redirect("home")


@require_POST
def hold_slot(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a place for an hour; the basket is opened when there is none yet."""
    shopper = shopper_of(request)
    if not shopper.lines and not EMPTY_HANDED_HOLDS.spend(machine_of(request)):
        return too_many(request)
    if elsewhere := hold_for(request, pk, postcode=request.POST.get("code_postal", "")):
        return redirect(elsewhere)
    return HttpResponseRedirect(safe_next(request, "basket"))
