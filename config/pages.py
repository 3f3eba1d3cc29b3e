"""Pages in two layers: a skeleton, the same for everybody who asks this address, and the few parts that are the reader's own.

A template marks the reader's parts with ``{% live %} … {% endlive %}``. What lies outside them is rendered once and
kept under all the values that it shows; it cannot see the visitor, since no context processor that reads the
request's session, login or basket runs for it.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import RequestContext, Template, loader
from django.template.base import NodeList
from django.template.context import Context
from django.utils.html import escape
from django.utils.module_loading import import_string

from config import kept

# What stands in kept text for what belongs to one request. Escaping leaves it alone, and nobody can write it: each process
# draws its own.
TOKEN, BACK, HOLE = (f"\ue000{name}{token_hex(8)}\ue000" for name in "tbh")
HOLES = "holes"
_TOKEN, _BACK = TOKEN.encode(), BACK.encode()


class Anyone:
    """The request, as a kept part may see it: where the page lies, and nothing about who asks."""

    def __init__(self, path: str = "") -> None:
        self.path = path

    @staticmethod
    def get_full_path() -> str:
        return BACK


# A page in the order of its parts: what it says, encoded as it leaves, or what is rendered for each reader. Fragments
# that other pages show too are the very bytes that are kept for all of them.
Skeleton = list[bytes | NodeList]


def page(
    request: HttpRequest,
    template_name: str,
    *,
    key: tuple[Hashable, ...],
    skeleton: Callable[[], Mapping[str, Any]],
    live: Mapping[str, Any],
    status: int = 200,
) -> HttpResponse:
    """The page, from its kept skeleton where there is one.

    ``key`` must hold every value that ``skeleton``, the context of what is kept, is made from: it is only called
    where nothing is kept under it. ``live`` is the context of the reader's parts, beside the usual processors.
    """
    template = loader.get_template(template_name).template  # type: ignore[attr-defined]
    found = kept.built(
        ("page", template_name, request.path, *key),
        lambda: _skeleton(request, template, skeleton()),
        weigh=_weight,
    )
    shown = _filled(found, template, RequestContext(request, dict(live)))
    token = get_token(request) if _TOKEN in shown else ""
    response = HttpResponse(_with_request(shown, token, request.get_full_path()), status=status)
    # What the page's validator names it by: the token changes, what is shown does not.
    response.shown = shown  # type: ignore[attr-defined]
    return response


def with_request(html: str, *, token: str, address: str) -> str:
    """Kept HTML with what belongs to one request alone."""
    return html.replace(TOKEN, escape(token)).replace(BACK, escape(address))


def _with_request(page: bytes, token: str, address: str) -> bytes:
    return page.replace(_TOKEN, escape(token).encode()).replace(_BACK, escape(address).encode())


def _skeleton(request: HttpRequest, template: Template, values: Mapping[str, Any]) -> Skeleton:
    holes: list[str | NodeList] = []
    context = _skeleton_context(request)
    context.update({**values, HOLES: holes})
    own = [text.encode() for text in template.render(context).split(HOLE)]
    between = [part for text, hole in zip(own[1:], holes, strict=True) for part in (_part(hole), text)]
    return [own[0], *between]


def _part(hole: str | NodeList) -> bytes | NodeList:
    return kept.built(("encoded", hole), hole.encode) if isinstance(hole, str) else hole


def _weight(skeleton: Skeleton) -> int:
    """In bytes, without the fragments that are kept anyway: these and the reader's parts stand at odd places."""
    return sum(map(kept.weight, skeleton[::2])) + 16 * len(skeleton)


def _skeleton_context(request: HttpRequest) -> Context:
    context = Context({"request": Anyone(request.path), "csrf_token": TOKEN})
    for processor in _processors():
        context.update(processor(request))
    return context


@cache
def _processors() -> list[Callable[[HttpRequest], dict[str, Any]]]:
    return [import_string(name) for name in settings.KEPT_CONTEXT_PROCESSORS]


def _filled(found: Skeleton, template: Template, context: RequestContext) -> bytes:
    with (
        context.render_context.push_state(template),
        context.bind_template(template),
        # Masked anew each time: what the page is named by must not hold it.
        context.push(csrf_token=TOKEN),
    ):
        return b"".join(part if isinstance(part, bytes) else part.render(context).encode() for part in found)
