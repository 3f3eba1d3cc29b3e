"""The households as the shop knows them: parties, some with a login, an address, answers about letters."""

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from config.demonstration.work import Work
from shop.customers.models import Address, Consent, Customer, User
from shop.customers.wording import LETTERS_QUESTION


def make_customers(work: Work) -> None:
    """A household is known from its first order on; those that never ordered signed up some day."""
    count = work.plan.customers
    work.values |= {
        "customer_base": work.reserve("customers_customer", count),
        "user_base": work.reserve("customers_user", count),
    }
    work.run(_KNOWN)
    _logins(work)
    work.insert(
        Customer,
        {"id": "%(customer_base)s + h", "user_id": "CASE WHEN has_login THEN %(user_base)s + h END",
         "email": "email", "first_name": "first_name", "last_name": "last_name", "phone": "phone",
         "created_at": "known_at"},
        "FROM demo_known ORDER BY h",
    )  # fmt: skip
    work.insert(
        Address,
        {"customer_id": "%(customer_base)s + h", "line1": "line1", "floor": "floor", "postcode": "postcode",
         "city": "city", "is_default": "true"},
        "FROM demo_known WHERE has_login ORDER BY h",
    )  # fmt: skip
    _consents(work)


_KNOWN = """
CREATE TEMPORARY TABLE demo_known AS
SELECT h.*, coalesce(first.at, %(now)s::timestamptz - make_interval(secs => 60 + %(days)s * 86400 * pg_temp.demo_draw(h.h, 301)))
            - interval '3 minutes' AS known_at
  FROM demo_household h LEFT JOIN (SELECT h, min(created_at) AS at FROM demo_order GROUP BY h) first USING (h)
"""


def _logins(work: Work) -> None:
    """Nobody signs in with them: no password opens them, and their addresses reach nobody."""
    work.insert(
        User,
        {"id": "%(user_base)s + h", "email": "email", "password": "%(unusable)s || pg_temp.demo_uuid(h, 302)",
         "is_staff": "false", "is_active": "true", "date_joined": "known_at"},
        "FROM demo_known WHERE has_login ORDER BY h",
        unusable=UNUSABLE_PASSWORD_PREFIX,
    )  # fmt: skip
    work.insert(
        EmailAddress,
        {"user_id": "%(user_base)s + h", "email": "email", "verified": "true", "primary": "true"},
        "FROM demo_known WHERE has_login ORDER BY h",
    )


def _consents(work: Work) -> None:
    """Nearly half said yes to letters; one in fifteen of them changed their mind, which is a new row."""
    columns = {
        "customer_id": "%(customer_base)s + h", "purpose": "%(purpose)s", "wording": "%(wording)s",
        "source": "'checkout'",
    }  # fmt: skip
    said = {"purpose": Consent.Purpose.LETTERS, "wording": str(LETTERS_QUESTION)}
    work.insert(
        Consent,
        columns | {"is_granted": "true", "recorded_at": "known_at + interval '2 minutes'"},
        "FROM demo_known WHERE pg_temp.demo_draw(h, 303) < 0.45 ORDER BY h",
        **said,
    )
    work.insert(
        Consent,
        columns
        | {
            "is_granted": "false",
            "recorded_at": "known_at + (%(now)s::timestamptz - known_at) * (0.1 + 0.9 * pg_temp.demo_draw(h, 304))",
        },
        "FROM demo_known WHERE pg_temp.demo_draw(h, 303) < 0.03 ORDER BY h",
        **said,
    )
