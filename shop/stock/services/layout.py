"""Where things lie in a depot, until somebody says otherwise."""

from django.db import connection, transaction


@transaction.atomic
def lay_out() -> int:
    """Give a place such as « C4-12 » to what has none: a letter an aisle, a number a shelf, its turn on it; how many.

    Places that a depot chose stay. Locks what changes in order of id. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LAID_OUT)
        return int(cursor.rowcount)


_LAID_OUT = """
WITH numbered AS (
    SELECT i.id, i.shelf_position,
           dense_rank() OVER (ORDER BY coalesce(top.position, shelf.position), coalesce(top.id, shelf.id)) AS aisle,
           dense_rank() OVER (PARTITION BY coalesce(top.id, shelf.id) ORDER BY shelf.position, shelf.id) AS number,
           row_number() OVER (PARTITION BY i.depot_id, shelf.id ORDER BY p.sort_name, p.id) AS turn
      FROM stock_stockitem i JOIN catalogue_product p ON p.id = i.product_id
      JOIN catalogue_aisle shelf ON shelf.id = p.shelf_id LEFT JOIN catalogue_aisle top ON top.id = shelf.parent_id
), placed AS MATERIALIZED (
    SELECT i.id, chr(64 + least(n.aisle, 26)::int) || n.number || '-' || n.turn AS place
      FROM stock_stockitem i JOIN numbered n ON n.id = i.id
     WHERE i.shelf_position = '' ORDER BY i.id FOR NO KEY UPDATE OF i
)
UPDATE stock_stockitem i SET shelf_position = placed.place FROM placed WHERE i.id = placed.id
"""
