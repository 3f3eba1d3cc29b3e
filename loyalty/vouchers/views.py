"""A customer's loyalty: points and what they become, vouchers to use, held by an order, used, over."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.templatetags.cabas import day_said, euros, grouped
from loyalty.points import wording as points
from loyalty.points.queries import entries_of, standing, terms_at
from loyalty.points.rules import PointsShort, worth
from loyalty.points.wording import points_said
from loyalty.vouchers import services
from loyalty.vouchers.forms import ExchangeForm
from loyalty.vouchers.models import Voucher
from loyalty.vouchers.ports import names_of_each
from loyalty.vouchers.queries import vouchers_of
from loyalty.vouchers.rules import EXCHANGES, ExchangeRefused
from loyalty.vouchers.wording import conditions_of
from shop.customers.models import Customer
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user

ENTRIES_SHOWN = 50


@login_required
@require_safe
@never_cache
def my_loyalty(request: HttpRequest) -> HttpResponse:
    """Seven queries besides those of every page; at most three more with vouchers for named articles."""
    ids = customer_ids(_own(request))
    context = {"points": _points(ids), "groups": _grouped(list(vouchers_of(ids)))}
    return render(request, "vouchers/my_loyalty.html", context)


@login_required
@require_POST
def exchange(request: HttpRequest) -> HttpResponse:
    """Points become a voucher, once for each form."""
    form = ExchangeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nous n’avons pas compris\u202f: choisissez un bon dans la liste."))
        return redirect("my_loyalty")
    told = form.cleaned_data
    try:
        granted = services.exchange(customer_id=_own(request).pk, points=told["points"], key=told["key"])
    except PointsShort as short:
        said = _("Vous avez %(points)s à dépenser\u202f: ce bon en demande %(wanted)s.")
        messages.error(
            request, said % {"points": points_said(short.usable), "wanted": grouped(told["points"])}
        )
    except ExchangeRefused:
        messages.error(request, _("Ce bon n’est pas proposé\u202f: choisissez-en un dans la liste."))
    else:
        said = _("Votre bon de %(sum)s est prêt\u202f: choisissez-le à la dernière étape de votre commande.")
        messages.success(request, said % {"sum": euros(granted.voucher.value)})
    return redirect("my_loyalty")


def _own(request: HttpRequest) -> Customer:
    return customer_for_user(request.user)  # type: ignore[arg-type]


def _points(ids: list[int]) -> dict[str, Any] | None:
    """What the page tells of points; nothing while no programme runs. Five queries."""
    now = timezone.now()
    row = terms_at(now)
    if row is None:
        return None
    terms, told = row.terms, standing(ids, now)
    entries = list(entries_of(ids)[: ENTRIES_SHOWN + 1])
    return {
        "usable": points_said(told.usable),
        "worth": worth(told.usable, terms) if told.usable else None,
        "said": points.standing_said(told, terms),
        "next": points.next_said(told.carried_cents, terms),
        "filled": told.carried_cents % terms.step_cents,
        "step": terms.step_cents,
        "rule": points.rule_said(terms),
        "key": uuid4(),
        "exchanges": [(one, points_said(one), worth(one, terms)) for one in EXCHANGES if one <= told.usable],
        "first": None if told.usable >= EXCHANGES[0] else points_said(EXCHANGES[0] - max(told.usable, 0)),
        "entries": [
            (one, points.sentence(one), points.change_said(one.points)) for one in entries[:ENTRIES_SHOWN]
        ],
        "has_more": len(entries) > ENTRIES_SHOWN,
    }


def _grouped(vouchers: list[Voucher]) -> list[dict[str, Any]]:
    """Under the title of its state, empty ones left out."""
    now = timezone.now()
    titles = [
        (_("À utiliser"), {"live", "planned"}),
        (_("Pris par une commande"), {"held"}),
        (_("Utilisés"), {"used"}),
        (_("Trop tard, ou annulés"), {"expired", "cancelled"}),
    ]
    names = dict(
        zip((one.pk for one in vouchers), names_of_each([one.scope for one in vouchers]), strict=True)
    )
    grouped = [
        {
            "title": title,
            "rows": [_row(one, names[one.pk], now) for one in vouchers if one.state_at(now) in states],
        }
        for title, states in titles
    ]
    return [group for group in grouped if group["rows"]]


def _row(voucher: Voucher, names: list[str], now: Any) -> dict[str, Any]:
    state = voucher.state_at(now)
    return {
        "label": voucher.label,
        "is_usable": state == "live",
        "why": voucher.get_origin_display(),
        "conditions": _("annulé") if state == "cancelled" else ", ".join(conditions_of(voucher, names)),
        "order": voucher.order_reference,
        "amount": voucher.amount,
        "used_on": day_said(voucher.used_at) if voucher.used_at else "",
    }
