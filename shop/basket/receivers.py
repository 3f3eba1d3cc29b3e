"""Signals of Django itself, one service call each."""

from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from delivery.zones.queries import zone_for_postcode
from delivery.zones.visitor import remember_place, visitor_postcode
from shop.basket.services import merge_at_sign_in
from shop.basket.shopper import SESSION_KEY
from shop.customers.models import Customer, User
from shop.customers.queries import addresses_of
from shop.customers.services import customer_for_user


@receiver(user_logged_in, dispatch_uid="basket.merge_at_sign_in")
def merge_baskets(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """The session survives the sign-in with its keys, so the visitor's basket is still named in it."""
    session = getattr(request, "session", {})
    key = session.get(SESSION_KEY)
    if user.is_staff and not key:
        return
    customer = customer_for_user(user)
    kept = merge_at_sign_in(visitor_key=UUID(key) if key else None, customer_id=customer.pk)
    if kept:
        session[SESSION_KEY] = str(kept.key)
    if not visitor_postcode(request):
        _find_place(request, kept.postcode if kept else "", customer)


def _find_place(request: HttpRequest, of_basket: str, customer: Customer) -> None:
    """Where their basket goes, else where they are usually delivered: prices and stock are of there at once."""
    usual = addresses_of(customer).values_list("postcode", flat=True).first()
    for postcode in (of_basket, usual or ""):
        if postcode and zone_for_postcode(postcode):
            remember_place(request, postcode)
            return
