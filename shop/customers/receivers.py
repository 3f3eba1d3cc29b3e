"""What allauth tells us, one service call each."""

from typing import Any

from allauth.account import signals
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from django.dispatch import receiver
from django.http import HttpRequest

from shop.customers import services
from shop.customers.models import User


def _proven_by_code_alone(request: HttpRequest, user: User) -> bool:
    """First proof ever of this login, and given by a sign-in code rather than in the sign-up's session."""
    records = get_authentication_records(request, user)
    return user.last_login is None and bool(records) and records[-1].get("method") == "code"


@receiver(signals.email_confirmed, dispatch_uid="customers.email_confirmed")
def email_confirmed(request: HttpRequest, email_address: EmailAddress, **_kwargs: Any) -> None:
    user = email_address.user
    services.confirm_email(user, password_is_unproven=_proven_by_code_alone(request, user))


@receiver(signals.email_changed, dispatch_uid="customers.email_changed")
def email_changed(user: User, **_kwargs: Any) -> None:
    services.follow_email(user)


@receiver(signals.user_logged_in, dispatch_uid="customers.signed_in")
def signed_in(user: User, **_kwargs: Any) -> None:
    """Orders placed as a guest since the last sign-in are found again."""
    services.attach_verified_guests(user)
