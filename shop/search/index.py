"""Writes the search index and the dictionary of known words. One door for one save and for a whole import."""

from collections.abc import Collection, Iterable

from django.db import connection, transaction

from shop.search.models import SearchEntry
from shop.search.queries.sources import ids_on_sale, rows_to_index
from shop.search.synonyms import teach_words
from shop.search.words import Weighed, letters, root, sound, weighed

BATCH = 5000


@transaction.atomic
def index_products(*, product_ids: Collection[int]) -> int:
    """Make the index and the dictionary say what these products now say; how many of them can be found.

    Products off sale leave both. The caller has locked the products: what each counted for is read and
    replaced in one statement, and words are locked in their order, after products. Three queries a batch of
    5,000 at most, none for no product.
    """
    ids = sorted(product_ids)
    return sum(_index(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH))


def _index(ids: list[int]) -> int:
    rows = rows_to_index(ids)
    told = [weighed(row.described) for row in rows]
    heard = {word: written for one in told for word, written in one.words.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                "all": ids,
                "ids": [row.product_id for row in rows],
                "popularity": [row.popularity for row in rows],
                "smallest": [row.smallest for row in rows],
                "brands": [row.brand_id for row in rows],
                **_columns(told),
                "heard": list(heard),
                "roots": [root(word) for word in heard],
                "written": list(heard.values()),
                "sounds": [sound(word) for word in heard],
                "letters": [letters(word) for word in heard],
            },
        )
        if any(count <= 0 for (count,) in cursor.fetchall()):
            cursor.execute("DELETE FROM search_knownword WHERE products <= 0 AND NOT in_synonym")
    return len(rows)


def _columns(told: Iterable[Weighed]) -> dict[str, list[str]]:
    rows = list(told)
    columns = {name: [getattr(row, name) for row in rows] for name in ("head", "name", "place", "others")}
    return columns | {"words": [" ".join(row.words) for row in rows]}


_WRITE = """
WITH told AS (
    SELECT * FROM unnest(
        %(ids)s::bigint[], %(popularity)s::int[], %(smallest)s::int[], %(brands)s::bigint[], %(head)s::text[],
        %(name)s::text[], %(place)s::text[], %(others)s::text[], %(words)s::text[]
    ) AS t (product_id, popularity, smallest, brand_id, head, name, place, others, words)
), before AS MATERIALIZED (
    SELECT words FROM search_searchentry WHERE product_id = ANY (%(all)s)
), gone AS (
    DELETE FROM search_searchentry WHERE product_id = ANY (%(all)s) AND NOT product_id = ANY (%(ids)s::bigint[])
), kept AS (
    INSERT INTO search_searchentry AS e (product_id, popularity, smallest, brand_id, vector, words)
    SELECT product_id, popularity, smallest, brand_id,
           array_to_tsvector(ARRAY(
               SELECT '^' || stem FROM unnest(tsvector_to_array(to_tsvector('cabas_words', head))) AS stem
           ))
           || setweight(to_tsvector('cabas_words', head), 'A') || setweight(to_tsvector('cabas_words', name), 'B')
           || setweight(to_tsvector('cabas_words', place), 'C') || setweight(to_tsvector('cabas_words', others), 'D'),
           words
      FROM told
    ON CONFLICT (product_id) DO UPDATE
       SET popularity = excluded.popularity, smallest = excluded.smallest, brand_id = excluded.brand_id,
           vector = excluded.vector, words = excluded.words
), change AS (
    SELECT word, sum(n)::int AS n
      FROM (SELECT unnest(string_to_array(words, ' ')) AS word, 1 AS n FROM told
            UNION ALL SELECT unnest(string_to_array(words, ' ')), -1 FROM before) AS both_sides
     GROUP BY word HAVING sum(n) <> 0
), heard AS (
    SELECT * FROM unnest(
        %(heard)s::text[], %(written)s::text[], %(roots)s::text[], %(sounds)s::text[], %(letters)s::text[]
    ) AS h (word, written, root, sound, letters)
)
INSERT INTO search_knownword AS known (word, written, stem, sound, letters, products, in_synonym)
SELECT word, coalesce(written, word), coalesce((tsvector_to_array(to_tsvector('cabas_words', root)))[1], word),
       coalesce(sound, ''), coalesce(letters, ''), n, false
  FROM change LEFT JOIN heard USING (word)
 ORDER BY word
ON CONFLICT (word) DO UPDATE SET products = known.products + excluded.products
RETURNING products
"""


@transaction.atomic
def rebuild() -> int:
    """Build index and dictionary anew from the products on sale; how many. Keeps other writers out, readers wait for nothing."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE search_searchentry, search_knownword IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM search_knownword")
        cursor.execute("UPDATE search_searchentry SET words = ''")
        cursor.execute(
            "DELETE FROM search_searchentry e USING catalogue_product p WHERE p.id = e.product_id AND NOT p.is_published"
        )
    indexed = index_products(product_ids=ids_on_sale())
    teach_words()
    return indexed


def ensure_index() -> None:
    """Build the index of a shop whose products nobody indexed yet. One query when there is nothing to do."""
    if not SearchEntry.objects.exists():
        rebuild()
