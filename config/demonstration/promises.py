"""What was promised for each order, what became of it, and what is given for it.

What happened is drawn; what is given for it the shop's own rules say, as `Rejouer sur le passé` does.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from config.demonstration.payments import SHORT
from config.demonstration.work import Work
from delivery.promise import queries
from delivery.promise.models import Compensation, Decision, Outcome, RuleVersion, RuleWeek
from delivery.promise.ports import carried_out
from delivery.promise.replay import judged
from delivery.promise.rules import GRANTED, STAFF, Verdict, week_of
from delivery.promise.wording import sentence_of
from loyalty.vouchers.models import Voucher, VoucherEntry
from shop.orders.services.compensating import voucher_ends

_BATCH, _AT_ONCE = 250_000, 5_000
# Shares of deliveries that came after their slot, and of these by more than half an hour.
LATE, VERY_LATE = 0.045, 0.3
# Of those that lacked something, the share that was told before.
TOLD = 0.75
CARRIERS = ("cabas", "velo-express")
_ENDS = {GRANTED: Compensation.State.CARRIED_OUT, STAFF: Compensation.State.TO_DECIDE}


def make_promises(work: Work) -> None:
    """One outcome each: what is not abandoned was promised, what is over has happened."""
    for batch in work.batches(_BATCH, "promesses"):
        work.insert(
            Outcome,
            {"order_reference": "reference", "customer_id": "%(customer_base)s + h", "zone_id": "zone_id",
             "rank": "rank", "slot_starts_at": "starts_at", "slot_ends_at": "ends_at", "fee_cents": "delivery_c",
             "total_cents": "total_c", "units_ordered": "units",
             "units_missing": "CASE WHEN is_told THEN 0 ELSE short END", "units_told": "CASE WHEN is_told THEN short ELSE 0 END",
             "ready_at": "CASE WHEN is_over THEN starts_at - ahead END",
             "arrived_at": "arrived_at", "carrier": "CASE WHEN arrived_at IS NULL THEN '' ELSE carrier END",
             "cancelled_at": "CASE WHEN status = 'cancelled' THEN changed_at END",
             "changed_at": "coalesce(arrived_at, CASE WHEN status = 'cancelled' THEN changed_at ELSE paid_at END)",
             "decide_at": "CASE WHEN status = 'placed' AND arrived_at IS NULL THEN ends_at + interval '12 hours' END"},
            _HAPPENED,
            short=SHORT, late=LATE, very_late=VERY_LATE, told=TOLD, own=CARRIERS[0], other=CARRIERS[1], **batch,
        )  # fmt: skip
    work.run("ANALYZE promise_outcome")


# Whether an article was lacking is drawn as payments draw it.
_HAPPENED = """
FROM (
    SELECT o.*, b.units, b.delivery_c, b.goods_c + b.deposit_c + b.delivery_c AS total_c,
           CASE WHEN is_over AND pg_temp.demo_draw(okey, 501) < %(short)s
                THEN least(b.units, 1 + floor(3 * pg_temp.demo_draw(okey, 603)))::int ELSE 0 END AS short,
           pg_temp.demo_draw(okey, 604) < %(told)s AS is_told,
           make_interval(mins => 40 + floor(80 * pg_temp.demo_draw(okey, 605))::int) AS ahead,
           CASE WHEN pg_temp.demo_draw(zone_id, 606) < 0.7 THEN %(own)s ELSE %(other)s END AS carrier,
           CASE WHEN is_over THEN date_trunc('second', ends_at + CASE
                WHEN pg_temp.demo_draw(okey, 601) >= %(late)s
                THEN interval '1 hour' * (-0.95 + 0.94 * pg_temp.demo_draw(okey, 602))
                WHEN pg_temp.demo_draw(okey, 607) >= %(very_late)s
                THEN interval '30 minutes' * pg_temp.demo_draw(okey, 602)
                ELSE interval '30 minutes' + interval '75 minutes' * power(pg_temp.demo_draw(okey, 602), 2) END) END AS arrived_at
      FROM (SELECT *, status = 'placed' AND ends_at < %(now)s::timestamptz - interval '2 hours' AS is_over
              FROM demo_order WHERE n > %(after)s AND n <= %(upto)s AND status <> 'abandoned') o
      JOIN demo_bill b USING (n)
    OFFSET 0
) AS lived ORDER BY n
"""


def make_good(work: Work) -> None:
    """What the rules that hold today give for it, since they hold, and its reasons."""
    work.run(_TABLE)
    versions = {
        one.rule.key: one
        for one in queries.versions_at(work.plan.now)
        if one.is_on and one.terms.remedies <= carried_out()
    }
    said = _said(work.plan.now, versions)
    # Read and written in turn: one connection does one of both at a time.
    while some := list(islice(said, _AT_ONCE)):
        with work.cursor.copy("COPY demo_said FROM STDIN") as copy:
            for row in some:
                copy.write_row(row)
    work.values["decision_base"] = work.reserve(
        "promise_decision", work.one("SELECT count(*) FROM demo_said")
    )
    work.values["given_base"] = work.reserve(
        "promise_compensation", work.one("SELECT count(*) FROM demo_said WHERE state <> ''")
    )
    work.run(_NUMBERED)
    _decisions(work)
    _compensations(work)
    _vouchers(work)


_TABLE = """
CREATE TEMPORARY TABLE demo_said (
    place bigint, outcome_id bigint, order_reference text, customer_id bigint, rule text, rule_id bigint,
    version_id bigint, verdict text, why text, facts jsonb, remedy text, cents integer, sentence text, state text,
    at timestamptz, until timestamptz, monday_on date
)
"""
_NUMBERED = """
CREATE TEMPORARY TABLE demo_given AS
SELECT *, %(decision_base)s + place AS decision_id,
       %(given_base)s + row_number() OVER (PARTITION BY state = '' ORDER BY place) AS id
  FROM demo_said
"""


def _said(now: datetime, versions: dict[str, RuleVersion]) -> Iterator[tuple[Any, ...]]:
    """Rows of ``demo_said``: what would have been decided, as it came to be known."""
    since = max((one.starts_at for one in versions.values()), default=now)
    found = judged([one.terms for one in versions.values()], since, now, now)
    for place, (outcome, verdict) in enumerate(found, 1):
        version, at = versions[verdict.terms.rule], _known_at(outcome, now)
        yield (
            place, outcome.pk, outcome.order_reference, outcome.customer_id, version.rule.key, version.rule_id,
            version.pk, verdict.said, verdict.why, json.dumps(asdict(outcome.facts), cls=DjangoJSONEncoder),
            verdict.remedy, verdict.cents, sentence_of(outcome.facts, verdict), _state(verdict), at, voucher_ends(at),
            week_of(outcome.slot_starts_at),
        )  # fmt: skip


def _known_at(outcome: Outcome, now: datetime) -> datetime:
    """A minute later the rules have spoken."""
    return min(now, (outcome.arrived_at or outcome.slot_ends_at) + timedelta(minutes=1))


def _state(verdict: Verdict) -> str:
    return str(_ENDS.get(verdict.said, ""))


def _decisions(work: Work) -> None:
    work.insert(
        Decision,
        {"id": "decision_id", "outcome_id": "outcome_id", "order_reference": "order_reference", "rule_id": "rule_id",
         "version_id": "version_id", "verdict": "verdict", "why": "why", "facts": "facts", "remedy": "remedy",
         "amount_cents": "cents", "sentence": "sentence", "at": "at"},
        "FROM demo_given ORDER BY place",
    )  # fmt: skip


def _compensations(work: Work) -> None:
    work.run("DELETE FROM demo_given WHERE state = ''")
    work.insert(
        Compensation,
        {"id": "id", "outcome_id": "outcome_id", "order_reference": "order_reference", "customer_id": "customer_id",
         "rule_id": "rule_id", "version_id": "version_id", "decision_id": "decision_id", "remedy": "remedy",
         "amount_cents": "cents", "state": "state", "made_at": "at",
         "granted_at": "CASE WHEN state = 'carried_out' THEN at END",
         "ended_at": "CASE WHEN state = 'carried_out' THEN at + interval '1 minute' END"},
        "FROM demo_given ORDER BY place",
    )  # fmt: skip
    work.insert(
        RuleWeek,
        {"rule_id": "rule_id", "monday_on": "monday_on", "spent_cents": "sum(cents)"},
        "FROM demo_given WHERE state = 'carried_out' GROUP BY rule_id, monday_on ORDER BY monday_on, rule_id",
    )


def _vouchers(work: Work) -> None:
    """What is made good by the next order rather than by money."""
    which = "FROM demo_given WHERE state = 'carried_out' AND remedy IN ('next_delivery', 'voucher')"
    base = work.reserve("vouchers_voucher", work.one(f"SELECT count(*) {which}"))
    numbered = f"FROM (SELECT *, row_number() OVER (ORDER BY place) AS nth {which}) g ORDER BY nth"
    work.insert(
        Voucher,
        {"id": "%(voucher_base)s + nth", "kind": "CASE remedy WHEN 'voucher' THEN 'amount' ELSE 'delivery' END",
         "value": "CASE remedy WHEN 'voucher' THEN cents * 0.01 ELSE 0 END",
         "code_digest": "pg_temp.demo_uuid(id, 608) || pg_temp.demo_uuid(id, 609)", "owner_id": "customer_id",
         "valid_from": "at", "valid_until": "until", "origin": "'compensation'",
         "source": "'compensation-' || id", "granted_at": "at"},
        numbered,
        voucher_base=base,
    )  # fmt: skip
    work.insert(
        VoucherEntry,
        {"voucher_id": "%(voucher_base)s + nth", "kind": "'granted'", "at": "at"},
        numbered,
        voucher_base=base,
    )
