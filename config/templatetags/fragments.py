"""Parts of a page that are the same for many requests, built once."""

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config import kept

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
    return KeptNode(name.strip('"'), [parser.compile_filter(part) for part in vary], nodelist)


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
