"""What sells, as the shop itself counts it each night."""

from config.demonstration.work import Work
from shop.orders.popularity import count_popularity as count
from shop.orders.popularity import note_sales


def count_popularity(work: Work) -> None:
    """However few the orders: a demonstration has no other popularity."""
    count(now=work.plan.now, enough_lines=0)
    note_sales(now=work.plan.now)
