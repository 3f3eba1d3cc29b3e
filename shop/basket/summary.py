"""Sums as components/summary.html shows them, the same from basket to order, and the points that they will bring."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from config.templatetags.cabas import french_number
from loyalty.points.queries import carried_cents, programme
from loyalty.points.wording import brings_said
from shop.pricing.rules import NOTHING


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
    points: str = "",
) -> dict[str, Any]:
    """Lines and total including VAT; ``vat`` adds a note of (rate, amount). No query.

    ``goods`` are what is paid, ``discount`` what promotions took off before, ``offered_by`` the promotion that offers
    the delivery, ``voucher`` what a voucher takes off all of it, ``points`` what it will bring. An order that is fetched pays for its slot, if anything.
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
        "points": points,
        "when_free": _("gratuit") if is_collect else _("offerte"),
    }


def _slot_label(is_collect: bool, is_least: object) -> str:
    if is_collect:
        return _("Retrait, dès") if is_least else _("Retrait")
    return _("Livraison, dès") if is_least else _("Livraison")


@dataclass(frozen=True, slots=True)
class Earning:
    """An article as points see it: euros that are paid for it, its part of a voucher taken off, and how often they count."""

    paid: Decimal
    factor: int
    minimum_age: int | None
    is_first_age_milk: bool

    @property
    def bonus(self) -> Decimal:
        """What counts on top, in euros."""
        return self.paid * (self.factor - 1)


def points_brought(articles: Iterable[Earning], *, customer_id: int | None) -> str:
    """The sentence that a basket and the last step of the checkout show; nothing where no programme runs, or nothing counts.

    First-age milk never counts, alcohol where the rules say so and never more than once. One query of a customer, none of
    a visitor.
    """
    terms = programme().at(timezone.now())
    if terms is None:
        return ""
    counted = bonus = NOTHING
    for one in articles:
        if one.is_first_age_milk or (one.minimum_age and not terms.counts_alcohol):
            continue
        counted += one.paid
        bonus += one.bonus
    if not counted:
        return ""
    return brings_said(carried_cents(customer_id), int(counted * 100), int(bonus * 100), terms)
