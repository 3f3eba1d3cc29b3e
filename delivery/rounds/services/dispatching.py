"""Who locks a round, sends it out, or gives its stops to others. Each locks the half-day first, so that no plan that
is being written passes it by.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from delivery.rounds.errors import RoundMoveRefused
from delivery.rounds.models import Courier, Drop, Planning, Round, Stop
from delivery.rounds.services.drops import touch


def lock_half_day(*, round_id: int) -> None:
    """Hold back plans and dispatchers of a round's half-day. Raises Round.DoesNotExist. Two queries."""
    planning_id = Round.objects.values_list("planning_id", flat=True).get(pk=round_id)
    list(Planning.objects.select_for_update().filter(pk=planning_id).values_list("pk"))


def lock_courier(*, courier_id: int) -> None:
    """Two taps of one courier wait for each other. Held until the caller's transaction ends. One query."""
    list(Courier.objects.select_for_update(no_key=True).filter(pk=courier_id).values_list("pk"))


def _locked(round_id: int) -> Round:
    """The round, its half-day's row locked. Raises Round.DoesNotExist. Three queries."""
    lock_half_day(round_id=round_id)
    return Round.objects.select_related("shift__courier__carrier", "planning").get(pk=round_id)


def _move(round_: Round, to: Round.State, **fields: object) -> None:
    if to not in Round.MOVES[round_.state]:
        raise RoundMoveRefused(f"{round_.state} → {to}")
    round_.state = to
    for name, value in fields.items():
        setattr(round_, name, value)
    round_.save(update_fields=["state", *fields])
    # A plan that is being computed was made of another choice of rounds; the one in force is none the worse.
    Planning.objects.filter(pk=round_.planning_id).update(
        changes=F("changes") + 1, planned_changes=F("planned_changes") + 1
    )


@transaction.atomic
def lock_round(*, round_id: int) -> Round:
    """No plan changes it any more. Twice is once. Raises Round.DoesNotExist, RoundMoveRefused. Five queries."""
    round_ = _locked(round_id)
    if round_.state != Round.State.LOCKED:
        _move(round_, Round.State.LOCKED)
    return round_


@transaction.atomic
def unlock_round(*, round_id: int) -> Round:
    """The next plan may change it again. Raises Round.DoesNotExist, RoundMoveRefused (a courier has begun to load it: what
    is loaded is loaded as it was planned). Eight queries.
    """
    round_ = _locked(round_id)
    if not Round.objects.filter(pk=round_id, run=None).exists():
        raise RoundMoveRefused("run")
    if round_.state != Round.State.PLANNED:
        _move(round_, Round.State.PLANNED)
        _replan(round_.planning)
    return round_


@transaction.atomic
def send_out(*, round_id: int, at: datetime) -> Round:
    """It leaves the depot. Twice is once. Raises Round.DoesNotExist, RoundMoveRefused. Five queries."""
    round_ = _locked(round_id)
    if round_.state != Round.State.OUT:
        _move(round_, Round.State.OUT, left_at=at)
    return round_


@transaction.atomic
def end_round(*, round_id: int, at: datetime) -> Round:
    """It is back. Twice is once. Raises Round.DoesNotExist, RoundMoveRefused. Five queries."""
    round_ = _locked(round_id)
    if round_.state != Round.State.DONE:
        _move(round_, Round.State.DONE, ended_at=at)
    return round_


@transaction.atomic
def stop_round(*, round_id: int, at: datetime, undelivered: list[int]) -> list[Drop]:
    """A van that goes no further: what it has not delivered is planned anew, in other vans. Twice is once.

    ``undelivered`` are ids of its drops. Raises Round.DoesNotExist, RoundMoveRefused. Nine queries.
    """
    round_ = _locked(round_id)
    if round_.state != Round.State.STOPPED:
        _move(round_, Round.State.STOPPED, ended_at=at)
    freed = Stop.objects.filter(round=round_, drop__in=undelivered, drop__cancelled_at=None)
    drops = [stop.drop for stop in freed.select_related("drop")]
    freed.delete()
    if drops:
        _replan(round_.planning)
    return drops


def _replan(planning: Planning) -> None:
    touch({(planning.depot_id, planning.day, planning.half)})
