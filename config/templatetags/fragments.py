"""Parts of a page that are the same for many requests, built once."""

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from config import kept
from config.pages import HOLE, HOLES

register = template.Library()


class KeptNode(template.Node):
    def __init__(self, name: str, vary: list[FilterExpression], nodelist: NodeList) -> None:
        self.name = name
        self.vary = vary
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        key = ("fragment", self.name, *(expression.resolve(context) for expression in self.vary))
        return kept.built(key, lambda: self.nodelist.render(context))


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
        raise template.TemplateSyntaxError("What is live cannot be kept: close {% kept %} before {% live %}.")
    return KeptNode(name.strip('"'), [parser.compile_filter(part) for part in vary], nodelist)


class LiveNode(template.Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        holes: list[NodeList] | None = context.get(HOLES)
        if holes is None:
            return self.nodelist.render(context)
        holes.append(self.nodelist)
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
