"""Sums as components/summary.html shows them, the same from basket to order."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from config.templatetags.cabas import french_number


def money_summary(
    *,
    goods: Decimal,
    deposits: Decimal,
    delivery: Decimal,
    total: Decimal,
    discount: Decimal = Decimal(0),
    is_estimate: bool = False,
    vat: Iterable[tuple[Decimal, Decimal]] = (),
    offered_by: str = "",
    is_collect: bool = False,
    voucher: Decimal = Decimal(0),
    voucher_label: str = "",
) -> dict[str, Any]:
    """Lines and total including VAT; ``vat`` adds a note of (rate, amount). No query.

    ``goods`` are what is paid, ``discount`` what promotions took off before, ``offered_by`` the promotion that offers
    the delivery, ``voucher`` what a voucher takes off all of it. An order that is fetched pays for its slot, if anything.
    """
    lines: list[dict[str, Any]] = [{"label": _("Articles"), "amount": goods + discount, "is_discount": False}]
    if discount:
        lines.append({"label": _("Promotions"), "amount": -discount, "is_discount": True})
    if deposits:
        lines.append({"label": _("Consignes"), "amount": deposits, "is_discount": False})
    lines.append(
        {"label": _slot_label(is_collect, is_estimate and delivery), "amount": delivery, "is_discount": False}
    )
    if voucher:
        lines.append({"label": voucher_label, "amount": -voucher, "is_discount": True})
    notes = [offered_by] if offered_by else []
    notes += [
        _("dont TVA à %(rate)s\u202f%% : %(amount)s\u00a0€")
        % {"rate": french_number(rate, 1).removesuffix(",0"), "amount": french_number(amount)}
        for rate, amount in vat
    ]
    return {
        "title": _("Votre commande"),
        "lines": lines,
        "total_label": _("Total TTC"),
        "total": total,
        "note": " · ".join(notes),
        "when_free": _("gratuit") if is_collect else _("offerte"),
    }


def _slot_label(is_collect: bool, is_least: object) -> str:
    if is_collect:
        return _("Retrait, dès") if is_least else _("Retrait")
    return _("Livraison, dès") if is_least else _("Livraison")
