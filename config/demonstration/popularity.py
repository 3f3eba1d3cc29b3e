"""What sells, as the shop itself counts it each night."""

from config.demonstration.work import Work
from shop.orders.popularity import count_popularity as count


def count_popularity(work: Work) -> None:
    """However few the orders: a demonstration has no other popularity."""
    count(now=work.plan.now, enough_lines=0)
