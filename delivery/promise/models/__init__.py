from delivery.promise.models.grants import Compensation, Decision, RuleWeek
from delivery.promise.models.outcomes import Arrival, Incident, Outcome
from delivery.promise.models.records import WeekRecord
from delivery.promise.models.rulebook import Rule, RuleVersion

__all__ = [
    "Arrival",
    "Compensation",
    "Decision",
    "Incident",
    "Outcome",
    "Rule",
    "RuleVersion",
    "RuleWeek",
    "WeekRecord",
]
