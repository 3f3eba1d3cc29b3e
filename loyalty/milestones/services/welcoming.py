"""The vouchers of a welcome letter: drawn as it is printed, since a code is told once."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from loyalty.milestones.models import Due, MilestoneVoucher
from loyalty.milestones.queries import letters_of
from loyalty.vouchers import services as vouchers
from loyalty.vouchers.models import Voucher, VoucherEntry
from loyalty.vouchers.queries import drawn_for
from loyalty.vouchers.wording import conditions_of


@dataclass(frozen=True, slots=True)
class Printed:
    """A voucher as the letter tells it."""

    label: str
    code: str
    conditions: str


@transaction.atomic
def grant_welcome(*, order_references: Collection[str], by_id: int) -> dict[str, list[Printed]]:
    """Order → the vouchers of the letter that goes with it, with their codes. Printed again they are others: the codes of the
    sheet before are worth nothing any more, unless an order holds them. Locks the letters; ten queries, however many.
    """
    dues = list(letters_of(order_references))
    # Two who print at once would both draw codes.
    own = Due.objects.filter(pk__in=[due.pk for due in dues]).order_by("pk")
    list(own.select_for_update(no_key=True))
    known = drawn_for([f"welcome-{due.pk}-" for due in dues])
    vouchers.cancel_all(
        voucher_ids=[one.pk for one in known], reason=VoucherEntry.Reason.REPLACED, by_id=by_id
    )
    held = {one.source.rpartition("-")[0] for one in known if one.order_reference}
    drawn = Counter(one.source.rpartition("-")[0] for one in known)
    wanted: list[tuple[str, dict[str, Any]]] = [
        (due.present.order_reference, _terms(due, terms, drawn[_mark(due, terms)]))
        for due in dues
        if due.present
        for terms in due.milestone.vouchers.all()
        if _mark(due, terms) not in held
    ]
    granted = vouchers.grant_all(wanted=[terms for _order, terms in wanted], by_id=by_id)
    printed: dict[str, list[Printed]] = {}
    for (order, _terms_of), one in zip(wanted, granted, strict=True):
        told = Printed(one.voucher.label, one.code or "", ", ".join(conditions_of(one.voucher)))
        printed.setdefault(order, []).append(told)
    return printed


def _mark(due: Due, terms: MilestoneVoucher) -> str:
    return f"welcome-{due.pk}-{terms.pk}"


def _terms(due: Due, terms: MilestoneVoucher, drawn_before: int) -> dict[str, Any]:
    now = timezone.now()
    return {
        "kind": terms.kind, "value": terms.value, "origin": Voucher.Origin.WELCOME,
        "source": f"{_mark(due, terms)}-{drawn_before}", "owner_id": due.customer.party_id,
        "minimum_goods": terms.minimum_goods, "valid_from": now, "valid_until": now + timedelta(days=terms.lasts_days),
    }  # fmt: skip
