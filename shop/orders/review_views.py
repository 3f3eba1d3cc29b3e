"""What a customer says of an order they received: its products, and how it came."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.limits import Limit, too_many
from shop.customers.models import Customer
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user
from shop.orders.models import Order, OrderLine
from shop.orders.queries import is_received, orders_of
from shop.reviews import services
from shop.reviews.forms import ProductReviewForm, ReviewForm, ServiceReviewForm, WithdrawForm
from shop.reviews.models import ProductReview, ServiceReview
from shop.reviews.queries import own_product_reviews, own_reviews, own_service_review
from shop.search.queries import Card, cards_by_id

# An order is reviewed in one go or in a few; a program would send many.
REVIEWS_BY_CUSTOMER = Limit("review.customer", most=30)


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product of the order, its form and what was said of it before."""

    line: OrderLine
    product_id: int
    card: Card | None
    form: ProductReviewForm
    known: ProductReview | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that can be said of one order, on one form: what is typed in one part is not lost by another's error."""

    rows: list[ProductRow]
    service: ServiceReviewForm
    known: ServiceReview | None

    @property
    def forms(self) -> list[tuple[str, ReviewForm]]:
        return [(_("La livraison"), self.service), *((row.line.name, row.form) for row in self.rows)]

    @property
    def is_valid(self) -> bool:
        return all(form.is_valid() for _name, form in self.forms)

    @property
    def has_errors(self) -> bool:
        return any(form.errors for _name, form in self.forms)

    @property
    def is_empty(self) -> bool:
        return not any(form.has_changed() for _name, form in self.forms)


@dataclass(frozen=True, slots=True)
class OwnReview:
    """A review on its author's own page; the card is of its product, None for the service."""

    review: ProductReview | ServiceReview
    card: Card | None


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_reviews(request: HttpRequest, reference: str) -> HttpResponse:
    customer, order = _own_order(request, reference)
    if not is_received(order):
        if request.method == "POST":
            raise Http404
        return render(request, "orders/reviews_later.html", {"order": order})
    sheet = _sheet(customer, order, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, order, sheet)
    if not REVIEWS_BY_CUSTOMER.spend(str(customer.pk)):
        return too_many(request)
    if not sheet.is_valid:
        return _page(request, order, sheet, status=422)
    _hand_in(request, customer, order, sheet)
    return redirect("order_reviews", reference=reference)


@never_cache
@login_required
@require_safe
def my_reviews(request: HttpRequest) -> HttpResponse:
    """All that a customer said, where it stands and what was answered. Seven queries at most of its own."""
    customer = customer_for_user(request.user)  # type: ignore[arg-type]
    page = own_reviews(customer_ids(customer), request.GET.get("page", "1"))
    products = {review.product_id for review in page.object_list if isinstance(review, ProductReview)}
    cards = cards_by_id(products, None)
    rows = [
        OwnReview(review, cards.get(review.product_id) if isinstance(review, ProductReview) else None)
        for review in page.object_list
    ]
    return render(request, "orders/my_reviews.html", {"page_obj": page, "rows": rows, "querystring": ""})


def _own_order(request: HttpRequest, reference: str) -> tuple[Customer, Order]:
    customer = customer_for_user(request.user)  # type: ignore[arg-type]
    placed = orders_of(customer_ids(customer)).filter(status__in=Order.STANDING)
    return customer, get_object_or_404(placed, reference=reference)


def _sheet(customer: Customer, order: Order, data: Any) -> Sheet:
    """Four queries, however long the order."""
    lines = {line.product_id: line for line in order.lines.all() if line.product_id}
    cards = cards_by_id(list(lines), order.depot_id)
    known = own_product_reviews(customer.pk, list(lines))
    of_service = own_service_review(customer.pk, order.reference)
    return Sheet(
        [
            ProductRow(
                line,
                pk,
                cards.get(pk),
                ProductReviewForm(known=known.get(pk), data=data, prefix=f"produit-{pk}"),
                known.get(pk),
            )
            for pk, line in lines.items()
        ],
        ServiceReviewForm(known=of_service, data=data, prefix="service"),
        of_service,
    )


def _page(request: HttpRequest, order: Order, sheet: Sheet, status: int = 200) -> HttpResponse:
    return render(request, "orders/reviews.html", {"order": order, "sheet": sheet}, status=status)


def _hand_in(request: HttpRequest, customer: Customer, order: Order, sheet: Sheet) -> None:
    if sheet.is_empty:
        messages.info(request, _("Rien de nouveau à envoyer : choisissez une note."))
        return
    services.hand_in_reviews(
        customer_id=customer.pk,
        order_reference=order.reference,
        of_products={row.product_id: row.form.words() for row in sheet.rows if row.form.has_changed()},
        of_service=sheet.service.words() if sheet.service.has_changed() else None,
    )
    messages.success(
        request, _("Merci. Une personne relit votre avis sous 72 heures ; bon ou mauvais, il est publié.")
    )


@login_required
@require_POST
def withdraw_review(request: HttpRequest, reference: str) -> HttpResponse:
    customer, order = _own_order(request, reference)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        services.withdraw_review(
            customer_id=customer.pk, kind=form.cleaned_data["kind"], review_id=form.cleaned_data["review"]
        )
    except services.NotReceived:
        raise Http404 from None
    messages.success(request, _("Votre avis est retiré, il n’en reste rien."))
    return redirect("order_reviews", reference=order.reference)
