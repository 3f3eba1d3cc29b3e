"""A real shop starts only with a real shop's settings, and passes Django's own deployment check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings.base import broker_url, database

ROOT = Path(__file__).resolve().parents[2]
REAL = {
    "DJANGO_SETTINGS_MODULE": "config.settings.prod",
    "SECRET_KEY": "Zk3vQ9" * 12,
    "ALLOWED_HOSTS": "courses.example",
    "SITE_URL": "https://courses.example",
    "PAYMENT_GATEWAY": "stripe",
    "STRIPE_SECRET_KEY": "sk_live_0",
    "STRIPE_WEBHOOK_SECRET": "whsec_0",
    "SELLER_NAME": "Épicerie du Port SARL",
    "SELLER_FORM": "SARL au capital de 8 000 €",
    "SELLER_ADDRESS": "3 quai du Port|13002 Marseille",
    "SELLER_SIREN": "123 456 789",
    "SELLER_REGISTER": "RCS Marseille 123 456 789",
    "SELLER_VAT_NUMBER": "FR 32 123456789",
    "EMAIL_URL": "smtp+tls://courses:secret@mail.example:587",
}


def check(without=(), **changes):
    """Run the deployment check as a deployment would: a process of its own, this environment alone."""
    kept = {
        name: os.environ[name] for name in ("PATH", "DATABASE_URL", "REDIS_URL", "HOME") if name in os.environ
    }
    given = {name: value for name, value in (kept | REAL | changes).items() if name not in without}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=given, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_real_shop_passes_the_deployment_check_without_a_warning():
    done = check()

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": "demo-" + "x" * 60}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + "x" * 60}, "SECRET_KEY"),
        ({"SECRET_KEY": "only-for-tests-" + "x" * 50}, "SECRET_KEY"),
        ({"SECRET_KEY": "court"}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 60}, "SECRET_KEY"),
        ({"PAYMENT_GATEWAY": "demo"}, "PAYMENT_GATEWAY"),
        ({"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"SITE_URL": "http://courses.example"}, "SITE_URL"),
        ({"SITE_URL": "https://"}, "SITE_URL"),
        ({"EMAIL_URL": "consolemail://"}, "EMAIL_URL"),
        ({"HELP_HOURS": "tous les jours"}, "HELP_HOURS"),
    ],
)
def test_shop_refuses_to_start_and_names_what_is_wrong(changes, named):
    done = check(**changes)

    assert done.returncode != 0
    assert named in done.stderr
    for secret in ("xxxxxxxxxx", REAL["STRIPE_SECRET_KEY"]):
        assert secret not in done.stderr


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "PAYMENT_GATEWAY", "EMAIL_URL", "DATABASE_URL"]
)
def test_nothing_essential_has_a_default_in_production(name):
    done = check(without=[name])

    assert done.returncode != 0
    assert name in done.stderr


def test_second_factor_cannot_be_switched_off_in_production():
    script = (
        "import django; django.setup(); from django.conf import settings; print(settings.STAFF_SECOND_FACTOR)"
    )
    kept = {name: os.environ[name] for name in ("PATH", "DATABASE_URL", "REDIS_URL") if name in os.environ}

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=kept | REAL | {"STAFF_SECOND_FACTOR": "0"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.stdout.strip() == "True"


@pytest.mark.parametrize(
    ("address", "broker"),
    [
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
        ("redis://valkey:6379/3", "redis://valkey:6379/3"),
    ],
)
def test_queues_lie_in_the_numbered_database_that_the_address_names(address, broker):
    assert broker_url(address) == broker


def test_what_the_database_s_address_says_of_the_connection_counts(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@h:5433/shop?sslmode=verify-full&connect_timeout=2")

    found = database()

    assert (found["HOST"], found["PORT"], found["NAME"]) == ("h", 5433, "shop")
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert int(found["OPTIONS"]["connect_timeout"]) == 2
    assert found["OPTIONS"]["prepare_threshold"] == 5
