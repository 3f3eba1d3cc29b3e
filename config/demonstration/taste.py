"""What there is to buy, arranged so that a household finds its habits again at each order.

Articles lie in groups, in the order of the shelves. A household goes round some of the groups, always in the
same sense, and takes one article from each: mostly the one it is used to. Two lines never hold one article.
Within a group articles stand by threes, in one order of brands for the whole shop: a household that leans to the first,
the second or the third finds the same brands on all its shelves.
"""

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q

from config.demonstration.plan import Refused
from config.demonstration.words import SEASONS
from config.demonstration.work import Work
from delivery.zones.models import Zone
from shop.catalogue.models import Product
from shop.catalogue.rules import net_quantity_label, sort_name
from shop.stock.importing.starter import starter_files

# Prime numbers, so that every stride goes round all groups before it comes back.
GROUPS = (47, 31, 23, 13)
ALL_YEAR = 4095
_BATCH = 5000
# What a line is about, in cents: cheap articles are bought by several.
LINE_CENTS = 1300
LINE_CENTS_BY_WEIGHT = 560
HABIT = 0.7
_COLUMNS = (
    "product_id", "ean", "name", "packaging_label", "is_weight", "step", "price_c", "deposit_c", "rate",
    "minimum_age", "labels", "shelf_place", "best", "months", "brand",
)  # fmt: skip


def arrange_articles(work: Work) -> None:
    """Fill ``demo_article``, and set how many groups there are and what a line is worth on average.

    Raises Refused when the shop sells too little to fill a basket.
    """
    work.run(_GOODS)
    with_stock = _goods()
    count = with_stock.count()
    groups = next((number for number in GROUPS if number * 2 <= count), 0)
    if not groups:
        raise Refused(
            f"Cette boutique ne vend que {count} produits\u202f: il en faut au moins {2 * GROUPS[-1]} pour des paniers."
        )
    _copy(work, _rows(with_stock))
    work.values |= {"groups": groups, "articles": count, "habit": HABIT}
    work.run(_FUNCTIONS, line=LINE_CENTS, line_by_weight=LINE_CENTS_BY_WEIGHT)
    work.run(_ARRANGED)
    work.values["line_cents"] = float(work.one(_WORTH))


def _goods() -> Any:
    """On sale, in every depot that delivers."""
    depots = Zone.objects.filter(is_active=True).values("depot_id").distinct()
    in_depots = Count("stock_items__depot_id", filter=Q(stock_items__depot_id__in=depots), distinct=True)
    return Product.objects.filter(is_published=True).annotate(found=in_depots).filter(found=depots.count())


def _rows(goods: Any) -> Iterator[tuple[Any, ...]]:
    best = _best_sellers()
    fields = ("id", "ean", "name", "sort_name", "net_quantity", "net_unit", "sold_by", "weight_step_g", "price", "deposit",
              "vat_rate", "minimum_age", "labels", "shelf__slug", "shelf__position", "shelf__parent__position",
              "brand__slug")  # fmt: skip
    for row in goods.order_by("id").values(*fields).iterator(_BATCH):
        is_weight = row["sold_by"] == Product.SoldBy.WEIGHT
        yield (
            row["id"], row["ean"], row["name"],
            net_quantity_label(row["net_quantity"], row["net_unit"])[:60], is_weight,
            (row["weight_step_g"] or 100) if is_weight else 1, int(row["price"] * 100),
            0 if is_weight else int(row["deposit"] * 100), int(row["vat_rate"] * 10), row["minimum_age"],
            row["labels"], (row["shelf__parent__position"] or 0) * 10_000 + row["shelf__position"],
            best.get(row["ean"], 0), months_of(row["sort_name"], row["shelf__slug"]),
            row["brand__slug"] or "",
        )  # fmt: skip


def _best_sellers() -> dict[str, int]:
    """Ranks the starter catalogue states; a product's popularity is what orders make of it."""
    ranks: dict[str, int] = {}
    for path in starter_files():
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if rank := row.get("best_seller_rank"):
                    ranks[row["ean"]] = int(rank)
    return ranks


def months_of(plain_name: str, shelf: str) -> int:
    """The months an article sells in, one bit each, January the lowest. ``plain_name`` is its sort name."""
    for words, place, months in _SEASONS:
        on_shelf = not place or shelf == place
        if on_shelf and (not words or any(word in plain_name for word in words)):
            return months
    return ALL_YEAR


_SEASONS = [
    ([sort_name(word) for word in words.split("|") if word], place, sum(1 << (month - 1) for month in months))
    for words, place, months in SEASONS
]


def _copy(work: Work, rows: Iterator[tuple[Any, ...]]) -> None:
    """In batches: one connection cannot read and copy at once."""
    batch: list[tuple[Any, ...]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            _copy_batch(work, batch)
            batch = []
    _copy_batch(work, batch)
    work.run("ANALYZE demo_goods")


def _copy_batch(work: Work, batch: list[tuple[Any, ...]]) -> None:
    with work.cursor.copy(f"COPY demo_goods ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
        for row in batch:
            copy.write_row(row)


# Typed as the columns of order lines, which then take them as they are.
_GOODS = """
CREATE TEMPORARY TABLE demo_goods (
    product_id bigint, ean varchar(14), name varchar(200), packaging_label varchar(60), is_weight boolean, step integer,
    price_c integer, deposit_c integer, rate smallint, minimum_age smallint, labels varchar(60)[], shelf_place integer,
    best integer, months integer, brand varchar
)
"""
# demo_place: the place of an article in its group, the first ones more often; demo_habit: among its three, the one that
# a household leans to. demo_quantity: pieces or grams.
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION pg_temp.demo_place(integer, double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT floor((%(articles)s / %(groups)s + ($1 < %(articles)s %% %(groups)s)::int) * $2)::int';
CREATE OR REPLACE FUNCTION pg_temp.demo_habit(integer, double precision, integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT least(
        floor((%(articles)s / %(groups)s + ($1 < %(articles)s %% %(groups)s)::int) * $2 / 3)::int * 3 + $3,
        %(articles)s / %(groups)s + ($1 < %(articles)s %% %(groups)s)::int - 1)';
CREATE OR REPLACE FUNCTION pg_temp.demo_quantity(boolean, integer, integer, double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT CASE WHEN $1
        THEN greatest(1, least(2000 / $2, round(%(line_by_weight)s * 1000.0 / ($3 * $2) * (0.5 + $4))::int)) * $2
        ELSE greatest(1, least(5, round(%(line)s::float8 / $3 * (0.3 + 1.1 * $4))::int)) END';
CREATE OR REPLACE FUNCTION pg_temp.demo_total(boolean, integer, integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT CASE WHEN $1 THEN (($2::bigint * $3 + 500) / 1000)::int ELSE $2 * $3 END';
"""
# Out of season, the group's first article of all seasons is taken instead.
_ARRANGED = """
CREATE TEMPORARY TABLE demo_article AS
SELECT team * 1000000 + place AS key, placed.*, (price_c * 0.01)::numeric(8, 2) AS unit_price,
       (rate * 0.1)::numeric(4, 1) AS vat_rate, (CASE WHEN is_weight THEN 'weight' ELSE 'piece' END)::varchar(6) AS sold_by,
       team * 1000000 + min(place) FILTER (WHERE months = 4095) OVER (PARTITION BY team) AS instead
  FROM (SELECT ranked.*,
               (row_number() OVER (PARTITION BY team ORDER BY standing / 3, hashtextextended(brand, %(seed)s), standing)
                - 1)::int AS place
          FROM (SELECT grouped.*,
                       row_number() OVER (PARTITION BY team ORDER BY best = 0, best, ean LIKE %(generated)s,
                                          hashtextextended(ean, %(seed)s), ean COLLATE "C") - 1 AS standing
                  FROM (SELECT g.*, (ntile(%(groups)s) OVER (
                                     ORDER BY shelf_place, hashtextextended(ean, %(seed)s), ean COLLATE "C") - 1)::int AS team
                          FROM demo_goods g) AS grouped) AS ranked) AS placed;
CREATE UNIQUE INDEX ON demo_article (key);
CREATE TEMPORARY TABLE demo_season AS
SELECT key, months, instead FROM demo_article WHERE months <> 4095 AND instead IS NOT NULL;
ANALYZE demo_article, demo_season;
"""
_WORTH = """
SELECT avg(pg_temp.demo_total(a.is_weight, a.price_c,
                              pg_temp.demo_quantity(a.is_weight, a.step, a.price_c, pg_temp.demo_draw(k, 33))))
  FROM (SELECT k, k %% %(groups)s * 1000000 + CASE WHEN pg_temp.demo_draw(k, 30) < %(habit)s
                   THEN pg_temp.demo_habit(k %% %(groups)s, power(pg_temp.demo_draw(k, 31), 2.4),
                                           floor(3 * pg_temp.demo_draw(k, 34))::int)
                   ELSE pg_temp.demo_place(k %% %(groups)s, power(pg_temp.demo_draw(k, 32), 1.6)) END AS key
          FROM generate_series(1, 40000) k) AS wished
  JOIN demo_article a USING (key)
"""
