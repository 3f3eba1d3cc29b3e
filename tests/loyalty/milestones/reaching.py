"""Milestones as a test wants them, and orders that reach them."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from loyalty.milestones import services
from loyalty.milestones.services import Terms

DAY = timedelta(days=1)


def milestone(
    threshold=5, *items, kind="gift", trigger="orders", name="Votre 5e commande", replaces=None, **fields
):
    terms = Terms(
        name=name, kind=kind, trigger=trigger, threshold=threshold, item_ids=[one.pk for one in items],
        starts_at=fields.pop("starts_at", timezone.now() - DAY), **fields,
    )  # fmt: skip
    return services.write(terms=terms, by_id=None, replaces=replaces)


def welcome(*items, **fields):
    vouchers = [("delivery", Decimal(0), Decimal(50), 60), ("amount", Decimal(5), Decimal(60), 60)]
    return milestone(
        1,
        *items,
        kind="welcome",
        name="Bienvenue",
        has_letter=True,
        vouchers=fields.pop("vouchers", vouchers),
        **fields,
    )


def placed(customer_id, rank, *, reference=None, is_known=False, bought=(), **fields):
    reference = reference or f"CB-{rank}"
    services.note_placed(
        order_reference=reference,
        customer_id=customer_id,
        rank=rank,
        is_known=is_known,
        bought=bought,
        **fields,
    )
    return reference


def delivered(customer_id, rank, *, reference=None, spent="0", **fields):
    reference = reference or f"CB-{rank}"
    services.note_delivered(
        order_reference=reference,
        customer_id=customer_id,
        next_rank=rank + 1,
        spent=Decimal(spent),
        **({"year": timezone.localdate().year} | fields),
    )
    return reference
