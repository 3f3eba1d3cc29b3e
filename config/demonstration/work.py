"""The tools of a load: one cursor, its parameters, its progress, and the seeded dice as SQL functions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model

from config.demonstration.marks import BASKET_PREFIX
from config.demonstration.plan import Plan

Say = Callable[[str], None]


@dataclass
class Work:
    """What the stages of one load share. ``values`` are the parameters of every statement."""

    plan: Plan
    cursor: CursorWrapper
    say: Say
    values: dict[str, Any] = field(default_factory=dict)

    def run(self, sql: str, **values: Any) -> int:
        """Run one statement; how many rows it wrote."""
        self.cursor.execute(sql, self.values | values)
        return int(self.cursor.rowcount)

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        self.cursor.execute(sql, self.values | values)
        return list(self.cursor.fetchall())

    def one(self, sql: str, **values: Any) -> Any:
        """The first column of the first row."""
        return self.rows(sql, **values)[0][0]

    def reserve(self, table: str, count: int) -> int:
        """Set ``count`` identifiers of a table aside, even from whoever inserts meanwhile; the one before the first."""
        sequence = self.one("SELECT pg_get_serial_sequence(%(table)s, 'id')", table=table)
        first = int(self.one("SELECT nextval(%(sequence)s)", sequence=sequence))
        self.one("SELECT setval(%(sequence)s, %(last)s)", sequence=sequence, last=first + count)
        return first

    def insert(self, model: type[Model], columns: Mapping[str, str], rest: str, **values: Any) -> int:
        """INSERT … SELECT these SQL expressions; columns they do not name get their field's own default.

        ``rest`` starts with FROM. So a column that a room adds later needs no change here unless it matters.
        """
        given = dict(columns)
        for place, (name, default) in enumerate(_defaults(model, given)):
            given[name] = f"%(default_{place})s"
            values[f"default_{place}"] = default
        names = ", ".join(f'"{name}"' for name in given)
        return self.run(
            f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(given.values())} {rest}",
            **values,
        )

    def batches(self, size: int, what: str) -> Iterator[dict[str, int]]:
        """Ranges of order numbers, as parameters ``after`` and ``upto``; tells how far it is."""
        for after in range(0, self.values["orders"], size):
            yield {"after": after, "upto": after + size}
            done = min(after + size, self.values["orders"])
            if self.values["orders"] > size:
                self.say(f"  {what}\u202f: {100 * done // self.values['orders']}\u202f%")


def _defaults(model: type[Model], given: Mapping[str, str]) -> list[tuple[str, Any]]:
    return [
        (str(column.column), column.get_db_prep_save(column.get_default(), connection))
        for column in model._meta.concrete_fields
        if column.column not in given and _needs_default(column)
    ]


def _needs_default(column: "Field[Any, Any]") -> bool:
    return not (column.primary_key or column.null or column.has_db_default() or column.generated)


def dice(work: Work) -> None:
    """Make the functions that the stages draw with. Same seed, same draws, on any machine.

    ``demo_draw(key, salt)`` is a number from 0 to below 1, ``demo_uuid(key, salt)`` an identifier, ``demo_basket(key)``
    a marked one, ``demo_letter(number, power of 30)`` a letter of an order's reference.
    """
    work.run(_DICE.replace("MARK", BASKET_PREFIX))


def sweep(work: Work) -> None:
    """Drop the temporary tables of the stages: a connection may load more than once."""
    for (table,) in work.rows(_TEMPORARY):
        work.run(f"DROP TABLE pg_temp.{table}")


_TEMPORARY = """
SELECT relname FROM pg_class
 WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' AND relname LIKE 'demo\\_%%'
"""
_DICE = """
CREATE OR REPLACE FUNCTION pg_temp.demo_draw(bigint, bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT ((hashint8extended($1, %(seed)s * 1000003::bigint + $2) >> 11) & 9007199254740991)::double precision
               / 9007199254740992';
CREATE OR REPLACE FUNCTION pg_temp.demo_uuid(bigint, bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT md5(''%(seed)s:'' || $1::text || '':'' || $2::text)';
CREATE OR REPLACE FUNCTION pg_temp.demo_basket(bigint) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT overlay(pg_temp.demo_uuid($1, 7) placing ''MARK'' from 1 for 8)::uuid';
CREATE OR REPLACE FUNCTION pg_temp.demo_letter(bigint, bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT substr(''ABCDEFGHJKMNPQRSTVWXYZ23456789'', ($1 / $2 %% 30)::int + 1, 1)';
"""
