"""The promise of an order, what became of it, and what is given for it. Lock order: … vouchers → outcome → payment
account; a decision locks outcome → customer → weeks of rules, in the rules' order, and nothing of the order.
"""

from delivery.promise.services.deciding import decide
from delivery.promise.services.errors import (
    AlreadyArrived,
    ArrivalBeforeReady,
    ArrivalInFuture,
    ArrivalTooFar,
    CompensationMoved,
    FiguresImpossible,
    NobodyCarriesOut,
    NotDelivered,
    OutcomeCancelled,
    OutcomeUnknown,
    PreviewChanged,
    PromiseRefused,
    RuleUnbounded,
    StartsInThePast,
    VersionImpossible,
)
from delivery.promise.services.granting import (
    grant_by_staff,
    note_carried_out,
    note_failed,
    refuse_by_staff,
    try_again,
)
from delivery.promise.services.outcomes import (
    Promised,
    cancel_outcome,
    change_outcome,
    correct_arrival,
    open_outcome,
    record_arrival,
    record_damage,
    record_life_broken,
    record_missing_told_later,
    record_picking,
)
from delivery.promise.services.recording import count_weeks
from delivery.promise.services.rulebook import NewVersion, add_version, preview, seed_rules

__all__ = [
    "AlreadyArrived",
    "ArrivalBeforeReady",
    "ArrivalInFuture",
    "ArrivalTooFar",
    "CompensationMoved",
    "FiguresImpossible",
    "NewVersion",
    "NobodyCarriesOut",
    "NotDelivered",
    "OutcomeCancelled",
    "OutcomeUnknown",
    "PreviewChanged",
    "PromiseRefused",
    "Promised",
    "RuleUnbounded",
    "StartsInThePast",
    "VersionImpossible",
    "add_version",
    "cancel_outcome",
    "change_outcome",
    "correct_arrival",
    "count_weeks",
    "decide",
    "grant_by_staff",
    "note_carried_out",
    "note_failed",
    "open_outcome",
    "preview",
    "record_arrival",
    "record_damage",
    "record_life_broken",
    "record_missing_told_later",
    "record_picking",
    "refuse_by_staff",
    "seed_rules",
    "try_again",
]
