"""Articles to give, rewards to ask for, presents and what became of them."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.utils import timezone

from loyalty.rewards import services
from loyalty.rewards.models import Item, ItemMove, Present, Reward
from loyalty.rewards.queries import wrong_items
from tests.factories import CustomerFactory

DAY = timedelta(days=1)


def item(name="Torchon en coton", stock=3, **fields):
    made = Item.objects.create(name=name, **({"cost": Decimal("2.00")} | fields))
    if stock:
        services.move_stock(item_id=made.pk, kind=ItemMove.Kind.RECEIVED, units=stock, source="delivery-1")
    return made


def sample(name="Thé vert", stock=3, shelf=7, **fields):
    return item(name, stock, kind="sample", shelf_ref=shelf, **fields)


def reward(points=100, **fields):
    """A voucher of 3 €, or what the fields say."""
    usual = {"kind": "voucher", "amount": Decimal(3)} if "kind" not in fields else {}
    return Reward.objects.create(points=points, **({"starts_at": timezone.now() - DAY} | usual | fields))


def goods(points=100, stock=3, name="Torchon en coton"):
    return reward(points, kind="goods", item=item(name, stock))


def redeem(customer_id, wanted, key=None, points=None):
    return services.redeem(
        customer_id=customer_id,
        reward_id=wanted.pk,
        points_seen=wanted.points if points is None else points,
        key=key or uuid4(),
    )


def promised(customer_id=None, source="due-1", *, kind="gift", **fields):
    owner = customer_id or CustomerFactory().pk
    return services.promise(customer_id=owner, kind=kind, name="Cadeau", source=source, **fields)


def state(present):
    fresh = Present.objects.get(pk=present.pk)
    return fresh.state, fresh.order_reference


def left(one):
    assert wrong_items() == []
    return Item.objects.get(pk=one.pk).stock
