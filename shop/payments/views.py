import logging

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from shop.payments.forms import DemoCardForm
from shop.payments.gateways import demo
from shop.payments.models import DemoSession
from shop.payments.services import InvalidWebhook, handle_webhook

logger = logging.getLogger(__name__)
# The provider's largest messages stay well below; what is longer is not its own.
LARGEST_MESSAGE_BYTES = 512 * 1024


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Store a signed message and answer at once; a worker looks at what it is about."""
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return HttpResponseBadRequest()
    if length > LARGEST_MESSAGE_BYTES:
        return HttpResponse(status=413)
    try:
        handle_webhook(request.body, request.headers.get("Stripe-Signature", ""))
    except InvalidWebhook as said:
        logger.warning("webhook refused: %s", said)
        return HttpResponseBadRequest()
    return HttpResponse()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def demo_payment(request: HttpRequest, session: str) -> HttpResponse:
    """The demonstration's payment page. Whoever has its address may pay, as with a real provider's."""
    if not demo.is_in_use():
        raise Http404
    page = get_object_or_404(DemoSession.objects.exclude(mode=DemoSession.Mode.OFF_SESSION), token=session)
    form = DemoCardForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            page = demo.pay(token=page.token, card_code=form.cleaned_data["card"])
        except demo.PageClosed:
            return _shown(request, page, form)
        if not page.error_code:
            return redirect(page.return_url)
        form.add_error("card", _("Cette carte est refusée. Choisissez-en une autre, rien n’a été débité."))
    return _shown(request, page, form)


def _shown(request: HttpRequest, page: DemoSession, form: DemoCardForm) -> HttpResponse:
    is_open = demo.is_open(page)
    chosen = form["card"].value()
    cards = [{"card": card, "is_chosen": card.code == chosen} for card in demo.CARDS]
    context = {
        "page": page,
        "form": form,
        "cards": cards,
        "is_open": is_open,
        "saves_card": page.mode == DemoSession.Mode.SETUP,
    }
    status = 422 if form.errors else 200 if is_open else 410
    return render(request, "payments/demo.html", context, status=status)
