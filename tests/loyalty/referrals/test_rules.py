"""Codes, signals and years, without a database."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.referrals import rules
from loyalty.referrals.rules import Signal, Traces

NOBODY = Traces()


def found(friend=NOBODY, sponsor=NOBODY, others=NOBODY, **changes):
    usual = {"recent_friends": 1, "kept_cents": 100, "billed_cents": 100, "is_blocked": False}
    return rules.signals(friend, sponsor, others, **(usual | changes))


def test_a_code_is_read_however_it_is_typed():
    code = rules.new_code()

    assert rules.canonical(f" {rules.shown(code).lower()} ") == code
    assert rules.canonical(code[:-1]) is None and rules.canonical(code + "A") is None
    assert rules.canonical("O" * 10) is None and rules.canonical("A" * 10_000) is None


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_code_of_ours_or_none(typed):
    letters = rules.canonical(typed)

    assert letters is None or (len(letters) == 10 and set(letters) <= set(rules.ALPHABET))


def test_codes_do_not_repeat():
    assert len({rules.new_code() for _n in range(2000)}) == 2000


def test_nothing_in_common_is_no_signal():
    friend = Traces(frozenset("a"), frozenset("b"), frozenset("c"))
    sponsor = Traces(frozenset("d"), frozenset("e"), frozenset("f"))

    assert found(friend, sponsor, sponsor) == []


@pytest.mark.parametrize(
    ("about", "signal"),
    [
        ({"sponsor": Traces(addresses=frozenset("x"))}, Signal.ADDRESS_SPONSOR),
        ({"others": Traces(addresses=frozenset("x"))}, Signal.ADDRESS_FRIEND),
        ({"sponsor": Traces(cards=frozenset("x"))}, Signal.CARD_SPONSOR),
        ({"others": Traces(cards=frozenset("x"))}, Signal.CARD_FRIEND),
        ({"sponsor": Traces(devices=frozenset("x"))}, Signal.DEVICE_SPONSOR),
        ({"others": Traces(devices=frozenset("x"))}, Signal.DEVICE_FRIEND),
        ({"recent_friends": rules.MANY_FRIENDS + 1}, Signal.MANY),
        ({"kept_cents": 49}, Signal.MOSTLY_BACK),
        ({"is_blocked": True}, Signal.BLOCKED),
    ],
)
def test_each_thing_in_common_is_a_signal_of_its_own(about, signal):
    friend = Traces(frozenset("x"), frozenset("x"), frozenset("x"))

    assert found(friend, **about) == [signal]


def test_a_year_is_one_of_paris():
    first, after = rules.year_of(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))

    assert (first.year, after.year) == (2027, 2028)


def test_an_invitation_ends_with_a_day_of_paris_on_both_sides_of_a_clock_change():
    ends = rules.ends_at(datetime(2026, 10, 20, 9, tzinfo=UTC), 7)

    assert ends.isoformat() == "2026-10-28T00:00:00+01:00"
