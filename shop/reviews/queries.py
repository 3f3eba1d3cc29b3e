"""Reads of reviews: published ones for everybody, one's own for a customer, waiting ones for staff."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from shop.catalogue.models import Product
from shop.reviews.models import (
    REVIEWS,
    AnswerRole,
    ProductRating,
    ProductReview,
    RefusalReason,
    ServiceReview,
    Status,
)
from shop.reviews.rules import BEST, RatingSummary, author_name, one_decimal

PER_PAGE = 10
# On the product's own page; the rest are one link away.
FIRST_FEW = 3
# After this a person should have read it: the delay that the page about reviews states.
READ_WITHIN = timedelta(hours=72)
# How far back the figures of the service go. The reviews themselves are all shown.
SERVICE_SINCE = timedelta(days=365)

NEWEST = "recents"
SORTS: dict[str, tuple[str, ...]] = {
    NEWEST: ("-published_at", "-id"),
    "anciens": ("published_at", "id"),
    "notes-basses": ("rating", "-published_at", "-id"),
    "notes-hautes": ("-rating", "-published_at", "-id"),
}


@dataclass(frozen=True, slots=True)
class ReviewsOfProduct:
    """A page of a product's reviews and the ratings of all of them."""

    summary: RatingSummary
    page_obj: Page[ProductReview]
    sort: str


@dataclass(frozen=True, slots=True)
class ShownReview:
    """What readers see of a review of a product."""

    rating: int
    title: str
    text: str
    author: str
    experienced_on: date
    published_at: datetime
    answer: str
    answer_by: str
    answered_at: datetime | None
    kind: str = ProductReview.kind


@dataclass(frozen=True, slots=True)
class LatestReviews:
    """The ratings of a product and its FIRST_FEW latest reviews."""

    summary: RatingSummary
    reviews: list[ShownReview]

    @property
    def has_more(self) -> bool:
        return self.summary.count > len(self.reviews)


# For another room's statement over ``catalogue_product p``: how many gave each number of stars, and the latest as JSON.
# A guest is called as the customer they turned out to be.
RATINGS_SQL = f"""ARRAY(SELECT unnest(ARRAY[{", ".join(f"g.{name}" for name in ProductRating.COLUMNS)}])
                        FROM reviews_productrating g WHERE g.product_id = p.id)"""  # noqa: S608 - names of columns
LATEST_SQL = f"""coalesce((SELECT jsonb_agg(shown) FROM (
    SELECT r.title, r.text, r.rating, r.answer, r.answer_role, r.experienced_on, r.published_at, r.answered_at,
           coalesce(m.first_name, w.first_name) AS first_name, coalesce(m.last_name, w.last_name) AS last_name
      FROM reviews_productreview r
      JOIN customers_customer w ON w.id = r.customer_id
      LEFT JOIN customers_customer m ON m.id = w.merged_into_id
     WHERE r.product_id = p.id AND r.status = '{Status.PUBLISHED.value}'
     ORDER BY r.published_at DESC, r.id DESC LIMIT {FIRST_FEW}) AS shown)::text, '[]')"""  # noqa: S608 - constants
_WORDS = ("text", "rating", "answer", "answer_role", "experienced_on", "published_at", "answered_at")
_AUTHOR = {
    "first_name": Coalesce("customer__merged_into__first_name", "customer__first_name"),
    "last_name": Coalesce("customer__merged_into__last_name", "customer__last_name"),
}


def latest_reviews(counts: Sequence[int], latest: str) -> LatestReviews:
    """What is shown on a product's own page, from RATINGS_SQL and LATEST_SQL. No query."""
    summary = RatingSummary(tuple(counts) or (0,) * BEST)
    return LatestReviews(summary, [_shown(found) for found in json.loads(latest)])


def _shown(found: dict[str, Any]) -> ShownReview:
    return ShownReview(
        rating=found["rating"],
        title=found["title"],
        text=found["text"],
        author=author_name(found["first_name"], found["last_name"]),
        experienced_on=date.fromisoformat(found["experienced_on"]),
        published_at=datetime.fromisoformat(found["published_at"]),
        answer=found["answer"],
        answer_by=str(AnswerRole(found["answer_role"]).label) if found["answer"] else "",
        answered_at=datetime.fromisoformat(found["answered_at"]) if found["answered_at"] else None,
    )


def reviews_of(product_id: int, page: int = 1, sort: str = NEWEST) -> ReviewsOfProduct:
    """Published reviews of a product, bad ones included, with what all of them come to. One query.

    Raises Http404 past the last page.
    """
    order = SORTS.get(sort, SORTS[NEWEST])
    shown = ProductReview.objects.filter(product_id=product_id, status=Status.PUBLISHED)
    start = (page - 1) * PER_PAGE
    rows = list(
        shown.select_related("customer__merged_into", "product__rating").order_by(*order)[
            start : start + PER_PAGE
        ]
    )
    if not rows and page > 1:
        raise Http404
    summary = rows[0].product.rating.summary if rows else RatingSummary()
    # The rating row has counted them already.
    shown_page: Page[Any] = Paginator(range(summary.count), PER_PAGE).get_page(page)
    shown_page.object_list = rows
    return ReviewsOfProduct(summary, shown_page, sort)


def published_product(slug: str) -> Product | None:
    """One query."""
    return Product.objects.filter(is_published=True, slug=slug).first()


@dataclass(frozen=True, slots=True)
class ServiceSummary:
    """The ratings of a year of orders, and the mean of each detail with how many gave it."""

    overall: RatingSummary
    details: dict[str, tuple[Decimal, int]]


def service_summary(now: datetime) -> ServiceSummary:
    """What the published reviews of the last SERVICE_SINCE come to. One query."""
    return summary_of(list(service_ratings(now)))


def service_ratings(now: datetime) -> QuerySet[Any, Any]:
    """What `summary_of` adds up: at most BEST rows, one for each overall rating. One query when read."""
    recent = ServiceReview.objects.filter(status=Status.PUBLISHED, published_at__gte=now - SERVICE_SINCE)
    sums = {f"sum_{name}": Sum(name) for name in ServiceReview.DETAILS}
    numbers = {f"number_{name}": Count(name) for name in ServiceReview.DETAILS}
    by_rating: Any = recent.order_by().values("rating")
    rated: QuerySet[Any, Any] = by_rating.annotate(number=Count("id"), **sums, **numbers)
    return rated


def summary_of(rows: Collection[Mapping[str, Any]]) -> ServiceSummary:
    """The rows of `service_ratings` as one summary. No query."""
    counts = {row["rating"]: row["number"] for row in rows}
    details = {
        name: (sum(row[f"sum_{name}"] or 0 for row in rows), number)
        for name in ServiceReview.DETAILS
        if (number := sum(row[f"number_{name}"] for row in rows))
    }
    return ServiceSummary(
        RatingSummary(tuple(counts.get(stars, 0) for stars in range(1, BEST + 1))),
        {name: (one_decimal(Decimal(total) / number), number) for name, (total, number) in details.items()},
    )


def service_reviews() -> QuerySet[ServiceReview]:
    """What is published about the service, newest first. One query when read."""
    shown = ServiceReview.objects.filter(status=Status.PUBLISHED).select_related("customer__merged_into")
    return shown.order_by(*SORTS[NEWEST])


def latest_service_words() -> QuerySet[Any, Any]:
    """The FIRST_FEW latest published reviews of the service that say something. One query when read."""
    said = ServiceReview.objects.filter(status=Status.PUBLISHED).exclude(text="")
    latest: QuerySet[Any, Any] = said.order_by(*SORTS[NEWEST]).values(*_WORDS, **_AUTHOR)[:FIRST_FEW]
    return latest


def shown_service_words(found: Mapping[str, Any]) -> ShownReview:
    """A row of `latest_service_words` that travelled as JSON, as readers see it. No query."""
    return replace(_shown({"title": "", **found}), kind=ServiceReview.kind)


def own_product_reviews(customer_id: int, product_ids: Collection[int]) -> dict[int, ProductReview]:
    """A customer's latest words on each product, wherever they stand. One query."""
    own = ProductReview.objects.filter(customer_id=customer_id, product_id__in=product_ids)
    return {review.product_id: review for review in own.order_by("written_at", "pk")}


def own_service_review(customer_id: int, order_reference: str) -> ServiceReview | None:
    """A customer's latest words on one of their orders. One query."""
    own = ServiceReview.objects.filter(customer_id=customer_id, order_reference=order_reference)
    return own.order_by("-written_at", "-pk").first()


def own_reviews(customer_ids: Collection[int], page: str | int) -> Page[ProductReview | ServiceReview]:
    """A page of all that a customer said, the latest words first; what they replaced since is left out.

    Four queries, however much they wrote; a page that is none is the first or the last.
    """
    own = [
        _own(model, customer_ids).order_by().values_list("written_at", "pk", Value(kind))
        for kind, model in REVIEWS.items()
    ]
    found: Page[Any] = Paginator(
        own[0].union(*own[1:], all=True).order_by("-written_at", "-pk"), PER_PAGE
    ).get_page(page)
    read: dict[tuple[str, int], ProductReview | ServiceReview] = {}
    for kind, model in REVIEWS.items():
        keys = [pk for _written_at, pk, its_kind in found.object_list if its_kind == kind]
        read |= {(kind, review.pk): review for review in _own(model, customer_ids).filter(pk__in=keys)}
    found.object_list = [read[kind, pk] for _written_at, pk, kind in found.object_list if (kind, pk) in read]
    return found


def _own(model: type[ProductReview | ServiceReview], customer_ids: Collection[int]) -> QuerySet[Any]:
    return model.objects.filter(customer_id__in=customer_ids).exclude(status=Status.REPLACED)


def is_overdue(review: ProductReview | ServiceReview, now: datetime) -> bool:
    """Whether its author has waited longer than was promised. No query."""
    return review.status == Status.WAITING and review.written_at < now - READ_WITHIN


def overdue(now: datetime) -> Q:
    return Q(status=Status.WAITING, written_at__lt=now - READ_WITHIN)


def waiting_figures(kind: str, now: datetime) -> dict[str, int]:
    """``number`` of reviews that wait for a person and how many of them are ``late``. One query."""
    waiting = REVIEWS[kind].objects.filter(status=Status.WAITING)
    return waiting.aggregate(number=Count("id"), late=Count("id", filter=overdue(now)))


@dataclass(frozen=True, slots=True)
class Share:
    """Of the reviews with so many stars that a person decided on: how many are or were published."""

    stars: int
    published: int
    decided: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.published / self.decided) if self.decided else None


def published_shares(kind: str) -> list[Share]:
    """The proof that bad reviews are published like good ones: a share for each rating, the best first. One query."""
    rows = {
        rating: (published, decided)
        for rating, published, decided in REVIEWS[kind]
        .objects.exclude(status=Status.WAITING)
        .values_list("rating")
        .annotate(published=Count("id", filter=~Q(status=Status.REFUSED)), decided=Count("id"))
        .order_by()
    }
    return [Share(stars, *rows.get(stars, (0, 0))) for stars in range(BEST, 0, -1)]


def letter_about(kind: str, review_id: int) -> dict[str, Any] | None:
    """What a letter to a review's author says; None when there is nobody to write to. One query."""
    model = REVIEWS[kind]
    related = ("customer__merged_into", "product") if model is ProductReview else ("customer__merged_into",)
    review = model.objects.filter(pk=review_id).select_related(*related).first()
    if review is None:
        return None
    owner = review.customer.merged_into or review.customer
    if not owner.email:
        return None
    return {
        "recipient": owner.email,
        "customer_id": owner.pk,
        "first_name": owner.first_name,
        "product": review.product.name if isinstance(review, ProductReview) else "",
        "product_slug": review.product.slug if isinstance(review, ProductReview) else "",
        "reference": review.order_reference,
        "title": getattr(review, "title", ""),
        "text": review.text,
        "rating": review.rating,
        "reason": RefusalReason(review.refusal_reason).label if review.refusal_reason else "",
        "reason_words": review.refusal_words,
        "answer": review.answer,
        "answer_role": review.get_answer_role_display(),
    }
