"""Milestones on the way, reached, chosen from; the welcome; samples. Lock order: order → due → presents → item → voucher."""

from loyalty.milestones.services.choosing import choose, settle
from loyalty.milestones.services.reaching import (
    celebrate,
    gather,
    note_delivered,
    note_fell_through,
    note_placed,
)
from loyalty.milestones.services.welcoming import grant_welcome
from loyalty.milestones.services.writing import AlreadyReplaced, Terms, replace, stop, write

__all__ = [
    "AlreadyReplaced", "Terms", "celebrate", "choose", "gather", "grant_welcome", "note_delivered", "note_fell_through", "note_placed", "replace",
    "settle", "stop", "write",
]  # fmt: skip
