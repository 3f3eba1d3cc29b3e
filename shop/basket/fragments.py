"""Basket lines as HTML, built once for what they show."""

from collections.abc import Iterable

from django.template import loader
from django.utils.safestring import SafeString, mark_safe

from config import kept
from config.pages import TOKEN, Anyone, with_request
from shop.basket.queries import Line

TEMPLATE = "components/basket_line.html"


def lines_html(lines: Iterable[Line], *, csrf_token: str, address: str) -> SafeString:
    """The <li> of each line, to be changed in place. No query."""
    html = "".join(kept.built(_key(line), lambda line=line: _rendered(line)) for line in lines if line.card)  # type: ignore[misc]
    return mark_safe(with_request(html, token=csrf_token, address=address))  # noqa: S308 - templates escaped the parts


def _key(line: Line) -> tuple[object, ...]:
    card = line.card
    assert card is not None  # noqa: S101 - the caller left the others out
    return (
        "basket line", card["id"], card["version"], card["is_available"], line.quantity, line.total, line.full_total,
        line.promotion, line.points, line.hint,
    )  # fmt: skip


def _rendered(line: Line) -> str:
    context = {
        "card": line.card, "quantity": line.quantity, "line_total": line.total, "full_total": line.full_total,
        "promotion": line.promotion, "points": line.points, "hint": line.hint, "editable": True, "csrf_token": TOKEN, "request": Anyone(),
    }  # fmt: skip
    return loader.get_template(TEMPLATE).render(context)
