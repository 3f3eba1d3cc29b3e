"""When a claim is answered at once, and by when somebody calls."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from crm.desk.rules import OpeningHours
from shop.claims.rules import (
    AMOUNT,
    DAMAGED,
    FREE,
    LATE,
    LIFE,
    MISSING,
    NUMBER,
    PHOTO,
    Limits,
    Told,
    call_by,
    is_near_limit,
    why_call,
)

PARIS = ZoneInfo("Europe/Paris")
HOURS = OpeningHours.parse("1-6 08:00-21:00, 7 09:00-13:00")
LIMITS = Limits(
    amount=Decimal(30),
    number=4,
    days=90,
    newcomer_amount=Decimal(60),
    newcomer_number=6,
    photo_from=Decimal(15),
)
MODEST = Told(
    kind=MISSING, amount=Decimal(4), rank=9, before=0, age=timedelta(hours=3), has_photo=False, is_fresh=False
)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"amount": Decimal("30.00"), "before": 3}, ""),
        ({"amount": Decimal("30.01")}, AMOUNT),
        ({"amount": Decimal("30.01"), "rank": 3}, ""),
        ({"amount": Decimal("60.01"), "rank": 3}, AMOUNT),
        ({"amount": Decimal("30.01"), "rank": 4}, AMOUNT),
        ({"before": 4}, NUMBER),
        ({"before": 4, "rank": 1}, ""),
        ({"before": 6, "rank": 1}, NUMBER),
        ({"amount": Decimal(0)}, FREE),
        ({"kind": DAMAGED, "amount": Decimal("15.00")}, ""),
        ({"kind": DAMAGED, "amount": Decimal("15.01")}, PHOTO),
        ({"kind": DAMAGED, "amount": Decimal("15.01"), "has_photo": True}, ""),
        ({"kind": MISSING, "amount": Decimal("15.01")}, ""),
        ({"kind": DAMAGED, "is_fresh": True, "age": timedelta(hours=48)}, ""),
        ({"kind": DAMAGED, "is_fresh": True, "age": timedelta(hours=48, seconds=1)}, LATE),
        ({"kind": LIFE, "is_fresh": True, "age": timedelta(hours=49)}, LATE),
        ({"kind": DAMAGED, "is_fresh": False, "age": timedelta(days=13)}, ""),
        ({"kind": MISSING, "is_fresh": True, "age": timedelta(days=13)}, ""),
    ],
)
def test_what_is_answered_at_once_and_why_somebody_calls(changes, why):
    assert why_call(replace(MODEST, **changes), LIMITS) == why


@pytest.mark.parametrize(
    ("now", "by"),
    [
        # A Thursday.
        ((2026, 11, 26, 17, 38), (2026, 11, 26, 18, 40)),
        ((2026, 11, 26, 17, 40), (2026, 11, 26, 18, 40)),
        ((2026, 11, 26, 6, 0), (2026, 11, 26, 9, 0)),
        ((2026, 11, 26, 20, 30), (2026, 11, 27, 9, 0)),
        # Saturday night, Sunday noon, and the night on which the clocks go back.
        ((2026, 11, 28, 22, 0), (2026, 11, 29, 10, 0)),
        ((2026, 11, 29, 12, 30), (2026, 11, 30, 9, 0)),
        ((2026, 10, 25, 2, 30), (2026, 10, 25, 10, 0)),
    ],
)
def test_somebody_calls_within_the_hour_while_people_answer(now, by):
    assert call_by(datetime(*now, tzinfo=PARIS), HOURS) == datetime(*by, tzinfo=PARIS)


def test_a_tenth_below_the_limit_is_right_at_it():
    most = Decimal(30)

    assert [is_near_limit(Decimal(one), most) for one in ("26.99", "27", "30", "30.01")] == [
        False, True, True, False,
    ]  # fmt: skip
