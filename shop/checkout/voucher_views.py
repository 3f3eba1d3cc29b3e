"""Choosing a voucher at the last step: typed, picked or taken off again. Nothing is held before the order."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from config.limits import machine_of, too_many
from config.templatetags.cabas import euros
from loyalty.vouchers.models import Voucher
from loyalty.vouchers.queries import by_code, shared_code_by, voucher_of_code
from loyalty.vouchers.rules import VoucherRefused, VoucherUnknown
from loyalty.vouchers.wording import refusal_said
from shop.basket.models import Basket
from shop.basket.shopper import Shopper
from shop.checkout import services
from shop.checkout.forms import VoucherForm
from shop.checkout.limits import CODES_BY_CUSTOMER, CODES_BY_MACHINE
from shop.checkout.models import CheckoutDraft
from shop.checkout.views import is_answered, step, usable_hold
from shop.checkout.voucher_panel import SESSION_VOUCHER_SAID


@require_POST
@sensitive_post_parameters("code")
@step
def choose_voucher(
    request: HttpRequest, shopper: Shopper, basket: Basket, draft: CheckoutDraft
) -> HttpResponse:
    """Remember the voucher if it takes something off this order, else say why it does not; ``remove`` forgets it."""
    form = VoucherForm(request.POST)
    hold = usable_hold(shopper, draft)
    if not is_answered(shopper, draft) or hold is None:
        return redirect("checkout_recap")
    if "remove" in request.POST:
        services.choose_voucher(draft=draft, voucher=None)
        return _back(request, _("Le bon est retiré : vous le gardez."))
    if request.POST.get("code") and not _may_try(request, shopper):
        return too_many(request)
    try:
        voucher = _wanted(form, shopper)
        recap = services.recap_of(
            basket=basket, hold=hold, is_shown=False, voucher=voucher, customer=shopper.customer
        )
        if recap.voucher_refused:
            raise recap.voucher_refused
    except VoucherRefused as refused:
        return _back(request, refusal_said(refused), is_error=True)
    services.choose_voucher(draft=draft, voucher=voucher)
    return _back(
        request, _("C’est noté : %(amount)s de moins.") % {"amount": euros(recap.totals.voucher_discount)}
    )


def _may_try(request: HttpRequest, shopper: Shopper) -> bool:
    """Count the try by machine, and by customer where one is known."""
    by_machine = CODES_BY_MACHINE.spend(machine_of(request))
    return by_machine and (shopper.customer is None or CODES_BY_CUSTOMER.spend(str(shopper.customer.pk)))


def _wanted(form: VoucherForm, shopper: Shopper) -> Voucher:
    """The voucher that is meant. Raises VoucherUnknown."""
    if not form.is_valid():
        raise VoucherUnknown
    picked = form.cleaned_data["voucher"]
    voucher = services.voucher_of(shopper.customer, picked) if picked else _typed(form, shopper)
    if voucher is None:
        raise VoucherUnknown
    return voucher


def _typed(form: VoucherForm, shopper: Shopper) -> Voucher | None:
    """A voucher of the customer's, or what a code for many would give them. Three queries at most."""
    typed = form.cleaned_data["code"]
    if voucher := by_code(typed):
        return voucher
    code = shared_code_by(typed)
    return voucher_of_code(code, shopper.customer) if code else None


def _back(request: HttpRequest, said: str, *, is_error: bool = False) -> HttpResponse:
    """The answer stands beside the field, which the address scrolls to: a notice on top would be out of sight."""
    request.session[SESSION_VOUCHER_SAID] = {"text": said, "is_error": is_error}
    return HttpResponseRedirect(f"{reverse('checkout_recap')}#bon")
