"""A living shop for tests: loaded once for a module, in a transaction that is given up at its end."""

from contextlib import contextmanager
from datetime import UTC, timedelta

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from config.demonstration import Plan
from delivery.zones.models import Zone


def rows(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall()


def one(sql, *values):
    return rows(sql, *values)[0][0]


# A few are enough, and quicker: slots are made for each day of each zone.
ZONES = ("paris", "yvelines", "lyon", "anglet")


def seeded():
    call_command("seed_defaults", verbosity=0)
    Zone.objects.exclude(slug__in=ZONES).update(is_active=False)
    call_command("demo", verbosity=0, stdout=_Silent())


class _Silent:
    def write(self, _words):
        pass


@contextmanager
def a_shop_given_up_later():
    with override_settings(DEMONSTRATION=True), transaction.atomic():
        seeded()
        yield
        transaction.set_rollback(True)
    cache.clear()


@pytest.fixture(scope="module")
def starter(django_db_setup, django_db_blocker):
    """The starter catalogue, the accounts, no customer."""
    with django_db_blocker.unblock(), a_shop_given_up_later():
        yield


@pytest.fixture
def small_shop(starter, db, settings):
    settings.DEMONSTRATION = True


# Never in the future, whatever the hour of the test.
NOON = (
    (timezone.now() - timedelta(days=1)).astimezone(UTC).replace(hour=11, minute=0, second=0, microsecond=0)
)
SMALL = Plan(products=750, customers=60, days=40, seed=7, until=NOON)

# What two loads of one seed must have in common: all but the identifiers that the database hands out.
COMPARED = {
    "catalogue_product": "ean, slug, name, price, net_quantity, labels, popularity",
    "customers_customer": "email, first_name, last_name, phone, created_at",
    "orders_order": "reference, tracking_token, basket_key, status, email, goods_total, total, rank, created_at, placed_at",
    "orders_orderline": "ean, quantity, unit_price, total, vat_amount",
    "orders_ordervattotal": "rate, gross, vat",
    "orders_orderevent": "kind, at, data",
    "payments_paymentaccount": "order_reference, authorised, captured, released, refunded",
    "payments_paymentoperation": "key, order_reference, kind, amount, state, settled_at",
    "payments_paymententry": "order_reference, kind, amount, at",
    "slots_hold": "holder, state, created_at",
}


def checksums():
    """Of the main tables, whatever the order of their rows."""
    return {
        table: rows(f"SELECT count(*), sum(hashtextextended(ROW({columns})::text, 0)::numeric) FROM {table}")[
            0
        ]
        for table, columns in COMPARED.items()
    }


def schema():
    """Every constraint, index and trigger as the database describes it."""
    return {
        "constraints": rows(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred, convalidated"
            " FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
        ),
        "indexes": rows(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
        ),
        "triggers": rows(
            "SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE NOT tgisinternal ORDER BY 1, 2"
        ),
    }
