"""Who may open the courier's pages, and how those answer a page and a script."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from config.admin import own_id
from config.limits import Limit, too_many
from delivery.tracking.queries import courier_of

DELIVER = "rounds.deliver"
# A round has some forty stops of three events each; a phone that repeats itself all day long stays below.
SENT = Limit("courier_sent", 1500)
View = Callable[..., HttpResponse]


def wants_json(request: HttpRequest) -> bool:
    """A phone's queue, which keeps what it sent until it hears what became of it."""
    return request.headers.get("Accept") == "application/json"


def told(outcome: str, words: str = "", *, status: int = 200, **more: Any) -> JsonResponse:
    """``taken`` and ``refused`` are final; after anything else the phone comes back."""
    return JsonResponse({"outcome": outcome, "words": words, **more}, status=status)


def for_couriers(view: View) -> View:
    """Signed in, with the right to deliver, in activity and trained; the view gets its courier. Never kept by a cache
    between: a round changes under one's hands. Four queries.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            if wants_json(request):
                return told("sign_in", _("Reconnectez-vous\u202f: vos envois partiront ensuite."), status=401)
            return redirect_to_login(request.get_full_path())
        courier = courier_of(own_id(request)) if request.user.has_perm(DELIVER) else None
        if courier is None:
            if wants_json(request):
                return told(
                    "not_allowed", _("Ce compte n’est pas celui d’un livreur en activité."), status=403
                )
            raise PermissionDenied
        return view(request, courier, *args, **kwargs)

    return never_cache(guarded)


def not_too_often(view: View) -> View:
    """Behind `for_couriers`. One more query."""

    @wraps(view)
    def counted(request: HttpRequest, courier: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if SENT.spend(str(courier.pk)):
            return view(request, courier, *args, **kwargs)
        if wants_json(request):
            return told("again", _("Trop d’envois à la fois\u202f: le téléphone réessaie seul."), status=429)
        return too_many(request)

    return counted
