"""What an invoice adds up to, how a credit is spread, what a number looks like. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from shop.pricing.rules import NOTHING, VatTotal, vat_totals

# The layout of a payload. Raised when keys change; documents of every former layout must still print.
SCHEMA = 1
NET_PRICE_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Row:
    """One printed line. ``gross`` is euros incl. VAT after ``discount``; below zero for a voucher.

    ``rate`` None is outside VAT (deposits). ``quantity`` is pieces, or grams where ``by_weight``, whose
    ``unit_price`` (incl. VAT, before the reduction) is per kilogram.
    """

    label: str
    gross: Decimal
    rate: Decimal | None
    detail: str = ""
    quantity: int | None = None
    by_weight: bool = False
    unit_price: Decimal | None = None
    discount: Decimal = NOTHING
    discount_label: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """What rows come to: VAT once per rate on their sum (BOI-TVA-LIQ-30-10-10), and what is outside VAT."""

    vat: tuple[VatTotal, ...]
    untaxed: Decimal

    @property
    def total(self) -> Decimal:
        return sum((rate.gross for rate in self.vat), self.untaxed)

    @property
    def vat_amount(self) -> Decimal:
        return sum((rate.vat for rate in self.vat), NOTHING)

    @property
    def net(self) -> Decimal:
        """Goods and services without VAT, deposits apart."""
        return sum((rate.net for rate in self.vat), NOTHING)

    def by_rate(self) -> dict[Decimal | None, Decimal]:
        """Rate → gross; None → what is outside VAT."""
        return {rate.rate: rate.gross for rate in self.vat} | {None: self.untaxed}


def sums(rows: Iterable[Row]) -> Sums:
    """Whatever the order of the rows."""
    known = list(rows)
    taxed = [(row.rate, row.gross) for row in known if row.rate is not None]
    untaxed = sum((row.gross for row in known if row.rate is None), NOTHING)
    return Sums(tuple(vat_totals(taxed).values()), untaxed)


def net_unit_price(unit_price: Decimal, rate: Decimal) -> Decimal:
    """Without VAT, to the hundredth of a cent: a whole cent would be too coarse to multiply."""
    return (unit_price * 100 / (100 + rate)).quantize(NET_PRICE_PLACES)


def number_of(letter: str, year: int, serial: int) -> str:
    """« F2026-000123 ». Beyond a million a year it grows longer, never wraps."""
    return f"{letter}{year}-{serial:06d}"


def left_to_credit(
    invoiced: Mapping[Decimal | None, Decimal], credited: Iterable[Mapping[Decimal | None, Decimal]]
) -> dict[Decimal | None, Decimal]:
    """Rate → euros of the invoice that no credit note has taken back."""
    left = dict(invoiced)
    for note in credited:
        for rate, gross in note.items():
            left[rate] = left.get(rate, NOTHING) - gross
    return left


def exceeds(asked: Mapping[Decimal | None, Decimal], left: Mapping[Decimal | None, Decimal]) -> bool:
    """Whether some rate would get back more than is left at it."""
    return any(gross > left.get(rate, NOTHING) for rate, gross in asked.items())


# --- payloads: decimals travel as text, so that no float ever rounds a cent -----------------------


def row_as_json(row: Row) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(row).items()}


def row_of_json(kept: Mapping[str, Any]) -> Row:
    values = {field.name: kept[field.name] for field in fields(Row) if field.name in kept}
    for name in ("gross", "rate", "unit_price", "discount"):
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    return Row(**values)


def rows_of(payload: Mapping[str, Any]) -> list[Row]:
    return [row_of_json(row) for row in payload["rows"]]


def money_as_json(total: Sums) -> dict[str, Any]:
    """The figures at the foot of a document, frozen with it rather than computed anew by later rules."""
    return {
        "vat": [
            {"rate": str(vat.rate), "net": str(vat.net), "vat": str(vat.vat), "gross": str(vat.gross)}
            for vat in total.vat
        ],
        "net": str(total.net),
        "vat_amount": str(total.vat_amount),
        "untaxed": str(total.untaxed),
        "total": str(total.total),
    }


def by_rate_of(payload: Mapping[str, Any]) -> dict[Decimal | None, Decimal]:
    """What a made document says: rate → gross; None → outside VAT."""
    taxed: dict[Decimal | None, Decimal] = {
        Decimal(vat["rate"]): Decimal(vat["gross"]) for vat in payload["vat"]
    }
    return taxed | {None: Decimal(payload["untaxed"])}
