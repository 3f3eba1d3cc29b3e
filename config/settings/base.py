"""What every place the shop runs in has in common. Values that differ come from the environment."""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = Path(env("CABAS_STATE", default=str(BASE_DIR / ".run")))

DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000")
# A shop filled with invented prices says so on every page and keeps search engines out.
DEMONSTRATION = env.bool("DEMONSTRATION", default=False)

ROOMS = [
    "config.apps.ConfigApp",
    "shop.customers",
    "delivery.zones",
    "delivery.slots",
    "delivery.promise",
    "delivery.rounds",
    "delivery.tracking",
    "loyalty.points",
    "loyalty.vouchers",
    "loyalty.rewards",
    "loyalty.milestones",
    "loyalty.referrals",
    "shop.catalogue",
    "shop.pricing",
    "shop.stock",
    "shop.reviews",
    "shop.search",
    "shop.basket",
    "shop.lists",
    "shop.payments",
    "shop.orders",
    "shop.documents",
    "shop.checkout",
    "shop.picking",
    "shop.recalls",
    "shop.claims",
    "shop.home",
    "crm.audience",
    "crm.outbox",
    "crm.insights",
    "crm.desk",
]
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "csp",
    "django_htmx",
    "django_domain_events",
    "import_export",
    "pgtrigger",
    *ROOMS,
]

MIDDLEWARE = [
    "config.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.staff_csp",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressionMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "shop.customers.middleware.LoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.staff_second_factor",
    "config.middleware.worded_refusals",
    "config.middleware.page_validator",
    "crm.insights.middleware.funnel_counts",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.context.shop",
                "shop.search.context.menu",
                "shop.basket.context.shopper",
            ],
        },
    }
]
# What the kept part of a page may know (config/pages.py): nothing that depends on who asks.
KEPT_CONTEXT_PROCESSORS = ["config.context.shop", "shop.search.context.menu"]


def database() -> dict[str, Any]:
    """The database that the address in the environment names, spoken to as the shop speaks to it.

    What the address itself says of the connection (sslmode, a timeout) goes before.
    """
    named: dict[str, Any] = env.db("DATABASE_URL", default="postgres:///cabas")
    return named | {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": env("CABAS_PROCESS", default="cabas"),
            "connect_timeout": 5,
            # Prepared are only the statements of config/rows.py: all others are bound in the client. Left to itself the
            # server would go on planning the search anew for each query typed, which takes a third of its time.
            "prepare_threshold": 5,
            "options": "-c plan_cache_mode=force_generic_plan",
            **named.get("OPTIONS", {}),
        },
    }


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "config.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "TIMEOUT": 3600,
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.5},
    },
    # Sign-in limits must outlive a wiped cache, hence the database.
    "limits": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "rate_limits",
        # Django culls at 300 rows by default: a few hundred addresses would wipe out everybody's limits.
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
}
SESSION_ENGINE = "shop.customers.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"

# --- identity -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "customers.User"
AUTHENTICATION_BACKENDS = ["shop.customers.backends.CustomerBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/compte/"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "crm.outbox.allauth.OutboxAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "shop.customers.forms.SignupDetails"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# One proven address a login: a new one replaces the old once its code was typed.
ACCOUNT_CHANGE_EMAIL = True
# A session left open is not enough to take an account away from its owner.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
# Eight digits: with three tries a code and the limits below, a day of guessing finds one in 70,000.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": True, "length": 8}
# How many proxies of ours stand before the shop: without it they would all share one address and one limit.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
PASSWORD_RESET_TIMEOUT = 2 * 60 * 60
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "request_login_code": "20/m/ip,3/m/key,20/h/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,3/m/key,10/h/key",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Cabas"
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=True)

# --- language, time, money ----------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("français"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"
USE_THOUSAND_SEPARATOR = False

# --- files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
# A laptop serves uploaded pictures itself; a real shop leaves them to its proxy or its object storage.
SERVE_MEDIA = env.bool("SERVE_MEDIA", default=False)
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(STATE_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Photographs of doorsteps and of what came broken: no address leads to them but a page that asks who reads.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": Path(env("PRIVATE_ROOT", default=str(STATE_DIR / "private")))},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# A product named "=cmd|…" must not run in the spreadsheet of whoever exports it.
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
# Unset, either door is open to all staff: whoever may not read a list may not take it away as a file.
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "change"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- mail ---------------------------------------------------------------------------------------
# Only crm.outbox sends; in the demonstration letters stay readable in the admin and leave nothing.
OUTBOX_DELIVERS = env.bool("OUTBOX_DELIVERS", default=True)
vars().update(env.email("EMAIL_URL", default="consolemail://"))
if "anymail" in (_provider := env("EMAIL_PROVIDER", default="")):
    EMAIL_BACKEND = _provider
ANYMAIL = {"WEBHOOK_SECRET": env("ANYMAIL_WEBHOOK_SECRET", default="")} | env.dict("ANYMAIL", default={})
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Cabas <bonjour@cabas.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 20
HELP_EMAIL = env("HELP_EMAIL", default="aide@cabas.example")
# Where the provider takes mail in for us: blank, replies go to HELP_EMAIL's own mailbox.
INBOUND_EMAIL = env("INBOUND_EMAIL", default="")
HELP_PHONE = env("HELP_PHONE", default="09 70 00 00 00")
# When people answer, 1 is Monday; shown as a French sentence.
HELP_HOURS = env("HELP_HOURS", default="1-6 08:00-21:00, 7 09:00-13:00")

# --- rounds -------------------------------------------------------------------------------------
# How long vans take from place to place: a class as in delivery/rounds/travel.py.
DELIVERY_TRAVEL = env("DELIVERY_TRAVEL", default="delivery.rounds.travel.CrowFlies")

# --- payments -----------------------------------------------------------------------------------
PAYMENT_GATEWAY = env("PAYMENT_GATEWAY", default="demo")
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env("STRIPE_API_BASE", default="")


# --- invoices -----------------------------------------------------------------------------------
DEMONSTRATION_SELLER = {
    "name": "Cabas SAS (société de démonstration)",
    "form": "société par actions simplifiée au capital de 1 000 €",
    "address": "1 place du Marché-d’Exemple|75000 Paris",
    "siren": "000 000 000",
    "register": "RCS Paris 000 000 000",
    "vat_number": "FR 00 000000000",
}


def seller(demonstration: dict[str, str] | None = None) -> dict[str, str]:
    """What the head of an invoice must say, from SELLER_NAME, SELLER_FORM and so on; lines of the address part at « | »."""
    known = demonstration or dict.fromkeys(DEMONSTRATION_SELLER, "")
    return {what: env(f"SELLER_{what.upper()}", default=value) for what, value in known.items()}


SELLER = seller()


# --- later work ---------------------------------------------------------------------------------
def broker_url(address: str) -> str:
    """The same numbered database as Celery writes it: its transport names sockets and numbers in its own way."""
    return address.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)


CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Ten times the longest task: a task that outlives the visibility timeout would run twice at once.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    # Without these a request that nudges a worker waits six seconds for a dead broker.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "crm.outbox.*": {"queue": "mail"},
    "shop.payments.*": {"queue": "checkout"},
    "shop.orders.*": {"queue": "checkout"},
}
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

DJANGO_DOMAIN_EVENTS = {"RETENTION_DAYS": 30}
# Funnel counts wait in memory this long at most; 0 leaves writing to whoever calls flush().
INSIGHTS_FLUSH_SECONDS = env.float("INSIGHTS_FLUSH_SECONDS", default=5.0)

# --- safety -------------------------------------------------------------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF, "https://checkout.stripe.com"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
    "filters": {"one_warning": {"()": "config.logs.OneWarning"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"level": "INFO"},
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
        **{
            f"django.security.{refused}": {"filters": ["one_warning"]}
            for refused in ("TooManyFieldsSent", "TooManyFilesSent", "RequestDataTooBig", "DisallowedHost")
        },
    },
}

UNFOLD = {
    "SITE_TITLE": "Cabas",
    "SITE_HEADER": "Cabas",
    "SITE_URL": "/",
    "DASHBOARD_CALLBACK": "config.dashboard.today",
    "STYLES": [lambda _request: static("css/admin.css")],
    "SIDEBAR": {"show_search": True, "navigation": "config.navigation.sidebar"},
    "COLORS": {
        "primary": {
            "50": "236 247 240", "100": "209 235 219", "200": "168 216 188", "300": "127 208 162",
            "400": "76 160 115", "500": "46 125 82", "600": "30 107 67", "700": "24 86 54",
            "800": "20 69 44", "900": "16 56 36", "950": "8 32 20",
        }
    },
}  # fmt: skip
