from datetime import date, datetime, time

import pytest

from crm.desk.rules import BadHours, OpeningHours, blanks, next_version

HOURS = OpeningHours.parse("1-6 08:00-21:00, 7 09:00-13:00")


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (datetime(2026, 11, 23, 7, 59), False),
        (datetime(2026, 11, 23, 8, 0), True),
        (datetime(2026, 11, 23, 20, 59), True),
        (datetime(2026, 11, 23, 21, 0), False),
        (datetime(2026, 11, 22, 12, 59), True),
        (datetime(2026, 11, 22, 13, 0), False),
    ],
)
def test_open_from_the_first_minute_to_the_last(moment, is_open):
    assert HOURS.is_open(moment) is is_open


def test_before_opening_the_next_is_today():
    assert HOURS.next_opening(datetime(2026, 11, 22, 6, 0)) == (date(2026, 11, 22), time(9))


def test_after_closing_the_next_is_the_next_open_day():
    weekdays = OpeningHours.parse("1-5 09:00-18:00")

    assert weekdays.next_opening(datetime(2026, 11, 20, 18, 0)) == (date(2026, 11, 23), time(9))


def test_one_open_day_comes_back_a_week_later():
    mondays = OpeningHours.parse("1 09:00-18:00")

    assert mondays.next_opening(datetime(2026, 11, 23, 19, 0)) == (date(2026, 11, 30), time(9))


def test_hours_are_said_in_french():
    assert HOURS.sentence() == (
        "du lundi au samedi, de 8\u00a0h à 21\u00a0h\u202f; le dimanche, de 9\u00a0h à 13\u00a0h"
    )
    assert OpeningHours.parse("2 09:30-12:00").sentence() == "le mardi, de 9\u00a0h\u00a030 à 12\u00a0h"


@pytest.mark.parametrize(
    "text", ["", " , ", "8 09:00-10:00", "1 9:00-10:00", "1 10:00-09:00", "1 10:00-10:00", "6-2 09:00-10:00",
             "1 25:00-26:00", "lundi 9h-10h", "1 09:00-10:00; 2 09:00-10:00"]
)  # fmt: skip
def test_hours_nobody_can_read_are_refused(text):
    with pytest.raises(BadHours):
        OpeningHours.parse(text)


def test_second_text_of_a_day_gets_a_rank():
    day = date(2026, 11, 22)

    assert next_version(day, []) == "2026-11-22"
    assert next_version(day, ["2026-11-22"]) == "2026-11-22-2"
    assert next_version(day, ["2026-11-22", "2026-11-22-2"]) == "2026-11-22-3"


def test_passages_left_to_fill_in_are_counted():
    assert blanks("⟦nom⟧, ⟦adresse⟧ et ⟦ ⟧") == 3
    assert blanks("rien") == 0
