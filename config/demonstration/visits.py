"""When each household orders: its rhythm, bent by seasons, its own weekday and hour, and the slots there are."""

from datetime import datetime, time, timedelta

from config.demonstration.plan import MOST_ORDERS, PARIS, Refused
from config.demonstration.work import Work
from delivery.slots.services import generate_slots

# Share of orders that are called off in time, and of attempts that are never paid.
CANCELLED = 0.025
ABANDONED = 0.015
# Slots are made this far beyond the first and the last day.
_AHEAD = 6


def plan_visits(work: Work) -> None:
    """Fill ``demo_order``: one row an order, numbered in the order of time; the past days' slots are made."""
    plan = work.plan
    opening = datetime.combine(plan.first_day - timedelta(days=1), time(), PARIS)
    generate_slots(days=plan.days + 1 + _AHEAD, now=opening)
    work.run("ANALYZE slots_slot")
    work.run(_OPEN_DAYS)
    pace = plan.pace()
    work.run(
        _ORDERS, pace=pace, first_day=plan.first_day, cancelled=CANCELLED, abandoned=ABANDONED,
    )  # fmt: skip
    work.run("CREATE UNIQUE INDEX ON demo_order (n); ANALYZE demo_order")
    count = work.one("SELECT count(*) FROM demo_order")
    if count > MOST_ORDERS:
        raise Refused(f"Trop de commandes\u202f: {count}.")
    work.values["orders"] = count


# The day a zone drives next, from every day on.
_OPEN_DAYS = """
CREATE TEMPORARY TABLE demo_open_day AS
WITH driven AS (
    SELECT DISTINCT zone_id, (starts_at AT TIME ZONE 'Europe/Paris')::date AS day FROM slots_slot
), calendar AS (
    SELECT zone_id, generate_series(min(day), max(day), interval '1 day')::date AS day FROM driven GROUP BY zone_id
)
SELECT c.zone_id, c.day,
       min(d.day) OVER (PARTITION BY c.zone_id ORDER BY c.day DESC) AS driven_on
  FROM calendar c LEFT JOIN driven d USING (zone_id, day);
ANALYZE demo_open_day;
"""
# ``rank``: one more than the orders that stand, as when each was placed. OFFSET 0 keeps the planner from writing
# a step's expressions out again in each later one.
_ORDERS = """
CREATE TEMPORARY TABLE demo_order AS
WITH meant AS (
    SELECT h.h, h.h * 4096 + j AS okey, h.keeps, h.leaves_at, h.weekday, h.buys_at,
           (j - 1 + h.phase + h.looseness * (pg_temp.demo_draw(h.h * 4096 + j, 201) - 0.5)) * h.spacing AS at
      FROM demo_household h, generate_series(0, ceil(%(days)s / h.spacing)::int + 1) j
    OFFSET 0
), kept AS (
    SELECT *, width_bucket(at, %(pace)s::float8[]) - 1 AS day FROM meant
     WHERE at >= 0 AND at < leaves_at AND pg_temp.demo_draw(okey, 202) < keeps
    OFFSET 0
), bent AS (
    SELECT *, (weekday - extract(isodow FROM %(first_day)s::date + day)::int + 10) %% 7 - 3 AS shift FROM kept
    OFFSET 0
), dated AS (
    SELECT h, okey, buys_at,
           %(first_day)s::date + day + CASE WHEN pg_temp.demo_draw(okey, 203) < 0.6 AND day + shift >= 0
                                             AND day + shift < %(days)s THEN shift ELSE 0 END AS bought_on
      FROM bent
    OFFSET 0
), timed AS (
    SELECT h, okey, bought_on,
           (bought_on + make_interval(
               mins => greatest(360, least(1400, buys_at * 60 + floor(150 * (pg_temp.demo_draw(okey, 204) - 0.5))::int)),
               secs => floor(60 * pg_temp.demo_draw(okey, 205)))) AT TIME ZONE 'Europe/Paris' AS created_at
      FROM dated
    OFFSET 0
), addressed AS (
    SELECT t.h, t.okey, t.created_at, h.class, h.zone_id, h.depot_id, h.start, h.stride, h.span, h.spends_c,
           z.minimum_order, z.free_delivery_from,
           t.bought_on + 1 + z.cutoff_minutes / 1440 + (pg_temp.demo_draw(okey, 206) < 0.35)::int AS wanted_on,
           greatest(extract(hour FROM z.opens_at)::int, least(extract(hour FROM z.closes_at)::int - 1, h.home_at)) AS hour
      FROM timed t JOIN demo_household h USING (h) JOIN zones_zone z ON z.id = h.zone_id
     WHERE t.created_at < %(now)s::timestamptz - interval '10 minutes'
    OFFSET 0
), delivered AS (
    SELECT a.*, (o.driven_on + make_interval(hours => a.hour)) AT TIME ZONE 'Europe/Paris' AS arrives_at
      FROM addressed a JOIN demo_open_day o ON o.zone_id = a.zone_id AND o.day = a.wanted_on
    OFFSET 0
), booked AS (
    SELECT d.*, s.id AS slot_id, s.starts_at, s.ends_at, s.price,
           d.created_at + make_interval(secs => 60 + floor(200 * pg_temp.demo_draw(okey, 207))) AS paid_at,
           d.created_at + interval '10 minutes'
               + (least(s.cutoff_at, %(now)s) - d.created_at - interval '20 minutes') * pg_temp.demo_draw(okey, 208)
               AS changed_at,
           pg_temp.demo_draw(okey, 209) AS fate
      FROM delivered d JOIN slots_slot s ON s.zone_id = d.zone_id AND s.starts_at = d.arrives_at
     WHERE s.cutoff_at > d.created_at + interval '30 minutes'
    OFFSET 0
), decided AS (
    SELECT *, CASE WHEN created_at > %(now)s::timestamptz - interval '4 hours' THEN 'placed'
                   WHEN fate < %(cancelled)s AND changed_at > paid_at + interval '5 minutes' THEN 'cancelled'
                   WHEN fate BETWEEN %(cancelled)s AND %(cancelled)s + %(abandoned)s THEN 'abandoned'
                   ELSE 'placed' END AS status
      FROM booked
    OFFSET 0
), counted AS (
    SELECT *, row_number() OVER (ORDER BY created_at, okey)::int AS n,
           coalesce(sum((status = 'placed')::int) OVER (PARTITION BY h ORDER BY created_at, okey
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::int + 1 AS rank
      FROM decided
), coded AS (
    SELECT *, (n::bigint * 424242424243 + floor(656100000000 * pg_temp.demo_draw(0, 213))::bigint) %% 656100000000 AS code
      FROM counted
    OFFSET 0
)
SELECT n, okey, h, class, status, rank, zone_id, depot_id, slot_id, starts_at, ends_at, created_at, paid_at, changed_at,
       start, stride, span, floor(pg_temp.demo_draw(okey, 210) * span)::int AS turn,
       extract(month FROM created_at)::int AS month,
       greatest(3, least(span, floor(spends_c * (0.7 + 0.6 * pg_temp.demo_draw(okey, 211)) / %(line_cents)s
                                     + pg_temp.demo_draw(okey, 212))::int)) AS lines,
       (minimum_order * 100)::int AS minimum_c, (free_delivery_from * 100)::int AS free_c, (price * 100)::int AS fee_c,
       'CB-' || pg_temp.demo_letter(code, 1) || pg_temp.demo_letter(code, 30) || pg_temp.demo_letter(code, 900)
             || pg_temp.demo_letter(code, 27000) || '-' || pg_temp.demo_letter(code, 810000)
             || pg_temp.demo_letter(code, 24300000) || pg_temp.demo_letter(code, 729000000)
             || pg_temp.demo_letter(code, 21870000000) AS reference
  FROM coded
 ORDER BY n
"""
