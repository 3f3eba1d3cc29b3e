"""What this room needs from its neighbour, bound in ``config/wiring.py``."""

from datetime import datetime
from typing import Protocol


class PageText(Protocol):
    """A text that staff edit, ready to show."""

    @property
    def title(self) -> str: ...

    @property
    def html(self) -> str: ...


class FindPageText(Protocol):
    def __call__(self, slug: str) -> PageText | None:
        """A text in force; None when there is none."""


_find: FindPageText | None = None


def bind_page_text(find: FindPageText) -> None:
    global _find
    _find = find


def page_text(slug: str) -> PageText | None:
    if _find is None:
        raise RuntimeError("config/wiring.py binds no page texts")
    return _find(slug)


class AnswerTimes(Protocol):
    """How quickly people who wrote were answered, over a period."""

    @property
    def judged(self) -> int:
        """Conversations of which it is known whether they were answered within a day."""

    @property
    def share_within_24h(self) -> float | None:
        """Of those judged, 0 to 1."""

    @property
    def median_minutes(self) -> int | None:
        """Until the first answer of a person."""


class FindAnswerTimes(Protocol):
    def __call__(self, since: datetime, until: datetime) -> AnswerTimes:
        """For what came in a period."""


_answer_times: FindAnswerTimes | None = None


def bind_answer_times(find: FindAnswerTimes) -> None:
    global _answer_times
    _answer_times = find


def answer_times(since: datetime, until: datetime) -> AnswerTimes:
    if _answer_times is None:
        raise RuntimeError("config/wiring.py binds no answer times")
    return _answer_times(since, until)
