"""Payments in the states they ended in: taken at delivery, given back, or still held for what is to be delivered."""

from django.urls import reverse

from config.demonstration.work import Work
from shop.payments.models import DemoSession, PaymentAccount, PaymentEntry, PaymentOperation

_BATCH = 250_000
# Share of deliveries that lacked an article, and of those that were partly given back afterwards.
SHORT = 0.06
REFUNDED = 0.015
# The demonstration's provider remembers payments this long: what staff may still be asked to give back.
REMEMBERED = "60 days"


def make_payments(work: Work) -> None:
    """Accounts, operations under them, and their entries, which add up to the account."""
    base = work.reserve("payments_paymentoperation", 4 * work.values["orders"] + 4)
    page = reverse("demo_payment", args=["TOKEN"]).partition("TOKEN")
    work.values |= {"operation_base": base, "page": page[0], "page_end": page[2]}
    for batch in work.batches(_BATCH, "paiements"):
        work.run("DROP TABLE IF EXISTS demo_paid")
        work.run(_PAID, short=SHORT, refunded=REFUNDED, **batch)
        _accounts(work)
        _operations(work)
        work.insert(
            PaymentEntry,
            {"order_reference": "reference", "operation_id": "entry.operation", "kind": "entry.kind",
             "amount": "entry.cents * 0.01", "at": "entry.at"},
            _ENTRIES,
        )  # fmt: skip
        _sessions(work)


# ``first``, ``second`` and ``third`` number an order's operations: the payment, what became of it, a refund.
_PAID = """
CREATE TEMPORARY TABLE demo_paid AS
WITH fate AS (
    SELECT o.n, o.okey, o.h, o.reference, o.status, o.created_at, o.paid_at, o.changed_at, o.ends_at,
           b.goods_c + b.deposit_c + b.delivery_c AS total_c, b.least_c,
           o.status = 'placed' AND o.ends_at < %(now)s::timestamptz - interval '30 minutes' AS is_taken
      FROM demo_order o JOIN demo_bill b USING (n)
     WHERE o.n > %(after)s AND o.n <= %(upto)s
), taken AS (
    SELECT *, CASE WHEN NOT is_taken THEN 0
                   WHEN pg_temp.demo_draw(okey, 501) < %(short)s THEN total_c - least_c ELSE total_c END AS captured_c
      FROM fate
)
SELECT taken.*, coalesce('compensation-' || g.id, 'geste') AS occasion,
       CASE g.rule WHEN 'retard' THEN 'late' WHEN 'articles-absents' THEN 'missing' ELSE 'goodwill' END AS reason,
       CASE WHEN g.id IS NOT NULL THEN g.cents WHEN is_taken AND pg_temp.demo_draw(okey, 502) < %(refunded)s AND ends_at < %(now)s::timestamptz - interval '2 days'
               THEN greatest(1, (captured_c * (0.04 + 0.12 * pg_temp.demo_draw(okey, 503)))::int) ELSE 0 END AS refunded_c,
       CASE WHEN status = 'abandoned' THEN 0 ELSE total_c END AS authorised_c,
       CASE WHEN status = 'cancelled' THEN total_c WHEN is_taken THEN total_c - captured_c ELSE 0 END AS released_c,
       %(operation_base)s + n::bigint * 4 AS first, %(operation_base)s + n::bigint * 4 + 1 AS second,
       %(operation_base)s + n::bigint * 4 + 2 AS third,
       'demo_' || left(pg_temp.demo_uuid(okey, 504), 27) AS token,
       pg_temp.demo_uuid(okey, 505) AS first_key, pg_temp.demo_uuid(okey, 507) AS third_key,
       ends_at + make_interval(secs => 120 + floor(900 * pg_temp.demo_draw(okey, 508))) AS taken_at,
       coalesce(g.at + interval '20 minutes', ends_at + interval '20 hours'
                + make_interval(secs => floor(80000 * pg_temp.demo_draw(okey, 509)))) AS refunded_at
  FROM taken LEFT JOIN demo_given g ON g.order_reference = taken.reference AND g.state = 'carried_out'
                                   AND g.remedy = 'delivery_refund' AND is_taken
"""
_ENTRIES = """
FROM demo_paid CROSS JOIN LATERAL (VALUES
    (1, first, 'authorised', authorised_c, paid_at),
    (2, second, 'captured', captured_c, taken_at),
    (3, second, 'released', released_c, CASE WHEN is_taken THEN taken_at ELSE changed_at + interval '20 seconds' END),
    (4, third, 'refunded', refunded_c, refunded_at)
) AS entry (place, operation, kind, cents, at)
WHERE entry.cents > 0 ORDER BY n, entry.place
"""


def _accounts(work: Work) -> None:
    work.insert(
        PaymentAccount,
        {"order_reference": "reference", "customer_id": "%(customer_base)s + h", "authorised": "authorised_c * 0.01",
         "captured": "captured_c * 0.01", "released": "released_c * 0.01", "refunded": "refunded_c * 0.01",
         "to_capture": "CASE WHEN is_taken THEN captured_c * 0.01 END", "created_at": "created_at"},
        "FROM demo_paid ORDER BY n",
    )  # fmt: skip


def _operations(work: Work) -> None:
    asked = {"order_reference": "reference", "currency": "'EUR'", "attempts": "1", "state": "'succeeded'"}
    when = dict.fromkeys(("created_at", "sent_at", "checked_at", "settled_at"), "")
    state = (
        "CASE status WHEN 'cancelled' THEN 'released' WHEN 'abandoned' THEN 'expired' ELSE 'succeeded' END"
    )
    work.insert(
        PaymentOperation,
        asked
        | {"id": "first", "key": "first_key", "kind": "'authorise'", "amount": "total_c * 0.01", "state": state,
           "session_id": "token", "session_url": "%(page)s || token || %(page_end)s", "intent_id": "token",
           "session_expires_at": "created_at + interval '3 hours'", "created_at": "created_at",
           "sent_at": "created_at", "opened_at": "created_at", "checked_at": "paid_at",
           "settled_at": "CASE WHEN status = 'abandoned' THEN created_at + interval '35 minutes' ELSE paid_at END"},
        "FROM demo_paid ORDER BY n",
    )  # fmt: skip
    work.insert(
        PaymentOperation,
        asked
        | {"id": "second", "key": "pg_temp.demo_uuid(okey, 506)",
           "kind": "CASE WHEN is_taken THEN 'capture' ELSE 'release' END",
           "amount": "CASE WHEN is_taken THEN captured_c ELSE authorised_c END * 0.01",
           "parent_id": "CASE WHEN is_taken THEN first END",
           "intent_id": "CASE WHEN is_taken THEN token ELSE '' END"}
        | dict.fromkeys(when, _SECOND_AT),
        "FROM demo_paid WHERE is_taken OR status <> 'placed' ORDER BY n",
    )  # fmt: skip
    work.insert(
        PaymentOperation,
        asked
        | {"id": "third", "key": "third_key", "kind": "'refund'", "amount": "refunded_c * 0.01",
           "parent_id": "second", "occasion": "occasion", "reason": "reason", "intent_id": "token", "refund_id": "'demo_refund_' || third_key"}
        | dict.fromkeys(when, "refunded_at"),
        "FROM demo_paid WHERE refunded_c > 0 ORDER BY n",
    )  # fmt: skip


_SECOND_AT = """CASE WHEN is_taken THEN taken_at WHEN status = 'cancelled' THEN changed_at + interval '20 seconds'
                     ELSE created_at + interval '35 minutes' END"""


def _sessions(work: Work) -> None:
    work.insert(
        DemoSession,
        {"token": "token", "key": "first_key", "order_reference": "reference", "mode": "'payment'",
         "status": "CASE WHEN status = 'cancelled' THEN 'cancelled' WHEN status = 'abandoned' THEN 'expired'"
                   " WHEN is_taken THEN 'captured' ELSE 'authorised' END",
         "amount": "total_c * 0.01", "captured": "captured_c * 0.01", "card": "CASE WHEN status = 'abandoned' THEN '' ELSE 'accepte' END",
         "refunds": "CASE WHEN refunded_c > 0 THEN jsonb_build_object(third_key, (refunded_c * 0.01)::numeric(10, 2)::text) ELSE '{}' END",
         "expires_at": "created_at + interval '3 hours'", "created_at": "created_at"},
        "FROM demo_paid WHERE ends_at > %(now)s::timestamptz - %(remembered)s::interval ORDER BY n",
        remembered=REMEMBERED,
    )  # fmt: skip
