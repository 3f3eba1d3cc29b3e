"""Who buys: households, each with its own rhythm, purse, shelves, day and hour."""

from dataclasses import astuple, dataclass
from itertools import accumulate

from config.demonstration.marks import EMAIL_DOMAIN
from config.demonstration.places import tickets
from config.demonstration.plan import Refused
from config.demonstration.words import FIRST_NAMES, LAST_NAMES, STREETS
from config.demonstration.work import Work
from shop.catalogue.rules import sort_name


@dataclass(frozen=True, slots=True)
class Loyalty:
    """A class of households. ``interval_days`` between two orders on average, while it orders; ``basket_euros`` is
    what it means to spend on goods: delivery, deposits and the zone's minimum add some four percent.

    ``spread``: how much households of the class differ. ``looseness``: how far an order may stray from its
    time, 1 being a whole interval. ``keeps``: below 1, what is left of a rhythm that much faster, so that
    orders come in bursts. ``leaves``: whether it goes away for good.
    """

    name: str
    share: float
    interval_days: float
    basket_euros: float
    spread: float
    looseness: float
    keeps: float = 1.0
    leaves: bool = False


# Over all, one order every 28 days at 107 € or so; regular households, two a month at 152 €.
CLASSES = (
    Loyalty("regular", 0.22, 15.2, 149.5, spread=0.25, looseness=0.4),
    Loyalty("irregular", 0.38, 29.5, 80.0, spread=0.4, looseness=1.0),
    Loyalty("opportunist", 0.28, 51.0, 68.0, spread=0.4, looseness=1.0, keeps=0.4),
    Loyalty("lost", 0.12, 18.9, 61.0, spread=0.4, looseness=0.8, leaves=True),
)


def make_households(work: Work) -> None:
    """Fill ``demo_household``. Raises Refused without a delivered zone."""
    towns = tickets()
    if not towns:
        raise Refused("Aucune zone livrée\u202f: lancez d’abord « manage.py seed_defaults ».")
    work.run(_TABLES)
    with work.cursor.copy("COPY demo_town (ticket, zone_id, postcode, city) FROM STDIN") as copy:
        for row in towns:
            copy.write_row(row)
    ends = [*accumulate(loyalty.share for loyalty in CLASSES[:-1]), 1.0]
    with work.cursor.copy("COPY demo_class FROM STDIN") as copy:
        for low, high, loyalty in zip([0.0, *ends], ends, CLASSES, strict=False):
            copy.write_row((low, high, *astuple(loyalty)))
    work.run(
        _HOUSEHOLDS,
        tickets=len(towns), first=FIRST_NAMES, last=LAST_NAMES, streets=list(STREETS), domain=EMAIL_DOMAIN,
        first_plain=[sort_name(name) for name in FIRST_NAMES], last_plain=[sort_name(name) for name in LAST_NAMES],
    )  # fmt: skip
    work.run("ANALYZE demo_household")


_TABLES = """
CREATE TEMPORARY TABLE demo_town (ticket integer, zone_id bigint, postcode varchar, city varchar);
CREATE TEMPORARY TABLE demo_class (
    low double precision, high double precision, class varchar, share double precision, interval_days double precision,
    basket double precision, spread double precision, looseness double precision, keeps double precision, leaves boolean
);
"""
# The telephone numbers are those that ARCEP keeps for fiction (decision 2018-0881: 06 39 98 00 00 to 99 99).
# A household's groups are ``span`` of all, from ``start`` on, ``stride`` apart.
_HOUSEHOLDS = """
CREATE TEMPORARY TABLE demo_household AS
SELECT h, c.class, c.looseness, c.keeps,
       c.keeps * c.interval_days / (1 + c.spread * (2 * pg_temp.demo_draw(h, 101) - 1)) AS spacing,
       pg_temp.demo_draw(h, 102) AS phase,
       CASE WHEN c.leaves THEN %(days)s * (0.15 + 0.6 * pg_temp.demo_draw(h, 103)) ELSE %(days)s END AS leaves_at,
       100 * c.basket * (0.6 + 0.8 * size) AS spends_c,
       floor(pg_temp.demo_draw(h, 105) * %(groups)s)::int AS start,
       1 + floor(pg_temp.demo_draw(h, 106) * (%(groups)s - 1))::int AS stride,
       least(%(groups)s, 26 + floor(pg_temp.demo_draw(h, 107) * 15)::int) AS span,
       (ARRAY[1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7])[1 + floor(pg_temp.demo_draw(h, 108) * 17)::int] AS weekday,
       (ARRAY[8, 9, 10, 11, 12, 13, 13, 14, 16, 17, 18, 19, 20, 20, 21, 21, 22])
           [1 + floor(pg_temp.demo_draw(h, 109) * 17)::int] AS buys_at,
       CASE WHEN pg_temp.demo_draw(h, 110) < 0.5 THEN 18 + floor(pg_temp.demo_draw(h, 111) * 2)::int
            ELSE 8 + floor(pg_temp.demo_draw(h, 111) * 13)::int END AS home_at,
       pg_temp.demo_draw(h, 112) < 0.3 AS has_login,
       (%(first)s::varchar[])[f] AS first_name, (%(last)s::varchar[])[l] AS last_name,
       (%(first_plain)s::text[])[f] || '.' || (%(last_plain)s::text[])[l] || '.' || h || '@' || %(domain)s AS email,
       '063998' || lpad(floor(pg_temp.demo_draw(h, 115) * 10000)::int::text, 4, '0') AS phone,
       1 + floor(pg_temp.demo_draw(h, 116) * 120)::int || ' '
           || (%(streets)s::varchar[])[1 + floor(pg_temp.demo_draw(h, 117) * cardinality(%(streets)s::varchar[]))::int] AS line1,
       CASE WHEN pg_temp.demo_draw(h, 118) < 0.5 THEN 1 + floor(pg_temp.demo_draw(h, 119) * 6)::int || 'e étage' ELSE '' END AS floor,
       town.postcode, town.city, town.zone_id, zone.depot_id
  FROM (SELECT h, pg_temp.demo_draw(h, 100) AS draw, pg_temp.demo_draw(h, 104) AS size,
               1 + floor(pg_temp.demo_draw(h, 113) * cardinality(%(first)s::varchar[]))::int AS f,
               1 + floor(pg_temp.demo_draw(h, 114) * cardinality(%(last)s::varchar[]))::int AS l,
               floor(pg_temp.demo_draw(h, 120) * %(tickets)s)::int AS ticket
          FROM generate_series(1, %(customers)s::bigint) h) AS drawn
  JOIN demo_class c ON drawn.draw >= c.low AND drawn.draw < c.high
  JOIN demo_town town USING (ticket)
  JOIN zones_zone zone ON zone.id = town.zone_id
"""
