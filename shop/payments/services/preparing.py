"""What is to be paid, and for what: committed with the order or its amendment, before the provider hears of it."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from shop.payments.errors import (
    AmountChanged,
    AmountFixed,
    CardNotYetCharged,
    InvalidAmount,
    InvalidOccasion,
    PaymentAlreadySecured,
    PaymentClosed,
    PaymentUncertain,
)
from shop.payments.models import PaymentAccount, PaymentOperation, SavedCard
from shop.payments.queries import charges_of
from shop.payments.rules import is_payable, kind_for, saved_card_due_at
from shop.payments.services.books import Kind, State, is_closed, lacks_money, lock_account, move, release_of

LONGEST_OCCASION = 64


@transaction.atomic
def prepare_payment(
    *,
    order_reference: str,
    customer_id: int,
    amount: Decimal,
    slot_starts_at: datetime,
    occasion: str = "",
    now: datetime | None = None,
) -> PaymentOperation:
    """Commit, with what is ordered, that this many euros will be asked. The provider is not called.

    ``occasion`` "" is the order's own payment; another one ("amend-17") is an extra payment of the same order, for
    the difference, always authorised at once. Asked again it returns the same live operation (a double click, a
    second tab). After a lapse, when a saved card was refused, or when the authorisation is about to end
    (PaymentActionNeeded), it prepares a new one. Eight queries at most; locks the account.

    Raises InvalidAmount, InvalidOccasion; AmountChanged when a live operation asks for another sum;
    PaymentUncertain while the saved card's authorisation is unanswered; CardNotYetCharged for an extra payment
    beside a saved card (change_amount_due instead); PaymentAlreadySecured when a saved card replaced what was paid;
    PaymentClosed once a release was asked or all is captured.
    """
    if not is_payable(amount):
        raise InvalidAmount
    if len(occasion) > LONGEST_OCCASION:
        raise InvalidOccasion
    account, is_new = PaymentAccount.objects.get_or_create(
        order_reference=order_reference, defaults={"customer_id": customer_id}
    )
    parent = None
    if not is_new:
        live, parent = _still_live(order_reference, occasion, amount)
        if live:
            return live
    is_extra = bool(occasion) or parent is not None
    kind = Kind.AUTHORISE if is_extra else Kind(kind_for(slot_starts_at, now or timezone.now()))
    return PaymentOperation.objects.create(
        account=account,
        parent=parent,
        kind=kind,
        occasion=occasion,
        amount=amount,
        due_at=saved_card_due_at(slot_starts_at) if kind == Kind.SAVE_CARD else None,
    )


def _still_live(
    order_reference: str, occasion: str, amount: Decimal
) -> tuple[PaymentOperation | None, PaymentOperation | None]:
    """The operation to go on with, if any, and the authorisation about to end whose place a new one takes."""
    account = lock_account(order_reference)
    assert account is not None  # noqa: S101
    if is_closed(account, occasion) or not lacks_money(account):
        raise PaymentClosed
    if occasion and _uncharged_card(account):
        raise CardNotYetCharged
    ending = _ending(account, occasion)
    live = _live_page(account, occasion, ending)
    if live is None and ending is None and _is_secured(account, occasion):
        raise PaymentAlreadySecured
    if live is None or (ending is None and _give_way(live)):
        return None, ending
    if live.amount != amount:
        raise AmountChanged
    return live, ending


def _live_page(
    account: PaymentAccount, occasion: str, ending: PaymentOperation | None
) -> PaymentOperation | None:
    """The page that was paid, else the one that may be; or the one that replaces what is about to end. One query."""
    pages = account.operations.filter(
        occasion=occasion,
        kind__in=PaymentOperation.PAGE_KINDS,
        state__in=[*PaymentOperation.UNSETTLED, State.SUCCEEDED],
    ).order_by("-id")
    found = list(pages.filter(parent=ending) if ending else pages)
    return next((page for page in found if page.state == State.SUCCEEDED), found[0] if found else None)


def _is_secured(account: PaymentAccount, occasion: str) -> bool:
    """By a saved card charged in the place of what was paid on a page."""
    return account.operations.standing().filter(occasion=occasion).exists()


def _ending(account: PaymentAccount, occasion: str) -> PaymentOperation | None:
    """An authorisation whose holder was asked to pay anew."""
    return account.operations.filter(
        occasion=occasion,
        kind__in=PaymentOperation.AUTHORISATIONS,
        state=State.SUCCEEDED,
        renewal_asked_at__isnull=False,
    ).first()


def _uncharged_card(account: PaymentAccount) -> PaymentOperation | None:
    """The own payment when it is a saved card that nobody has tried to charge. One query."""
    return account.operations.filter(
        kind=Kind.SAVE_CARD, state=State.SUCCEEDED, children__isnull=True
    ).first()


def _give_way(live: PaymentOperation) -> bool:
    """Retire a saved card whose authorisation was refused, has ended or is overdue: its holder pays again."""
    states = set(charges_of(live))
    if not states:
        # A card that should have been charged by now and was not: its holder was asked to pay.
        if not (live.state == State.SUCCEEDED and live.due_at and live.due_at <= timezone.now()):
            return False
    elif State.SUCCEEDED in states:
        return False
    elif states & {State.PREPARED, State.UNKNOWN, State.OPENED}:
        raise PaymentUncertain
    move(live, State.RELEASED)
    SavedCard.objects.filter(operation=live).update(forget_asked_at=timezone.now())
    return True


@transaction.atomic
def change_amount_due(
    *, order_reference: str, amount: Decimal, slot_starts_at: datetime | None = None
) -> PaymentOperation:
    """An order was amended before its saved card is charged: charge this many euros instead. Four queries.

    ``slot_starts_at`` where its slot changed too: the card is then charged two days before that one, at once where
    that has passed. Locks the account, as whoever charges the card does. Raises InvalidAmount; AmountFixed when no card is saved or
    its charge was asked for; PaymentClosed once the order was released.
    """
    if not is_payable(amount):
        raise InvalidAmount
    account = lock_account(order_reference)
    if account is None:
        raise AmountFixed
    if release_of(account):
        raise PaymentClosed
    card = _uncharged_card(account)
    if card is None:
        raise AmountFixed
    card.amount = amount
    if slot_starts_at:
        card.due_at = saved_card_due_at(slot_starts_at)
    card.save(update_fields=["amount", "due_at"])
    return card
