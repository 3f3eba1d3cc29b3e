"""What waits for somebody at the desk, in the order in which it is to be done."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Left

from crm.desk.models import Callback, Conversation, Entry
from crm.desk.rules import SOON, place_in_queue
from shop.customers.models import User
from shop.orders.models import Order
from shop.orders.rules import is_newcomer

SHOWN = 50
EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the queue, about a conversation or a call."""

    due_at: datetime
    is_overdue: bool
    is_newcomer: bool
    conversation: Conversation | None = None
    call: Callback | None = None
    person: Person | None = None

    @property
    def row(self) -> Conversation | Callback | None:
        return self.conversation or self.call


@dataclass(frozen=True, slots=True)
class Queue:
    """The first of what waits, and how much there is in all."""

    items: list[Item]
    total: int
    overdue: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    pk: int
    due_at: datetime
    customer_id: int | None
    order_reference: str
    is_call: bool


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Whose orders so far are few: the customers, and the orders, of these first ones."""

    customer_ids: frozenset[int]
    order_references: frozenset[str]

    def has(self, customer_id: int | None, order_reference: str) -> bool:
        return customer_id in self.customer_ids or order_reference in self.order_references


def queue(now: datetime, *, user_id: int | None = None, only_free: bool = False, limit: int = SHOWN) -> Queue:
    """What waits: everything, what one agent looks after, or what nobody does. Seven queries, however much waits."""
    whose = Q(assigned_to=user_id) if user_id is not None else Q(assigned_to=None) if only_free else Q()
    waiting = _waiting(whose)
    new = newcomers(
        {one.customer_id for one in waiting if one.customer_id},
        {one.order_reference for one in waiting if one.order_reference},
    )
    is_new = {one: new.has(one.customer_id, one.order_reference) for one in waiting}
    waiting.sort(
        key=lambda one: (
            place_in_queue(due_at=one.due_at, is_newcomer=is_new[one], now=now),
            one.is_call,
            one.pk,
        )
    )
    shown = waiting[:limit]
    conversations = _conversations([one.pk for one in shown if not one.is_call])
    calls = _calls([one.pk for one in shown if one.is_call])
    people = whom_to_call(calls.values())
    items = [
        Item(
            due_at=one.due_at,
            is_overdue=one.due_at <= now,
            is_newcomer=is_new[one],
            conversation=None if one.is_call else conversations.get(one.pk),
            call=calls.get(one.pk) if one.is_call else None,
            person=people.get(one.pk) if one.is_call else None,
        )
        for one in shown
    ]
    overdue = sum(one.due_at <= now for one in waiting)
    # What a colleague ended between two of these statements waits no more.
    return Queue([item for item in items if item.row], len(waiting), overdue)


def _waiting(whose: Q) -> list[_Waiting]:
    """Two queries, of a few columns: all of it is sorted, and only the first shown."""
    conversations = Conversation.objects.filter(whose, state=Conversation.State.WAITING)
    calls = Callback.objects.filter(whose, state__in=Callback.OPEN)
    return [
        *(
            _Waiting(pk, due_at, customer_id, reference, is_call=False)
            for pk, due_at, customer_id, reference in conversations.values_list(
                "pk", "due_at", "customer_id", "order_reference"
            )
            if due_at is not None
        ),
        *(
            _Waiting(pk, next_at, customer_id, reference, is_call=True)
            for pk, next_at, customer_id, reference in calls.values_list(
                "pk", "next_at", "customer_id", "order_reference"
            )
        ),
    ]


def newcomers(customer_ids: Collection[int], order_references: Collection[str]) -> Newcomers:
    """Who among these customers, merged guests included, has ordered three times at most, and which of these orders
    are among their customer's first three. Two queries.
    """
    theirs = Q(customer__in=customer_ids) | Q(customer__merged_into__in=customer_ids)
    ranks = (
        Order.objects.filter(theirs, status__in=Order.STANDING)
        .annotate(owner=Coalesce("customer__merged_into", "customer"))
        .values_list("owner")
        .annotate(rank=Max("rank"))
        .order_by()
    )
    orders = Order.objects.filter(reference__in=order_references).values_list("reference", "rank")
    return Newcomers(
        frozenset(owner for owner, rank in ranks if is_newcomer(rank)),
        frozenset(reference for reference, rank in orders if is_newcomer(rank)),
    )


def _conversations(pks: Collection[int]) -> dict[int, Conversation]:
    """With the beginning of what was last said, as ``excerpt``. One query."""
    last = Entry.objects.filter(conversation=OuterRef("pk")).exclude(kind=Entry.Kind.NOTE).order_by("-pk")
    found = Conversation.objects.filter(pk__in=pks).select_related("assigned_to")
    excerpt = Subquery(last.annotate(start=Left("text", EXCERPT)).values("start")[:1])
    return {one.pk: one for one in found.annotate(excerpt=excerpt)}


def _calls(pks: Collection[int]) -> dict[int, Callback]:
    """With how often it was tried, as ``tries``. One query."""
    found = Callback.objects.filter(pk__in=pks).select_related("assigned_to", "customer")
    return {one.pk: one for one in found.annotate(tries=Count("attempts"))}


def whom_to_call(calls: Collection[Callback]) -> dict[int, Person]:
    """Call → whom, and at which number: as was given, else as the order says, else as the customer does.

    One query, and one a call whose customer was not read with it.
    """
    references = {call.order_reference for call in calls if call.order_reference}
    orders = Order.objects.filter(reference__in=references).values_list(
        "reference", "first_name", "last_name", "phone"
    )
    of_order = {
        reference: Person(f"{first} {last}".strip(), phone) for reference, first, last, phone in orders
    }
    nobody = Person("", "")
    found = {}
    for call in calls:
        ordered = of_order.get(call.order_reference, nobody)
        known = Person(call.customer.full_name, call.customer.phone) if call.customer else nobody
        found[call.pk] = Person(
            call.name or ordered.name or known.name, call.phone or ordered.phone or known.phone
        )
    return found


def colleague(user_id: int | None) -> User | None:
    """Who looks after something. One query."""
    return User.objects.filter(pk=user_id).first() if user_id is not None else None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far behind the desk is."""

    waiting: int
    overdue: int
    soon: int
    calls: int
    calls_overdue: int

    @property
    def is_alarming(self) -> bool:
        """A promise is broken already, or a call is."""
        return bool(self.overdue or self.calls_overdue)


def backlog(now: datetime) -> Backlog:
    """Two queries."""
    state = Conversation.State.WAITING
    waiting = Conversation.objects.filter(state=state).aggregate(
        number=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lte=now)),
        soon=Count("pk", filter=Q(due_at__gt=now, due_at__lte=now + SOON)),
    )
    calls = Callback.objects.filter(state__in=Callback.OPEN).aggregate(
        number=Count("pk"), overdue=Count("pk", filter=Q(next_at__lte=now))
    )
    return Backlog(
        waiting=waiting["number"], overdue=waiting["overdue"], soon=waiting["soon"],
        calls=calls["number"], calls_overdue=calls["overdue"],
    )  # fmt: skip
