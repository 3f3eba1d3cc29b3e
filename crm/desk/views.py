from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from config.limits import machine_of
from crm.desk import limits, queries, services
from crm.desk.forms import ContactForm

SERVICE_QUALITY = "qualite-de-service"  # shown by its own page, with the figures
RECEIPT_SALT = "crm.desk.receipt"
RECEIPT_SECONDS = 24 * 3600


@require_safe
def legal_page(request: HttpRequest, slug: str) -> HttpResponse:
    """A text in force, or as it read under ``?version=``. One query."""
    if slug == SERVICE_QUALITY:
        return redirect("service_quality")
    version = request.GET.get("version", "")
    page = queries.page_as_of(slug, version) if version else queries.page_in_force(slug)
    if page is None:
        raise Http404
    return render(request, "desk/legal_page.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def help_page(request: HttpRequest) -> HttpResponse:
    """Usual questions and the contact form."""
    if request.method != "POST":
        return _show_help(request, ContactForm(initial=_known_details(request)))
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _show_help(request, form.with_fresh_stamp(), status=422)
    details = form.cleaned_data
    if not limits.may_write(machine=machine_of(request), email=details["email"]):
        form.add_error(
            None,
            _("Vous nous avez beaucoup écrit en peu de temps. Réessayez dans une heure, ou appelez-nous."),
        )
        return _show_help(request, form.with_fresh_stamp(), status=429)
    received = services.receive_contact_request(
        name=details["name"],
        email=details["email"],
        subject=details["subject"],
        message=details["message"],
        order_reference=details["order_reference"],
        customer_id=_customer_id(request),
    )
    return redirect("help_received", token=signing.dumps(received.pk, salt=RECEIPT_SALT))


@require_safe
@never_cache
def help_received(request: HttpRequest, token: str) -> HttpResponse:
    """What was received, without repeating it: the address of this page may be shared. No query."""
    try:
        number = signing.loads(token, salt=RECEIPT_SALT, max_age=RECEIPT_SECONDS)
    except signing.BadSignature:
        return redirect("help")
    return render(request, "desk/received.html", {"number": number, "closed_until": queries.closed_until()})


def _show_help(request: HttpRequest, form: ContactForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "answers": queries.help_answers(), "closed_until": queries.closed_until()}
    return render(request, "desk/help.html", context, status=status)


def _customer_id(request: HttpRequest) -> int | None:
    customer = getattr(request.user, "customer", None)
    return customer.pk if customer else None


def _known_details(request: HttpRequest) -> dict[str, str]:
    customer = getattr(request.user, "customer", None)
    known = {"order_reference": request.GET.get("commande", "")[:20]}
    return known | ({"name": customer.full_name, "email": customer.email} if customer else {})
