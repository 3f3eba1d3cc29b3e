"""A real shop. Refuses to start with a demo secret, the demo gateway or no address of its own."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from . import base
from .base import *  # noqa: F403
from .base import env

SECRET_KEY = env("SECRET_KEY", default="")
if len(SECRET_KEY) < 50 or SECRET_KEY.startswith(("demo-", "only-for-tests", "django-insecure")):
    raise ImproperlyConfigured("SECRET_KEY: at least 50 random characters of this shop's own are needed.")
# The former secret, while letters sealed and sessions signed under it are still about.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
if base.PAYMENT_GATEWAY == "demo":
    raise ImproperlyConfigured("PAYMENT_GATEWAY: the demo gateway takes no money; set it to 'stripe'.")
if not (base.STRIPE_SECRET_KEY and base.STRIPE_WEBHOOK_SECRET):
    raise ImproperlyConfigured("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are needed to take payments.")
if not base.ALLOWED_HOSTS or "*" in base.ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS: name the shop's own hosts, without a wildcard.")
if not base.SITE_URL.startswith("https://") or not urlsplit(base.SITE_URL).hostname:
    raise ImproperlyConfigured("SITE_URL: links in letters need the shop's https address.")
if not env("DATABASE_URL", default=""):
    raise ImproperlyConfigured("DATABASE_URL: name the shop's PostgreSQL; there is no default here.")
if base.EMAIL_BACKEND.endswith((".console.EmailBackend", ".dummy.EmailBackend", ".locmem.EmailBackend")):
    raise ImproperlyConfigured("EMAIL_URL or EMAIL_PROVIDER: letters must leave the machine.")

# TLS ends at a proxy of ours, whose word on scheme and client address is taken.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1)
CSRF_TRUSTED_ORIGINS = [base.SITE_URL]
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^sante/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STAFF_SECOND_FACTOR = True
