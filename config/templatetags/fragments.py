"""Parts of a page that are the same for many requests, built once."""

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from config import kept
from config.pages import HOLE, HOLES, TOKEN

register = template.Library()
# In place of the holes, while a fragment is built that no reader's part may stand in.
CLOSED = object()
INSIDE_OUT = "What is live cannot be kept: close {% kept %} before {% live %}."


class KeptNode(template.Node):
    def __init__(self, name: str, vary: list[FilterExpression], nodelist: NodeList) -> None:
        self.name = name
        self.vary = vary
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        key = ("fragment", self.name, *(expression.resolve(context) for expression in self.vary))
        html: SafeString = kept.built(key, lambda: self._built(context))
        return left_open(context, html) if isinstance(context.get(HOLES), list) else html

    def _built(self, context: template.Context) -> SafeString:
        with context.push(**{HOLES: CLOSED}):
            return self.nodelist.render(context)


@register.tag("kept")
def do_kept(parser: Parser, token: Token) -> KeptNode:
    """``{% kept "menu" "aisles"|present path %} … {% endkept %}``: built once for each set of values named.

    Whatever the part shows must follow from the values named, or never change while the process lives. The
    values must not be many: a query typed, a total.
    """
    _tag, name, *vary = token.split_contents()
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    if nodelist.get_nodes_by_type(LiveNode):
        raise template.TemplateSyntaxError(INSIDE_OUT)
    return KeptNode(name.strip('"'), [parser.compile_filter(part) for part in vary], nodelist)


class LiveNode(template.Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        holes = context.get(HOLES)
        if holes is CLOSED:
            raise template.TemplateSyntaxError(INSIDE_OUT)
        return self.nodelist.render(context) if holes is None else left_open(context, self.nodelist)


def left_open(context: template.Context, part: SafeString | NodeList) -> SafeString:
    """Mark a place in the skeleton that is being rendered, for a part that is not its own text."""
    context[HOLES].append(part)
    return mark_safe(HOLE)  # noqa: S308 - a character of ours


@register.tag("live")
def do_live(parser: Parser, _token: Token) -> LiveNode:
    """``{% live %} … {% endlive %}``: the reader's own part of a page whose rest is kept (``config.pages``).

    It is rendered with the view's live values and what every page knows, not with the loops, ``with`` and
    blocks around it. On a page that keeps nothing it changes nothing.
    """
    nodelist = parser.parse(("endlive",))
    parser.delete_first_token()
    return LiveNode(nodelist)


@register.simple_tag(takes_context=True)
def kept_form(context: template.Context, name: str, **shown: Any) -> SafeString:
    """``{% kept_form "home/_postcode.html" postcode=postcode %}``: a template with a form, built once for each set of values.

    It sees those values alone, and leaves the request's token open. The values must not be many.
    """
    html = kept.built(
        ("form", name, *shown.items()), lambda: get_template(name).render({**shown, "csrf_token": TOKEN})
    )
    return mark_safe(html.replace(TOKEN, escape(context["csrf_token"])))  # noqa: S308 - templates escaped all but the token


@register.filter
def present(whole: str) -> str:
    """The version of a whole (``config.kept.WHOLES``), as a value for ``kept``."""
    return kept.version(whole)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative line icon: a symbol of static/icons.svg."""
    return kept.built(
        ("icon", name),
        lambda: format_html(
            '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("icons.svg"), name
        ),
    )
