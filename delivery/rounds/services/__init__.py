"""Every write to rounds, and what is to be delivered. Lock order: order (the caller's) → half-day → drop."""

from delivery.rounds.errors import DepotNowhere, DropUnknown, PlanStale, RoundMoveRefused, WrongPlace
from delivery.rounds.services.dispatching import (
    end_round,
    lock_courier,
    lock_half_day,
    lock_round,
    send_out,
    stop_round,
    unlock_round,
)
from delivery.rounds.services.drops import (
    FORGOTTEN_AFTER,
    Manifest,
    cancel_drop,
    correct_place,
    forget_addresses,
    note_crates,
    write_drop,
)
from delivery.rounds.services.places import PlaceLine, import_places
from delivery.rounds.services.planning import due_for_plan, plan_half_day
from delivery.rounds.services.shifts import copy_week, replan_shifts_to_come, write_shift

__all__ = [
    "FORGOTTEN_AFTER",
    "DepotNowhere",
    "DropUnknown",
    "Manifest",
    "PlaceLine",
    "PlanStale",
    "RoundMoveRefused",
    "WrongPlace",
    "cancel_drop",
    "copy_week",
    "correct_place",
    "due_for_plan",
    "end_round",
    "forget_addresses",
    "import_places",
    "lock_courier",
    "lock_half_day",
    "lock_round",
    "note_crates",
    "plan_half_day",
    "replan_shifts_to_come",
    "send_out",
    "stop_round",
    "unlock_round",
    "write_drop",
    "write_shift",
]
