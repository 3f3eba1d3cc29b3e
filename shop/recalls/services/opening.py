"""A recall is decided: from that commit on nobody sells or picks the product."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction

from shop.catalogue.models import Product
from shop.catalogue.services import hold_for_recall
from shop.recalls.models import Recall, RecallShelf
from shop.recalls.queries import product_by_ean
from shop.recalls.rules import MOST_LOTS, is_lot, is_notice
from shop.stock import services as stock

_is_https = URLValidator(schemes=["https"])


class UnknownProduct(Exception):
    """The shop knows no product of this bar code."""


class AlreadyRecalled(Exception):
    """A recall of this product names the same official notice, or has neither notice nor end."""


class WrongLot(Exception):
    """Not what a label bears, or far too many."""


class WrongDates(Exception):
    """The last date comes before the first."""


class WrongNotice(Exception):
    """Not a number of RappelConso, not an https address, or one without the other."""


@dataclass(frozen=True, slots=True)
class NewRecall:
    """What is recalled and why. No lot and no date: all of the product."""

    ean: str
    hazard: str
    sentence: str
    advice: str
    lots: Sequence[str] = ()
    best_before_from: date | None = None
    best_before_to: date | None = None
    sold_since: date | None = None
    notice_reference: str = ""
    notice_url: str = ""


@transaction.atomic
def open_recall(*, wanted: NewRecall, by_id: int) -> Recall:
    """Decide a recall: the product goes off sale, its shelves are written off and blocked until they are checked.

    Its orders are worked on next, by `list_buyers` and `treat_some`. Raises UnknownProduct, AlreadyRecalled, WrongLot,
    WrongDates, WrongNotice, ValueError. Locks the product's stock items, then the product. 25 queries at most and two
    per depot.
    """
    _check(wanted)
    product = product_by_ean(wanted.ean)
    if product is None:
        raise UnknownProduct(wanted.ean)
    # Its row first: of two who recall it at once the second sees the first one's.
    shelves = _written_off(product.pk, by_id)
    was_on_sale = hold_for_recall(product_id=product.pk)
    standing = Recall.objects.filter(product=product, closed_at=None)
    if not wanted.notice_reference and standing.filter(notice_reference="").exists():
        raise AlreadyRecalled(wanted.ean)
    recall = _made(product, wanted, by_id, was_on_sale or standing.filter(was_on_sale=True).exists())
    RecallShelf.objects.bulk_create(
        RecallShelf(recall=recall, item_id=item_id, put_aside=quantity) for item_id, quantity in shelves
    )
    return recall


def _check(wanted: NewRecall) -> None:
    if len(wanted.lots) > MOST_LOTS or not all(map(is_lot, wanted.lots)):
        raise WrongLot
    first, last = wanted.best_before_from, wanted.best_before_to
    if first and last and last < first:
        raise WrongDates
    if wanted.hazard not in Recall.Hazard.values or wanted.advice not in Recall.Advice.values:
        raise ValueError(wanted.hazard)
    if not wanted.sentence.strip():
        raise ValueError("sentence")
    _check_notice(wanted.notice_reference, wanted.notice_url)


def _check_notice(reference: str, url: str) -> None:
    if not reference and not url:
        return
    try:
        _is_https(url)
    except ValidationError as wrong:
        raise WrongNotice from wrong
    if not is_notice(reference):
        raise WrongNotice


def _written_off(product_id: int, by_id: int) -> list[tuple[int, int]]:
    """Every shelf of the product, emptied in the books; item and quantity. What lies in open crates is among it."""
    return stock.write_off_recalled(product_id=product_id, by_id=by_id)


def _made(product: Product, wanted: NewRecall, by_id: int, was_on_sale: bool) -> Recall:
    try:
        with transaction.atomic():
            return Recall.objects.create(
                product=product,
                ean=product.ean,
                name=product.name,
                lots=list(wanted.lots),
                best_before_from=wanted.best_before_from,
                best_before_to=wanted.best_before_to,
                sold_since=wanted.sold_since,
                notice_reference=wanted.notice_reference,
                notice_url=wanted.notice_url,
                hazard=wanted.hazard,
                sentence=wanted.sentence.strip(),
                advice=wanted.advice,
                was_on_sale=was_on_sale,
                decided_by_id=by_id,
            )
    except IntegrityError as clash:
        if "one_recall_per_notice_and_product" not in str(clash):
            raise
        raise AlreadyRecalled(wanted.notice_reference) from clash


@transaction.atomic
def add_notice(*, recall_id: int, reference: str, url: str) -> Recall:
    """The authorities have published their notice. Raises WrongNotice, AlreadyRecalled. Locks the recall."""
    recall = Recall.objects.select_for_update().get(pk=recall_id)
    if not reference:
        raise WrongNotice
    _check_notice(reference, url)
    recall.notice_reference, recall.notice_url = reference, url
    try:
        with transaction.atomic():
            recall.save(update_fields=["notice_reference", "notice_url"])
    except IntegrityError as clash:
        raise AlreadyRecalled(reference) from clash
    return recall
