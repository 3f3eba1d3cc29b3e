"""Taking away what an earlier demonstration made, and refusing to touch a shop that others have used."""

from config.demonstration.apart import TABLES, Key, keys_around
from config.demonstration.marks import BASKET_PREFIX, EAN_PREFIX, EMAIL_DOMAIN
from config.demonstration.plan import Refused
from config.demonstration.work import Work
from shop.reviews.services import recount_ratings

_ALL = "true"
_MADE_GOOD = "origin = 'compensation' AND source ~ '^compensation-[0-9]+$'"
_HOUSEHOLDS = f"email LIKE '%%@{EMAIL_DOMAIN}'"
_OF_REFERRALS = f"origin = 'referral' AND owner_id IN (SELECT id FROM customers_customer WHERE {_HOUSEHOLDS})"  # noqa: S608
# Owned by orders, which are all the demonstration's; parents last.
_OF_ORDERS = ["payments_demosession", "payments_paymentaccount", "stock_stockreservation", "orders_order"]


def refuse_other_orders(work: Work) -> None:
    """Raises Refused when somebody ordered here: their orders are not ours to take away."""
    if work.one(
        "SELECT EXISTS (SELECT 1 FROM orders_order WHERE NOT basket_key BETWEEN %(low)s::uuid AND %(high)s::uuid)",
        low=f"{BASKET_PREFIX}-0000-0000-0000-000000000000", high=f"{BASKET_PREFIX}-ffff-ffff-ffff-ffffffffffff",
    ):  # fmt: skip
        raise Refused(
            "Cette boutique a déjà des commandes qui ne viennent pas de la démonstration\u202f: rien n’a été changé. "
            "Partez d’une base neuve."
        )


def clear(work: Work, keys: list[Key]) -> None:
    """Take away the orders, households and products of an earlier load. ``keys`` are those set apart."""
    work.say("Ce qu’une démonstration précédente avait laissé…")
    for table in _OF_ORDERS:
        _remove(work, keys, table, _ALL)
    _remove(work, keys, "promise_outcome", _ALL)
    work.run("DELETE FROM promise_ruleweek")
    # Their owners go too, and a voucher's owner never changes.
    for which in (_MADE_GOOD, _OF_REFERRALS):
        _remove(work, keys, "vouchers_voucher", which)
    work.run("UPDATE stock_stockitem SET reserved = 0 WHERE reserved > 0")
    work.run("DELETE FROM slots_hold WHERE holder LIKE %(mark)s", mark=f"{BASKET_PREFIX}-%")
    work.run(_RECOUNT)
    for table in ("customers_customer", "customers_user"):
        _remove(work, keys, table, _HOUSEHOLDS)
    _remove(work, keys, "catalogue_product", f"ean ~ '^{EAN_PREFIX}[0-9]{{9}}$'")
    # What households bought and said went with them.
    work.run("DELETE FROM search_zonepopularity")
    recount_ratings()


_RECOUNT = """
UPDATE slots_slot s SET booked = counted.live
  FROM (SELECT s.id, count(h.id) AS live FROM slots_slot s
          LEFT JOIN slots_hold h ON h.slot_id = s.id AND h.state <> 'released'
         WHERE s.booked > 0 GROUP BY s.id) AS counted
 WHERE s.id = counted.id AND s.booked <> counted.live
"""


def _remove(work: Work, keys: list[Key], table: str, which: str) -> None:
    """Delete rows, and first what cannot be without them; what can forgets them."""
    for key in {key.name: key for key in [*keys, *keys_around(work, [table])]}.values():
        if key.target != table or (which == _ALL and key.table == table):
            continue
        among = _ALL if which == _ALL else f"{key.column} IN (SELECT {_id(table)} FROM {table} WHERE {which})"  # noqa: S608
        if not key.is_required:
            work.run(f"UPDATE {key.table} SET {key.column} = NULL WHERE {key.column} IS NOT NULL AND {among}")  # noqa: S608
        elif key.table != table:
            _remove(work, keys, key.table, among)
    if which == _ALL and table in TABLES:
        work.run(f"TRUNCATE {table}")
    else:
        _delete(work, table, which)


def _delete(work: Work, table: str, which: str) -> None:
    """Append-only tables let go of invented rows only."""
    work.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    work.run(f"DELETE FROM {table} WHERE {which}")  # noqa: S608
    work.run(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} ENABLE TRIGGER USER")


# Of tables whose rows are known by what they belong to.
_IDS = {
    "payments_paymentaccount": "order_reference",
    "points_pointaccount": "customer_id",
    "referrals_sponsor": "customer_id",
}


def _id(table: str) -> str:
    return _IDS.get(table, "id")
