"""What was promised and what happened, as whoever knows it reports it, in the transaction that made it true."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Sum, Value, When
from django.utils import timezone

from config.facts import publish
from delivery.promise.events import OutcomeChanged
from delivery.promise.models import Arrival, Incident, Outcome
from delivery.promise.rules import decides_at
from delivery.promise.services.errors import (
    AlreadyArrived,
    ArrivalBeforeReady,
    ArrivalInFuture,
    ArrivalTooFar,
    FiguresImpossible,
    NotDelivered,
    OutcomeCancelled,
    OutcomeUnknown,
)

# A phone's clock may be wrong by so much.
CLOCK_SKEW = timedelta(minutes=5)
# Crates are loaded while somebody still closes them in the books; not for longer.
CLOSED_IN_BOOKS = timedelta(hours=2)
# Neither a day before its slot nor a week after it.
EARLIEST, LATEST = timedelta(hours=24), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Promised:
    """What an order is promised: its slot, and what it is about. Cents."""

    slot_starts_at: datetime
    slot_ends_at: datetime
    fee_cents: int
    total_cents: int
    units_ordered: int


@transaction.atomic
def open_outcome(
    *, order_reference: str, customer_id: int, zone_id: int, is_collect: bool, rank: int, promised: Promised
) -> bool:
    """An order is firm: this is what it is promised. Whether it was not known yet; again changes nothing.

    Raises FiguresImpossible. One statement, and the fact's where it is new.
    """
    _check(promised)
    wanted = Outcome(
        order_reference=order_reference,
        customer_id=customer_id,
        zone_id=zone_id,
        is_collect=is_collect,
        rank=rank,
        decide_at=decides_at(promised.slot_ends_at, is_collect=is_collect),
        **asdict(promised),
    )
    known = Outcome.objects.filter(order_reference=order_reference)
    if known.exists():
        return False
    # Somebody may be as quick: the first row stands, and both go on.
    Outcome.objects.bulk_create([wanted], ignore_conflicts=True)
    _tell(order_reference)
    return True


def _check(promised: Promised) -> None:
    figures = (promised.fee_cents, promised.total_cents, promised.units_ordered)
    if min(figures) < 0 or promised.slot_ends_at <= promised.slot_starts_at:
        raise FiguresImpossible(figures)


@transaction.atomic
def change_outcome(*, order_reference: str, promised: Promised) -> None:
    """The order was amended before its cut-off: this is promised from now on. The last word holds.

    Raises OutcomeUnknown, OutcomeCancelled, AlreadyArrived, FiguresImpossible. One UPDATE and the fact's.
    """
    _check(promised)
    ends, later = (decides_at(promised.slot_ends_at, is_collect=one) for one in (True, False))
    going = Outcome.objects.filter(order_reference=order_reference, cancelled_at=None, arrived_at=None)
    if not going.update(
        decide_at=Case(When(is_collect=True, then=Value(ends)), default=Value(later)),
        units_missing=0,
        units_told=0,
        changed_at=timezone.now(),
        **asdict(promised),
    ):
        _going(order_reference)
        raise AlreadyArrived(order_reference)
    _tell(order_reference)


@transaction.atomic
def cancel_outcome(*, order_reference: str, is_our_doing: bool = False) -> bool:
    """The order is called off: nothing is promised any more, nothing decided. Whether that is new; False too where
    nothing was ever promised. ``is_our_doing``: the public record counts it as not kept.

    Raises AlreadyArrived. Locks the outcome; two statements and the fact's.
    """
    outcome = _locked(order_reference)
    if outcome is None or outcome.cancelled_at:
        return False
    if outcome.arrived_at:
        raise AlreadyArrived(order_reference)
    _write(outcome, cancelled_at=timezone.now(), is_our_doing=is_our_doing, decide_at=None)
    return True


@transaction.atomic
def record_picking(
    *, order_reference: str, units_ordered: int, units_missing: int, units_told: int, fee_cents: int,
    total_cents: int, at: datetime,
) -> None:  # fmt: skip
    """The crates are closed. ``units_missing`` were neither told early nor accepted, ``units_told`` were announced or
    replaced; the fee is what its delivery is charged after its voucher.

    Said again, the last figures hold beside what was missed since, and it was ready when it was first. Raises
    OutcomeUnknown, OutcomeCancelled, FiguresImpossible (negative, more units than ordered, ready in the future). Locks
    the outcome; two statements and the fact's, one more where it is said again.
    """
    figures = {
        "units_ordered": units_ordered,
        "units_missing": units_missing,
        "units_told": units_told,
        "fee_cents": fee_cents,
        "total_cents": total_cents,
    }
    if (
        min(figures.values()) < 0
        or units_missing + units_told > units_ordered
        or at > timezone.now() + CLOCK_SKEW
    ):
        raise FiguresImpossible(figures)
    outcome = _going(order_reference)
    if max(outcome.damaged_units, outcome.life_broken_units) > units_ordered:
        raise FiguresImpossible(figures)
    if outcome.ready_at:
        figures |= _beside_missed(outcome, units_ordered, units_missing, units_told)
    figures["ready_at"] = outcome.ready_at or at  # type: ignore[assignment]
    if any(getattr(outcome, name) != value for name, value in figures.items()):
        _write(outcome, decide_at=timezone.now(), **figures)


def _beside_missed(outcome: Outcome, ordered: int, missing: int, told: int) -> dict[str, int]:
    """What customers missed stays missing, whatever the depot counts anew. One query."""
    missed = outcome.incidents.filter(kind=Incident.Kind.MISSING).aggregate(units=Sum("units"))["units"] or 0
    missing = min(ordered, missing + missed)
    return {"units_missing": missing, "units_told": min(told, ordered - missing)}


@transaction.atomic
def record_arrival(*, order_reference: str, at: datetime, carrier: str = "") -> bool:
    """The order is at its customer's door. The first word stands: the same again is nothing, another instant is
    refused, since only `correct_arrival` puts it right. Whether it is new.

    Raises OutcomeUnknown, OutcomeCancelled, NotDelivered (fetched at a point), AlreadyArrived, ArrivalInFuture (more
    than five minutes ahead of our clock), ArrivalBeforeReady (more than two hours before its crates were closed),
    ArrivalTooFar (more than a day before its slot or a week after it). Locks the outcome; three statements and the
    fact's.
    """
    outcome = _going(order_reference)
    if outcome.arrived_at:
        if outcome.arrivals.filter(by=None, at=at).exists():
            return False
        raise AlreadyArrived(order_reference)
    _must_be_possible(outcome, at)
    _arrive(outcome, at, carrier, None)
    return True


@transaction.atomic
def correct_arrival(*, order_reference: str, at: datetime, by_id: int) -> bool:
    """Staff know better when it arrived, or that it did. The last word holds, all are kept; whether it changes anything.

    What was granted stays granted. Raises what `record_arrival` raises but AlreadyArrived. Locks the outcome; three
    statements and the fact's.
    """
    outcome = _going(order_reference)
    if outcome.arrived_at == at:
        return False
    _must_be_possible(outcome, at)
    _arrive(outcome, at, outcome.carrier, by_id)
    return True


def _must_be_possible(outcome: Outcome, at: datetime) -> None:
    if outcome.is_collect:
        raise NotDelivered(outcome.order_reference)
    if at > timezone.now() + CLOCK_SKEW:
        raise ArrivalInFuture(at)
    if outcome.ready_at and at < outcome.ready_at - CLOSED_IN_BOOKS:
        raise ArrivalBeforeReady(at)
    if not outcome.slot_starts_at - EARLIEST <= at <= outcome.slot_ends_at + LATEST:
        raise ArrivalTooFar(at)


def _arrive(outcome: Outcome, at: datetime, carrier: str, by_id: int | None) -> None:
    Arrival.objects.create(outcome=outcome, at=at, carrier=carrier, by_id=by_id)
    _write(outcome, arrived_at=at, carrier=carrier, decide_at=timezone.now())


def record_damage(*, order_reference: str, units: int, occasion: str) -> bool:
    """So many units came damaged, once for the occasion; whether that is new.

    Raises OutcomeUnknown, OutcomeCancelled, FiguresImpossible (none, or more than were ordered, all occasions
    together). Locks the outcome; four statements and the fact's.
    """
    return _hurt(order_reference, Incident.Kind.DAMAGED, units, occasion)


def record_life_broken(*, order_reference: str, units: int, occasion: str) -> bool:
    """So many units keep for less long than was promised, once for the occasion; like `record_damage`."""
    return _hurt(order_reference, Incident.Kind.LIFE, units, occasion)


@transaction.atomic
def record_missing_told_later(*, order_reference: str, units: int, occasion: str) -> bool:
    """So many units were picked, by the books, and were not there: once for the occasion; whether that is new.

    They count as the depot's own absences do. Never more is missing than was ordered; what had been announced or
    replaced and did not come either is missing then, not told. Raises OutcomeUnknown, OutcomeCancelled,
    FiguresImpossible (none, or nothing left that could be missing). Locks the outcome; four statements and the fact's.
    """
    outcome = _going(order_reference)
    if outcome.incidents.filter(kind=Incident.Kind.MISSING, occasion=occasion).exists():
        return False
    more = min(units, outcome.units_ordered - outcome.units_missing)
    if more < 1 or not occasion:
        raise FiguresImpossible(units)
    missing = outcome.units_missing + more
    Incident.objects.create(outcome=outcome, kind=Incident.Kind.MISSING, units=more, occasion=occasion)
    _write(
        outcome,
        decide_at=timezone.now(),
        units_missing=missing,
        units_told=min(outcome.units_told, outcome.units_ordered - missing),
    )
    return True


@transaction.atomic
def _hurt(order_reference: str, kind: Incident.Kind, units: int, occasion: str) -> bool:
    outcome = _going(order_reference)
    if outcome.incidents.filter(kind=kind, occasion=occasion).exists():
        return False
    counted_in = Incident.COUNTED_IN[kind]
    together = getattr(outcome, counted_in) + units
    if units < 1 or together > outcome.units_ordered or not occasion:
        raise FiguresImpossible(units)
    Incident.objects.create(outcome=outcome, kind=kind, units=units, occasion=occasion)
    _write(outcome, decide_at=timezone.now(), **{counted_in: together})
    return True


def _locked(order_reference: str) -> Outcome | None:
    found = Outcome.objects.select_for_update(no_key=True)
    return found.filter(order_reference=order_reference).first()


def _going(order_reference: str) -> Outcome:
    """The outcome of an order that was not cancelled, locked."""
    outcome = _locked(order_reference)
    if outcome is None:
        raise OutcomeUnknown(order_reference)
    if outcome.cancelled_at:
        raise OutcomeCancelled(order_reference)
    return outcome


def _write(outcome: Outcome, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(outcome, name, value)
    outcome.save(update_fields=[*fields, "changed_at"])
    _tell(outcome.order_reference)


def _tell(order_reference: str) -> None:
    publish(OutcomeChanged(order_reference=order_reference))
