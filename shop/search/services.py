"""What a shopper tells of a product, and what becomes of it."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from shop.search.models import ProductReport
from shop.search.rules import due_after_a_working_day


class ReportAlreadyHandled(Exception):
    """Somebody else settled it, or in another tab."""


def report_product(*, product_id: int, kind: str, words: str, email: str = "") -> ProductReport:
    """Keep what somebody says is wrong; due to be looked at after one working day. One INSERT."""
    now = timezone.now()
    return ProductReport.objects.create(
        product_id=product_id, kind=kind, words=words, email=email, received_at=now,
        due_at=due_after_a_working_day(timezone.localtime(now)),
    )  # fmt: skip


@transaction.atomic
def settle_reports(*, report_ids: Collection[int], state: ProductReport.State, user_id: int) -> int:
    """Settle open reports as corrected or unfounded, and forget who wrote them; how many.

    Those that were settled before stay as they are; raises ReportAlreadyHandled when all of them were.
    Locks them in order of id. 2 queries.
    """
    chosen = ProductReport.objects.filter(pk__in=report_ids).order_by("pk").select_for_update(no_key=True)
    open_ids = [report.pk for report in chosen if state in ProductReport.MOVES[report.state]]
    if not open_ids:
        raise ReportAlreadyHandled
    return ProductReport.objects.filter(pk__in=open_ids).update(
        state=state, email="", handled_at=timezone.now(), handled_by_id=user_id
    )
