"""Reads of presents and rewards. A customer's start from the customer."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from loyalty.rewards.models import Item, Present, Reward

# The page of a customer shows so many of those that were handed over.
MOST_SHOWN = 20


def offered(now: datetime) -> QuerySet[Reward]:
    """Rewards that may be asked for now, the fewest points first; what is out of stock is none. One query when read."""
    there = Q(item=None) | Q(item__stock__gt=0, item__withdrawn_at=None)
    running = Reward.objects.filter(there, starts_at__lte=now, stopped_at=None)
    return running.select_related("item").order_by("points", "pk")


def least_points(now: datetime) -> int | None:
    """What the least of the rewards asks for; None where there is none. One query."""
    running = Reward.objects.filter(starts_at__lte=now, stopped_at=None)
    return running.order_by("points").values_list("points", flat=True).first()


def best_rate() -> Decimal | None:
    """Euros for a point of the reward that gives most, of those that are or will be offered; None without any. One query."""
    standing = Reward.objects.filter(stopped_at=None, amount__isnull=False)
    rates = [amount / points for amount, points in standing.values_list("amount", "points") if amount]
    return max(rates, default=None)


def presents_of(customer_ids: Collection[int]) -> list[Present]:
    """A customer's: those under way first, then the latest handed over. One query."""
    mine = Present.objects.filter(customer__in=customer_ids).exclude(state=Present.State.CANCELLED)
    return list(
        mine.select_related("item").order_by(F("given_at").desc(nulls_first=True), "-pk")[:MOST_SHOWN]
    )


def own_present(customer_ids: Collection[int], present_id: int) -> Present | None:
    """One of a customer's presents. One query."""
    return Present.objects.filter(customer__in=customer_ids, pk=present_id).first()


def presents_of_orders(order_references: Collection[str]) -> list[Present]:
    """What goes, or went, with these orders: papers first. One query."""
    going = Present.objects.filter(order_reference__in=order_references)
    return list(going.order_by("-is_paper", "kind", "pk"))


def presents_with(order_reference: str) -> list[Present]:
    """What an order's page tells of those that go, or went, with it; a paper, and what nobody chose yet, is none. One query."""
    return [one for one in presents_of_orders([order_reference]) if one.item_id]


def promised_for(source: str) -> list[int]:
    """Presents of one cause: of the source itself, and of those that begin with it and a colon. One query."""
    of_it = Q(source=source) | Q(source__startswith=f"{source}:")
    return list(Present.objects.filter(of_it).order_by("pk").values_list("pk", flat=True))


def givable_items() -> QuerySet[Item]:
    """Articles that may be promised; samples have their own way. One query when read."""
    return Item.objects.filter(kind=Item.Kind.GOODS, withdrawn_at=None).order_by("name", "pk")


def given_cost(since: datetime, until: datetime) -> dict[date, Decimal]:
    """Day → what the articles cost that were handed over unasked: welcome, attentions, gifts, samples. One query."""
    given = Present.objects.filter(given_at__gte=since, given_at__lt=until).exclude(kind=Present.Kind.REWARD)
    days = given.annotate(day=TruncDate("given_at")).order_by().values_list("day")
    return {day: cost for day, cost in days.annotate(cost=Sum("item__cost")) if cost}


def wrong_items() -> list[int]:
    """Items whose stock is not what their moves come to: none, or the shop has a fault. One query."""
    told = Item.objects.annotate(told=Sum("moves__units", default=0))
    return list(told.exclude(stock=F("told")).values_list("pk", flat=True))
