"""Rewards asked for with points: an article that goes with the next order, a voucher, deliveries."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from loyalty.points import services as points
from loyalty.points.models import PointEntry
from loyalty.points.rules import EXCHANGED
from loyalty.rewards.events import PresentDue
from loyalty.rewards.models import Present, Reward
from loyalty.rewards.queries import offered
from loyalty.rewards.rules import GRANTED_LASTS, RewardChanged, RewardGone, TooLate
from loyalty.rewards.services.presents import promise, take_back
from loyalty.rewards.wording import reward_label
from loyalty.vouchers import services as vouchers
from loyalty.vouchers.models import Voucher
from loyalty.vouchers.rules import NOTHING


@dataclass(frozen=True, slots=True)
class Redeemed:
    """``present`` where it goes with an order, else vouchers were granted."""

    reward: Reward
    present: Present | None


@transaction.atomic
def redeem(*, customer_id: int, reward_id: int, points_seen: int, key: UUID) -> Redeemed:
    """Exchange points for a reward, once for each key; an article is kept for this customer and goes with an order.

    Raises RewardGone, RewardChanged (it asks for other points than ``points_seen``), OutOfStock, PointsShort: nothing is
    written then. Locks the item, then the account of points; at most fourteen queries, and ten more a further delivery.
    """
    now = timezone.now()
    reward = Reward.objects.select_related("item").filter(pk=reward_id).first()
    if reward is None:
        raise RewardGone(reward_id)
    source = f"reward-{key}-{reward_id}" if reward.item else f"{EXCHANGED}{key}-{reward_id}"
    parts = _parts(reward, source)
    if points.is_spent(customer_id=customer_id, source=parts[0][0]):
        return Redeemed(reward, Present.objects.filter(source=source).first())
    if not offered(now).filter(pk=reward_id).exists():
        raise RewardGone(reward_id)
    if reward.points != points_seen:
        raise RewardChanged(reward.points)
    if reward.item is None:
        for part, some in parts:
            points.spend(customer_id=customer_id, points=some, source=part, now=now)
            _grant(reward, customer_id, part, now)
        return Redeemed(reward, None)
    present = promise(
        customer_id=customer_id, kind=Present.Kind.REWARD, name=reward_label(reward), source=source,
        item_id=reward.item_id, points=reward.points,
    )  # fmt: skip
    points.spend(customer_id=customer_id, points=reward.points, source=source, now=now)
    publish(PresentDue(customer_id))
    return Redeemed(reward, present)


def _parts(reward: Reward, source: str) -> list[tuple[str, int]]:
    """(source, points) of each voucher that it makes: one that is taken back gives back what it cost, and no more."""
    number = reward.deliveries or 1
    each, over = divmod(reward.points, number)
    if number == 1:
        return [(source, reward.points)]
    return [(f"{source}:{place}", each + (place < over)) for place in range(number)]


def _grant(reward: Reward, customer_id: int, source: str, now: datetime) -> None:
    """Its source is the spending's, so that whoever takes a voucher back finds what it was exchanged for."""
    until, origin = now + GRANTED_LASTS, Voucher.Origin.LOYALTY
    if reward.kind in {Reward.Kind.VOUCHER, Reward.Kind.PRODUCT}:
        vouchers.grant(
            kind=Voucher.Kind.AMOUNT, value=reward.amount or NOTHING, origin=origin, source=source,
            owner_id=customer_id, valid_from=now, valid_until=until, product_ref=reward.product_ref,
        )  # fmt: skip
        return
    vouchers.grant(
        kind=Voucher.Kind.DELIVERY, origin=origin, source=source, owner_id=customer_id, valid_from=now,
        valid_until=until,
    )  # fmt: skip


@transaction.atomic
def cancel(*, customer_id: int, present_id: int) -> PointEntry | None:
    """The customer wants their points rather than this article: they are back, with their dates. Twice is once.

    Raises Present.DoesNotExist (not theirs, or no reward), TooLate once it is being prepared. Locks the present, its item,
    then the account; at most seventeen queries.
    """
    own = Present.objects.filter(customer=customer_id, kind=Present.Kind.REWARD)
    present = own.get(pk=present_id)
    if present.state == Present.State.GIVEN:
        raise TooLate(present_id)
    take_back(present_id=present.pk)
    return points.give_back(customer_id=customer_id, source=present.source)


@transaction.atomic
def call_off(*, present_id: int, by_id: int) -> None:
    """Staff take a present back, and give the points of a reward back with it. Twice is once. Raises TooLate once it is being
    prepared. Locks the present, its item, then the account; at most seventeen queries.
    """
    present = take_back(present_id=present_id, by_id=by_id)
    if present.points:
        points.give_back(customer_id=present.customer_id, source=present.source)


@transaction.atomic
def stop_reward(*, reward_id: int) -> bool:
    """It is offered no more. False: it was stopped before. One UPDATE."""
    return bool(Reward.objects.filter(pk=reward_id, stopped_at=None).update(stopped_at=timezone.now()))
