"""allauth speaks to people through the outbox, in the shop's words."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from crm.outbox.services import queue_message
from shop.customers.queries import customer_id_of_login


class _Secret(NamedTuple):
    letter: str
    setting: str


# allauth's name → our letter, and the setting that says how long its code or link lives.
_SECRETS = {
    "account/email/login_code": _Secret("sign_in_code", "LOGIN_BY_CODE_TIMEOUT"),
    "account/email/email_confirmation": _Secret(
        "email_verification_code", "EMAIL_VERIFICATION_BY_CODE_TIMEOUT"
    ),
    "account/email/email_confirmation_signup": _Secret(
        "email_verification_code", "EMAIL_VERIFICATION_BY_CODE_TIMEOUT"
    ),
}
# Somebody typed this address; at most one such letter a day, so that nobody's box is filled for sport.
_ANSWERS = {
    "account/email/unknown_account": "unknown_account",
    "account/email/account_already_exists": "account_exists",
}
_NOTICES = {
    "account/email/password_changed": _("Votre mot de passe a été changé."),
    "account/email/password_reset": _("Votre mot de passe a été remplacé."),
    "account/email/password_set": _("Un mot de passe a été choisi pour votre compte."),
    "account/email/email_changed": _("L’adresse e-mail de votre compte a été changée."),
    "account/email/email_deleted": _("Une adresse e-mail a été retirée de votre compte."),
    "account/email/email_confirm": _("Une adresse e-mail a été confirmée pour votre compte."),
    "mfa/email/totp_activated": _("La double authentification a été activée."),
    "mfa/email/totp_deactivated": _("La double authentification a été désactivée."),
    "mfa/email/recovery_codes_generated": _("De nouveaux codes de secours ont été créés."),
}
_ANY_CHANGE = _("Un réglage de sécurité de votre compte a été changé.")


class OutboxAdapter(DefaultAccountAdapter):
    """Letters as rows, links on the shop's own address, staff to their screens."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the letter in a transaction; the answer to the visitor never waits for a mail server."""
        with transaction.atomic():
            if template_prefix in _SECRETS:
                letter, lives = _SECRETS[template_prefix]
                self._queue_secret(letter, email, getattr(app_settings, lives), {"code": context["code"]})
            elif template_prefix == "account/email/password_reset_key":
                lives_seconds = settings.PASSWORD_RESET_TIMEOUT
                link = {"reset_url": context["password_reset_url"], "hours": lives_seconds // 3600}
                self._queue_secret("password_reset", email, lives_seconds, link)
            elif template_prefix in _ANSWERS:
                self._queue_answer(_ANSWERS[template_prefix], email)
            else:
                self._queue_notice(_NOTICES.get(template_prefix, _ANY_CHANGE), email)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        return reverse("admin:index") if user.is_authenticated and user.is_staff else reverse("account")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_security")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """On the shop's own address, whatever host the request claimed."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return str(settings.SITE_URL) + path.replace("UID-KEY", key)

    def _queue_secret(self, letter: str, email: str, lives_seconds: int, context: dict[str, Any]) -> None:
        queue_message(
            purpose=letter,
            occasion=str(uuid4()),
            recipient=email,
            customer_id=customer_id_of_login(email),
            template=letter,
            context={**context, "minutes": lives_seconds // 60},
            expires_at=timezone.now() + timedelta(seconds=lives_seconds),
            is_secret=True,
        )

    def _queue_answer(self, letter: str, email: str) -> None:
        mark = salted_hmac("crm.outbox.answer", email.lower()).hexdigest()[:32]
        queue_message(
            purpose=letter,
            occasion=f"{timezone.localdate():%Y-%m-%d} {mark}",
            recipient=email,
            template=letter,
            context={},
        )

    def _queue_notice(self, sentence: Any, email: str) -> None:
        queue_message(
            purpose="security_notice",
            occasion=str(uuid4()),
            recipient=email,
            customer_id=customer_id_of_login(email),
            template="security_notice",
            context={"sentence": str(sentence), "at": timezone.localtime()},
        )
