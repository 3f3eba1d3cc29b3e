"""Who is delivered at one door: addresses compared without their spelling, and given away as digests alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, Count, Func, Value
from django.db.models.functions import Coalesce, Concat, Lower
from django.utils.crypto import salted_hmac

from delivery.zones.models import Zone
from shop.orders.models import Order

# The orders of a customer that are looked at, the latest.
LATEST = 50
# « 12, bd. Voltaire » is « 12 boulevard Voltaire ».
_SHORT = (
    ("boulevard", "bd"),
    ("avenue", "av"),
    ("place", "pl"),
    ("chemin", "ch"),
    ("allee", "all"),
    ("rue", "r"),
)


def door() -> Any:
    """Number, street and postcode of an order as one word: without accents, case, signs, and with streets cut short. Floor and
    complement are left out: whoever means to be somebody else changes these first. An expression; needs no join.
    """
    word: Any = Func(Lower(Concat("line1", Value(" "), "postcode")), function="unaccent")
    for whole, short in _SHORT:
        word = Func(word, Value(rf"\m{whole}\M"), Value(short), Value("g"), function="regexp_replace")
    return Func(
        word, Value("[^a-z0-9]"), Value(""), Value("g"), function="regexp_replace", output_field=CharField()
    )


def _brought(**which: Any) -> Any:
    """Orders that stand and were brought to a door: a pickup point is nobody's home."""
    found = Order.objects.filter(zone__kind=Zone.Kind.DELIVERY, status__in=Order.STANDING, **which)
    return found.annotate(door=door()).order_by("-pk")


def doors_of(customer_ids: Sequence[int]) -> frozenset[str]:
    """Digests of where these customers' latest orders went. One query."""
    words = _brought(customer__in=customer_ids).values_list("door", flat=True)[:LATEST]
    return frozenset(map(door_digest, words))


def door_of(order: Order) -> str:
    """The digest of where an order went; empty for one that is fetched. One query."""
    word = _brought(pk=order.pk).values_list("door", flat=True).first()
    return door_digest(word) if word else ""


def door_digest(word: str) -> str:
    return salted_hmac("orders.door", word, algorithm="sha256").hexdigest()


def references_of(customer_ids: Sequence[int]) -> list[str]:
    """The latest orders of these customers that stand. One query."""
    found = Order.objects.filter(customer__in=customer_ids, status__in=Order.STANDING).order_by("-pk")
    return list(found.values_list("reference", flat=True)[:LATEST])


def many_at_one_door(since: datetime, least: int, most: int) -> list[list[int]]:
    """Customers, merged guests as their owner, who had orders brought to one door: doors of ``least`` or more, the fullest
    first, ``most`` of them. One query.
    """
    rows = _brought(placed_at__gte=since).order_by().values("door").annotate(**_PARTIES)
    return [row["parties"] for row in rows.filter(number__gte=least).order_by("-number", "door")[:most]]


_OWNER = Coalesce("customer__merged_into", "customer")
_PARTIES = {
    "number": Count(_OWNER, distinct=True),
    "parties": ArrayAgg(_OWNER, distinct=True),
}
