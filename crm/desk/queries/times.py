"""How quickly people were answered. From rows alone: no figure is ever typed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from crm.desk.models import Conversation
from crm.desk.rules import ANSWERED_WITHIN
from crm.outbox.models import Message


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
    acknowledged_same_day: int
    filed_without_answer: int

    @property
    def share_within_24h(self) -> float | None:
        return self.within_24h / self.judged if self.judged else None

    @property
    def share_acknowledged_same_day(self) -> float | None:
        return self.acknowledged_same_day / self.conversations if self.conversations else None


def answer_times(since: datetime, until: datetime, *, now: datetime | None = None) -> AnswerTimes:
    """For what came from ``since`` on and before ``until``. One query, a row a conversation.

    Acknowledged means that the letter saying so left, or that somebody answered, on the day in Paris on which the
    words came.
    """
    now = now or timezone.now()
    rows = list(_received(since, until))
    called = [row for row in rows if row[1] or row[3] != Conversation.State.CLOSED]
    waits = [(first - received) / timedelta(minutes=1) for received, first, _told, _state in called if first]
    judged = [row for row in called if row[1] or row[0] + ANSWERED_WITHIN <= now]
    return AnswerTimes(
        conversations=len(called),
        judged=len(judged),
        within_24h=sum(
            first is not None and first - received <= ANSWERED_WITHIN
            for received, first, _told, _state in judged
        ),
        median_minutes=round(median(waits)) if waits else None,
        acknowledged_same_day=sum(
            _same_day(received, told) or _same_day(received, first)
            for received, first, told, _state in called
        ),
        filed_without_answer=len(rows) - len(called),
    )


def _received(
    since: datetime, until: datetime
) -> Iterable[tuple[datetime, datetime | None, datetime | None, str]]:
    occasion = Concat(Value("contact-"), Cast(OuterRef("pk"), CharField()))
    letter = Message.objects.filter(purpose="contact_acknowledged", occasion=occasion)
    return (
        Conversation.objects.filter(
            channel__in=Conversation.WRITTEN, received_at__gte=since, received_at__lt=until
        )
        .exclude(outcome=Conversation.Outcome.SPAM)
        .annotate(told_at=Subquery(letter.values("sent_at")[:1]))
        .values_list("received_at", "first_answer_at", "told_at", "state")
    )


def _same_day(received: datetime, then: datetime | None) -> bool:
    return then is not None and timezone.localdate(received) == timezone.localdate(then)
