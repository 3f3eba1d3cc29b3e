"""What a rule gives for the slots of one week: one row, changed by one statement whose condition is the ceiling."""

from datetime import date

from django.db.models import F, QuerySet

from delivery.promise.models import RuleWeek


def spend(*, rule_id: int, monday_on: date, cents: int, most: int | None) -> bool:
    """Take cents out of a rule's week; False, and nothing taken, where its ceiling does not allow it. Two statements.

    The row stays locked until the transaction ends: the ceiling is asked last.
    """
    if most is None:
        add_spent(rule_id=rule_id, monday_on=monday_on, cents=cents)
        return True
    week = _with_room(_week(rule_id, monday_on), cents, most)
    return bool(week.update(spent_cents=F("spent_cents") + cents))


def _with_room(week: QuerySet[RuleWeek], cents: int, most: int) -> QuerySet[RuleWeek]:
    """The condition is in the statement that takes: whoever waited for the row is asked again."""
    return week.filter(spent_cents__lte=most - cents)


def add_spent(*, rule_id: int, monday_on: date, cents: int) -> None:
    """Without asking its ceiling. Two statements, none for nothing."""
    if cents:
        _week(rule_id, monday_on).update(spent_cents=F("spent_cents") + cents)


def _week(rule_id: int, monday_on: date) -> QuerySet[RuleWeek]:
    RuleWeek.objects.bulk_create([RuleWeek(rule_id=rule_id, monday_on=monday_on)], ignore_conflicts=True)
    return RuleWeek.objects.filter(rule_id=rule_id, monday_on=monday_on)
