"""What stands on the sheet, from what is kept: words and figures as a reader of French wants them, laid out by Typst."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from config.numbers import NO_BREAK, short_decimal
from config.templatetags.cabas import euros, first_of_month, french_number, grams, slot_label_long
from shop.documents.rules import Row, net_unit_price, rows_of
from shop.orders.models import Order, OrderLine
from shop.orders.queries import address_lines
from shop.pricing.rules import BY_WEIGHT, NOTHING

Sheet = dict[str, Any]


def said_day(iso: str) -> str:
    """« 1er décembre 2026 »."""
    return first_of_month(date_format(date.fromisoformat(iso), "j F Y").lower())


def percent(rate: Decimal) -> str:
    return f"{short_decimal(rate)}{NO_BREAK}%"


def money_sheet(payload: Sheet) -> Sheet:
    """An invoice or a credit note of layout 1."""
    is_invoice = payload["kind"] == "invoice"
    rows = rows_of(payload)
    counted = any(row.quantity is not None for row in rows)
    title = _("Facture") if is_invoice else _("Avoir")
    return {
        "title": title,
        "number": payload["number"],
        "description": f"{title} {payload['number']}",
        "date": payload["issued_on"],
        "facts": _facts(payload, is_invoice),
        "seller": _seller(payload["seller"]),
        "buyer": {"title": _("Client"), "lines": payload["buyer"]},
        "reason": "" if is_invoice else _("Motif : %(reason)s") % {"reason": payload["reason"]},
        "columns": _columns(counted),
        "rows": [_row(row, counted) for row in rows],
        "vat": _vat(payload),
        "totals": _totals(payload, rows, is_invoice),
        "notes": _notes(payload, rows, is_invoice),
        **_common(payload["seller"], f"{title} {payload['number']}"),
    }


def _facts(payload: Sheet, is_invoice: bool) -> list[list[str]]:
    order = payload["order"]
    facts = [
        [_("Émise le") if is_invoice else _("Émis le"), said_day(payload["issued_on"])],
        [_("Commande"), order["reference"]],
        [_("Commandé le"), said_day(order["ordered_on"])],
        [_("Livraison le"), said_day(order["supplied_on"])],
    ]
    if is_invoice:
        return facts
    invoice = payload["corrects"]
    corrected = _("%(number)s du %(day)s") % {
        "number": invoice["number"],
        "day": said_day(invoice["issued_on"]),
    }
    return [facts[0], [_("Corrige la facture"), corrected], *facts[1:]]


def _seller(seller: Sheet) -> Sheet:
    return {"title": _("Vendeur"), "lines": [seller["name"], *seller["address"]]}


def _common(seller: Sheet, running: str) -> Sheet:
    """What every page repeats: who sells at its foot, what it is at its head."""
    identity = [
        f"{seller['name']}, {seller['form']}",
        ", ".join(seller["address"]),
        " · ".join([
            f"SIREN {seller['siren']}",
            seller["register"],
            _("TVA intracommunautaire %(number)s") % {"number": seller["vat_number"]},
        ]),
        f"{seller['phone']} · {seller['email']}",
    ]  # fmt: skip
    return {"author": seller["name"], "running": running, "foot": identity, "page": _("Page")}


def _columns(counted: bool) -> list[str]:
    named = _("Désignation")
    figures = [_("TVA"), _("Montant TTC")]
    return (
        [named, _("Quantité"), _("Prix unitaire HT"), _("Prix unitaire TTC"), *figures]
        if counted
        else [named, *figures]
    )


def _row(row: Row, counted: bool) -> Sheet:
    prices = ["", "", ""]
    if row.quantity is not None and row.unit_price is not None and row.rate is not None:
        per = f"{NO_BREAK}€/kg" if row.by_weight else f"{NO_BREAK}€"
        prices = [
            grams(row.quantity) if row.by_weight else str(row.quantity),
            french_number(net_unit_price(row.unit_price, row.rate), 4) + per,
            french_number(row.unit_price) + per,
        ]
    figures = [percent(row.rate) if row.rate is not None else "—", euros(row.gross)]
    return {
        "label": row.label,
        "detail": row.detail,
        "reduction": _reduction(row),
        "cells": [*prices, *figures] if counted else figures,
    }


def _reduction(row: Row) -> str:
    if not row.discount:
        return ""
    said = {"amount": euros(-row.discount), "label": row.discount_label}
    return _("Remise %(amount)s, %(label)s") % said if row.discount_label else _("Remise %(amount)s") % said


def _vat(payload: Sheet) -> Sheet:
    return {
        "columns": [_("Taux"), _("Base HT"), _("TVA"), _("TTC")],
        "rows": [
            [percent(Decimal(vat["rate"])), *(euros(Decimal(vat[what])) for what in ("net", "vat", "gross"))]
            for vat in payload["vat"]
        ],
    }


def _totals(payload: Sheet, rows: list[Row], is_invoice: bool) -> Sheet:
    lines = [
        [_("Total HT"), euros(Decimal(payload["net"]))],
        [_("Total TVA"), euros(Decimal(payload["vat_amount"]))],
    ]
    if untaxed := Decimal(payload["untaxed"]):
        lines.append([_("Consignes, hors TVA"), euros(untaxed)])
    total = Decimal(payload["total"])
    after = []
    if reductions := sum((row.discount for row in rows), NOTHING):
        after.append([_("dont remises déduites"), euros(-reductions)])
    if is_invoice and (paid := payload["paid"]):
        day = said_day(paid["on"])
        after.append([_("Payé par carte bancaire le %(day)s") % {"day": day}, euros(Decimal(paid["amount"]))])
        after.append([_("Reste à payer"), euros(max(NOTHING, total - Decimal(paid["amount"])))])
    return {
        "lines": lines,
        "total": [_("Total TTC") if is_invoice else _("Total de l’avoir TTC"), euros(total)],
        "after": after,
    }


def _notes(payload: Sheet, rows: list[Row], is_invoice: bool) -> list[str]:
    notes = []
    if not is_invoice and payload["refunded_on"]:
        day = said_day(payload["refunded_on"])
        notes.append(_("Remboursé sur votre carte bancaire le %(day)s.") % {"day": day})
    if any(row.rate is None for row in rows):
        notes.append(
            _(
                "Les consignes sont hors du champ de la TVA ; elles vous sont rendues au retour des contenants."
            )
        )
    if any(row.by_weight for row in rows):
        notes.append(_("Les articles au poids sont facturés au poids relevé à la préparation."))
    if is_invoice:
        notes.append(_("Nature de l’opération : livraison de biens. Pas d’escompte pour paiement anticipé."))
    return notes


def delivery_sheet(order: Order, lines: list[OrderLine], *, crates: int, seller: Sheet) -> Sheet:
    """What lies in the crates, without a price."""
    title = _("Bon de livraison")
    return {
        "title": title,
        "number": order.reference,
        "description": f"{title} {order.reference}",
        "facts": [
            [_("Livraison"), slot_label_long(order.slot)],
            [_("Caisses"), str(crates)],
        ],
        "recipient": {"title": _("Destinataire"), "lines": _recipient(order)},
        "columns": [_("Article"), _("Commandé"), _("Livré")],
        "groups": [
            {"title": title, "rows": [_delivered(line) for line in found]}
            for title, found in _groups(lines)
            if found
        ],
        **_common(seller, f"{title} {order.reference}"),
    }


def _recipient(order: Order) -> list[str]:
    name, *address = address_lines(order)
    floor = [_("Étage : %(floor)s") % {"floor": order.floor}] if order.floor else []
    return [name, *address, *floor]


def _groups(lines: list[OrderLine]) -> list[tuple[str, list[OrderLine]]]:
    """What differs from the order first: a long list would hide it overleaf."""
    there = [line for line in lines if line.picked]
    ordered = [line for line in lines if not line.replaces]
    return [
        (
            _("Manquants, non facturés"),
            [line for line in ordered if not line.picked and not _substitute(line)],
        ),
        (_("Remplacés"), [line for line in there if line.replaces]),
        (_("Dans vos caisses"), [line for line in there if not line.replaces]),
    ]


def _substitute(line: OrderLine) -> OrderLine | None:
    """What lies in the crates instead; a replacement that turned out missing too is none."""
    other: OrderLine | None = getattr(line, "replaced_by", None)
    return other if other and other.picked else None


def _delivered(line: OrderLine) -> Sheet:
    detail = [line.packaging_label]
    if line.replaces:
        detail.append(_("à la place de : %(name)s") % {"name": line.replaces.name})
    return {
        "label": line.name,
        "detail": " · ".join(part for part in detail if part),
        "ordered": "—" if line.replaces else how_much(line.sold_by, line.quantity),
        "delivered": how_much(line.sold_by, line.picked or 0),
        # Scales differ by some grams; a piece less is missing.
        "is_short": line.sold_by != BY_WEIGHT and (line.picked or 0) < line.quantity and not line.replaces,
    }


def how_much(sold_by: str, quantity: int) -> str:
    """« 3 », « 1,2 kg », « 0 »."""
    return grams(quantity) if sold_by == BY_WEIGHT and quantity else str(quantity)
