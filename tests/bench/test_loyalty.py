"""``manage.py bench loyalty``: a made-up book that agrees with itself, measured in a database that is gone afterwards."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.bench import ledger, loyalty
from loyalty.points.models import PointAccount


def databases():
    """Those made for measuring, by this process."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, current_database() || '_bench')"
        )
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_a_small_book_is_measured_and_nothing_is_left(capsys):
    call_command("bench", "loyalty", accounts=60, entries=1200)

    told = capsys.readouterr().out
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in told.splitlines()
        if line.startswith("|")
    }
    assert rows["standing of an account, queries"][0] == "2"
    left, again = map(int, rows["a night killed and run again, lots"][0].split(" + "))
    assert left and again
    assert {"liability, s", "a quarter under other rules, s"} <= rows.keys()
    assert not PointAccount.objects.exists()
    assert databases() == []


@pytest.mark.django_db(transaction=True)
def test_a_book_that_is_wrong_is_no_measure_and_its_database_goes_too(monkeypatch):
    wrong = [statement.replace("o.paid %% 1500", "0").replace("o.high - d.high, 0", "o.high, 0")
             for statement in ledger._STATEMENTS]  # fmt: skip
    monkeypatch.setattr(ledger, "_STATEMENTS", wrong)

    with pytest.raises(loyalty.BookWrong):
        call_command("bench", "loyalty", accounts=50, entries=500)

    assert databases() == []


@pytest.mark.parametrize(("accounts", "entries"), [(0, 100), (10, 1000), (100, 999), (-5, 100)])
def test_a_book_too_small_to_measure_is_refused(db, accounts, entries):
    with pytest.raises(CommandError, match="au moins"):
        call_command("bench", "loyalty", accounts=accounts, entries=entries)


def test_entries_are_shared_out_in_the_kinds_a_book_has():
    assert ledger.shape(200_000, 4_000_000) == ledger.Shape(orders=15, spendings=4, ended=1)
    assert ledger.shape(100, 1050).entries == 10
