"""What is late, what is absent, and what is given for it. Pure: no clock, no database.

A promise is judged once all of it is known: a delivery when it has arrived, a pickup when it is ready, each at last
some time after its slot. So an order that is late *and* incomplete is judged once, and the best of both is given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from delivery.slots.rules import local_date, monday_of

# Triggers.
LATE, INCOMPLETE, DAMAGED, NOT_READY, LIFE = "late", "incomplete", "damaged", "not_ready", "life"
# Audiences.
EVERYBODY, FIRST_THREE, DELIVERED, COLLECTED = "everybody", "first_three", "delivered", "collected"
# Remedies.
DELIVERY_REFUND, NEXT_DELIVERY, VOUCHER = "delivery_refund", "next_delivery", "voucher"
POINTS, GIFT, REPLACEMENT, CALL = "points", "gift", "replacement", "call"
ARTICLES_REFUND = "articles_refund"
WITH_AMOUNT = frozenset({VOUCHER, POINTS, GIFT})
# They cost a conversation: nothing to limit.
COSTS_NOTHING = frozenset({CALL})
# Verdicts.
GRANTED, STAFF, CUMULATED, NOT_DUE, STANDS = "granted", "staff", "cumulated", "not_due", "stands"
# Why staff decide.
ORDER_CEILING, CUSTOMER_CEILING, WEEK_CEILING, BETTER = "order", "customer", "week", "better"

# Nobody said that it arrived: what else is known is then judged without that.
SILENCE = timedelta(hours=12)
# The most effort goes to a customer's first orders.
FIRST_ORDERS = 3


def seconds_between(since: datetime, until: datetime) -> int:
    """Whole seconds that passed, rounded down. Of two local times Python would compare the clocks on the wall, which
    jump twice a year.
    """
    passed = until.astimezone(UTC) - since.astimezone(UTC)
    return passed // timedelta(seconds=1)


def week_of(slot_starts_at: datetime) -> date:
    """The Monday of the week, in Paris, for which something was promised."""
    return monday_of(local_date(slot_starts_at))


@dataclass(frozen=True, slots=True)
class Facts:
    """All that rules look at. ``next_delivery_cents`` is what a delivery of its zone costs at most."""

    is_collect: bool
    rank: int
    slot_starts_at: datetime
    slot_ends_at: datetime
    fee_cents: int
    next_delivery_cents: int
    units_ordered: int
    units_missing: int = 0
    damaged_units: int = 0
    life_broken_units: int = 0
    ready_at: datetime | None = None
    arrived_at: datetime | None = None
    is_cancelled: bool = False

    @staticmethod
    def seconds_late_of(of: Any) -> int | None:
        """The one place that says what late is; ``of`` has the fields of these facts."""
        since, until = (of.slot_starts_at, of.ready_at) if of.is_collect else (of.slot_ends_at, of.arrived_at)
        return None if until is None else seconds_between(since, until)

    @property
    def seconds_late(self) -> int | None:
        return self.seconds_late_of(self)

    def is_over(self, now: datetime) -> bool:
        """Whether all that was promised for the slot is known, or will not be."""
        known = self.ready_at if self.is_collect else self.arrived_at
        return known is not None or now >= decides_at(self.slot_ends_at, is_collect=self.is_collect)


def decides_at(slot_ends_at: datetime, *, is_collect: bool) -> datetime:
    """When an order of which nothing more was heard is judged by what is known."""
    return slot_ends_at if is_collect else slot_ends_at + SILENCE


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a rule. Ceilings that are None do not hold."""

    rule: str
    position: int
    trigger: str
    audience: str
    remedy: str
    if_free: str = ""
    late_minutes: int = 0
    least_units: int = 0
    amount_cents: int = 0
    group: str = ""
    most_per_order_cents: int | None = None
    most_per_customer: int | None = None
    customer_days: int = 0
    most_per_week_cents: int | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether it can only pay so much."""
        return (
            self.remedy in COSTS_NOTHING
            or self.most_per_customer is not None
            or self.most_per_week_cents is not None
        )

    @property
    def remedies(self) -> frozenset[str]:
        """All that it may give."""
        return frozenset({self.remedy, self.if_free} - {""})

    @property
    def kept_together(self) -> str:
        """Its group; a rule without one is alone in its own."""
        return self.group or f"alone:{self.rule}"


def concerns(terms: Terms, facts: Facts) -> bool:
    match terms.audience:
        case "first_three":
            return facts.rank <= FIRST_ORDERS
        case "delivered":
            return not facts.is_collect
        case "collected":
            return facts.is_collect
    return True


def units_hurt(trigger: str, facts: Facts) -> int:
    return {INCOMPLETE: facts.units_missing, DAMAGED: facts.damaged_units, LIFE: facts.life_broken_units}[
        trigger
    ]


def is_known(trigger: str, facts: Facts, now: datetime) -> bool:
    """Whether what a rule asks about can be answered. Damage is when it is told, all else once the slot is over."""
    match trigger:
        case "late":
            return not facts.is_collect and facts.arrived_at is not None
        case "not_ready":
            return facts.is_collect and facts.is_over(now)
        case "incomplete":
            return facts.ready_at is not None and facts.is_over(now)
    return True


def is_touched(trigger: str, facts: Facts) -> bool:
    """Whether the promise was broken at all, by however little. Call once it is known."""
    match trigger:
        case "late":
            return (facts.seconds_late or 0) > 0
        case "not_ready":
            return facts.ready_at is None or (facts.seconds_late or 0) > 0
    return units_hurt(trigger, facts) > 0


def is_broken(terms: Terms, facts: Facts) -> bool:
    """Beyond what the rule allows: strictly more than so many minutes, at least so many units. Call once known."""
    match terms.trigger:
        case "late":
            return (facts.seconds_late or 0) > terms.late_minutes * 60
        case "not_ready":
            return is_touched(terms.trigger, facts)
    return units_hurt(terms.trigger, facts) >= terms.least_units


def is_due(terms: Terms, facts: Facts, now: datetime) -> bool:
    """Whether a rule says anything but « rien n’est dû », ceilings and groups apart."""
    applies = concerns(terms, facts) and not facts.is_cancelled and is_known(terms.trigger, facts, now)
    return applies and is_broken(terms, facts) and bool(gives(terms, facts)[0])


def gives(terms: Terms, facts: Facts) -> tuple[str, int]:
    """(remedy, cents it costs at most); an empty remedy where there is nothing to give back."""
    if terms.remedy == DELIVERY_REFUND and not facts.fee_cents:
        return (terms.if_free, facts.next_delivery_cents) if terms.if_free else ("", 0)
    cents = {DELIVERY_REFUND: facts.fee_cents, NEXT_DELIVERY: facts.next_delivery_cents}
    return terms.remedy, cents.get(terms.remedy, terms.amount_cents)


@dataclass(frozen=True, slots=True)
class Standing:
    """What was decided of an order before: its rule, the group of that version, cents. Not ``is_given`` where staff
    refused it, or have still to decide.
    """

    rule: str
    kept_together: str
    cents: int
    is_given: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one rule for one order."""

    terms: Terms
    said: str
    why: str = ""
    remedy: str = ""
    cents: int = 0


# Takes cents out of what a rule may still give for the slots of this week; False where it does not reach.
Spend = Callable[[Terms, int], bool]


def judge(
    facts: Facts, versions: Sequence[Terms], *, standing: Sequence[Standing], given: Callable[[Terms], int],
    spend: Spend, now: datetime,
) -> list[Verdict]:  # fmt: skip
    """Judge an order by these rules, in their order. What it was given stands, whatever is known since.

    ``given`` tells how often its customer was given by a rule around that slot, and is asked only where that counts;
    ``spend`` is asked last, for what else is granted, rule after rule in their order.
    """
    if facts.is_cancelled:
        return []
    known = [
        one
        for one in sorted(versions, key=lambda one: one.position)
        if concerns(one, facts) and is_known(one.trigger, facts, now)
    ]
    had = {one.rule: one for one in standing}
    due = {one.rule: gives(one, facts) for one in known if is_broken(one, facts) and gives(one, facts)[0]}
    best = _best(known, due, had)
    taken = {one.kept_together: one.cents for one in standing}
    paid = sum(one.cents for one in standing if one.is_given)
    found: list[Verdict] = []
    for terms in known:
        if terms.rule not in due:
            if said := _nothing_due(terms, facts, had):
                found.append(Verdict(terms, said))
            continue
        if terms.rule in had:
            continue
        remedy, cents = due[terms.rule]
        verdict = Verdict(terms, *_weighed(terms, cents, taken, best, paid, given, spend), remedy, cents)
        found.append(verdict)
        if verdict.said == GRANTED:
            paid += cents
    return found


def _nothing_due(terms: Terms, facts: Facts, had: Mapping[str, Standing]) -> str:
    """Nothing is said of a promise that was kept, unless something was given for it before."""
    before = had.get(terms.rule)
    if before is not None:
        return STANDS if before.is_given else NOT_DUE
    return NOT_DUE if is_touched(terms.trigger, facts) else ""


def _best(
    known: Sequence[Terms], due: Mapping[str, tuple[str, int]], had: Mapping[str, Standing]
) -> dict[str, str]:
    """Group → the rule that gives most of it, the first of those that give as much."""
    found: dict[str, str] = {}
    for terms in known:
        if terms.rule in due and terms.rule not in had:
            first = found.get(terms.kept_together)
            if first is None or due[terms.rule][1] > due[first][1]:
                found[terms.kept_together] = terms.rule
    return found


def _weighed(
    terms: Terms, cents: int, taken: Mapping[str, int], best: Mapping[str, str], paid: int,
    given: Callable[[Terms], int], spend: Spend,
) -> tuple[str, str]:  # fmt: skip
    """(verdict, why) of what is due."""
    before = taken.get(terms.kept_together)
    if best[terms.kept_together] != terms.rule or (before is not None and cents <= before):
        return CUMULATED, ""
    if before is not None:
        return STAFF, BETTER
    if terms.most_per_order_cents is not None and paid + cents > terms.most_per_order_cents:
        return STAFF, ORDER_CEILING
    if terms.most_per_customer is not None and given(terms) >= terms.most_per_customer:
        return STAFF, CUSTOMER_CEILING
    if not spend(terms, cents):
        return STAFF, WEEK_CEILING
    return GRANTED, ""
