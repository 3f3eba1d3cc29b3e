"""The one statement of a search: understand what was typed, find, rank.

Written in PostgreSQL's own words, since each step feeds the next and a page has no more than two queries for its
products: the words are looked up, corrected, widened by synonyms and turned into a text query where the rows are.
"""

from functools import cache

# Each typed word: its stem and on how many products it stands.
_TYPED = """
typed AS MATERIALIZED (
    SELECT t.no, t.word, t.sound, t.letters, stem.stem, t.no = %(open)s AS is_open,
           coalesce(known.products, 0) AS products, known.products IS NOT NULL AS is_known
      FROM unnest(%(numbers)s::int[], %(words)s::text[], %(roots)s::text[], %(sounds)s::text[], %(letters)s::text[])
           AS t (no, word, root, sound, letters)
     CROSS JOIN LATERAL (
           SELECT coalesce((tsvector_to_array(to_tsvector('cabas_words', t.root)))[1], t.word) AS stem
     ) AS stem
      LEFT JOIN LATERAL (
           SELECT sum(k.products)::int AS products FROM search_knownword k WHERE k.stem = stem.stem
      ) AS known ON true
)"""

# « choco lat »: two neighbours, not both known, that make one known word.
_GLUED = """
glued AS MATERIALIZED (
    SELECT a.no, b.no AS second, k.word, k.stem, k.products
      FROM typed a JOIN typed b ON b.no = a.no + 1 JOIN search_knownword k ON k.word = a.word || b.word
     WHERE NOT (a.is_known AND b.is_known)
)"""

# The last word, still being typed, stands for the most frequent words that it begins.
_BEGUN = """
begun AS MATERIALIZED (
    SELECT t.no, array_agg(b.stem) AS stems, sum(b.products)::int AS products
      FROM typed t
     CROSS JOIN LATERAL (
           SELECT k.stem, sum(k.products) AS products FROM search_knownword k
            WHERE k.word >= t.word AND k.word < t.word || '~' AND k.products > 0
            GROUP BY k.stem ORDER BY 2 DESC, 1 LIMIT 12
     ) AS b
     WHERE t.is_open AND t.products < 3 AND length(t.word) >= 2
     GROUP BY t.no
)"""

# What is left is unknown. A mistake is measured in letters: swapped neighbours count once, the same sound for less.
_FIXED = """
fixed AS MATERIALIZED (
    SELECT t.no, best.word, best.stem, best.products, best.distance
      FROM typed t
     CROSS JOIN LATERAL (
           SELECT near.*
             FROM (
           SELECT k.*,
                  least(
                      levenshtein(t.word, k.word),
                      CASE WHEN k.letters = t.letters THEN 1 END,
                      CASE WHEN t.is_open AND length(t.word) >= 4 AND length(k.word) > length(t.word)
                           THEN levenshtein(t.word, left(k.word, length(t.word))) + 0.5 END
                  ) - CASE WHEN k.sound = t.sound THEN 0.8 ELSE 0 END AS distance
             FROM (
                 SELECT * FROM search_knownword WHERE sound = t.sound AND sound <> ''
                 UNION
                 SELECT * FROM search_knownword WHERE letters = t.letters AND sound <> ''
                 UNION
                 SELECT * FROM search_knownword
                  WHERE length(t.word) <= 5 AND left(word, 1) = left(t.word, 1)
                    AND length(word) BETWEEN length(t.word) - 1 AND length(t.word) + 1 AND sound <> ''
                 UNION
                 (SELECT * FROM search_knownword WHERE word %% t.word AND sound <> ''
                   ORDER BY similarity(word, t.word) DESC LIMIT 40)
             ) AS k
             ) AS near
            ORDER BY near.distance + CASE WHEN left(near.word, 1) = left(t.word, 1) THEN 0 ELSE 0.6 END
                     - 0.1 * ln(1 + near.products), near.word
            LIMIT 1
     ) AS best
     WHERE NOT %(exact)s AND NOT t.is_known AND t.sound <> '' AND length(t.word) >= 3
       AND NOT EXISTS (SELECT 1 FROM glued g WHERE t.no IN (g.no, g.second))
       AND NOT EXISTS (SELECT 1 FROM begun b WHERE b.no = t.no)
       AND best.distance <= CASE WHEN length(t.word) <= 3 THEN 1 WHEN length(t.word) <= 7 THEN 1.5 ELSE 2.5 END
                            + CASE WHEN best.sound = t.sound THEN 0.8 ELSE 0 END
)"""

# « paindemie »: two known words, a link between them or not. Preferred to a correction by more than a letter.
_SPLIT = """
split AS MATERIALIZED (
    SELECT DISTINCT ON (t.no) t.no, ARRAY[a.word, b.word] AS words, ARRAY[a.stem, b.stem] AS stems, least(a.products, b.products) AS products
      FROM typed t
     CROSS JOIN generate_series(3, length(t.word) - 2) AS place
      JOIN search_knownword a ON a.word = left(t.word, place)
      JOIN search_knownword b ON b.word IN (
               substr(t.word, place + 1), regexp_replace(substr(t.word, place + 1), '^(?:des?|d|du|aux?|a|en|la|l)', '')
           )
     WHERE NOT %(exact)s AND NOT t.is_known AND length(t.word) >= 6 AND length(b.word) >= 3 AND a.sound <> '' AND b.sound <> ''
       AND NOT EXISTS (SELECT 1 FROM glued g WHERE t.no IN (g.no, g.second))
       AND NOT EXISTS (SELECT 1 FROM begun g WHERE g.no = t.no)
       AND NOT EXISTS (SELECT 1 FROM fixed f WHERE f.no = t.no AND f.distance <= 1)
     ORDER BY t.no, least(a.products, b.products) DESC, place
)"""

# What each typed word became: one row a word understood, in order.
_WORDS = """
words AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY no, part)::int AS seq, w.*
      FROM (
          SELECT no, second AS until, 1 AS part, word, stem, products, quote_literal(stem) AS query, 'glued' AS how FROM glued
          UNION ALL
          SELECT s.no, s.no, part::int, s.words[part], s.stems[part], s.products, quote_literal(s.stems[part]), 'split'
            FROM split s CROSS JOIN generate_series(1, 2) AS part
          UNION ALL
          SELECT f.no, f.no, 1, f.word, f.stem, f.products, quote_literal(f.stem), 'fixed'
            FROM fixed f WHERE NOT EXISTS (SELECT 1 FROM split s WHERE s.no = f.no)
          UNION ALL
          SELECT b.no, b.no, 1, t.word, t.stem, b.products,
                 (SELECT string_agg(quote_literal(one), ' | ') FROM unnest(b.stems || t.stem) AS one), 'typed'
            FROM begun b JOIN typed t USING (no)
          UNION ALL
          SELECT t.no, t.no, 1, t.word, t.stem, t.products, quote_literal(t.stem), CASE WHEN t.is_known THEN 'typed' ELSE 'unknown' END
            FROM typed t
           WHERE NOT EXISTS (SELECT 1 FROM glued o WHERE t.no IN (o.no, o.second))
             AND NOT EXISTS (SELECT 1 FROM split o WHERE o.no = t.no)
             AND NOT EXISTS (SELECT 1 FROM fixed o WHERE o.no = t.no)
             AND NOT EXISTS (SELECT 1 FROM begun o WHERE o.no = t.no)
      ) AS w
)"""

# Synonyms, by the stems of up to four words in a row; the longest expression wins, then the first.
_MEANT = """
spans AS MATERIALIZED (
    SELECT a.seq AS first, b.seq AS last, p.query,
           (SELECT string_agg(quote_literal(w.stem), ' & ') FROM words w WHERE w.seq BETWEEN a.seq AND b.seq) AS typed
      FROM words a JOIN words b ON b.seq BETWEEN a.seq AND a.seq + 3
      JOIN search_synonymphrase p
        ON p.stems = (SELECT string_agg(w.stem, ' ' ORDER BY w.seq) FROM words w WHERE w.seq BETWEEN a.seq AND b.seq)
), meant AS MATERIALIZED (
    SELECT * FROM spans s
     WHERE NOT EXISTS (
           SELECT 1 FROM spans o WHERE o.first <= s.last AND o.last >= s.first
              AND (o.last - o.first, -o.first) > (s.last - s.first, -s.first)
     )
)"""

# A known word that sounds like one found twenty times as often may be the same, spelled as a producer misspelled it.
_TERMS = """
alike AS MATERIALIZED (
    SELECT w.seq, string_agg(DISTINCT quote_literal(k.stem), ' | ') AS query
      FROM words w JOIN typed t USING (no)
      JOIN search_knownword k ON k.sound = t.sound AND k.sound <> '' AND k.stem <> w.stem AND k.products > 20 * w.products
     WHERE NOT %(exact)s AND w.how = 'typed' AND levenshtein(k.word, t.word) <= 2
     GROUP BY w.seq
), terms AS MATERIALIZED (
    SELECT m.first AS seq, '((' || m.typed || ') | ' || m.query || ')' AS query, NULL AS wider, 1e9 AS tells,
           (SELECT array_agg(w.no) FROM words w WHERE w.seq BETWEEN m.first AND m.last) AS nos
      FROM meant m
    UNION ALL
    SELECT w.seq, '(' || w.query || ')', '(' || w.query || ' | ' || alike.query || ')',
           CASE WHEN w.how = 'unknown' OR w.products = 0 THEN 0 ELSE 1e9 - w.products END, ARRAY[w.no]
      FROM words w LEFT JOIN alike USING (seq)
     WHERE NOT EXISTS (SELECT 1 FROM meant m WHERE w.seq BETWEEN m.first AND m.last)
), ranked AS MATERIALIZED (
    SELECT t.*, row_number() OVER (ORDER BY tells > 0 AND seq = 1 DESC, tells DESC, seq) AS place FROM terms t
)"""

# All the words; the same, more loosely heard; then always one less, the most common first. French names the thing
# before its qualities: the first word stays longest.
_TRIES = """
whole AS MATERIALIZED (
    SELECT 0 AS n, string_agg(query, ' & ' ORDER BY seq)::tsquery AS wanted, string_agg(query, ' | ')::tsquery AS any_of,
           NULL::int[] AS dropped
      FROM ranked
), tries AS MATERIALIZED (
    SELECT place AS n, (SELECT string_agg(coalesce(wider, query), ' & ')::tsquery FROM ranked WHERE place <= r.place) AS wanted,
           (SELECT string_agg(coalesce(wider, query), ' | ')::tsquery FROM ranked WHERE place <= r.place) AS any_of,
           (SELECT array_agg(no) FROM ranked, unnest(nos) AS no WHERE place > r.place) AS dropped
      FROM ranked r
), size AS MATERIALIZED (
    SELECT coalesce(max(c.reltuples) > 10000 AND bool_and(tells > 0) AND count(*) = 1 AND (1e9 - min(tells)) ^ 2 > %(most)s * max(c.reltuples)::numeric, false) AS is_wide
      FROM ranked, pg_class c WHERE c.oid = 'search_searchentry'::regclass
)"""

_FOUND = """
every AS MATERIALIZED (
    SELECT product_id, popularity FROM search_searchentry
     WHERE NOT (SELECT is_wide FROM size) AND vector @@ (SELECT wanted FROM whole)
), wide AS MATERIALIZED (
    SELECT product_id, popularity FROM search_searchentry
     WHERE (SELECT is_wide FROM size) AND coalesce(vector @@ (SELECT wanted FROM whole), false)
     ORDER BY popularity DESC, product_id LIMIT %(most)s
), fewer AS MATERIALIZED (
    SELECT * FROM tries
     WHERE NOT %(exact)s AND NOT EXISTS (SELECT 1 FROM every) AND NOT (SELECT is_wide FROM size)
       AND (SELECT count(*) FROM search_searchentry e WHERE e.vector @@ tries.wanted) > 0
     ORDER BY n DESC LIMIT 1
), loose AS MATERIALIZED (
    SELECT product_id, popularity FROM search_searchentry WHERE vector @@ (SELECT wanted FROM fewer)
), used AS MATERIALIZED (
    SELECT wanted, any_of, regexp_replace(any_of::text, $$'([a-z0-9]+)'$$, $$'^\\1'$$, 'g')::tsquery AS heads
      FROM (SELECT * FROM fewer UNION ALL SELECT * FROM whole WHERE NOT EXISTS (SELECT 1 FROM fewer)) AS one
), number AS MATERIALIZED (
    SELECT CASE WHEN is_wide THEN NULL ELSE (SELECT count(*) FROM every) + (SELECT count(*) FROM loose) END AS hits FROM size
)"""

# One word of thousands of products is read from the most bought down, which is cheaper as soon as its products outnumber
# the square root of (how many are wanted × how many there are).
# OFFSET 0 keeps the planner from walking all products in the order wanted in search of a few.
# Thousands of hits are not ranked one by one: the most bought are, the most bought of those that are the thing itself, and
# what the zone buys most, were it unknown elsewhere.
_POOL = """
pool AS MATERIALIZED (
    (SELECT product_id FROM (SELECT * FROM every UNION ALL SELECT * FROM wide UNION ALL SELECT * FROM loose) AS one
      ORDER BY popularity DESC, product_id LIMIT %(most)s)
    UNION
    (SELECT product_id FROM (
         SELECT product_id, popularity FROM search_searchentry
          WHERE coalesce((SELECT hits FROM number) > %(most)s, true) AND vector @@ (SELECT heads && wanted FROM used)
         OFFSET 0
     ) AS heads ORDER BY popularity DESC, product_id LIMIT %(most)s)
    UNION
    (SELECT product_id FROM (
         SELECT z.product_id FROM search_zonepopularity z
          WHERE z.zone_id = %(zone)s AND coalesce((SELECT hits FROM number) > %(most)s, true)
          ORDER BY z.popularity DESC, z.product_id LIMIT %(local)s
     ) AS local
      WHERE (SELECT e.vector @@ (SELECT wanted FROM used) FROM search_searchentry e WHERE e.product_id = local.product_id))
), top AS MATERIALIZED (
    SELECT e.* FROM pool
     CROSS JOIN LATERAL (
           SELECT e.product_id, e.popularity, e.smallest,
                  floor(20 * ts_rank('{0.1, 0.35, 0.6, 1.0}', e.vector, (SELECT any_of FROM used)))::int AS rank,
                  coalesce((SELECT z.popularity FROM search_zonepopularity z
                             WHERE z.zone_id = %(zone)s AND z.product_id = pool.product_id), 0) AS sold_here
             FROM search_searchentry e WHERE e.product_id = pool.product_id OFFSET 0
     ) AS e
     ORDER BY rank DESC, sold_here DESC, popularity DESC, product_id LIMIT %(most)s
)"""

# The stock is read row by row: the planner would else read a whole depot.
_ANSWER = """
SELECT (SELECT coalesce(array_agg(product_id ORDER BY rank DESC, is_available DESC, sold_here DESC, popularity DESC, product_id), '{}')
          FROM (SELECT top.*, coalesce(
                       (SELECT s.available FROM stock_stockitem s WHERE s.product_id = top.product_id AND s.depot_id = %(depot)s), 0
                ) >= smallest AS is_available FROM top) AS one),
       (SELECT hits FROM number),
       (SELECT coalesce(json_agg(json_build_array(no, until, how, coalesce((SELECT k.written FROM search_knownword k WHERE k.word = words.word), word)) ORDER BY seq), '[]') FROM words),
       (SELECT coalesce(dropped, '{}') FROM fewer),
       (SELECT coalesce(json_agg(json_build_array(name, slug)), '[]') FROM brands)
"""

# Brands with something on sale, whose name begins with each word typed.
_BRANDS = """
named AS MATERIALIZED (
    SELECT b.id, b.name, b.slug FROM catalogue_brand b
     WHERE %(brands)s > 0 AND '-' || b.slug LIKE ALL (%(names)s::text[]) ORDER BY length(b.name), b.name LIMIT 20
), brands AS MATERIALIZED (
    SELECT name, slug FROM named WHERE (SELECT true FROM search_searchentry e WHERE e.brand_id = named.id LIMIT 1) LIMIT %(brands)s
)"""

_STEPS = [_TYPED, _GLUED, _BEGUN, _FIXED, _SPLIT, _WORDS, _MEANT, _TERMS, _TRIES, _FOUND, _POOL, _BRANDS]
_SEARCH = "WITH " + ", ".join(step.strip() for step in _STEPS) + _ANSWER


@cache
def search_statement(*, most: int, local: int, brands: int) -> str:
    """The statement for how many products at most, how many of the zone's best sellers looked at, how many brands.

    These stand in its text: planning it takes as long as an easy search, and a plan made once, for any values, is only
    as good where it is known how few rows are wanted.
    """
    figures = {"most": most, "local": local, "brands": brands}
    text = _SEARCH
    for name, figure in figures.items():
        text = text.replace(f"%({name})s", str(int(figure)))
    return text
