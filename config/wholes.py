"""What every page needs and staff seldom change, whole: zones, aisles, promotions. Read together, kept apart.

Each is kept in the process under its own version (config/kept.py). The first page of a process reads all of them by one
statement; after a change only what changed is read again.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

from config import kept
from config.rows import gathered

Built = TypeVar("Built")
Row = dict[str, Any]
Key = tuple[str, str, str]
_declared: "list[Whole[Any]]" = []


class Whole(Generic[Built]):
    """What is built from the rows of one query of values. ``name`` is one of `kept.WHOLES`, ``weight`` in bytes."""

    def __init__(
        self,
        name: str,
        rows: Callable[[], QuerySet[Any, Any]],
        build: Callable[[list[Row]], Built],
        *,
        weight: int = kept.SMALL,
    ) -> None:
        self.name, self.rows, self.build, self.weight = name, rows, build, weight
        _declared.append(self)

    def now(self) -> Built:
        """As it is. No query when kept, else one, which reads whatever else is missing too where a page is read."""
        key = self.key()
        found = kept.peek(key)
        return _read(self, key) if found is None else found

    def key(self) -> Key:
        return "whole", self.name, kept.version(self.name)


def _read(asked: Whole[Built], key: Key) -> Built:
    # Under the words of before the reading: what changes meanwhile is read again.
    wanted: dict[Key, Whole[Any]] = {key: asked}
    # Whoever writes reads only what it asked for: a change that may yet be given up must not be kept.
    if kept.a_page_is_read():
        wanted |= {other: one for one in _declared if kept.peek(other := one.key()) is None}
    answers = gathered(*(one.rows() for one in wanted.values()))
    built = {each: one.build(rows) for (each, one), rows in zip(wanted.items(), answers, strict=True)}
    for each, value in built.items():
        kept.keep(each, value, size=wanted[each].weight)
    return built[key]  # type: ignore[no-any-return]


def columns(model: type[Model], prefix: str = "") -> Iterable[str]:
    """Every column of a model, as a query of values names it; ``prefix`` leads to it."""
    return [prefix + field.attname for field in model._meta.concrete_fields]


def instance(model: type[Model], row: Row, prefix: str = "") -> Any:
    """A model's instance from a row that holds its `columns`. No query."""
    fields = model._meta.concrete_fields
    values = [field.to_python(row[prefix + field.attname]) for field in fields]
    return model.from_db(connection.alias, [field.attname for field in fields], values)
