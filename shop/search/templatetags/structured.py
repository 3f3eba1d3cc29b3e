"""Data for machines inside a page, which no script of the page runs."""

import json
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
# As Django's json_script: nothing in the data can end the element or open another.
_ESCAPES = {
    ord(">"): "\\u003E",
    ord("<"): "\\u003C",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


@register.simple_tag
def json_ld(data: dict[str, Any] | list[dict[str, Any]]) -> SafeString:
    """``{% json_ld data %}``: schema.org data, one element each. A data block is not run, so the content policy lets it stand."""
    parts = data if isinstance(data, list) else [data]
    return mark_safe(  # noqa: S308 - escaped below
        "".join(
            f'<script type="application/ld+json">{json.dumps(part, ensure_ascii=False).translate(_ESCAPES)}</script>'
            for part in parts
        )
    )
