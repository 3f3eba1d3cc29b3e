"""The letters of a wave's first orders. Drawn as they are printed: a voucher's code is told on paper, once."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from loyalty.milestones import services as milestones
from loyalty.milestones.queries import gifts_to_come
from loyalty.milestones.wording import among_said, when_said
from loyalty.rewards.queries import presents_of_orders
from shop.documents.welcome import PrintedVoucher, WelcomeLetter
from shop.picking.queries import addressees


@transaction.atomic
def draw_letters(*, order_references: Sequence[str], by_id: int) -> list[WelcomeLetter]:
    """A letter for each of these orders that has one going with it, vouchers with new codes; those of a sheet that was printed
    before are worth nothing any more. Thirteen queries, however many.
    """
    beside: dict[str, list[str]] = {}
    wanted: list[str] = []
    for present in presents_of_orders(order_references):
        if present.is_paper:
            wanted.append(present.order_reference)
        elif present.item_id:
            beside.setdefault(present.order_reference, []).append(present.name)
    gifts = [(when_said(one), among_said(one)) for one in gifts_to_come(timezone.now())]
    to = addressees(wanted)
    vouchers = milestones.grant_welcome(order_references=wanted, by_id=by_id)
    return [
        WelcomeLetter(
            order_reference=reference,
            first_name=to[reference][0],
            needs_account=not to[reference][1],
            gifts=gifts,
            vouchers=[
                PrintedVoucher(one.label, one.code, one.conditions) for one in vouchers.get(reference, [])
            ],
            beside=beside.get(reference, []),
        )
        for reference in wanted
    ]
