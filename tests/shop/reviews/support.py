"""Orders that have come, and reviews in every state, made as the shop makes them."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

from django.utils import timezone

from shop.orders.models import Order, OrderLine
from shop.reviews import services
from shop.reviews.models import REVIEWS, ProductRating, ProductReview, ServiceReview
from shop.reviews.rules import RatingSummary, ServiceWords, Words
from tests.factories import CustomerFactory, ProductFactory, SlotFactory

_numbers = count(1)


def order_of(customer, *products, ended=timedelta(days=2), status=Order.Status.PLACED):
    """An order whose slot ended so long ago; a negative time is still to come."""
    starts = timezone.now() - ended - timedelta(hours=1)
    slot = SlotFactory(starts_at=starts)
    order = Order.objects.create(
        reference=f"CB-AVIS-{next(_numbers):04}", customer=customer, basket_key=uuid4(), status=status,
        slot=slot, zone=slot.zone, depot=slot.zone.depot, email=customer.email, first_name="Élodie",
        last_name="Martin", phone="0612345678", line1="12 rue des Lilas", postcode="75011", city="Paris",
        goods_total=Decimal("10.00"), delivery_fee=Decimal(0), total=Decimal("10.00"), terms_version="1",
        placed_at=starts,
    )  # fmt: skip
    for product in products:
        OrderLine.objects.create(
            order=order, product=product, ean=product.ean, name=product.name, sold_by="piece", quantity=1,
            unit_price=1, vat_rate=5, total=1, vat_amount=0, unit_cost=1, cost_on=timezone.localdate(),
        )  # fmt: skip
    return order


def written(product=None, *, customer=None, order=None, rating=4, title="", text=""):
    """A review that waits for a person."""
    customer = customer or CustomerFactory()
    product = product or ProductFactory()
    order = order or order_of(customer, product)
    services.hand_in_reviews(
        customer_id=customer.pk,
        order_reference=order.reference,
        of_products={product.pk: Words(rating, title, text)},
    )
    return ProductReview.objects.get(customer=customer, product=product, status="waiting")


def written_of_service(*, customer=None, order=None, rating=4, text="", **details):
    customer = customer or CustomerFactory()
    order = order or order_of(customer, ProductFactory())
    services.hand_in_reviews(
        customer_id=customer.pk,
        order_reference=order.reference,
        of_products={},
        of_service=ServiceWords(Words(rating, text=text), details),
    )
    return ServiceReview.objects.get(order_reference=order.reference, status="waiting")


def publish(review):
    services.publish_review(kind=review.kind, review_id=review.pk, user_id=None, seen_at=review.written_at)
    return again(review)


def refuse(review, reason="insult", words="Retirez l’insulte."):
    services.refuse_review(
        kind=review.kind, review_id=review.pk, user_id=None, seen_at=review.written_at, reason=reason, words=words
    )  # fmt: skip
    return again(review)


def answer(review, text="Merci, nous en parlons au producteur.", role="buyer"):
    services.answer_review(kind=review.kind, review_id=review.pk, user_id=None, role=role, answer=text)
    return again(review)


def again(review):
    return REVIEWS[review.kind].objects.get(pk=review.pk)


def rating_of(product_id):
    """What the stars of a product are counted from."""
    found = ProductRating.objects.filter(product_id=product_id).first()
    return found.summary if found else RatingSummary()


def published(product=None, **said):
    return publish(written(product, **said))
