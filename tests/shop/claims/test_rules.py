"""When a claim is answered at once, and which hour is said."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from delivery.slots.rules import up_to_five_minutes
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
    is_near_limit,
    why_call,
)

PARIS = ZoneInfo("Europe/Paris")
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
    ("at", "said"),
    [((17, 38, 1), (17, 40)), ((17, 40, 0), (17, 40)), ((17, 40, 1), (17, 45)), ((17, 58, 0), (18, 0))],
)
def test_an_hour_is_said_in_fives_and_never_too_early(at, said):
    rounded = up_to_five_minutes(datetime(2026, 11, 26, *at, tzinfo=PARIS))
    assert rounded == datetime(2026, 11, 26, *said, tzinfo=PARIS)


def test_a_tenth_below_the_limit_is_right_at_it():
    most = Decimal(30)

    assert [is_near_limit(Decimal(one), most) for one in ("26.99", "27", "30", "30.01")] == [
        False, True, True, False,
    ]  # fmt: skip
