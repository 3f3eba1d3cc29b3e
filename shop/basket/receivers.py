"""Signals of Django itself, one service call each."""

from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from delivery.zones.visitor import find_place
from shop.basket.services import merge_at_sign_in, zone_held
from shop.basket.shopper import SESSION_KEY
from shop.customers.models import User
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
    # Where their basket goes, else where they are usually delivered; never away from a place that is held.
    find_place(
        request,
        (kept.postcode if kept else "", *addresses_of(customer).values_list("postcode", flat=True)),
        zone_id=zone_held(kept) if kept else None,
    )
