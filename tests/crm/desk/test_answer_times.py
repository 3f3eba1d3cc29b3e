"""Figures of the public page: from rows, recomputed here by hand."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from crm.desk import queries, services
from tests.crm.desk.talking import answered, filed, key, written
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 26, 9, tzinfo=UTC)
SINCE, UNTIL = DAY - timedelta(days=1), DAY + timedelta(days=1)
NOW = DAY + timedelta(days=3)


@pytest.fixture
def by():
    return UserFactory(staff=True)


def came(at=DAY, **details):
    with time_machine.travel(at, tick=False):
        return written(**details)


def answered_after(received, by, hours):
    with time_machine.travel(received.received_at + timedelta(hours=hours), tick=False):
        answered(received, by)


def figures(now=NOW):
    return queries.answer_times(SINCE, UNTIL, now=now)


def test_shares_and_median_are_those_of_what_called_for_an_answer(by):
    for hours in (1, 4, 24, 30):
        answered_after(came(), by, hours)
    came()
    spam, thanks = came(), came()
    filed(spam, by, "spam")
    filed(thanks, by, "no_answer")
    answered_after(came(UNTIL), by, 1)
    answered_after(came(SINCE - timedelta(seconds=1)), by, 1)

    found = figures()

    assert (found.conversations, found.judged, found.within_24h) == (5, 5, 3)
    assert found.share_within_24h == 3 / 5
    assert found.median_minutes == 14 * 60


def test_what_still_has_its_time_is_not_judged_yet(by):
    answered_after(came(), by, 1)
    came()

    early, late = figures(now=DAY + timedelta(hours=23)), figures(now=DAY + timedelta(hours=24))

    assert (early.judged, early.share_within_24h) == (1, 1.0)
    assert (late.judged, late.share_within_24h) == (2, 0.5)


def test_telephone_is_answered_as_it_is_said_and_counts_nowhere(by):
    with time_machine.travel(DAY, tick=False):
        services.note_contact(
            channel="phone", subject="other", text="x", key=key(), is_settled=True, user_id=by.pk
        )

    assert figures().conversations == 0
    assert figures().share_within_24h is None
    assert figures().median_minutes is None


def test_empty_period_says_nothing_rather_than_nought():
    found = figures()

    assert (found.conversations, found.share_within_24h, found.median_minutes) == (0, None, None)


def test_it_takes_one_query(by, django_assert_num_queries):
    for _ in range(3):
        answered_after(came(), by, 1)

    with django_assert_num_queries(1):
        figures()
