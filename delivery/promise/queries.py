"""Reads of promises, of what is given for them, and of the past by another rule."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.db.models import Exists, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from delivery.promise import rules
from delivery.promise.models import Compensation, Decision, Outcome, RuleVersion, WeekRecord
from delivery.promise.ports import carried_out
from delivery.promise.rules import week_of
from delivery.promise.wording import announced
from shop.customers.models import Customer

# A customer who was let down is left in peace for so long after it was made good for.
PEACE = timedelta(days=3)
_ON_THE_ROAD = timedelta(days=2)
# What a slot says of its zone: of so many weeks, and kept so long.
SHARES_WEEKS, SHARES_SECONDS = 4, 900
_SHARES_KEY = "promise.on_time_shares"
# Below this number of orders a percentage says nothing.
ENOUGH_ORDERS = 30


def outcome_of(order_reference: str) -> Outcome | None:
    """What an order was promised, and what became of it. One query."""
    return Outcome.objects.select_related("zone").filter(order_reference=order_reference).first()


def compensations_of_order(order_reference: str) -> QuerySet[Compensation]:
    """What is given for an order, or asked of staff, in the order it was decided, each with its decision. One query."""
    found = Compensation.objects.filter(order_reference=order_reference)
    return found.select_related("decision", "rule").order_by("pk")


def compensations_of(customer_ids: Collection[int]) -> QuerySet[Compensation]:
    """All that was given to a customer, the latest first. One query."""
    found = Compensation.objects.filter(customer__in=customer_ids, state__in=Compensation.GIVEN)
    return found.select_related("decision", "rule")


def compensation(compensation_id: int) -> Compensation | None:
    """One, with its decision, rule and version. One query."""
    found = Compensation.objects.select_related("decision", "rule", "version")
    return found.filter(pk=compensation_id).first()


def compensation_of_occasion(occasion: str) -> int | None:
    """The compensation that `Compensation.occasion` names; None for any other occasion. No query."""
    word, _dash, number = occasion.partition("-")
    return int(number) if word == "compensation" and number.isdecimal() else None


def has_open_incident(customer_id: int, now: datetime) -> bool:
    """Whether a customer, or a guest who merged into them, was let down and it is not over: something is to be decided
    or done for them, was done within the last three days, or their order is late right now. One query.
    """
    mine = Q(customer=customer_id) | Q(customer__merged_into=customer_id)
    given = Compensation.objects.filter(mine).filter(
        Q(state__in=Compensation.OPEN) | Q(granted_at__gt=now - PEACE)
    )
    late = Outcome.objects.filter(mine).unheard(now).filter(slot_ends_at__gt=now - _ON_THE_ROAD)
    found = Customer.objects.filter(pk=customer_id).filter(Exists(given) | Exists(late))
    return found.exists()


def undecided(now: datetime, *, limit: int) -> list[str]:
    """Orders that are owed a decision, the longest waiting first. One query."""
    due = Outcome.objects.filter(decide_at__lte=now).order_by("decide_at", "pk")
    return list(due.values_list("order_reference", flat=True)[:limit])


def undone(remedies: Collection[str], before: datetime) -> QuerySet[Compensation]:
    """Of these remedies, granted before an instant and not carried out, the longest waiting first. One query."""
    found = Compensation.objects.filter(
        state=Compensation.State.GRANTED, remedy__in=remedies, granted_at__lt=before
    )
    return found.order_by("granted_at", "pk")


def waiting_for_staff() -> QuerySet[Compensation]:
    """What staff have to decide, or to take up again. One query."""
    states = Compensation.State
    return Compensation.objects.filter(state__in=[states.TO_DECIDE, states.FAILED])


def versions_at(at: datetime) -> list[RuleVersion]:
    """The version of each rule that holds for a slot that starts then, off ones too. One query."""
    found = RuleVersion.objects.filter(starts_at__lte=at).select_related("rule")
    return list(found.order_by("rule__position", "-starts_at").distinct("rule__position"))


def outcomes_of_year(customer_ids: Collection[int], since: datetime, until: datetime) -> list[Outcome]:
    """What a customer was promised for slots of a period and did not call off, the latest first. One query."""
    found = Outcome.objects.filter(
        customer__in=customer_ids, slot_starts_at__gte=since, slot_starts_at__lt=until
    )
    return list(found.filter(Q(cancelled_at=None) | Q(is_our_doing=True)).order_by("-slot_starts_at", "-pk"))


def years_of(customer_ids: Collection[int]) -> list[int]:
    """The years in Paris for which a customer was promised something, the latest first. One query."""
    found = Outcome.objects.filter(customer__in=customer_ids).datetimes(
        "slot_starts_at", "year", order="DESC"
    )
    return [at.year for at in found]


def week_records(since: date) -> list[WeekRecord]:
    """The public record of the weeks from a Monday on, with its zones, the latest first. One query."""
    return list(WeekRecord.objects.filter(monday_on__gte=since).select_related("zone"))


def on_time_shares(now: datetime) -> dict[int, int]:
    """Zone → of a hundred orders of the last four weeks so many came on time; zones with too few orders are left out.

    No query where they are known, at most a quarter of an hour old; else one.
    """
    known = cache.get(_SHARES_KEY)
    if known is None:
        known = _on_time_shares(now)
        cache.set(_SHARES_KEY, known, SHARES_SECONDS)
    return known  # type: ignore[no-any-return]


def _on_time_shares(now: datetime) -> dict[int, int]:
    since = week_of(now) - timedelta(weeks=SHARES_WEEKS - 1)
    rows = WeekRecord.objects.filter(monday_on__gte=since).order_by().values_list("zone")
    summed = rows.annotate(orders=Sum("orders"), on_time=Sum("on_time"))
    return {zone: on_time * 100 // orders for zone, orders, on_time in summed if orders >= ENOUGH_ORDERS}


def promised_if_late(order_reference: str) -> str:
    """What its customer is given unasked, were their order late, in a sentence; empty where no rule in force says so.
    Two queries.
    """
    outcome = outcome_of(order_reference)
    if outcome is None or outcome.is_collect:
        return ""
    bound, facts = carried_out(), outcome.facts
    for version in versions_at(outcome.slot_starts_at):
        terms = version.terms
        if (
            version.is_on
            and terms.trigger == rules.LATE
            and terms.remedies <= bound
            and rules.concerns(terms, facts)
        ):
            remedy, cents = rules.gives(terms, facts)
            return announced(terms.late_minutes, remedy, cents) if remedy else ""
    return ""


def lock_customer(customer_id: int) -> int:
    """Whoever this customer is today, their row kept from everybody who counts what they were given. Two queries."""
    owner = (
        Customer.objects.filter(pk=customer_id).values_list(Coalesce("merged_into_id", "pk"), flat=True).get()
    )
    locked = Customer.objects.select_for_update(no_key=True).filter(pk=owner)
    return locked.values_list("pk", flat=True).get()


def given_to(customer_id: int, rule_id: int, *, around: datetime, days: int) -> int:
    """How often a customer was given by a rule for slots within so many days of this one, before or after. One query."""
    mine = Q(customer=customer_id) | Q(customer__merged_into=customer_id)
    near = timedelta(days=days)
    found = Compensation.objects.filter(mine, rule=rule_id, state__in=Compensation.GIVEN)
    return found.filter(
        outcome__slot_starts_at__gte=around - near, outcome__slot_starts_at__lte=around + near
    ).count()


def last_sentences(outcome_id: int) -> dict[int, tuple[str, str]]:
    """Rule → verdict and sentence of what was decided last. One query."""
    found = Decision.objects.filter(outcome=outcome_id).order_by("rule", "-pk").distinct("rule")
    return {
        rule: (verdict, sentence)
        for rule, verdict, sentence in found.values_list("rule", "verdict", "sentence")
    }


def hurt_between(since: datetime, until: datetime) -> Iterable[Outcome]:
    """Orders of slots that started then of which a rule could say something, in the order of their slots, read little
    by little. One query.
    """
    found = Outcome.objects.hurt().filter(slot_starts_at__gte=since, slot_starts_at__lt=until)
    found = found.select_related("zone", "customer").order_by("slot_starts_at", "order_reference")
    return found.iterator(chunk_size=2000)
