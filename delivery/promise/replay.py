"""The past, judged once more by another version of a rule: how many compensations, how many euros. Writes nothing."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from delivery.promise import queries
from delivery.promise.models import Outcome
from delivery.promise.ports import carried_out
from delivery.promise.rules import GRANTED, STAFF, Terms, Verdict, judge, week_of

DAYS = 90
DEAREST = 10


@dataclass(slots=True)
class Given:
    """One compensation that would have been."""

    order_reference: str
    rule: str
    remedy: str
    cents: int
    slot_starts_at: datetime
    verdict: Verdict
    outcome: Outcome


@dataclass(slots=True)
class Replayed:
    """What one rule would have given, and beyond which ceilings staff would have decided."""

    rule: str
    since: datetime
    until: datetime
    given: list[Given] = field(default_factory=list)
    for_staff: int = 0

    @property
    def number(self) -> int:
        return len(self.given)

    @property
    def cents(self) -> int:
        return sum(one.cents for one in self.given)

    @property
    def by_remedy(self) -> dict[str, tuple[int, int]]:
        """Remedy → (how many, cents)."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.given:
            number, cents = found.get(one.remedy, (0, 0))
            found[one.remedy] = (number + 1, cents + one.cents)
        return found

    @property
    def dearest(self) -> list[Given]:
        return sorted(self.given, key=lambda one: (-one.cents, one.order_reference))[:DEAREST]


def replay(changed: Terms | None, rule: str, *, now: datetime, days: int = DAYS) -> Replayed:
    """Judge the slots of the last ``days`` whole days, all rules as they hold now but this one, which is as ``changed``
    (None: off). Ceilings count, in the order of slots, from nothing.

    Two queries, however many orders; they are read little by little.
    """
    until = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    since = until - timedelta(days=days)
    others = [terms for terms in terms_in_force(now) if terms.rule != rule]
    found = Replayed(rule, since, until)
    for outcome, verdict in judged([*others, *([changed] if changed else [])], since, until, now):
        if verdict.terms.rule == rule and verdict.said == GRANTED:
            found.given.append(
                Given(
                    outcome.order_reference, rule, verdict.remedy, verdict.cents, outcome.slot_starts_at,
                    verdict, outcome,
                )
            )  # fmt: skip
        elif verdict.terms.rule == rule and verdict.said == STAFF:
            found.for_staff += 1
    return found


def terms_in_force(now: datetime) -> list[Terms]:
    """Of the rules that somebody carries out. One query."""
    bound = carried_out()
    found = [one.terms for one in queries.versions_at(now) if one.is_on]
    return [terms for terms in found if terms.remedies <= bound]


def judged(
    versions: Sequence[Terms], since: datetime, until: datetime, now: datetime
) -> Iterator[tuple[Outcome, Verdict]]:
    """Every order of slots that started then, in their order, by these rules and their ceilings: all that is said."""
    weeks: dict[tuple[str, date], int] = defaultdict(int)
    customers: dict[tuple[str, int], list[datetime]] = defaultdict(list)
    for outcome in queries.hurt_between(since, until):
        owner = outcome.customer.party_id
        at, week = outcome.slot_starts_at, week_of(outcome.slot_starts_at)

        def given(terms: Terms, owner: int = owner, at: datetime = at) -> int:
            near = timedelta(days=terms.customer_days)
            return sum(abs(at - one) <= near for one in customers[terms.rule, owner])

        def spend(terms: Terms, cents: int, week: date = week) -> bool:
            most = terms.most_per_week_cents
            if most is not None and weeks[terms.rule, week] + cents > most:
                return False
            weeks[terms.rule, week] += cents
            return True

        for verdict in judge(outcome.facts, versions, standing=(), given=given, spend=spend, now=now):
            if verdict.said == GRANTED:
                customers[verdict.terms.rule, owner].append(at)
            yield outcome, verdict
