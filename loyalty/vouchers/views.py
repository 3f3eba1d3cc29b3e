"""A customer's vouchers: to use, held by an order, used, over."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty.vouchers.models import Voucher
from loyalty.vouchers.queries import vouchers_of
from loyalty.vouchers.wording import conditions_of, day_said
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user


@login_required
@require_safe
@never_cache
def my_vouchers(request: HttpRequest) -> HttpResponse:
    """Two queries besides those of every page."""
    mine = vouchers_of(customer_ids(customer_for_user(request.user)))  # type: ignore[arg-type]
    return render(request, "vouchers/my_vouchers.html", {"groups": _grouped(list(mine))})


def _grouped(vouchers: list[Voucher]) -> list[dict[str, Any]]:
    """Under the title of its state, empty ones left out."""
    now = timezone.now()
    titles = [
        (_("À utiliser"), {"live", "planned"}),
        (_("Pris par une commande"), {"held"}),
        (_("Utilisés"), {"used"}),
        (_("Trop tard, ou annulés"), {"expired", "cancelled"}),
    ]
    grouped = [
        {"title": title, "rows": [_row(one, now) for one in vouchers if one.state_at(now) in states]}
        for title, states in titles
    ]
    return [group for group in grouped if group["rows"]]


def _row(voucher: Voucher, now: Any) -> dict[str, Any]:
    state = voucher.state_at(now)
    return {
        "label": voucher.label,
        "is_usable": state == "live",
        "why": voucher.get_origin_display(),
        "conditions": _("annulé") if state == "cancelled" else ", ".join(conditions_of(voucher)),
        "order": voucher.order_reference,
        "amount": voucher.amount,
        "used_on": day_said(voucher.used_at) if voucher.used_at else "",
    }
