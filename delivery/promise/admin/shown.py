"""Columns that several of these lists have."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from delivery.promise.wording import in_cents


def cents_said(field: str, words: str | Promise) -> Callable[[Any, Any], str]:
    """A column or field of cents, as euros."""

    @display(description=words, ordering=field)
    def shown(_admin: Any, row: Any) -> str:
        cents = getattr(row, field)
        return "—" if cents is None else in_cents(cents)

    return shown  # type: ignore[no-any-return]


@display(description=_("commande"))
def order_link(_admin: Any, row: Any) -> SafeString:
    """To the order, for whoever may open it."""
    address = reverse("admin:orders_order_changelist", query={"q": row.order_reference})
    return format_html('<a class="underline" href="{}">{}</a>', address, row.order_reference)
