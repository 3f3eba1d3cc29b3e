"""Statements written once for what every page asks: compiling and planning them anew would cost more than running them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=Model)
Params = Sequence[Any] | Mapping[str, Any]
# A query of values, or a statement with its parameters.
Read = QuerySet[Any, Any] | tuple[str, Sequence[Any]]


class Columns:
    """The columns of a model under an alias, in the order in which ``instance`` takes their values.

    Without ``names`` all of them; the others are then read on demand, one query each. Those that are ``once`` are
    the same in each row, and make one instance.
    """

    def __init__(
        self, model: type[Row], alias: str, names: Sequence[str] = (), *, once: bool = False
    ) -> None:
        fields = [field for field in model._meta.concrete_fields if not names or field.attname in names]
        self._model: type[Model] = model
        self._names = [field.attname for field in fields]
        self.once = once
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in fields)

    def __len__(self) -> int:
        return len(self._names)

    def instance(self, values: Sequence[Any]) -> Any:
        """As ``Model.from_db`` makes it, which costs ten times as much: no room listens to a model being made."""
        made = self._model.__new__(self._model)
        made._state = ModelState()
        made._state.db, made._state.adding = DEFAULT_DB_ALIAS, False
        made.__dict__.update(zip(self._names, values, strict=True))
        return made


class Figure:
    """One expression beside the models."""

    once = False

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def __len__(self) -> int:
        return 1

    def instance(self, values: Sequence[Any]) -> Any:
        return values[0]


def joined(sql: str, params: Sequence[Any], *parts: Columns | Figure) -> Iterator[tuple[Any, ...]]:
    """Rows of a statement that selects the ``parts`` in their order; None for a part that an outer join left empty."""
    made: dict[Columns | Figure, Any] = {}
    for row in rows(sql, params):
        yield tuple(_instances(row, parts, made))


def rows(sql: str, params: Params) -> list[tuple[Any, ...]]:
    """The rows of a statement whose text never varies: the server binds the values, and plans it once a connection.

    Django's own cursors bind in the client, since not all that the ORM compiles can be prepared. psycopg
    prepares from the fifth time on (``prepare_threshold`` in the settings).
    """
    with connection.cursor() if connection.queries_logged else _bound_by_the_server() as cursor:
        return _asked(cursor, sql, params)


def _bound_by_the_server() -> CursorWrapper:
    """Where queries are logged they are bound as all others are: of a prepared one the log would miss the text."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    # The stubs know psycopg 2 only.
    bound: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    return connection.make_cursor(bound)


def _asked(cursor: CursorWrapper, sql: str, params: Params) -> list[tuple[Any, ...]]:
    cursor.execute(sql, params)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _instances(
    row: Sequence[Any], parts: Sequence[Columns | Figure], made: dict[Columns | Figure, Any]
) -> Iterator[Any]:
    at = 0
    for part in parts:
        if part not in made:
            values = row[at : at + len(part)]
            found = None if values[0] is None else part.instance(values)
            if part.once:
                made[part] = found
            yield found
        else:
            yield made[part]
        at += len(part)


def gathered(*reads: Read) -> list[list[dict[str, Any]]]:
    """The rows of several reads, a list of each, in their order. One query; none without a read.

    They travel as JSON: instants and dates are ISO text, what has decimals is a Decimal.
    """
    if not reads:
        return []
    written = [read if isinstance(read, tuple) else read.query.sql_with_params() for read in reads]
    columns = ", ".join(f"(SELECT json_agg(row) FROM ({sql}) row)::text" for sql, _own in written)  # noqa: S608 - whole statements
    statement, params = f"SELECT {columns}", [value for _sql, own in written for value in own]
    if all(isinstance(read, tuple) for read in reads):
        [found] = rows(statement, params)
    else:
        # Not all that the ORM compiles can be prepared.
        with connection.cursor() as cursor:
            [found] = _asked(cursor, statement, params)
    return [json.loads(text, parse_float=Decimal) if text else [] for text in found]
