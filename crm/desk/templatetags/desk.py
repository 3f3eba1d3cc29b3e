from datetime import datetime

from django import template

from crm.desk import wording
from shop.customers.models import User

register = template.Library()


@register.filter
def agent(user: User | None) -> str:
    return wording.agent_name(user)


@register.filter
def time_left(due_at: datetime, now: datetime) -> str:
    return wording.time_left(due_at, now)


@register.filter
def due_said(due_at: datetime, now: datetime) -> str:
    return wording.due_said(due_at, now)


@register.filter
def promised(due_at: datetime) -> str:
    """« mardi 1er décembre à 14 h 05 »: in a letter, read whenever."""
    return wording.promised(due_at)


@register.filter
def file_size(size: int) -> str:
    """« 340 Ko »."""
    return wording.file_size(size)
