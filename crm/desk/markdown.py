"""Staff's Markdown as safe HTML. The same text always gives the same page, so it is rendered once a process."""

from functools import lru_cache

import markdown
import nh3
from django.utils.safestring import SafeString, mark_safe

# A page has its own h1; texts start at h2. No pictures, no styles, no scripts, no ids but those of headings.
_TAGS = {"h2", "h3", "h4", "p", "ul", "ol", "li", "a", "strong", "em", "br", "hr", "blockquote", "code",
         "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "h2": {"id"}, "h3": {"id"}, "th": {"scope"}}
_SCHEMES = {"https", "mailto", "tel"}


@lru_cache(maxsize=64)
def to_html(text: str) -> SafeString:
    """Render and sanitise. A leading h1 is dropped: the page shows its title itself."""
    lines = text.strip().splitlines()
    if lines and lines[0].startswith("# "):
        lines = lines[1:]
    html = markdown.markdown(
        "\n".join(lines), extensions=["sane_lists", "tables", "toc"], output_format="html"
    )
    return mark_safe(  # noqa: S308 - nh3 has just removed all that is not listed above
        nh3.clean(
            html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer"
        )
    )
