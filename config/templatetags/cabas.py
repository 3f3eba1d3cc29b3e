"""French words for money, weights and slots. Narrow no-break spaces keep a figure and its unit on one line."""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from config.numbers import NARROW, NO_BREAK

register = template.Library()


def french_number(value: Decimal, places: int = 2) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{rounded:,f}".replace(",", NARROW).replace(".", ",")


@register.filter
def grouped(value: int) -> str:
    """``1292`` → « 1 292 »."""
    return french_number(Decimal(value), 0)


@register.filter
def euros(value: Decimal | None) -> str:
    """``Decimal("1234.5")`` → « 1 234,50 € », with a true minus sign."""
    return "" if value is None else f"{french_number(Decimal(value))}{NO_BREAK}€".replace("-", "−")


@register.filter
def absolute(address: str) -> str:
    """The whole address of something of ours, for whoever reads the page elsewhere."""
    return str(urljoin(settings.SITE_URL.rstrip("/") + "/", address))


@register.filter
def amount(value: Decimal | None) -> str:
    """``Decimal("2.5")`` → « 2,50 », as one types it; nothing for none."""
    return "" if value is None else french_number(Decimal(value))


@register.filter
def grams(value: int) -> str:
    """Integer grams → « 750 g », « 1,5 kg »."""
    if value < 1000:
        return f"{value}{NO_BREAK}g"
    kilos = french_number(Decimal(value) / 1000, 3).rstrip("0").rstrip(",")
    return f"{kilos}{NO_BREAK}kg"


@register.filter
def phone(digits: str) -> str:
    """« 0612345678 » → « 06 12 34 56 78 », kept on one line."""
    return NO_BREAK.join(digits[at : at + 2] for at in range(0, len(digits), 2))


def quantity_label(sold_by: str, quantity: int) -> str:
    """How much of an article: « 3 × », « 750 g »."""
    return grams(quantity) if sold_by == "weight" else f"{quantity}{NO_BREAK}×"


def hour(at: datetime) -> str:
    """A local time as it is said: « 19 h », « 19 h 30 »."""
    local = timezone.localtime(at)
    return f"{local.hour}{NO_BREAK}h" + (f"{NO_BREAK}{local.minute:02d}" if local.minute else "")


@register.filter
def first_of_month(day: str) -> str:
    """« mardi 1 décembre » is said « mardi 1er décembre »."""
    return re.sub(r"\b1 ", "1er ", day)


@register.filter
def at_hour(at: datetime) -> str:
    return hour(at)


@register.filter
def said_at(at: datetime) -> str:
    """An instant as it is said: « 26 novembre à 19 h 32 »."""
    return f"{first_of_month(date_format(timezone.localtime(at), 'j F').lower())} à {hour(at)}"


def day_said(day: date | datetime) -> str:
    """« 1er décembre 2026 »."""
    local = timezone.localtime(day) if isinstance(day, datetime) else day
    return first_of_month(date_format(local, "j F Y").lower())


def last_day_said(until: datetime) -> str:
    """Of an end that is itself excluded: midnight ends the day before."""
    return day_said(until - timedelta(microseconds=1))


@register.filter
def slot_label(slot: Any) -> str:
    """« jeu. 19 h–20 h »."""
    day = date_format(timezone.localtime(slot.starts_at), "D").lower().rstrip(".")
    return f"{day}.{NO_BREAK}{hour(slot.starts_at)}–{hour(slot.ends_at)}"


@register.filter
def slot_label_long(slot: Any) -> str:
    """« jeudi 26 novembre, de 19 h à 20 h »."""
    day = first_of_month(date_format(timezone.localtime(slot.starts_at), "l j F").lower())
    return f"{day}, de {hour(slot.starts_at)} à {hour(slot.ends_at)}"


@register.simple_tag(takes_context=True)
def basket_quantity(context: template.Context, product_id: int) -> int:
    """What the visitor's basket holds of a product, pieces or grams. No query of its own."""
    shopper = context.get("shopper")
    return shopper.quantities.get(product_id, 0) if shopper else 0
