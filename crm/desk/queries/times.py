"""How quickly people were answered. From rows alone: no figure is ever typed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.utils import timezone

from crm.desk.models import Conversation
from crm.desk.rules import ANSWERED_WITHIN


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """What people wrote in a period, by form or by mail, and how quickly somebody answered.

    ``conversations`` are those that called for an answer: neither spam, nor filed without any. ``judged`` leaves out
    those that are not answered yet and whose twenty-four hours still run; an unanswered one past them counts
    as missed. The median is over those that have an answer, so it says nothing of those that wait.
    """

    conversations: int
    judged: int
    within_24h: int
    median_minutes: int | None

    @property
    def share_within_24h(self) -> float | None:
        return self.within_24h / self.judged if self.judged else None


def answer_times(since: datetime, until: datetime, *, now: datetime | None = None) -> AnswerTimes:
    """For what came from ``since`` on and before ``until``. One query, a row a conversation."""
    now = now or timezone.now()
    came = Conversation.objects.filter(
        channel__in=Conversation.WRITTEN, received_at__gte=since, received_at__lt=until
    ).exclude(outcome=Conversation.Outcome.SPAM)
    called = [
        (received, first)
        for received, first, state in came.values_list("received_at", "first_answer_at", "state")
        if first or state != Conversation.State.CLOSED
    ]
    waits = [(first - received) / timedelta(minutes=1) for received, first in called if first]
    judged = [(received, first) for received, first in called if first or received + ANSWERED_WITHIN <= now]
    return AnswerTimes(
        conversations=len(called),
        judged=len(judged),
        within_24h=sum(
            first is not None and first - received <= ANSWERED_WITHIN for received, first in judged
        ),
        median_minutes=round(median(waits)) if waits else None,
    )
