"""/compte/: who the customer is, where they live, what they want to receive. Each page starts from the customer."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.audience.forms import AddressForm, AllergiesForm, DetailsForm, LettersForm, ShortageForm
from shop.customers import queries, services
from shop.customers.models import Address, Consent, Customer, User
from shop.customers.wording import ALLERGIES_QUESTION, LETTERS_QUESTION

GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


def _login(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - login_required guards every caller
    return request.user


def _customer(request: HttpRequest) -> Customer:
    """The signed-in login's customer, loaded with it by the authentication backend."""
    user = _login(request)
    found: Customer | None = getattr(user, "customer", None)
    return found or services.customer_for_user(user)


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return render(request, "audience/account.html", {"customer": _customer(request)})


@never_cache
@login_required
@GET_OR_POST
def account_details(request: HttpRequest) -> HttpResponse:
    customer = _customer(request)
    known = {name: getattr(customer, name) for name in DetailsForm.base_fields}
    form = DetailsForm(request.POST or None, initial=known)
    if form.is_valid():
        services.update_details(customer_id=customer.pk, **form.cleaned_data)
        messages.success(request, _("Vos coordonnées sont enregistrées."))
        return redirect("account")
    return render(request, "audience/details.html", {"form": form, "customer": customer})


@never_cache
@login_required
@require_safe
def account_addresses(request: HttpRequest) -> HttpResponse:
    return render(request, "audience/addresses.html", {"addresses": queries.addresses_of(_customer(request))})


@never_cache
@login_required
@GET_OR_POST
def account_address_new(request: HttpRequest) -> HttpResponse:
    return _edit_address(request, _customer(request), None)


@never_cache
@login_required
@GET_OR_POST
def account_address(request: HttpRequest, pk: int) -> HttpResponse:
    customer = _customer(request)
    address = queries.addresses_of(customer).filter(pk=pk).first()
    if address is None:
        raise Http404
    return _edit_address(request, customer, address)


def _edit_address(request: HttpRequest, customer: Customer, address: Address | None) -> HttpResponse:
    known = {name: getattr(address, name) for name in AddressForm.base_fields} if address else {}
    form = AddressForm(request.POST or None, initial=known)
    if form.is_valid():
        try:
            services.save_address(
                customer_id=customer.pk, address_id=address.pk if address else None, **form.cleaned_data
            )
        except services.TooManyAddresses:
            form.add_error(None, _("Vingt adresses au plus : supprimez-en une d’abord."))
        except services.AddressUnknown:
            raise Http404 from None
        else:
            messages.success(request, _("L’adresse est enregistrée."))
            return redirect("account_addresses")
    return render(request, "audience/address.html", {"form": form, "address": address})


@login_required
@require_POST
def account_address_remove(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        services.remove_address(customer_id=_customer(request).pk, address_id=pk)
    except services.AddressUnknown:
        raise Http404 from None
    messages.success(request, _("L’adresse est supprimée."))
    return redirect("account_addresses")


@never_cache
@login_required
@GET_OR_POST
def account_shortages(request: HttpRequest) -> HttpResponse:
    customer = _customer(request)
    avoided = customer.avoided_allergens
    is_about_allergies = "allergies" in request.POST
    form = ShortageForm(
        None if is_about_allergies else request.POST or None, initial={"shortage": customer.shortage_choice}
    )
    allergies = AllergiesForm(
        request.POST if is_about_allergies else None, initial={"allergens": avoided, "consent": bool(avoided)}
    )
    if form.is_valid():
        services.note_shortage_choice(customer_id=customer.pk, choice=form.cleaned_data["shortage"])
        messages.success(request, _("Votre choix est enregistré pour vos prochaines commandes."))
        return redirect("account_shortages")
    if allergies.is_valid():
        services.declare_allergies(
            customer_id=customer.pk,
            allergens=allergies.cleaned_data["allergens"],
            wording=str(ALLERGIES_QUESTION),
            source="compte",
        )
        messages.success(request, _("C’est noté\u202f: aucun remplacement n’en contiendra."))
        return redirect("account_shortages")
    return render(request, "audience/shortages.html", {"form": form, "allergies": allergies})


@never_cache
@login_required
@GET_OR_POST
def account_consents(request: HttpRequest) -> HttpResponse:
    customer = _customer(request)
    answer = queries.latest_consent(customer.pk, Consent.Purpose.LETTERS)
    is_granted = answer is not None and answer.is_granted
    form = LettersForm(request.POST if request.method == "POST" else None, initial={"letters": is_granted})
    if form.is_valid():
        if answer is None or form.cleaned_data["letters"] != is_granted:
            services.record_consent(
                customer_id=customer.pk,
                purpose=Consent.Purpose.LETTERS,
                is_granted=form.cleaned_data["letters"],
                wording=str(LETTERS_QUESTION),
                source="compte",
            )
        messages.success(request, _("Votre choix est enregistré."))
        return redirect("account_consents")
    return render(request, "audience/consents.html", {"form": form, "answer": answer})


@never_cache
@login_required
@require_safe
def account_security(request: HttpRequest) -> HttpResponse:
    user = _login(request)
    context = {"has_password": user.has_usable_password(), "has_second_factor": is_mfa_enabled(user)}
    return render(request, "audience/security.html", context)
