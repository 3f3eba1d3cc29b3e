"""Counts the steps of the funnel as answers leave: no cookie, no address, no identifier, no query."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib.messages.constants import ERROR
from django.http import HttpRequest, HttpResponse

from config.refusals import was_refused
from config.robots import is_robot
from crm.insights import services
from crm.insights.models import Step

Handler = Callable[[HttpRequest], HttpResponse]

_FETCHED_AHEAD = ("Sec-Purpose", "Purpose", "X-Moz")
_NOT_SHOPPERS = ("/admin/", "/preparation/", "/livreur/", "/static/", "/media/", "/sante/")


def funnel_counts(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code < 400 and not is_robot(request) and not _was_refused(request):
            for step in steps_of(request, response):
                services.count_step(step)
        return response

    return middleware


def _was_refused(request: HttpRequest) -> bool:
    """Whether a form was refused: a redirect, or a fragment for htmx, looks the same either way."""
    if was_refused(request):
        return True
    queued = getattr(getattr(request, "_messages", None), "_queued_messages", [])
    return request.method == "POST" and any(message.level >= ERROR for message in queued)


def steps_of(request: HttpRequest, response: HttpResponse) -> list[Step]:
    """The steps a successful answer stands for: none, one, or a visit and one."""
    match = request.resolver_match
    if match is None or request.path.startswith(_NOT_SHOPPERS):
        return []
    if request.method == "POST":
        return _steps_of_post(request, match.url_name)
    if not _is_page_view(request, response):
        return []
    steps = [] if _came_from_here(request) else [Step.VISIT]
    return steps + _steps_of_page(request, match.url_name)


def _steps_of_post(request: HttpRequest, name: str | None) -> list[Step]:
    if name == "set_basket_line" and request.POST.get("quantity", "1").strip(" 0.,"):
        return [Step.ADD]
    if name in {"list_to_basket", "reorder"}:
        return [Step.ADD]
    return [Step.SLOT] if name == "hold_slot" else []


def _steps_of_page(request: HttpRequest, name: str | None) -> list[Step]:
    # A second page of results is the same search, a second step of checkout the same passage.
    if name == "search" and request.GET.get("q", "").strip() and "page" not in request.GET:
        return [Step.SEARCH]
    if name == "checkout" and not _referer_path(request).startswith(request.path):
        return [Step.CHECKOUT]
    return []


def _is_page_view(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        request.method == "GET"
        and response.status_code == 200
        and response.get("Content-Type", "").startswith("text/html")
        and "HX-Request" not in request.headers
        and not any("prefetch" in request.headers.get(name, "") for name in _FETCHED_AHEAD)
    )


def _came_from_here(request: HttpRequest) -> bool:
    referer = request.headers.get("Referer", "")
    return bool(referer) and urlsplit(referer).netloc == request.get_host()


def _referer_path(request: HttpRequest) -> str:
    return urlsplit(request.headers.get("Referer", "")).path if _came_from_here(request) else ""
