"""Promises as staff read them: what happened, by which rule, and what was given. Services write, these pages ask."""

from delivery.promise.admin.grants import CompensationAdmin, DecisionAdmin
from delivery.promise.admin.outcomes import OutcomeAdmin
from delivery.promise.admin.rulebook import RuleAdmin

__all__ = ["CompensationAdmin", "DecisionAdmin", "OutcomeAdmin", "RuleAdmin"]
