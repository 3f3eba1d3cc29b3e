"""Signals of Django itself, one service call each."""

from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from shop.basket.services import merge_at_sign_in
from shop.basket.shopper import SESSION_KEY
from shop.customers.models import User
from shop.customers.services import customer_for_user


@receiver(user_logged_in, dispatch_uid="basket.merge_at_sign_in")
def merge_baskets(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """The session survives the sign-in with its keys, so the visitor's basket is still named in it."""
    session = getattr(request, "session", {})
    key = session.get(SESSION_KEY)
    if user.is_staff and not key:
        return
    kept = merge_at_sign_in(visitor_key=UUID(key) if key else None, customer_id=customer_for_user(user).pk)
    if kept:
        session[SESSION_KEY] = str(kept.key)
