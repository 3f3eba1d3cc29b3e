"""What becomes of a compensation: carried out, failed, tried again; granted or refused by staff."""

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from delivery.promise.events import CompensationGranted
from delivery.promise.models import Compensation, Decision
from delivery.promise.rules import week_of
from delivery.promise.services.errors import CompensationMoved
from delivery.promise.services.weeks import add_spent
from delivery.promise.wording import staff_sentence

State, Verdict = Compensation.State, Decision.Verdict
# Why staff grant, why they refuse.
GRANTED_FOR = (Decision.Why.OUR_FAULT, Decision.Why.GOODWILL)
REFUSED_FOR = (Decision.Why.THEIR_DOING, Decision.Why.WRONG_DATA, Decision.Why.DONE_OTHERWISE)


def tell_granted(compensation: Compensation) -> None:
    publish(
        CompensationGranted(
            compensation_id=compensation.pk,
            order_reference=compensation.order_reference,
            customer_id=compensation.customer_id,
            remedy=compensation.remedy,
            amount_cents=compensation.amount_cents,
        )
    )


@transaction.atomic
def note_carried_out(*, compensation_id: int) -> bool:
    """Whoever carries its remedy out has done so; whether that is news. One UPDATE on its state."""
    return _move(
        compensation_id,
        {State.GRANTED, State.FAILED},
        State.CARRIED_OUT,
        ended_at=timezone.now(),
        failed_because="",
    )


@transaction.atomic
def note_failed(*, compensation_id: int, because: str) -> bool:
    """It cannot be carried out: staff see why, a word of at most 40 letters. Whether that is news. One UPDATE."""
    return _move(compensation_id, {State.GRANTED}, State.FAILED, failed_because=because[:40])


def _move(compensation_id: int, before: set[str], to: str, **fields: object) -> bool:
    """The condition is in the statement: of two at once, one moves no row."""
    assert all(to in Compensation.MOVES[one] for one in before)  # noqa: S101 - the table of moves is the law
    found = Compensation.objects.filter(pk=compensation_id, state__in=before)
    return bool(found.update(state=to, **fields))


@transaction.atomic
def try_again(*, compensation_id: int, by_id: int) -> None:
    """Staff have put right what was in the way. Raises CompensationMoved. Locks it; six statements and the fact's."""
    compensation = _waiting(compensation_id, State.FAILED)
    if not _move(compensation.pk, {State.FAILED}, State.GRANTED, failed_because=""):
        raise CompensationMoved(compensation_id)
    _decided(compensation, Verdict.GRANTED, Decision.Why.OUR_FAULT, by_id)
    tell_granted(compensation)


@transaction.atomic
def grant_by_staff(*, compensation_id: int, why: str, by_id: int) -> Compensation:
    """What no rule could grant by itself: staff do, for one of GRANTED_FOR. It counts in the rule's week.

    Raises CompensationMoved, ValueError (no such reason). Locks it, then the rule's week; eight statements.
    """
    reason = _reason(why, GRANTED_FOR)
    compensation = _waiting(compensation_id, State.TO_DECIDE)
    compensation.state, compensation.granted_at = State.GRANTED, timezone.now()
    compensation.save(update_fields=["state", "granted_at"])
    add_spent(
        rule_id=compensation.rule_id,
        monday_on=week_of(compensation.outcome.slot_starts_at),
        cents=compensation.amount_cents,
    )
    _decided(compensation, Verdict.GRANTED, reason, by_id)
    tell_granted(compensation)
    return compensation


@transaction.atomic
def refuse_by_staff(*, compensation_id: int, why: str, by_id: int) -> Compensation:
    """Staff refuse what was for them to decide, or what could not be carried out, for one of REFUSED_FOR. Raises
    CompensationMoved, ValueError. Locks it; five statements.
    """
    reason = _reason(why, REFUSED_FOR)
    compensation = _waiting(compensation_id, State.TO_DECIDE, State.FAILED)
    compensation.state, compensation.ended_at, compensation.failed_because = State.REFUSED, timezone.now(), ""
    compensation.save(update_fields=["state", "ended_at", "failed_because"])
    _decided(compensation, Verdict.REFUSED, reason, by_id)
    return compensation


def _reason(why: str, among: tuple[Decision.Why, ...]) -> Decision.Why:
    reason = Decision.Why(why)
    if reason not in among:
        raise ValueError(why)
    return reason


def _waiting(compensation_id: int, *states: str) -> Compensation:
    found = Compensation.objects.select_related("outcome", "decision", "version")
    compensation = found.select_for_update(of=("self",)).filter(pk=compensation_id).first()
    if compensation is None or compensation.state not in states:
        raise CompensationMoved(compensation_id)
    return compensation


def _decided(compensation: Compensation, verdict: Decision.Verdict, why: Decision.Why, by_id: int) -> None:
    before = compensation.decision
    Decision.objects.create(
        outcome_id=compensation.outcome_id,
        order_reference=compensation.order_reference,
        rule_id=compensation.rule_id,
        version_id=compensation.version_id,
        verdict=verdict,
        why=why,
        facts=before.facts,
        remedy=compensation.remedy,
        amount_cents=compensation.amount_cents,
        sentence=staff_sentence(before, verdict, why),
        by_id=by_id,
    )
