"""Every write about reviews. What counts stars (ProductRating) changes in the transaction that shows or hides one.

Locks: the review decided on, the published one it replaces, then the product's rating row.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from config import kept
from config.facts import publish
from shop.reviews.events import ReviewAnswered, ReviewRefused
from shop.reviews.models import MOVES, REVIEWS, ProductRating, ProductReview, Review, ServiceReview, Status
from shop.reviews.ports import receipt_of
from shop.reviews.rules import ServiceWords, Words, faults, faults_of_details

# What the page « Comment les avis sont contrôlés » promises (C. conso. D111-17).
KEPT_PUBLISHED = timedelta(days=5 * 365)
KEPT_OTHERWISE = timedelta(days=365)
FORGOTTEN_AT_ONCE = 500


class NotReceived(Exception):
    """Not an order of this customer, not received yet, or the product was not in it: nothing to review."""


class WordsRefused(Exception):
    """The words hold what no review may hold (rules.Fault)."""


class AlreadyDecided(Exception):
    """Somebody else decided first, or the review is not in a state from which it may go there."""


class WordsChanged(Exception):
    """Its author wrote something else since it was read."""


class ReasonMissing(ValueError):
    """A refusal needs a reason and words for its author (C. conso. L111-7-2)."""


class NotAnswerable(Exception):
    """Only a published review is answered, and once."""


# --- what customers do -----------------------------------------------------------------------------


@transaction.atomic
def hand_in_reviews(
    *,
    customer_id: int,
    order_reference: str,
    of_products: Mapping[int, Words],
    of_service: ServiceWords | None = None,
) -> int:
    """Hand in what a customer says of an order they received, all or nothing; how many reviews.

    Each waits for a person. Words that still wait are replaced in place, decided ones stay: two presses at
    once make one review. One statement a product, in one batch, five for the service, and the port's.
    Raises NotReceived (also for a product that was not in the order), WordsRefused.
    """
    receipt = receipt_of(customer_id, order_reference)
    if receipt is None or not of_products.keys() <= receipt.product_ids:
        raise NotReceived
    sent = {
        "experienced_on": receipt.received_on,
        "written_at": timezone.now(),
        "order_reference": order_reference,
    }
    _hand_in_products(customer_id, of_products, sent)
    if of_service:
        _hand_in_service(customer_id, of_service, sent)
    return len(of_products) + bool(of_service)


def _hand_in_products(customer_id: int, of_products: Mapping[int, Words], sent: dict[str, Any]) -> None:
    rows = []
    # In one order of products, so that two tabs never wait for each other.
    for product_id, words in sorted(of_products.items()):
        if found := faults(words):
            raise WordsRefused(*found)
        said = {"rating": words.rating, "title": words.title, "text": words.text}
        rows.append({"customer": customer_id, "product": product_id, **said, **sent})
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_HAND_IN, rows)


# Django's own upsert names no partial index, and looking first would take two statements a product.
_HAND_IN = """
INSERT INTO reviews_productreview AS known
       (customer_id, product_id, order_reference, rating, title, text, experienced_on, created_at, written_at,
        status, refusal_reason, refusal_words, answer, answer_role)
VALUES (%(customer)s, %(product)s, %(order_reference)s, %(rating)s, %(title)s, %(text)s, %(experienced_on)s,
        %(written_at)s, %(written_at)s, 'waiting', '', '', '', '')
ON CONFLICT (customer_id, product_id) WHERE status = 'waiting' DO UPDATE
   SET order_reference = excluded.order_reference, rating = excluded.rating, title = excluded.title,
       text = excluded.text, experienced_on = excluded.experienced_on, written_at = excluded.written_at
"""


def _hand_in_service(customer_id: int, said: ServiceWords, sent: dict[str, Any]) -> None:
    if found := faults(said.words) + faults_of_details(said.details.values()):
        raise WordsRefused(*found)
    ServiceReview.objects.update_or_create(
        order_reference=sent["order_reference"],
        status=Status.WAITING,
        defaults={
            **sent,
            "customer_id": customer_id,
            "rating": said.words.rating,
            "text": said.words.text,
            **{name: said.details.get(name) for name in ServiceReview.DETAILS},
        },
    )


@transaction.atomic
def withdraw_review(*, customer_id: int, kind: str, review_id: int) -> None:
    """Take back one's own review, its former versions included; nothing of it stays. At most five statements.

    Raises NotReceived when this customer wrote no such review.
    """
    own = REVIEWS[kind].objects.filter(customer_id=customer_id)
    about = "product_id" if kind == ProductReview.kind else "order_reference"
    subject = own.filter(pk=review_id).values_list(about, flat=True).first()
    if subject is None:
        raise NotReceived
    # The newest first, as publishing locks them.
    versions = list(own.filter(**{about: subject}).select_for_update().order_by("-pk"))
    for version in versions:
        _uncount(version)
    own.filter(pk__in=[version.pk for version in versions]).delete()
    kept.changed("reviews")


# --- what staff do ---------------------------------------------------------------------------------


@transaction.atomic
def publish_review(*, kind: str, review_id: int, user_id: int | None, seen_at: datetime) -> None:
    """Show a review, in place of its author's former one. At most six statements.

    `seen_at` is the `written_at` of the words that were read. Raises AlreadyDecided, WordsChanged.
    """
    review = _locked_as_read(kind, review_id, seen_at)
    _move(review, Status.PUBLISHED, user_id)
    former = _shown_before(review)
    if former is not None:
        former.status = Status.REPLACED
        former.save(update_fields=["status"])
    review.published_at = review.moderated_at
    review.save()
    kept.changed("reviews")
    if isinstance(review, ProductReview):
        _count(review.product_id, added=review.rating, removed=former.rating if former else None)


@transaction.atomic
def refuse_review(
    *, kind: str, review_id: int, user_id: int | None, seen_at: datetime, reason: str, words: str
) -> None:
    """Refuse to publish, or take off the site, for one of RefusalReason; the author is told. Five statements.

    Raises ReasonMissing, AlreadyDecided, WordsChanged.
    """
    if not reason or not words.strip():
        raise ReasonMissing
    review = _locked_as_read(kind, review_id, seen_at)
    _uncount(review)
    _move(review, Status.REFUSED, user_id)
    review.refusal_reason, review.refusal_words = reason, words.strip()
    review.save()
    kept.changed("reviews")
    publish(ReviewRefused(kind=kind, review_id=review.pk))


@transaction.atomic
def answer_review(*, kind: str, review_id: int, user_id: int | None, role: str, answer: str) -> None:
    """The shop's word under a published review, once; the author is told. Locks it; three statements.

    Raises NotAnswerable.
    """
    review = REVIEWS[kind].objects.select_for_update().get(pk=review_id)
    if review.status != Status.PUBLISHED or review.answer or not answer.strip():
        raise NotAnswerable
    review.answer, review.answer_role = answer.strip(), role
    review.answered_at, review.answered_by_id = timezone.now(), user_id
    review.save()
    kept.changed("reviews")
    publish(ReviewAnswered(kind=kind, review_id=review.pk))


def _locked_as_read(kind: str, review_id: int, seen_at: datetime) -> Review:
    review = REVIEWS[kind].objects.select_for_update().get(pk=review_id)
    if review.written_at != seen_at:
        raise WordsChanged
    return review


def _move(review: Review, to: Status, user_id: int | None) -> None:
    if to not in MOVES[review.status]:
        raise AlreadyDecided
    review.status = to
    review.moderated_by_id, review.moderated_at = user_id, timezone.now()


def _shown_before(review: Review) -> Review | None:
    if isinstance(review, ProductReview):
        products = ProductReview.objects.filter(customer_id=review.customer_id, product_id=review.product_id)
        return products.filter(status=Status.PUBLISHED).select_for_update().first()
    services = ServiceReview.objects.filter(order_reference=review.order_reference)
    return services.filter(status=Status.PUBLISHED).select_for_update().first()


def _uncount(review: Review) -> None:
    if isinstance(review, ProductReview) and review.status == Status.PUBLISHED:
        _count(review.product_id, removed=review.rating)


def _count(product_id: int, *, added: int | None = None, removed: int | None = None) -> None:
    """Change a product's stars by what one decision changed. The database adds, so that none is lost."""
    ProductRating.objects.bulk_create([ProductRating(product_id=product_id)], ignore_conflicts=True)
    change: Counter[str] = Counter()
    if added:
        change[ProductRating.COLUMNS[added - 1]] += 1
    if removed:
        change[ProductRating.COLUMNS[removed - 1]] -= 1
    changes = {name: F(name) + by for name, by in change.items()}
    ProductRating.objects.filter(product_id=product_id).update(**changes)


# --- what time does --------------------------------------------------------------------------------


@transaction.atomic
def forget_old_reviews(now: datetime) -> int:
    """Delete what is past the time it is kept, FORGOTTEN_AT_ONCE of each at most; how many.

    Reviews locked by somebody wait for the next run, so that nobody waits for this.
    """
    forgotten = 0
    for model in REVIEWS.values():
        too_old = Q(status=Status.PUBLISHED, published_at__lt=now - KEPT_PUBLISHED) | Q(
            status__in=[Status.REFUSED, Status.REPLACED], moderated_at__lt=now - KEPT_OTHERWISE
        )
        past = model.objects.filter(too_old)
        rows = list(past.order_by("pk").select_for_update(skip_locked=True)[:FORGOTTEN_AT_ONCE])
        for review in sorted(rows, key=lambda row: getattr(row, "product_id", 0)):
            _uncount(review)
        forgotten += model.objects.filter(pk__in=[row.pk for row in rows]).delete()[0]
    if forgotten:
        kept.changed("reviews")
    return forgotten


@transaction.atomic
def recount_ratings() -> None:
    """Build every rating row anew from the published reviews, after rows were removed in bulk. Three statements.

    Locks the ratings out of every decision meanwhile, so that none is counted twice.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE reviews_productrating IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM reviews_productrating")
        cursor.execute(_RECOUNT)


_RECOUNT = """
INSERT INTO reviews_productrating (product_id, one, two, three, four, five)
SELECT product_id, count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2),
       count(*) FILTER (WHERE rating = 3), count(*) FILTER (WHERE rating = 4), count(*) FILTER (WHERE rating = 5)
  FROM reviews_productreview WHERE status = 'published' GROUP BY product_id
"""
