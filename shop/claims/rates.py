"""How often a customer reports, beside comparable ones. Figures for whoever looks at a claim: nothing is decided by them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from config.templatetags.cabas import euros, french_number
from shop.claims.models import Claim
from shop.claims.queries import claims_by, limits_in_force
from shop.claims.rules import is_near_limit
from shop.claims.wording import compared

DAYS = 90
# Customers with as many orders are comparable; the last has no end.
_LIKE = ((1, 1), (2, 3), (4, 7), (8, None))


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one party, and of those with as many orders: how many others, claims and euros of each on average."""

    orders: int
    claims: int
    amount: Decimal
    least: int
    most: int | None
    others: int
    others_claims: Decimal
    others_amount: Decimal


_RATES = """
WITH parties AS (
    SELECT coalesce(c.merged_into_id, c.id) AS party, count(*) AS orders
      FROM orders_order o JOIN customers_customer c ON c.id = o.customer_id
     WHERE o.status IN ('packed', 'delivered') AND o.makes_good_id IS NULL AND o.created_at > %(since)s
     GROUP BY 1),
told AS (
    SELECT coalesce(c.merged_into_id, c.id) AS party, count(*) AS claims, sum(k.amount) AS amount
      FROM claims_claim k JOIN customers_customer c ON c.id = k.customer_id
     WHERE k.created_at > %(since)s AND k.told_by_id IS NULL AND k.kind <> 'not_mine' GROUP BY 1),
mine AS (SELECT coalesce((SELECT orders FROM parties WHERE party = %(party)s), 0) AS orders)
SELECT (SELECT orders FROM mine),
       coalesce((SELECT claims FROM told WHERE party = %(party)s), 0),
       coalesce((SELECT amount FROM told WHERE party = %(party)s), 0),
       count(*), coalesce(sum(t.claims), 0), coalesce(sum(t.amount), 0)
  FROM parties p LEFT JOIN told t ON t.party = p.party
 WHERE p.party <> %(party)s
   AND width_bucket(p.orders, ARRAY[2, 4, 8]::bigint[]) = width_bucket((SELECT orders FROM mine), ARRAY[2, 4, 8]::bigint[])
"""


def rate_of(party: int, since: datetime) -> Rate:
    """One statement over the orders and claims since then."""
    with connection.cursor() as cursor:
        cursor.execute(_RATES, {"party": party, "since": since})
        orders, claims, amount, others, their_claims, their_amount = cursor.fetchone()
    least, most = next(one for one in _LIKE if one[1] is None or orders <= one[1])
    each = Decimal(others or 1)
    return Rate(
        orders, claims, Decimal(amount), least, most, others, Decimal(their_claims) / each, Decimal(their_amount) / each
    )  # fmt: skip


def signal(claim: Claim) -> list[str]:
    """What staff read beside a claim: its customer's rate, claims right at the limit, a photograph seen before.

    Needs its customer and order; five queries.
    """
    party, since = claim.customer.party_id, timezone.now() - timedelta(days=DAYS)
    rate = rate_of(party, since)
    like = _like(rate)
    is_alone = not rate.others
    said = [
        compared(rate.claims, DAYS, None if is_alone else french_number(rate.others_claims, 1), like),
        _("%(mine)s signalés") % {"mine": euros(rate.amount)}
        if is_alone
        else _("%(mine)s signalés, contre %(others)s")
        % {"mine": euros(rate.amount), "others": euros(rate.others_amount)},
    ]
    return [*said, *_at_the_limit(claim, party, since), *_seen_before(claim)]


def _like(rate: Rate) -> str:
    if rate.most is None:
        return _("%(n)d commandes ou plus") % {"n": rate.least}
    if rate.least == rate.most:
        return _("une commande au plus")
    return _("%(least)d à %(most)d commandes") % {"least": rate.least, "most": rate.most}


def _at_the_limit(claim: Claim, party: int, since: datetime) -> list[str]:
    limits = limits_in_force()
    found = claims_by(party, since).values_list("amount", "order__rank")
    near = sum(is_near_limit(amount, limits.most(rank)) for amount, rank in found)
    return [_("%(n)d juste sous la limite de réponse immédiate") % {"n": near}] if near else []


def _seen_before(claim: Claim) -> list[str]:
    if not claim.photo_hash:
        return []
    same = Claim.objects.filter(photo_hash=claim.photo_hash).exclude(pk=claim.pk).select_related("customer")
    parties = [one.customer.party_id for one in same]
    if not parties:
        return []
    others = sum(one != claim.customer.party_id for one in parties)
    told = {"n": len(parties), "others": others}
    if others:
        return [_("la même photo a déjà servi %(n)d fois, dont %(others)d chez d’autres clients") % told]
    return [_("la même photo a déjà servi %(n)d fois") % told]
