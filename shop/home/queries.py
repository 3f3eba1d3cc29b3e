"""What the home page reads beside its cards, in one statement, whoever looks.

What is not the reader's own is kept, and only asked for again when it lapsed: the next free slot, which is taken
all the time, after some seconds; what customers say of the service when a review is decided on, and after some
minutes, since a year moves on and authors change their names.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from config import kept
from config.rows import Read, gathered
from delivery.slots.queries import free_slots
from delivery.zones.models import Zone
from shop.home.rules import ENOUGH_RATINGS, STAYS, Stage, stage
from shop.orders.models import Order
from shop.reviews.models import ServiceReview
from shop.reviews.queries import (
    ShownReview,
    latest_service_words,
    service_ratings,
    shown_service_words,
    summary_of,
)

SLOT_SECONDS = 10
WORDS_SECONDS = 300
LISTS_SHOWN = 4
NAMES_SHOWN = 3
# What the promise is about; freshness and the courier are not.
PROMISED = ("punctuality", "completeness")


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """The next place of a zone, as slots are named on pages."""

    id: int
    starts_at: datetime
    ends_at: datetime
    price: Decimal


@dataclass(frozen=True, slots=True)
class Mean:
    """A figure of the service over a year: of 5, and how many gave it."""

    name: str
    average: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class ServiceWords:
    """What customers say of the service. ``means`` are empty while too few have rated it, the overall one comes first."""

    means: tuple[Mean, ...] = ()
    latest: tuple[ShownReview, ...] = ()


@dataclass(frozen=True, slots=True)
class Coming:
    """An order under way, and how many more there are."""

    reference: str
    tracking_token: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    stage: Stage
    others: int
    # Fetched at a pickup point.
    is_collect: bool = False


@dataclass(frozen=True, slots=True)
class LastOrder:
    """What may be ordered again: how many articles, and the names of the first."""

    reference: str
    starts_at: datetime
    ends_at: datetime
    total: Decimal
    articles: int
    names: tuple[str, ...]

    @property
    def others(self) -> int:
        return self.articles - len(self.names)


@dataclass(frozen=True, slots=True)
class OwnList:
    id: int
    name: str
    products: int


@dataclass(frozen=True, slots=True)
class Own:
    """The reader's own affairs; ``number_of_lists`` counts those not shown too."""

    coming: Coming | None = None
    last: LastOrder | None = None
    lists: tuple[OwnList, ...] = ()
    number_of_lists: int = 0


@dataclass(frozen=True, slots=True)
class Today:
    slot: FreeSlot | None
    words: ServiceWords
    own: Own


def today(*, zone: Zone | None, customer_id: int | None, wants_words: bool) -> Today:
    """The next free slot of a zone, a customer's own affairs, what is said of the service. One query at most.

    None for a stranger when all of it is kept.
    """
    now = timezone.now()
    slot_key, words_key = ("next slot", zone.pk if zone else None), ("service words", kept.version("reviews"))
    slot = kept.peek(slot_key) if zone else (None,)
    words = kept.peek(words_key) if wants_words else ServiceWords()
    reads = {
        **({} if slot or zone is None else {"slot": _next_slot(zone)}),
        **({} if words else {"ratings": service_ratings(now), "latest": latest_service_words()}),
        **({} if customer_id is None else _own_reads(customer_id, now)),
    }
    found = dict(zip(reads, gathered(*reads.values()), strict=True))
    if "slot" in found:
        slot = (_slot(found["slot"]),)
        kept.keep(slot_key, slot, size=kept.SMALL, seconds=SLOT_SECONDS)
    if "ratings" in found:
        words = ServiceWords(_means(found["ratings"]), tuple(map(shown_service_words, found["latest"])))
        kept.keep(words_key, words, size=kept.SMALL, seconds=WORDS_SECONDS)
    return Today(slot[0], words, Own() if customer_id is None else _own(found, now))


def _next_slot(zone: Zone) -> Read:
    return free_slots(zone).values("id", "starts_at", "ends_at", "price")[:1]


def _slot(rows: list[dict[str, Any]]) -> FreeSlot | None:
    for row in rows:
        return FreeSlot(row["id"], _at(row, "starts_at"), _at(row, "ends_at"), Decimal(row["price"]))
    return None


def _means(rows: list[dict[str, Any]]) -> tuple[Mean, ...]:
    """The overall mean, then those the promise is about, each only if enough customers gave it."""
    summary = summary_of(rows)
    overall = summary.overall
    if overall.average is None or overall.count < ENOUGH_RATINGS:
        return ()
    details = [
        Mean(str(ServiceReview._meta.get_field(name).verbose_name), *summary.details[name])  # type: ignore[union-attr]
        for name in PROMISED
        if name in summary.details and summary.details[name][1] >= ENOUGH_RATINGS
    ]
    return (Mean("", overall.average, overall.count), *details)


# --- the reader's own -------------------------------------------------------------------------------

# Guests who turned out to be this customer are theirs too, as in customers.queries.customer_ids.
_STANDING = "(" + ", ".join(f"'{status}'" for status in Order.STANDING) + ")"
_PARTY = "SELECT id FROM customers_customer WHERE id = %s OR merged_into_id = %s"
_COMING = f"""
SELECT o.reference, o.tracking_token, o.status, o.payment_needed_at, s.starts_at, s.ends_at, s.cutoff_at, z.kind,
       EXISTS (SELECT FROM orders_shortagequestion q
                WHERE q.order_id = o.id AND q.answer = '' AND q.answer_by > %s) AS is_asked,
       count(*) OVER () AS number
  FROM orders_order o JOIN slots_slot s ON s.id = o.slot_id JOIN zones_zone z ON z.id = o.zone_id
 WHERE o.customer_id IN ({_PARTY})
   AND (o.status IN {_STANDING} AND o.status <> '{Order.Status.DELIVERED}' AND s.ends_at > %s
        OR o.status = '{Order.Status.AWAITING_PAYMENT}' AND s.cutoff_at > %s)
 ORDER BY s.starts_at, o.id LIMIT 1
"""  # noqa: S608 - names of states
_LAST = f"""
SELECT o.reference, o.total, s.starts_at, s.ends_at,
       (SELECT count(*) FROM orders_orderline l WHERE l.order_id = o.id AND l.replaces_id IS NULL AND l.quantity > 0) AS articles,
       ARRAY(SELECT l.name FROM orders_orderline l WHERE l.order_id = o.id AND l.replaces_id IS NULL AND l.quantity > 0
              ORDER BY l.id LIMIT {NAMES_SHOWN}) AS names
  FROM orders_order o JOIN slots_slot s ON s.id = o.slot_id
 WHERE o.customer_id IN ({_PARTY}) AND o.status IN {_STANDING}
 ORDER BY o.placed_at DESC LIMIT 1
"""  # noqa: S608 - names of states
_LISTS = f"""
SELECT l.id, l.name, count(*) OVER () AS number,
       (SELECT count(*) FROM lists_listitem i WHERE i.shopping_list_id = l.id) AS products
  FROM lists_shoppinglist l
 WHERE l.customer_id = %s ORDER BY l.updated_at DESC LIMIT {LISTS_SHOWN}
"""  # noqa: S608 - a number of ours


def _own_reads(customer_id: int, now: datetime) -> dict[str, Read]:
    party = [customer_id, customer_id]
    return {
        "coming": (_COMING, [now, *party, now - STAYS, now]),
        "last": (_LAST, party),
        "lists": (_LISTS, [customer_id]),
    }


def _own(found: dict[str, list[dict[str, Any]]], now: datetime) -> Own:
    lists = found["lists"]
    return Own(
        coming=_coming(found["coming"][0], now) if found["coming"] else None,
        last=_last(found["last"][0]) if found["last"] else None,
        lists=tuple(OwnList(row["id"], row["name"], row["products"]) for row in lists),
        number_of_lists=lists[0]["number"] if lists else 0,
    )


def _coming(row: dict[str, Any], now: datetime) -> Coming:
    times = {name: _at(row, name) for name in ("cutoff_at", "starts_at", "ends_at")}
    reached = stage(
        status=row["status"],
        is_asked=row["is_asked"],
        needs_payment=row["payment_needed_at"] is not None,
        now=now,
        **times,
    )
    return Coming(
        reference=row["reference"],
        tracking_token=row["tracking_token"],
        stage=reached,
        others=row["number"] - 1,
        is_collect=row["kind"] == Zone.Kind.COLLECT,
        **times,
    )


def _last(row: dict[str, Any]) -> LastOrder:
    return LastOrder(
        reference=row["reference"],
        starts_at=_at(row, "starts_at"),
        ends_at=_at(row, "ends_at"),
        total=Decimal(row["total"]),
        articles=row["articles"],
        names=tuple(row["names"]),
    )


def _at(row: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(row[name])
