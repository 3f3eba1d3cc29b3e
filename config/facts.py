"""The one door to facts: what happened, told to whoever cares, after it became true.

A fact is a frozen dataclass of ids and figures, in the past tense, without personal data. It is recorded
in the transaction that made it true and delivered by the relay at least once; handlers are idempotent and
commute. Built on django-domain-events (ADR 0003); nothing else in the house imports it.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar, overload

import django_domain_events as library
from django.db import transaction

Lane = Literal["default", "checkout", "audience"]
LANES: tuple[Lane, ...] = ("default", "checkout", "audience")
# Names and keys stand in rows that outlive a release: explicit, never derived from a module path.
Fact = TypeVar("Fact")


class FactOutsideTransaction(RuntimeError):
    """A fact was published where no transaction makes it true."""


def fact(name: str) -> Callable[[type[Fact]], type[Fact]]:
    """Declare a frozen dataclass as a fact under a stable name, e.g. ``orders.OrderPlaced``."""
    return library.event(name=name)


@overload
def handler(
    of: type[Fact],
    *,
    key: str,
    lane: Lane = "default",
    max_attempts: int = 8,
    takes_id: Literal[False] = False,
) -> Callable[[Callable[[Fact], None]], Callable[[Fact], None]]: ...
@overload
def handler(
    of: type[Fact], *, key: str, lane: Lane = "default", max_attempts: int = 8, takes_id: Literal[True]
) -> Callable[[Callable[[Fact, int], None]], Callable[[Fact, int], None]]: ...
def handler(
    of: type[Fact],
    *,
    key: str,
    lane: Lane = "default",
    max_attempts: int = 8,
    takes_id: bool = False,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a durable reaction to a fact.

    The reaction and its acknowledgement commit together. It may run twice, late, and out of order.
    `takes_id` also hands over the fact's own number: the same on every delivery of it, another for the
    next fact that says the same.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if not takes_id:
            library.receiver(of, key=key, lane=lane, max_attempts=max_attempts)(function)
            return function

        def with_id(happened: Fact, context: library.DeliveryContext) -> None:
            function(happened, context.event_id)

        library.receiver(of, key=key, lane=lane, max_attempts=max_attempts, takes_context=True)(with_id)
        return function

    return register


def publish(happened: Any) -> None:
    """Record a fact in the caller's transaction. One INSERT, plus one per handler.

    Raises FactOutsideTransaction without an open transaction: the fact would survive a rollback.
    """
    if not transaction.get_connection().in_atomic_block:
        raise FactOutsideTransaction(type(happened).__name__)
    library.fire(happened)


def deliver_all() -> None:
    """Deliver every owed fact now, by the relay's own code path. For tests and the demo command."""
    library.drain_outbox()


def dead_letters() -> int:
    """Deliveries that used up their attempts. One query."""
    from django_domain_events.models.delivery_record import DeliveryRecord
    from django_domain_events.types.delivery_status import DeliveryStatus

    return DeliveryRecord.objects.filter(status=DeliveryStatus.DEAD).count()
