"""Rules are written: a new version at a time, after its writer saw what it would have given."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from delivery.promise import rules
from delivery.promise.models import Rule, RuleVersion
from delivery.promise.ports import carried_out
from delivery.promise.replay import Replayed, replay
from delivery.promise.rules import Terms
from delivery.promise.services.errors import (
    NobodyCarriesOut,
    PreviewChanged,
    RuleUnbounded,
    StartsInThePast,
    VersionImpossible,
)

# What ships with the shop holds from its first day.
SHIPPED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a version says; see `RuleVersion`."""

    trigger: str
    remedy: str
    is_on: bool = True
    late_minutes: int | None = None
    least_units: int | None = None
    audience: str = rules.EVERYBODY
    if_free: str = ""
    amount_cents: int | None = None
    group: str = ""
    most_per_order_cents: int | None = None
    most_per_customer: int | None = None
    customer_days: int | None = None
    most_per_week_cents: int | None = None

    def of(self, rule: Rule, **more: object) -> RuleVersion:
        return RuleVersion(rule=rule, **asdict(self), **more)


def preview(*, rule_id: int, wanted: NewVersion, now: datetime) -> Replayed:
    """What the past would have been given, were this version in the place of the rule's own. Two queries, one more for
    each two thousand orders.
    """
    rule = Rule.objects.get(pk=rule_id)
    return replay(wanted.of(rule).terms if wanted.is_on else None, rule.key, now=now)


@transaction.atomic
def add_version(
    *, rule_id: int, wanted: NewVersion, starts_at: datetime | None, by_id: int, seen: tuple[int, int]
) -> RuleVersion:
    """Write a rule's next version, in force from ``starts_at`` (now, where none is said). ``seen`` are the number and
    cents of the replay that its writer was shown.

    Raises NobodyCarriesOut, RuleUnbounded (with what it would have cost), StartsInThePast, VersionImpossible,
    PreviewChanged; then nothing is written. Locks the rule; five queries and those of the replay.
    """
    rule = Rule.objects.select_for_update().get(pk=rule_id)
    now = timezone.now()
    starts = starts_at or now
    if starts < now:
        raise StartsInThePast(starts)
    terms = wanted.of(rule).terms
    shown = replay(terms if wanted.is_on else None, rule.key, now=now)
    if wanted.is_on:
        _must_be_payable(terms, shown)
    if (shown.number, shown.cents) != seen:
        raise PreviewChanged(shown.number, shown.cents)
    last = rule.versions.order_by("-number").values_list("number", flat=True).first() or 0
    try:
        with transaction.atomic():
            made = wanted.of(
                rule,
                number=last + 1,
                starts_at=starts,
                made_by_id=by_id,
                simulated_number=shown.number,
                simulated_cents=shown.cents,
            )
            made.save(force_insert=True)
    except IntegrityError as wrong:
        raise VersionImpossible(rule.key) from wrong
    return made


def _must_be_payable(terms: Terms, shown: Replayed) -> None:
    for remedy in sorted(terms.remedies - carried_out()):
        raise NobodyCarriesOut(remedy)
    if not terms.is_bounded:
        raise RuleUnbounded(shown.number, shown.cents)


# Cents. ADR 26 says why these.
_WEEK = 100_000
_EACH: dict[str, Any] = {"most_per_customer": 3, "customer_days": 30, "most_per_week_cents": _WEEK}
_SHIPPED: tuple[tuple[str, str, NewVersion], ...] = (
    (
        "retard",
        "Livraison en retard",
        NewVersion(
            trigger=rules.LATE, late_minutes=30, audience=rules.DELIVERED, remedy=rules.DELIVERY_REFUND,
            if_free=rules.NEXT_DELIVERY, group="livraison", **_EACH,
        ),
    ),
    (
        "articles-absents",
        "Articles absents à la livraison",
        NewVersion(
            trigger=rules.INCOMPLETE, least_units=2, audience=rules.DELIVERED, remedy=rules.DELIVERY_REFUND,
            if_free=rules.NEXT_DELIVERY, group="livraison", **_EACH,
        ),
    ),
    (
        "articles-abimes",
        "Articles abîmés",
        NewVersion(trigger=rules.DAMAGED, least_units=1, remedy=rules.CALL),
    ),
    (
        "retrait-pas-pret",
        "Retrait pas prêt à l’heure",
        NewVersion(
            trigger=rules.NOT_READY, audience=rules.COLLECTED, remedy=rules.VOUCHER, amount_cents=500,
            group="retrait", **_EACH,
        ),
    ),
    (
        "articles-absents-retrait",
        "Articles absents au retrait",
        NewVersion(
            trigger=rules.INCOMPLETE, least_units=2, audience=rules.COLLECTED, remedy=rules.VOUCHER,
            amount_cents=500, group="retrait", **_EACH,
        ),
    ),
    (
        "conservation",
        "Conservation plus courte que promis",
        NewVersion(trigger=rules.LIFE, least_units=1, remedy=rules.VOUCHER, amount_cents=300, **_EACH),
    ),
)  # fmt: skip


@transaction.atomic
def seed_rules() -> None:
    """Write the rules that ship, each once; what staff wrote since stays. Two queries, three more for each new one.

    A remedy that nobody carries out yet is written too: its rule holds from the moment somebody does.
    """
    known = set(Rule.objects.values_list("key", flat=True))
    for position, (key, name, wanted) in enumerate(_SHIPPED, 1):
        if key not in known:
            rule = Rule.objects.create(key=key, name=name, position=position * 10)
            wanted.of(rule, number=1, starts_at=SHIPPED_AT).save(force_insert=True)
