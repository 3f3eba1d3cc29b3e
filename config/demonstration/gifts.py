"""What the demonstration keeps to give: shipped rewards, gifts and attentions have articles behind them."""

from loyalty.milestones.seed import seed_milestones
from loyalty.rewards.models import Item, ItemMove
from loyalty.rewards.seed import seed_rewards
from loyalty.rewards.services import move_stock

UNITS = 40


def stock_gifts() -> int:
    """How many articles were stocked; none of those that were before."""
    seed_rewards()
    seed_milestones()
    return sum(
        move_stock(item_id=pk, kind=ItemMove.Kind.RECEIVED, units=UNITS, source="demo")
        for pk in Item.objects.values_list("pk", flat=True)
    )
