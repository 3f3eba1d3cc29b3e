"""Checkout in three steps: who and where, when, pay. Each works without JavaScript and survives a reload."""

import logging
from collections.abc import Callable, Mapping
from functools import wraps

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from delivery.slots import services as slots
from delivery.slots.models import Hold
from delivery.zones.models import Zone
from delivery.zones.queries import known_zones, zone_for_postcode
from loyalty.vouchers.rules import VoucherRefused
from loyalty.vouchers.wording import refusal_said
from shop.basket import services as baskets
from shop.basket.deliveries import grid_for
from shop.basket.models import Basket
from shop.basket.shopper import SESSION_KEY, Shopper, shopper_of
from shop.basket.summary import money_summary, points_brought
from shop.basket.wording import PAYMENT_RUNNING, below_minimum, slot_let_go
from shop.checkout import services
from shop.checkout.forms import AddressChoiceForm, AgreeForm, FinalForm, RecipientForm
from shop.checkout.models import ADDRESS_FIELDS, CheckoutDraft
from shop.checkout.ports import SellingClosed
from shop.checkout.voucher_panel import SESSION_VOUCHER_SAID, voucher_panel
from shop.customers.models import Address, Consent
from shop.customers.queries import customer_ids, has_consent
from shop.orders import services as orders
from shop.orders.models import Order
from shop.orders.queries import (
    SESSION_ORDERED,
    last_delivery,
    letter_context,
    may_agree,
    may_pay_again,
    order_by_reference,
    order_by_token,
    pay_path,
    rank_of_next_order,
    waiting_order,
)
from shop.orders.rules import is_newcomer
from shop.orders.shown import summed_up
from shop.payments import services as payments
from shop.payments.queries import order_of_payment, payment_state
from shop.payments.rules import kind_for
from shop.pricing.services import PromotionOver
from shop.stock.services import StockShort

logger = logging.getLogger(__name__)
PAYMENT_SILENT = gettext_lazy(
    "Le service de paiement ne répond pas. Rien n’a été débité : votre panier et votre créneau vous attendent. "
    "Réessayez dans un instant."
)
TOTAL_CHANGED = gettext_lazy("Le total a changé entre-temps : vérifiez-le avant de commander.")
PROMOTION_OVER = gettext_lazy(
    "Une promotion vient de prendre fin : le total a changé, vérifiez-le avant de commander. Rien n’est débité."
)
POINTS_CHANGED = gettext_lazy(
    "Des points multipliés viennent de prendre fin\u202f: voyez ce que votre commande vous rapportera maintenant, puis "
    "commandez. Rien n’est débité."
)
VOUCHER_LOST = gettext_lazy("Le total a changé : vérifiez-le avant de commander. Rien n’est débité.")
# What a refused form holds until its errors are shown, each field cut where none may be longer.
SESSION_REFUSED = "checkout_refused"
MOST_TYPED = 500
WAITING = {"pending", "unknown"}
Step = Callable[[HttpRequest, Shopper, Basket, CheckoutDraft], HttpResponse]


def step(view: Step) -> Callable[[HttpRequest], HttpResponse]:
    """A step needs a basket that reaches the minimum, and the draft that goes with it."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        shopper = shopper_of(request)
        if not shopper.basket or not shopper.lines:
            messages.info(request, _("Votre panier est vide : ajoutez quelques produits avant de commander."))
            return redirect("basket")
        # Before anything is typed; what a form sends is kept first, and its next page says so.
        if request.method != "POST" and shopper.totals.to_minimum:
            messages.warning(request, below_minimum(shopper.totals.to_minimum, shopper.zone))
            return redirect("basket")
        try:
            return view(request, shopper, shopper.basket, _draft(shopper, shopper.basket))
        except baskets.BasketClosed:
            return redirect("basket")  # Another tab ordered it: what is left, if anything, is shown there.

    return never_cache(guarded)


def _draft(shopper: Shopper, basket: Basket) -> CheckoutDraft:
    """What was typed before, else what is known of the customer. Unsaved until a form is sent."""
    found = (
        CheckoutDraft.objects.select_related("voucher__owner", "shared_code").filter(basket=basket).first()
    )
    if found:
        if shopper.customer:
            found.email = shopper.customer.email
        return found
    draft = CheckoutDraft(basket=basket, postcode=shopper.postcode)
    customer = shopper.customer
    if customer:
        draft.email, draft.phone = customer.email, customer.phone
        draft.first_name, draft.last_name = customer.first_name, customer.last_name
        usual = customer.addresses.first() or last_delivery(customer_ids(customer))
        if usual:
            _copy_address(usual, draft)
    return draft


def _copy_address(address: Address | Order, draft: CheckoutDraft) -> None:
    for name in ADDRESS_FIELDS:
        setattr(draft, name, getattr(address, name))


def _send_back(request: HttpRequest, form: RecipientForm | FinalForm) -> HttpResponse:
    """Errors are shown by a GET of their own: Back then never lands on a form that wants to be sent again."""
    typed = {name: form.data[name][:MOST_TYPED] for name in form.fields if name in form.data}
    request.session[SESSION_REFUSED] = {"at": request.path, "typed": typed}
    return redirect(request.path)


def _typed(request: HttpRequest) -> Mapping[str, str] | None:
    """What a step's form holds: what is sent now, or what was just sent back. The latter only once."""
    if request.method == "POST":
        return request.POST
    kept = request.session.get(SESSION_REFUSED)
    if not kept or kept["at"] != request.path:
        return None
    del request.session[SESSION_REFUSED]
    return dict(kept["typed"])


@require_http_methods(["GET", "HEAD", "POST"])
@step
def recipient(request: HttpRequest, shopper: Shopper, basket: Basket, draft: CheckoutDraft) -> HttpResponse:
    """Step 1: who, and where to."""
    verified = shopper.customer.email if shopper.customer else ""
    point = shopper.point
    form = RecipientForm(_typed(request), instance=draft, fixed_email=verified, is_collect=point is not None)
    if request.method == "POST":
        return _note_recipient(request, shopper, form) if form.is_valid() else _send_back(request, form)
    addresses = list(shopper.customer.addresses.all()) if shopper.customer and not point else []
    return render(
        request,
        "checkout/recipient.html",
        {"form": form, "addresses": addresses, "current": 1, "summary": _estimate(shopper), "point": point,
         "has_points": bool(known_zones().points)},
    )  # fmt: skip


def _note_recipient(request: HttpRequest, shopper: Shopper, form: RecipientForm) -> HttpResponse:
    """Keep who and where, move the shop there, and go on to what is still to choose."""
    if shopper.point:
        return _note_who(shopper, form)
    postcode = form.cleaned_data["postcode"]
    zone = zone_for_postcode(postcode)
    assert zone is not None  # noqa: S101 - the form refuses what is not delivered
    try:
        # Both or neither: a slot let go for an address that was not kept would be lost for nothing.
        with transaction.atomic():
            saved = services.keep_draft(draft=form.save(commit=False))
            left = shopper.move_to(postcode, zone)
    except slots.HoldPinned:
        messages.error(request, PAYMENT_RUNNING)
        return redirect("checkout_recap")
    if shopper.customer:
        services.remember_recipient(customer=shopper.customer, draft=saved)
    if left:
        messages.warning(request, slot_let_go(left, postcode, zone))
    return redirect("checkout_slot" if usable_hold(shopper, saved) is None else "checkout_recap")


def _note_who(shopper: Shopper, form: RecipientForm) -> HttpResponse:
    """The point says where."""
    saved = services.keep_draft(draft=form.save(commit=False))
    if shopper.customer:
        services.remember_recipient(customer=shopper.customer, draft=saved, has_address=False)
    return redirect("checkout_slot" if usable_hold(shopper, saved) is None else "checkout_recap")


@require_POST
@step
def choose_address(
    request: HttpRequest, shopper: Shopper, _basket: Basket, draft: CheckoutDraft
) -> HttpResponse:
    """Fill step 1 with one of the customer's own addresses."""
    form = AddressChoiceForm(request.POST)
    if not shopper.customer or not form.is_valid():
        return redirect("checkout")
    _copy_address(get_object_or_404(shopper.customer.addresses, pk=form.cleaned_data["address"]), draft)
    services.keep_draft(draft=draft)
    return redirect("checkout")


def _destination(shopper: Shopper, draft: CheckoutDraft) -> Zone | None:
    """The pickup point that was chosen, else the zone that delivers the address."""
    return shopper.point or zone_for_postcode(draft.postcode)


def is_answered(shopper: Shopper, draft: CheckoutDraft) -> bool:
    """Whether step 1 is done."""
    return draft.says_who if shopper.point else draft.is_complete


def usable_hold(shopper: Shopper, draft: CheckoutDraft) -> Hold | None:
    """The hold, if its slot serves the delivery address, or the point where the order is fetched."""
    zone = _destination(shopper, draft)
    hold = shopper.hold
    return hold if hold and zone and hold.slot.zone_id == zone.pk else None


@require_safe
@step
def slot(request: HttpRequest, shopper: Shopper, basket: Basket, draft: CheckoutDraft) -> HttpResponse:
    """Step 2: when. A lapsed or foreign hold leads here, with the other slots at hand."""
    zone = _destination(shopper, draft)
    if not is_answered(shopper, draft) or zone is None:
        return redirect("checkout")
    if shopper.hold and shopper.hold.slot.zone_id != zone.pk:
        messages.warning(
            request,
            _("Votre créneau est réservé pour %(other)s : choisissez-en un pour %(zone)s.")
            % {"other": shopper.hold.slot.zone.name, "zone": zone.name},
        )
    return render(
        request,
        "checkout/slot.html",
        {**grid_for(shopper, zone, back=request.path, postcode=draft.postcode), "slot_zone": zone, "slot_postcode": draft.postcode, "usable_hold": usable_hold(shopper, draft), "current": 2,
         "summary": _estimate(shopper), "next_url": reverse("checkout_recap"), "point": shopper.point},
    )  # fmt: skip


def _estimate(shopper: Shopper) -> dict[str, object]:
    """What the basket comes to before its slot is settled."""
    totals = shopper.totals
    return money_summary(
        goods=totals.goods, discount=totals.discount, deposits=totals.deposits, delivery=totals.delivery, total=totals.total,
        is_estimate=not shopper.hold, offered_by=totals.delivery_label, is_collect=shopper.point is not None,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@step
def recap(request: HttpRequest, shopper: Shopper, basket: Basket, draft: CheckoutDraft) -> HttpResponse:
    """Step 3: all of it once more, then the button that obliges to pay (Code civil 1127-2, C. conso L221-14)."""
    if not is_answered(shopper, draft):
        return redirect("checkout")
    hold = usable_hold(shopper, draft)
    if hold is None:
        messages.warning(request, _("Votre créneau n’est plus réservé. En voici d’autres, encore libres."))
        return redirect("checkout_slot")
    chosen = services.chosen_voucher(draft, shopper.customer)
    summary = services.recap_of(
        basket=basket, hold=hold, is_shown=request.method != "POST", voucher=chosen,
        customer=shopper.customer,
    )  # fmt: skip
    if summary.is_below_minimum:
        zone = hold.slot.zone
        messages.warning(request, below_minimum(zone.minimum_order - summary.totals.goods_total, zone))
        return redirect("basket")
    if summary.has_changes:
        messages.warning(request, _("Votre panier a besoin d’un coup d’œil avant de commander."))
        return redirect("basket")
    form = _final_form(request, shopper, summary)
    if request.method == "POST":
        if form.is_valid():
            return _submit(request, shopper, basket, draft, summary, form)
        if "seen_total" in form.errors:
            messages.error(request, TOTAL_CHANGED)
        return _send_back(request, form)
    return render(
        request,
        "checkout/recap.html",
        {
            "form": form,
            "recap": summary,
            "draft": draft,
            "current": 3,
            "summary": summed_up(
                summary.totals,
                is_collect=shopper.point is not None,
                points=points_brought(summary.earning, customer_id=shopper.customer_id),
            ),
            "voucher": voucher_panel(
                summary, chosen, shopper.customer, request.session.pop(SESSION_VOUCHER_SAID, None)
            ),
            "point": shopper.point,
            "is_waiting": waiting_order(basket.key) is not None,
            "is_newcomer": is_newcomer(rank_of_next_order(shopper.customer.pk) if shopper.customer else 1),
            "saves_card": kind_for(hold.slot.starts_at, timezone.now()) == "save_card",
        },
    )


def _final_form(request: HttpRequest, shopper: Shopper, summary: services.Recap) -> FinalForm:
    customer = shopper.customer
    asks = not (customer and has_consent(customer.pk, Consent.Purpose.LETTERS))
    seen: dict[str, object] = {"seen_total": summary.totals.total, "seen_bonus": summary.bonus_cents}
    initial = dict(seen)
    if customer:
        initial["shortage"] = customer.shortage_choice
    if customer and customer.birth_on:
        initial["birth_on"] = f"{customer.birth_on:%d/%m/%Y}"
    typed = _typed(request)
    if typed is not None and request.method != "POST":
        typed = {**typed, **{name: str(value) for name, value in seen.items()}}
    articles = {article.product_id: article.name for article in summary.articles}
    return FinalForm(
        typed, initial=initial, minimum_age=summary.minimum_age, ask_letters=asks, articles=articles
    )


def _submit(
    request: HttpRequest,
    shopper: Shopper,
    basket: Basket,
    draft: CheckoutDraft,
    summary: services.Recap,
    form: FinalForm,
) -> HttpResponse:
    if request.session.get(SESSION_KEY) != str(basket.key):
        request.session[SESSION_KEY] = str(basket.key)
    agreed = services.Agreed(
        seen_total=form.cleaned_data["seen_total"],
        seen_bonus_cents=form.cleaned_data["seen_bonus"] or 0,
        birth_on=form.cleaned_data.get("birth_on"),
        letters=form.cleaned_data.get("letters", False),
        shortage_choice=form.cleaned_data["shortage"],
        shortage_lines=form.shortage_lines,
    )
    try:
        order, key = services.submit(
            basket=basket, draft=draft, recap=summary, customer=shopper.customer, agreed=agreed
        )
    except orders.BasketAlreadyOrdered as existing:
        order = order_by_reference(existing.reference)
        if not services.matches(order, summary, draft, shopper.customer, agreed):
            return _replace(request, order)
        services.note_agreement(customer=order.customer, agreed=agreed)
        request.session[SESSION_ORDERED] = order.reference
        return _to_payment(request, order)
    except services.TotalChanged:
        messages.error(request, TOTAL_CHANGED)
        return redirect("checkout_recap")
    except services.PointsChanged:
        messages.error(request, POINTS_CHANGED)
        return redirect("checkout_recap")
    except PromotionOver:
        messages.error(request, PROMOTION_OVER)
        return redirect("checkout_recap")
    except VoucherRefused as refused:
        messages.error(request, f"{refusal_said(refused)} {VOUCHER_LOST}")
        return redirect("checkout_recap")
    except SellingClosed:
        logger.error("no terms of sale are published: nothing can be ordered")
        messages.error(
            request, _("La commande est fermée pour un moment. Votre panier et votre créneau sont gardés.")
        )
        return redirect("basket")
    except StockShort:
        messages.error(
            request, _("Le stock d’un article vient de changer : voyez votre panier, rien n’est commandé.")
        )
        return redirect("basket")
    except (services.BasketChanged, services.BelowMinimum):
        messages.error(
            request, _("Votre panier a changé entre-temps : vérifiez-le, rien n’est encore commandé.")
        )
        return redirect("basket")
    except (slots.HoldLapsed, slots.HoldPinned):
        messages.warning(request, _("Votre créneau n’est plus réservé. En voici d’autres, encore libres."))
        return redirect("checkout_slot")
    request.session[SESSION_ORDERED] = order.reference
    return _to_payment(request, order, key)


def _replace(request: HttpRequest, existing: Order) -> HttpResponse:
    """Other wishes than the waiting order's: give that one up first, then send the wishes once more."""
    if existing.status != Order.Status.AWAITING_PAYMENT:
        return redirect("tracking", token=existing.tracking_token)
    outcome = orders.abandon_order(reference=existing.reference)
    if outcome != "abandoned":
        return _after_give_up(request, existing, outcome)
    shopper_of(request).forget()
    return recap(request)


def _after_give_up(request: HttpRequest, waiting: Order, outcome: str) -> HttpResponse:
    if outcome == "placed":
        return redirect("tracking", token=waiting.tracking_token)
    messages.error(request, PAYMENT_SILENT)
    return redirect("checkout_recap")


def _to_payment(request: HttpRequest, order: Order, key: str = "") -> HttpResponse:
    """Send the shopper to the payment page of this order; the same one however often it is asked for."""
    try:
        key = key or services.payment_to_open(order=order)
        url = payments.open_payment_page(
            key=key,
            return_url=request.build_absolute_uri(reverse("checkout_return", args=[key])),
            cancel_url=request.build_absolute_uri(_unpaid_url(request, order)),
            deadline=order.slot.cutoff_at,
        )
    except payments.PaymentAlreadySecured:
        return _place(request, order)
    except (payments.ProviderUnavailable, payments.PaymentClosed, payments.PaymentUncertain):
        logger.warning("payment page not opened for order %s", order.reference)
        messages.error(request, PAYMENT_SILENT)
        return redirect(_unpaid_url(request, order))
    return HttpResponseRedirect(url)


def _unpaid_url(request: HttpRequest, order: Order) -> str:
    """Where whoever did not pay goes on: the recap, or the order's own page where its basket is not this browser's."""
    if order.status == Order.Status.AWAITING_PAYMENT:
        is_here = request.session.get(SESSION_KEY) == str(order.basket_key)
        return reverse("checkout_recap") if is_here else pay_path(order)
    if order.status == Order.Status.PLACED:
        return reverse("pay_again", args=[order.tracking_token])
    return reverse("basket")


@require_POST
@never_cache
def give_up_payment(request: HttpRequest) -> HttpResponse:
    """The shopper wants to change something first: close the payment page, keep basket and slot."""
    basket = shopper_of(request).basket
    waiting = waiting_order(basket.key) if basket else None
    if waiting:
        outcome = orders.abandon_order(reference=waiting.reference)
        if outcome != "abandoned":
            return _after_give_up(request, waiting, outcome)
        messages.success(
            request, _("Le paiement est abandonné. Votre panier et votre créneau vous attendent.")
        )
    return redirect("basket")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def pay_again(request: HttpRequest, token: str) -> HttpResponse:
    """A saved card was refused: its holder opens this page from the letter and pays with another one."""
    order = order_by_token(token)
    if may_agree(order):
        return _agree(request, order)
    if not may_pay_again(order):
        return redirect("tracking", token=token)
    if request.method == "POST":
        return _to_payment(request, order)
    return render(request, "checkout/pay_again.html", {"order": order})


def _agree(request: HttpRequest, order: Order) -> HttpResponse:
    """All of it once more, for whoever was sent a link to an order made on the telephone, and the button that obliges
    to pay (Code civil 1127-2, C. conso L221-14): until it is pressed, nothing is bought.
    """
    form = AgreeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _to_payment(request, order)
    context = {"order": order, "form": form, "told": letter_context(order.reference)}
    return render(request, "checkout/agree.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
def payment_return(request: HttpRequest, key: str) -> HttpResponse:
    """Back from the payment page: ask the provider, place the order, show where it stands."""
    order = order_by_reference(order_of_payment(key))
    try:
        payments.refresh(key=key)
    except payments.ProviderUnavailable:
        logger.warning("no answer about the payment of order %s", order.reference)
    state = payment_state(order.reference)
    if request.headers.get("HX-Request"):  # the waiting page asks again by itself
        return HttpResponse(status=204, headers={} if state in WAITING else {"HX-Redirect": request.path})
    if order.status == Order.Status.CANCELLED:
        return redirect("tracking", token=order.tracking_token)
    if state in {"secured", "card_saved"}:
        return _place(request, order)
    if state in {"refused", "lapsed"}:
        messages.error(
            request,
            _("Le paiement n’a pas abouti : rien n’a été débité. Vous pouvez réessayer ou changer de carte."),
        )
        return redirect(_unpaid_url(request, order))
    return render(request, "checkout/waiting.html", {"order": order, "payment_key": key})


def _place(request: HttpRequest, order: Order) -> HttpResponse:
    try:
        with transaction.atomic():
            orders.place_order(reference=order.reference)
    except orders.MoveRefused:
        messages.error(
            request,
            _("Le délai de paiement était dépassé : la commande n’est pas passée et le paiement est annulé."),
        )
        return redirect("basket")
    return HttpResponseRedirect(reverse("tracking", args=[order.tracking_token]) + "?merci=1")
