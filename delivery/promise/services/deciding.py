"""An order is judged by the rules that held when its slot was promised, and what is due is granted, once."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from delivery.promise import queries
from delivery.promise.models import Compensation, Decision, Outcome, RuleVersion
from delivery.promise.ports import carried_out
from delivery.promise.rules import (
    GRANTED,
    STAFF,
    Facts,
    Standing,
    Verdict,
    decides_at,
    is_due,
    judge,
    week_of,
)
from delivery.promise.services.granting import tell_granted
from delivery.promise.services.weeks import spend
from delivery.promise.wording import sentence_of

State = Compensation.State


@transaction.atomic
def decide(*, order_reference: str) -> list[Compensation]:
    """Judge an order by what is known of it now, and grant what is due; what is new of that. Again grants nothing more.

    What a correction makes undue stays granted, and a decision says so. Nothing for an order that nobody knows. Locks
    the outcome, then the customer where a ceiling of theirs counts, then the weeks of the rules that grant, in their
    order. 17 queries where one rule grants, its savepoint and fact among them.
    """
    found = Outcome.objects.select_related("zone").select_for_update(no_key=True, of=("self",))
    outcome = found.filter(order_reference=order_reference).first()
    if outcome is None:
        return []
    now = timezone.now()
    facts = outcome.facts
    versions = _in_force(outcome)
    standing = _standing(outcome)
    owner = _lock_owner(outcome, facts, versions, now)
    verdicts = judge(
        facts,
        [one.terms for one in versions.values()],
        standing=standing,
        given=lambda terms: queries.given_to(
            owner, versions[terms.rule].rule_id, around=outcome.slot_starts_at, days=terms.customer_days
        ),
        spend=lambda terms, cents: spend(
            rule_id=versions[terms.rule].rule_id,
            monday_on=week_of(outcome.slot_starts_at),
            cents=cents,
            most=terms.most_per_week_cents,
        ),
        now=now,
    )
    made = _write(outcome, facts, versions, verdicts) if verdicts else []
    _note_decided(outcome, facts)
    return made


def _in_force(outcome: Outcome) -> dict[str, RuleVersion]:
    """Rule → the version that held for this slot, of those that somebody carries out. One query."""
    bound = carried_out()
    found = queries.versions_at(outcome.slot_starts_at)
    return {one.rule.key: one for one in found if one.is_on and one.terms.remedies <= bound}


def _standing(outcome: Outcome) -> list[Standing]:
    """One query."""
    found = outcome.compensations.select_related("rule", "version__rule")
    return [
        Standing(
            one.rule.key, one.version.terms.kept_together, one.amount_cents, one.state in Compensation.GIVEN
        )
        for one in found
    ]


def _lock_owner(outcome: Outcome, facts: Facts, versions: dict[str, RuleVersion], now: datetime) -> int:
    """Whoever the customer is today; where what they were given counts, nobody counts beside us. Before any week is
    locked, whichever rule asks first: else two orders of theirs could wait for each other. Two queries, none where
    nothing is counted.
    """
    counts = any(
        one.most_per_customer is not None and is_due(one.terms, facts, now) for one in versions.values()
    )
    return queries.lock_customer(outcome.customer_id) if counts else outcome.customer_id


def _write(
    outcome: Outcome, facts: Facts, versions: dict[str, RuleVersion], verdicts: Sequence[Verdict]
) -> list[Compensation]:
    said_before = queries.last_sentences(outcome.pk)
    made: list[Compensation] = []
    for verdict in verdicts:
        version = versions[verdict.terms.rule]
        sentence = sentence_of(facts, verdict)
        if said_before.get(version.rule_id) == (verdict.said, sentence):
            continue
        decision = Decision.objects.create(
            outcome=outcome,
            order_reference=outcome.order_reference,
            rule_id=version.rule_id,
            version=version,
            verdict=verdict.said,
            why=verdict.why,
            facts=asdict(facts),
            remedy=verdict.remedy,
            amount_cents=verdict.cents,
            sentence=sentence,
        )
        if verdict.said in {GRANTED, STAFF}:
            made.append(_grant(outcome, version, decision))
    return made


def _grant(outcome: Outcome, version: RuleVersion, decision: Decision) -> Compensation:
    is_granted = decision.verdict == GRANTED
    compensation = Compensation.objects.create(
        outcome=outcome,
        order_reference=outcome.order_reference,
        customer_id=outcome.customer_id,
        rule_id=version.rule_id,
        version=version,
        decision=decision,
        remedy=decision.remedy,
        amount_cents=decision.amount_cents,
        state=State.GRANTED if is_granted else State.TO_DECIDE,
        granted_at=timezone.now() if is_granted else None,
    )
    if is_granted:
        tell_granted(compensation)
    return compensation


def _note_decided(outcome: Outcome, facts: Facts) -> None:
    """What is not over yet is owed a decision later. One UPDATE, and it is no change of the outcome."""
    later = decides_at(outcome.slot_ends_at, is_collect=outcome.is_collect)
    is_over = facts.is_cancelled or facts.is_over(timezone.now())
    Outcome.objects.filter(pk=outcome.pk).update(decide_at=None if is_over else later)
