"""Stocks of what is given, presents and their way to the customer, rewards asked for with points.

Lock order: order → presents → item → voucher → account of points.
"""

from loyalty.rewards.services.presents import (
    attach,
    gather,
    hand_over,
    loose,
    pack,
    promise,
    put_in,
    settle,
    take_back,
)
from loyalty.rewards.services.redeeming import Redeemed, call_off, cancel, redeem, stop_reward
from loyalty.rewards.services.stocking import move_stock, withdraw

__all__ = [
    "Redeemed", "attach", "call_off", "cancel", "gather", "hand_over", "loose", "move_stock", "pack", "promise", "put_in",
    "redeem", "settle", "stop_reward", "take_back", "withdraw",
]  # fmt: skip
