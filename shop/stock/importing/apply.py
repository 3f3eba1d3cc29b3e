"""The staging table and the statements that apply it. Everything here runs inside the engine's transaction."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from shop.stock.importing.completion import INVENTED
from shop.stock.importing.draft import COLUMNS, Draft

STAGED_ONLY = {"line", "brand", "brand_slug", "stock", "cost", "ean", "slug"}
PRODUCT_COLUMNS = (*tuple(name for name in COLUMNS if name not in STAGED_ONLY), "brand_id")
# What each column of a file tells about a product.
TOLD_BY: dict[str, tuple[str, ...]] = {
    "name": ("name", "sort_name", "is_first_age_milk"), "brand": ("brand_id",), "aisle": ("shelf_id", "is_food"),
    "rayon": ("shelf_id", "is_food", "vat_rate", "alcohol_degree", "minimum_age"),
    "quantity": ("net_quantity", "net_unit"), "net_quantity": ("net_quantity", "net_unit"),
    "nutriscore": ("stated_nutriscore",), "nutriscore_source": ("source",), "salt_100g": ("nutrition",),
    **{
        name: (name,)
        for name in (
            "packaging", "packshot", "sold_by", "weight_step_g", "price", "vat_rate", "ingredients", "allergens",
            "nutrition", "labels", "origin", "storage", "alcohol_degree", "minimum_age", "deposit",
            "description", "stated_nutriscore", "traces", "allergens_checked_on", "legal_name", "operator",
            "instructions",
        )
    },
}  # fmt: skip
# A file that leaves these empty says nothing about them: only the shop decides its prices.
ALWAYS_KEPT = {"price", "is_first_age_milk", "is_food"}
# Facts that a demonstration may invent, and where they stand.
CODED = {"price": "price", "net_quantity": "net_quantity", "storage": "storage"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file changes known products: the columns it tells, and whether an empty cell clears."""

    columns: Sequence[str]
    empty_keeps: bool
    invents: bool

    @property
    def told(self) -> list[str]:
        names = [name for column in self.columns for name in TOLD_BY.get(column, ())]
        names += ["price", "net_quantity", "net_unit", "storage"] if self.invents else []
        return list(dict.fromkeys(names))


def stage(drafts: Iterable[Draft]) -> None:
    """Fill a temporary table by COPY."""
    products = ", ".join(name for name in COLUMNS if name not in STAGED_ONLY)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_staging")
        cursor.execute(
            f"""
            CREATE TEMPORARY TABLE import_staging ON COMMIT DROP AS
            SELECT 0 AS line, ean, slug, ''::varchar AS brand, ''::varchar AS brand_slug, 0 AS stock,
                   0::numeric(9, 4) AS cost, brand_id, id AS product_id, {products}
              FROM catalogue_product WITH NO DATA
            """  # noqa: S608 - names of our own columns
        )
        with cursor.copy(f"COPY import_staging ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for draft in drafts:
                copy.write_row(list(_values(draft)))
        cursor.execute("CREATE UNIQUE INDEX ON import_staging (ean)")
        cursor.execute("ANALYZE import_staging")


def _values(draft: Draft) -> Iterator[Any]:
    for name in COLUMNS:
        value = getattr(draft, name)
        yield json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _run(sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def drop_nameless_newcomers() -> list[tuple[int, str]]:
    """Rows that neither name an article nor know one: taken out, as (line, EAN)."""
    return _run(
        """
        DELETE FROM import_staging s
         WHERE s.name = '' AND NOT EXISTS (SELECT 1 FROM catalogue_product p WHERE p.ean = s.ean)
        RETURNING s.line, s.ean
        """
    )


def drop_known() -> int:
    """Take out the articles that the shop already has; how many."""
    return len(
        _run("DELETE FROM import_staging s USING catalogue_product p WHERE p.ean = s.ean RETURNING s.line")
    )


def resolve() -> int:
    """Create missing brands, name each row's brand and product, lock known products in order of id.

    Answers how many products are known.
    """
    _run(
        """
        INSERT INTO catalogue_brand (slug, name)
        SELECT DISTINCT ON (brand_slug) brand_slug, brand FROM import_staging
         WHERE brand_slug <> '' ORDER BY brand_slug, line
        ON CONFLICT (slug) DO NOTHING
        """
    )
    _run("UPDATE import_staging s SET brand_id = b.id FROM catalogue_brand b WHERE b.slug = s.brand_slug")
    _run("UPDATE import_staging s SET product_id = p.id FROM catalogue_product p WHERE p.ean = s.ean")
    known = _run(
        """
        SELECT p.id FROM catalogue_product p JOIN import_staging s ON s.product_id = p.id
         ORDER BY p.id FOR NO KEY UPDATE OF p
        """
    )
    return len(known)


def moved_from_shelf(plan: Plan) -> int:
    """How many known products the file takes off the shelf they stand on. One query, to be asked before `update_known`."""
    if "shelf_id" not in plan.told:
        return 0
    ((count,),) = _run(
        f"""
        SELECT count(*) FROM catalogue_product p JOIN import_staging s ON s.product_id = p.id
         WHERE p.shelf_id <> coalesce({_new_value("shelf_id", plan)}, 0)
        """  # noqa: S608 - names of our own columns
    )
    return int(count)


def update_known(plan: Plan) -> set[int]:
    """Bring known products to what the file tells; ids of those it really changed."""
    values = {name: _new_value(name, plan) for name in plan.told}
    values["invented"] = _new_invented(plan)
    sets = ", ".join(f"{name} = {value}" for name, value in values.items())
    before = ", ".join(f"p.{name}" for name in values)
    rows = _run(
        f"""
        UPDATE catalogue_product p
           SET {sets}, version = p.version + 1, updated_at = now(),
               is_published = p.is_published
                   AND {values.get("vat_rate", "p.vat_rate")} IS NOT NULL
                   AND {values.get("shelf_id", "p.shelf_id")} IS NOT NULL
          FROM import_staging s
         WHERE s.product_id = p.id AND ({before}) IS DISTINCT FROM ({", ".join(values.values())})
        RETURNING p.id
        """  # noqa: S608 - names of our own columns
    )
    return {pk for (pk,) in rows}


_EMPTY = {
    "allergens": "{0} IS NULL", "labels": "cardinality({0}) = 0", "traces": "cardinality({0}) = 0", "nutrition": "{0} = '{{}}'::jsonb",
    **dict.fromkeys(("brand_id", "shelf_id", "weight_step_g", "net_quantity", "price", "vat_rate", "deposit", "alcohol_degree", "minimum_age", "is_food", "is_first_age_milk", "allergens_checked_on"), "{0} IS NULL"),
}  # fmt: skip


def _empty(name: str, alias: str) -> str:
    return _EMPTY.get(name, "{0} = ''").format(f"{alias}.{name}")


def _new_value(name: str, plan: Plan) -> str:
    # The unit goes with its quantity.
    judged = "net_quantity" if name == "net_unit" else name
    told = f"s.{name}"
    if name in {"is_food"}:
        told = f"CASE WHEN s.shelf_id IS NULL THEN p.{name} ELSE s.{name} END"
    elif name == "vat_rate" or plan.empty_keeps or name in ALWAYS_KEPT:
        told = f"CASE WHEN {_empty(judged, 's')} THEN p.{name} ELSE s.{name} END"
    if judged not in CODED:
        return told
    filled = f"CASE WHEN {_empty(judged, 'p')} THEN s.{name} ELSE p.{name} END"
    return f"CASE WHEN '{CODED[judged]}' = ANY (s.invented) THEN {filled} ELSE {told} END"


def _new_invented(plan: Plan) -> str:
    """Codes kept from before unless the file now states the fact, and those it fills for the first time."""
    cases = []
    no_stock = "NOT EXISTS (SELECT 1 FROM stock_stockitem i WHERE i.product_id = p.id)"
    for code in INVENTED:
        stated = f"NOT ({_empty(code, 's')})" if code in CODED else f"s.{code} IS NOT NULL"
        is_told = code in plan.told or code in plan.columns
        kept = f"'{code}' = ANY (p.invented)"
        if is_told:
            kept += f" AND ('{code}' = ANY (s.invented) OR NOT ({stated}))"
        was_empty = _empty(code, "p") if code in CODED else no_stock
        cases.append(f"CASE WHEN ({kept}) OR ('{code}' = ANY (s.invented) AND {was_empty}) THEN '{code}' END")
    return f"array_remove(ARRAY[{', '.join(cases)}]::varchar[], NULL)"


def insert_new() -> set[int]:
    """Create the products that the shop did not have, as drafts; their ids."""
    columns = ", ".join(PRODUCT_COLUMNS)
    rows = _run(
        f"""
        INSERT INTO catalogue_product
               (ean, slug, {columns}, is_published, missing, version, created_at, updated_at)
        SELECT s.ean, s.slug, {", ".join(f"s.{name}" for name in PRODUCT_COLUMNS)}, false, '{{}}', 1, now(), now()
          FROM import_staging s WHERE s.product_id IS NULL ORDER BY s.line
        ON CONFLICT (ean) DO NOTHING
        RETURNING id
        """  # noqa: S608 - names of our own columns
    )
    _run(
        """
        UPDATE import_staging s SET product_id = p.id FROM catalogue_product p
         WHERE p.ean = s.ean AND s.product_id IS NULL
        """
    )
    return {pk for (pk,) in rows}


def apply_stock(depot_ids: Sequence[int]) -> set[int]:
    """Write what the file counts, fill what was invented where nothing stood; ids of products changed.

    Locks the items in order of id, as baskets do. An invented stock or cost never replaces a real one.
    """
    _run(
        """
        SELECT i.id FROM stock_stockitem i JOIN import_staging s ON s.product_id = i.product_id
         WHERE i.depot_id = ANY (%s) ORDER BY i.id FOR NO KEY UPDATE OF i
        """,
        [list(depot_ids)],
    )
    values = {"today": timezone.localdate(), "depots": list(depot_ids)}
    changed = _run(_UPDATE_STOCK, values) + _run(_INSERT_STOCK, values)
    return {pk for (pk,) in changed}


_UPDATE_STOCK = """
WITH new AS (
    SELECT j.id, j.on_hand AS was,
           CASE WHEN s.stock IS NULL OR 'stock' = ANY (s.invented) THEN j.on_hand ELSE s.stock END AS on_hand,
           CASE WHEN s.cost IS NULL OR 'cost' = ANY (s.invented) THEN j.unit_cost ELSE s.cost END AS unit_cost
      FROM stock_stockitem j JOIN import_staging s ON s.product_id = j.product_id
     WHERE j.depot_id = ANY (%(depots)s)
), changed AS (
    UPDATE stock_stockitem i
       SET on_hand = new.on_hand, unit_cost = new.unit_cost,
           cost_since = CASE WHEN i.unit_cost = new.unit_cost THEN i.cost_since ELSE %(today)s END
      FROM new
     WHERE i.id = new.id AND (i.on_hand, i.unit_cost) IS DISTINCT FROM (new.on_hand, new.unit_cost)
    RETURNING i.id, i.product_id, new.was, i.on_hand
), moved AS (
    INSERT INTO stock_stockmovement (item_id, kind, quantity, on_hand_after, at, reason, source, lot)
    SELECT id, 'count', on_hand - was, on_hand, now(), '', '', '' FROM changed WHERE on_hand <> was ORDER BY id
)
SELECT product_id FROM changed
"""
_INSERT_STOCK = """
WITH made AS (
    INSERT INTO stock_stockitem (product_id, depot_id, on_hand, reserved, weekly_sales, shelf_position, unit_cost, cost_since)
    SELECT s.product_id, depot.id, coalesce(s.stock, 0), 0, 0, '', coalesce(s.cost, 0), %(today)s
      FROM import_staging s CROSS JOIN unnest(%(depots)s::bigint[]) AS depot(id)
     WHERE s.product_id IS NOT NULL AND (s.stock IS NOT NULL OR s.cost IS NOT NULL)
     ORDER BY s.product_id, depot.id
    ON CONFLICT (product_id, depot_id) DO NOTHING
    RETURNING id, product_id, on_hand
), moved AS (
    INSERT INTO stock_stockmovement (item_id, kind, quantity, on_hand_after, at, reason, source, lot)
    SELECT id, 'opening', on_hand, on_hand, now(), '', '', '' FROM made ORDER BY id
)
SELECT product_id FROM made
"""


def refresh_statistics() -> None:
    """Tell the planner about thousands of new rows: it would else join them one by one, for minutes."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalogue_product, catalogue_brand, catalogue_aisle, stock_stockitem")


def staged_products() -> list[int]:
    return [pk for (pk,) in _run("SELECT product_id FROM import_staging WHERE product_id IS NOT NULL")]
