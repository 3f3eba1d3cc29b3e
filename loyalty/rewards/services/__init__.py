"""Stocks of what is given, presents and their way to the customer, rewards asked for with points.

Lock order: order → presents → item → voucher → account of points.
"""

from loyalty.rewards.services.presents import (
    attach,
    gather,
    hand_over,
    hold,
    hold_attached,
    loose,
    pack,
    promise,
    put_in,
    reach,
    settle,
    take_back,
)
from loyalty.rewards.services.redeeming import Redeemed, call_off, cancel, redeem, stop_reward
from loyalty.rewards.services.stocking import lock_items, move_stock, withdraw

__all__ = [
    "Redeemed", "attach", "call_off", "cancel", "gather", "hand_over", "hold", "hold_attached", "lock_items", "loose", "move_stock", "pack", "promise", "put_in",
    "reach", "redeem", "settle", "stop_reward", "take_back", "withdraw",
]  # fmt: skip
