"""Tables filled by the million: without their keys to other tables and their indexes, which are put back as they were.

All of it happens inside the load's transaction: whatever stops it, the tables come back whole. An owner of
the tables may do it; no superuser is needed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config.demonstration.work import Work

# Tables that grow with the products, the households or the orders.
TABLES = [
    "catalogue_product", "stock_stockitem",
    "customers_customer", "customers_address", "customers_consent", "account_emailaddress",
    "orders_order", "orders_orderline", "orders_ordervattotal", "orders_orderevent", "orders_pickup",
    "orders_orderbill", "orders_shortagequestion", "orders_refund", "orders_withdrawal", "picking_picktask", "documents_document",
    "orders_amendment", "orders_refund", "orders_withdrawal", "recalls_recallnotice", "claims_claim", "claims_claimline", "orders_delay",
    "payments_paymentaccount", "payments_paymentoperation", "payments_paymententry", "payments_demosession",
    "promise_outcome", "promise_decision", "promise_compensation", "slots_hold", "stock_stockreservation", "stock_stockmovement",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A foreign key that leads to or from a table set apart."""

    table: str
    name: str
    definition: str
    column: str
    is_required: bool
    target: str


_KEYS = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid), a.attname, a.attnotnull,
       c.confrelid::regclass::text
  FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE c.contype = 'f' AND (c.conrelid = ANY (%(tables)s::text[]::regclass[])
                            OR c.confrelid = ANY (%(tables)s::text[]::regclass[]))
 ORDER BY c.conrelid::regclass::text, c.conname
"""
# Products are looked up by their identifiers while their search texts are made: that index stays.
_UNIQUE = """
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
 WHERE c.contype IN ('p', 'u') AND c.conrelid = ANY (%(tables)s::text[]::regclass[])
   AND c.conrelid::regclass::text || c.contype::text <> 'catalogue_productp' ORDER BY 1, 2
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
 WHERE i.indrelid = ANY (%(tables)s::text[]::regclass[])
   AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
 ORDER BY 1
"""


def keys_around(work: Work, tables: list[str]) -> list[Key]:
    return [Key(*row) for row in work.rows(_KEYS, tables=tables)]


# PostgreSQL tells « kind IN ('a', 'b') » of a varchar in words that, read again, make another expression.
_ONE_OF = re.compile(r"\((\w+)\)::text = ANY \(\(ARRAY\[([^\]]*)\]\)::text\[\]\)")


def as_first_written(definition: str) -> str:
    """A definition that makes the very same index again."""
    return _ONE_OF.sub(lambda m: f"{m[1]} IN ({m[2].replace('::character varying', '')})", definition)


@contextmanager
def set_apart(work: Work) -> Iterator[list[Key]]:
    """Take keys, unique constraints and indexes of TABLES away, and put them back at the end.

    Putting a key back checks every row, so nothing wrong can be committed. Locks the tables against everybody.
    """
    # What earlier statements of the transaction left to be checked at its end would refuse every ALTER TABLE.
    work.run("SET CONSTRAINTS ALL IMMEDIATE")
    keys = keys_around(work, TABLES)
    uniques = work.rows(_UNIQUE, tables=TABLES)
    indexes = work.rows(_INDEXES, tables=TABLES)
    for key in keys:
        work.run(f'ALTER TABLE {key.table} DROP CONSTRAINT "{key.name}"')
    for table, name, _definition in uniques:
        work.run(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        work.run(f"DROP INDEX {name}")
    yield keys
    work.run("SET CONSTRAINTS ALL IMMEDIATE")
    _put_back(work, keys, uniques, indexes)
    work.run("SET CONSTRAINTS ALL DEFERRED")


def _put_back(
    work: Work, keys: list[Key], uniques: list[tuple[str, ...]], indexes: list[tuple[str, ...]]
) -> None:
    work.say("Index et contraintes…")
    for _name, definition in indexes:
        work.run(as_first_written(definition).replace("%", "%%"))
    for table, name, definition in uniques:
        work.run(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    # The planner checks a key by one join, the right way round only if it knows how large the tables are.
    work.run(f"ANALYZE {', '.join(TABLES)}")
    for key in keys:
        work.run(f'ALTER TABLE {key.table} ADD CONSTRAINT "{key.name}" {key.definition}')
