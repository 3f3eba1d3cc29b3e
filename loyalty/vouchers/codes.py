"""Shared codes as staff write them: checked against sense and the law, frozen once somebody has one, stopped at once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from loyalty.vouchers.models import SharedCode, Voucher
from loyalty.vouchers.ports import Fault, Judged, shelves
from loyalty.vouchers.rules import SEGMENTS, canonical_code

# What one code may be worth; a campaign that wants more is several people's decision.
MOST_EUROS, MOST_PERCENT = Decimal(50), Decimal(50)
MOST_BUDGET, MOST_USES = Decimal(1_000_000), 1_000_000
MOST_ARTICLES = 200
MOST_NUMBER = 3650
LASTS_AT_MOST = timedelta(days=366)
# A form takes a while to fill in: what begins at once begins when it was opened.
AT_ONCE = timedelta(minutes=15)
# Where each fault is said.
_SCOPE_FIELDS = {"beyond_food": "value", "beyond_other": "value"}


class CodeFrozen(Exception):
    """Somebody has a voucher of it: other terms are another code."""


class CodeRefused(Exception):
    """Its terms or the law do not allow it; ``problems`` are pairs of a field and what is wrong there."""

    def __init__(self, problems: list[tuple[str, Fault]]) -> None:
        super().__init__([fault.code for _field, fault in problems])
        self.problems = problems


@transaction.atomic
def save_code(*, code: SharedCode, by_id: int) -> list[Fault]:
    """Write a shared code, new or not yet had by anybody; answers what staff should know of it. At most thirteen queries.

    Whoever wrote it first stays its author. Raises CodeRefused, CodeFrozen; then nothing is written. Locks the code.
    """
    began = None
    if not code._state.adding:
        was = SharedCode.objects.select_for_update(no_key=True).get(pk=code.pk)
        if Voucher.objects.filter(shared_code=code).exists():
            raise CodeFrozen(code.pk)
        began, code.written_by_id = was.starts_at, was.written_by_id
    else:
        code.written_by_id = by_id
    problems, notices = problems_of(code, began=began)
    if problems:
        raise CodeRefused(problems)
    code.edited_at = timezone.now()
    if code._state.adding:
        code.save(force_insert=True)
    else:
        # What orders draw meanwhile is never written back from a form opened earlier.
        drawn = {"id", "spent", "uses", "stopped_at", "written_at"}
        code.save(update_fields=[one.name for one in SharedCode._meta.fields if one.name not in drawn])
    return notices


@transaction.atomic
def stop_code(*, code_id: int) -> bool:
    """Nobody draws on it from now on; False when it was over. Orders that hold it keep it. One UPDATE."""
    now = timezone.now()
    going = SharedCode.objects.filter(pk=code_id, stopped_at=None, ends_at__gt=now)
    return bool(going.update(stopped_at=now))


def problems_of(
    code: SharedCode, *, began: datetime | None = None
) -> tuple[list[tuple[str, Fault]], list[Fault]]:
    """What keeps a code from being written, by field, and what staff should know. ``began``: the start it had before.

    Seven queries for named articles, none otherwise; the law is asked once the terms are whole.
    """
    found = [*_code(code), *_worth(code), *_dates(code, began), *_audience(code), *_limits(code)]
    said = [(field, Fault(why, "")) for field, why in found]
    if said or not code.scope:
        return said, []
    percent = code.value if code.kind == Voucher.Kind.PERCENTAGE else None
    judged: Judged = shelves().judged(code.scope, percent)
    return [(_SCOPE_FIELDS.get(one.code, "scope"), one) for one in judged.faults], list(judged.notices)


Problems = Iterable[tuple[str, str]]


def _code(code: SharedCode) -> Problems:
    if canonical_code(code.code) != code.code:
        yield "code", "no_code"
    elif SharedCode.objects.filter(code=code.code).exclude(pk=code.pk).exists():
        yield "code", "taken"


def _worth(code: SharedCode) -> Problems:
    kinds = Voucher.Kind
    if code.kind not in kinds:
        yield "kind", "no_kind"
    elif code.kind == kinds.DELIVERY:
        if code.value != 0:
            yield "value", "no_value"
        if code.scope:
            yield "scope", "whole_basket"
    elif not _within(
        code.value, Decimal("0.01"), MOST_PERCENT if code.kind == kinds.PERCENTAGE else MOST_EUROS
    ):
        yield "value", "out_of_range"
    if code.ceiling is not None:
        if code.kind != kinds.PERCENTAGE:
            yield "ceiling", "no_ceiling"
        elif not _within(code.ceiling, Decimal("0.01"), Decimal(1000)):
            yield "ceiling", "out_of_range"
    if not _within(code.minimum_goods, Decimal(0), Decimal(1000)):
        yield "minimum_goods", "out_of_range"


def _dates(code: SharedCode, began: datetime | None) -> Problems:
    now = timezone.now()
    if code.starts_at < now - AT_ONCE and code.starts_at != began:
        yield "starts_at", "past"
    if code.ends_at <= max(now, code.starts_at):
        yield "ends_at", "end_before_start"
    elif code.ends_at > max(now, code.starts_at) + LASTS_AT_MOST or code.starts_at > now + LASTS_AT_MOST:
        yield "ends_at", "too_far"


def _audience(code: SharedCode) -> Problems:
    number = code.audience_number
    if code.audience not in SharedCode.Audience:
        yield "audience", "no_audience"
    elif code.audience in SEGMENTS and (number is None or not 0 <= number <= MOST_NUMBER):
        yield "audience_number", "number_missing"
    elif code.audience not in SEGMENTS and number is not None:
        yield "audience_number", "no_number"


def _limits(code: SharedCode) -> Problems:
    if code.budget is not None and not _within(code.budget, Decimal("0.01"), MOST_BUDGET):
        yield "budget", "out_of_range"
    elif code.budget is not None and code.kind == Voucher.Kind.AMOUNT and code.budget < code.value:
        yield "budget", "budget_too_small"
    if code.most_uses is not None and not 1 <= code.most_uses <= MOST_USES:
        yield "most_uses", "out_of_range"
    if sum(map(len, (code.products, code.aisles, code.brands))) > MOST_ARTICLES:
        yield "scope", "too_many"


def _within(figure: Decimal | None, least: Decimal, most: Decimal) -> bool:
    """Never what is not a number, which compares with nothing."""
    return figure is not None and Decimal(figure).is_finite() and least <= figure <= most
