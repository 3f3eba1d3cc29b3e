"""A present on its way: promised, put on an order, packed, handed over; back to the next order when that one fell through.

What waits again is told as due (`PresentDue`): another order that is open may take it along.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from config.facts import publish
from loyalty.rewards.events import PresentDue
from loyalty.rewards.models import Present, PresentEvent
from loyalty.rewards.rules import PresentsDue, TooLate
from loyalty.rewards.services.stocking import lock_items, put_one_back, take_one
from shop.customers.queries import of_party

Kind, State = PresentEvent.Kind, Present.State


@transaction.atomic
def promise(
    *, customer_id: int, kind: str, name: str, source: str, item_id: int | None = None, is_paper: bool = False,
    points: int = 0, is_ahead: bool = False,
) -> Present:  # fmt: skip
    """Something is due to a customer and waits for their next order, once for each source; its item is theirs from now on.
    ``is_ahead``: it waits for an order to come (`reach`), and goes with none before.

    Raises OutOfStock. At most five queries.
    """
    if known := Present.objects.filter(source=source).first():
        return known
    present, is_new = Present.objects.get_or_create(
        source=source,
        defaults={
            "customer_id": customer_id, "kind": kind, "name": name, "item_id": item_id, "is_paper": is_paper,
            "points": points, "is_ahead": is_ahead,
        },
    )  # fmt: skip
    if is_new:
        if item_id is not None:
            take_one(item_id, f"present-{present.pk}:0")
        _note([present], Kind.PROMISED)
    return present


@transaction.atomic
def put_in(*, present_id: int, item_id: int, name: str) -> Present:
    """What the present is: chosen, or chosen again; the one before is there for others.

    Raises TooLate once it is being prepared, OutOfStock. Locks the present, then both items; at most nine queries.
    """
    present = Present.objects.select_for_update(no_key=True).get(pk=present_id)
    if not present.is_open or present.settled_at or present.is_paper:
        raise TooLate(present_id)
    if present.item_id == item_id:
        return present
    times = present.events.filter(kind=Kind.CHOSEN).count() + 1
    lock_items([pk for pk in (item_id, present.item_id) if pk])
    take_one(item_id, f"present-{present.pk}:{times}")
    if present.item_id:
        put_one_back(present.item_id, f"present-{present.pk}:{times}")
    present.item_id, present.name = item_id, name
    present.save(update_fields=["item", "name"])
    _note([present], Kind.CHOSEN)
    return present


def hold(customer_id: int) -> list[Present]:
    """All that waits for this party, guests of theirs included, locked in order of id, in the caller's transaction. One query."""
    return _locked(Present.objects.filter(of_party(customer_id), state=State.WAITING))


def hold_attached(order_references: Collection[str]) -> list[Present]:
    """All that goes with these orders, locked in order of id, in the caller's transaction. One query."""
    return _locked(Present.objects.filter(order_reference__in=order_references, state=State.ATTACHED))


@transaction.atomic
def reach(*, present_ids: Collection[int]) -> None:
    """Their order has come: they may go along. One query."""
    Present.objects.filter(pk__in=present_ids).update(is_ahead=False)


@transaction.atomic
def attach(*, customer_id: int, order_reference: str) -> int:
    """All that waits for this customer and for no later order goes with this one; how many. Locks what waits; three queries."""
    waiting = [one for one in hold(customer_id) if not one.is_ahead]
    for one in waiting:
        one.customer_id = customer_id
    return _move(waiting, State.ATTACHED, Kind.ATTACHED, order_reference)


@transaction.atomic
def loose(*, order_reference: str) -> int:
    """The order fell through: what went with it goes with the next one; how many. What was handed over was. Five queries."""
    going = Present.objects.filter(order_reference=order_reference, state__in=[State.ATTACHED, State.PACKED])
    return _loosen(_locked(going))


@transaction.atomic
def settle(*, order_references: Collection[str]) -> None:
    """These orders are being prepared: nobody chooses any more. One query."""
    going = Present.objects.filter(order_reference__in=order_references, settled_at=None)
    going.filter(state=State.ATTACHED).update(settled_at=timezone.now())


@transaction.atomic
def pack(*, order_reference: str, packed: Collection[int], missed: Collection[int], by_id: int) -> None:
    """What lies in the crates, and what was not found and goes with the next order.

    Raises PresentsDue where one of them was not answered for: nothing is written then. Locks the presents; at most
    nine queries.
    """
    going = _locked(Present.objects.filter(order_reference=order_reference, state=State.ATTACHED))
    answered = set(packed) | set(missed)
    # What nobody chose and is not there stays for the next order, unasked.
    asked = {one.pk for one in going if one.is_paper or one.item_id}
    if asked - answered:
        raise PresentsDue(asked - answered)
    inside = [one for one in going if one.pk in packed]
    outside = [one for one in going if one.pk not in packed]
    _move(inside, State.PACKED, Kind.PACKED, order_reference, by_id=by_id)
    missing = [one for one in outside if one.pk in missed]
    Present.objects.filter(pk__in=[one.pk for one in missing]).update(missed_at=timezone.now())
    _note(missing, Kind.MISSED, by_id=by_id)
    _loosen(outside)
    Present.objects.filter(pk__in=[one.pk for one in inside]).update(missed_at=None)


@transaction.atomic
def hand_over(*, order_reference: str) -> int:
    """The order is with its customer, and what was packed with it; how many. Again is the same. At most seven queries."""
    now = timezone.now()
    going = _locked(Present.objects.filter(order_reference=order_reference, state=State.PACKED))
    left = _locked(Present.objects.filter(order_reference=order_reference, state=State.ATTACHED))
    _loosen(left)
    for one in going:
        one.state, one.given_at = State.GIVEN, now
    Present.objects.bulk_update(going, ["state", "given_at"])
    _note(going, Kind.GIVEN)
    return len(going)


@transaction.atomic
def take_back(*, present_id: int, by_id: int | None = None) -> Present:
    """It is not due any more; its item is there for others. Twice is once.

    Raises TooLate from the moment it is in a crate. Locks the present; five queries.
    """
    present = Present.objects.select_for_update(no_key=True).get(pk=present_id)
    if present.state == State.CANCELLED:
        return present
    if not present.is_open or present.settled_at:
        raise TooLate(present_id)
    if present.item_id:
        put_one_back(present.item_id, f"present-{present.pk}:end")
    present.state, present.order_reference = State.CANCELLED, ""
    present.save(update_fields=["state", "order_reference"])
    _note([present], Kind.CANCELLED, by_id=by_id)
    return present


@transaction.atomic
def gather(*, customer_id: int, guest_ids: Collection[int]) -> None:
    """Presents of guests who turned out to be this customer are the customer's. Locks them; three queries."""
    theirs = _locked(Present.objects.filter(customer__in=guest_ids))
    Present.objects.filter(pk__in=[one.pk for one in theirs]).update(customer=customer_id)
    if any(one.state == State.WAITING for one in theirs):
        publish(PresentDue(customer_id))


def _locked(presents: QuerySet[Present]) -> list[Present]:
    return list(presents.order_by("pk").select_for_update(no_key=True))


def _loosen(presents: list[Present]) -> int:
    """Back to the next order, which may be open already."""
    for customer_id in sorted({one.customer_id for one in presents}):
        publish(PresentDue(customer_id))
    return _move(presents, State.WAITING, Kind.LOOSED, "")


def _move(
    presents: list[Present], state: str, kind: str, order_reference: str, *, by_id: int | None = None
) -> int:
    """To the state, with the order or none; at the next one it may be chosen anew."""
    for one in presents:
        one.state, one.order_reference = state, order_reference
        if state == State.WAITING:
            one.settled_at = None
    Present.objects.bulk_update(presents, ["state", "order_reference", "settled_at", "customer"])
    _note(presents, kind, by_id=by_id)
    return len(presents)


def _note(presents: list[Present], kind: str, *, by_id: int | None = None) -> None:
    PresentEvent.objects.bulk_create(
        PresentEvent(present=one, kind=kind, order_reference=one.order_reference, by_id=by_id)
        for one in presents
    )
