"""The watch over abuse: what several rooms know, side by side.

What is read of a quarter of orders is kept for an hour, as numbers of customers: names are never kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.limits import Limit
from config.templatetags.cabas import day_said, euros
from crm.insights import abuse
from crm.insights.abuse import MOST_SHOWN, Person, Row, Section
from crm.insights.queries.kept import kept
from loyalty.points.models import PointEntry
from loyalty.points.wording import points_said
from loyalty.referrals.limits import WRONG_CODES
from loyalty.referrals.queries import under_review
from loyalty.referrals.wording import signals_said
from loyalty.vouchers.models import VoucherEntry
from shop.checkout.limits import CODES_BY_CUSTOMER, CODES_BY_MACHINE
from shop.customers.models import Customer
from shop.orders.households import many_at_one_door
from shop.orders.models import Order


@dataclass(frozen=True, slots=True)
class Figures:
    """What many orders and entries say, about whom: see `_points_given`, `_vouchers_given`, `many_at_one_door`."""

    points: list[tuple[int, int, int]]
    vouchers: list[tuple[int, int, Decimal]]
    doors: list[list[int]]
    cards: list[list[int]]

    @property
    def named(self) -> set[int]:
        together = {pk for pks in [*self.doors, *self.cards] for pk in pks[: abuse.MOST_NAMED]}
        return together | {pk for pk, *_said in [*self.points, *self.vouchers]}


def watch(now: datetime) -> list[Section]:
    """What is worth a look, by kind; gestures, doors and cards as they were an hour ago at most. Nine queries, however much
    there is; five while those are known.
    """
    figures: Figures = kept("abuse", lambda: _figures(now))
    people = _people(figures.named)
    return [_reviews(), _gestures(figures, people), *_shared(figures, people), _tries()]


def _figures(now: datetime) -> Figures:
    """Four queries."""
    since = now - abuse.SHARED_WITHIN
    return Figures(
        points=_points_given(now),
        vouchers=_vouchers_given(now),
        doors=many_at_one_door(since, abuse.MANY_AT_ONE_DOOR, MOST_SHOWN),
        cards=_many_on_one_card(since, abuse.MANY_ON_ONE_CARD, MOST_SHOWN),
    )


_CARDS = """
SELECT array_agg(DISTINCT coalesce(c.merged_into_id, c.id)) AS owners
  FROM payments_paymentoperation p
  JOIN orders_order o ON o.reference = p.order_reference AND o.status = ANY(%(standing)s)
  JOIN customers_customer c ON c.id = o.customer_id
 WHERE p.card_digest > '' AND p.created_at >= %(since)s
 GROUP BY p.card_digest
HAVING count(DISTINCT coalesce(c.merged_into_id, c.id)) >= %(least)s
 ORDER BY count(DISTINCT coalesce(c.merged_into_id, c.id)) DESC, owners LIMIT %(most)s
"""


def _many_on_one_card(since: datetime, least: int, most: int) -> list[list[int]]:
    """Customers, merged guests as their owner, whose orders one card paid: cards of ``least`` or more, the most shared
    first, ``most`` of them. One query.
    """
    asked: dict[str, Any] = {"standing": list(Order.STANDING), "since": since, "least": least, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, asked)
        return [owners for (owners,) in cursor.fetchall()]


def _people(ids: Iterable[int]) -> dict[int, Person]:
    """One query."""
    found = Customer.objects.filter(pk__in=ids).only("pk", "first_name", "last_name")
    return {one.pk: _person(one) for one in found}


def _person(customer: Customer) -> Person:
    return Person(customer.pk, customer.full_name or f"n°\u00a0{customer.pk}")


def _reviews() -> Section:
    """One query."""
    rows = [
        Row(
            _("Depuis le %(day)s. %(signals)s")
            % {"day": day_said(one.settled_at or one.accepted_at), "signals": signals_said(one.signals)},
            (_person(one.sponsor.customer), _person(one.friend)),
            reverse("admin:referrals_referral_change", args=[one.pk]),
        )
        for one in under_review()[:MOST_SHOWN]
    ]
    return Section(_("Parrainages à vérifier"), _("Le parrain d’abord, son proche ensuite."), tuple(rows))


def _points_given(now: datetime) -> list[tuple[int, int, int]]:
    """(customer, gestures, points). One query."""
    given = PointEntry.objects.filter(by__isnull=False, at__gt=now - abuse.GESTURES_WITHIN).order_by()
    many = Q(number__gte=abuse.MANY_GESTURES) | Q(sum__gte=abuse.MANY_POINTS)
    rows = given.values("account").annotate(number=Count("pk"), sum=Sum("points")).filter(many)
    return list(rows.order_by("-sum").values_list("account", "number", "sum")[:MOST_SHOWN])


def _vouchers_given(now: datetime) -> list[tuple[int, int, Decimal]]:
    """(customer, vouchers, euros). One query."""
    given = VoucherEntry.objects.filter(
        kind=VoucherEntry.Kind.GRANTED, by__isnull=False, voucher__owner__isnull=False,
        at__gt=now - abuse.GESTURES_WITHIN,
    ).order_by()  # fmt: skip
    many = Q(number__gte=abuse.MANY_GESTURES) | Q(sum__gte=abuse.MANY_EUROS)
    amount = Sum("voucher__value", filter=Q(voucher__kind="amount"), default=0)
    rows = given.values("voucher__owner").annotate(number=Count("pk"), sum=amount).filter(many)
    return list(rows.order_by("-sum").values_list("voucher__owner", "number", "sum")[:MOST_SHOWN])


def _gestures(figures: Figures, people: dict[int, Person]) -> Section:
    rows = [
        Row(
            _("%(points)s de l’équipe, en %(times)s")
            % {"points": points_said(some), "times": _gestures_said(number)},
            (people[pk],),
        )
        for pk, number, some in figures.points
    ]
    rows += [
        Row(
            _("%(sum)s de bons de l’équipe, en %(times)s")
            % {"sum": euros(some), "times": _gestures_said(number)},
            (people[pk],),
        )
        for pk, number, some in figures.vouchers
    ]
    looked_for = _("En trente jours\u202f: %(gestures)s gestes, %(points)s ou %(euros)s de bons.") % {
        "gestures": abuse.MANY_GESTURES, "points": points_said(abuse.MANY_POINTS), "euros": euros(abuse.MANY_EUROS),
    }  # fmt: skip
    return Section(_("Beaucoup de gestes"), looked_for, tuple(rows))


def _gestures_said(number: int) -> str:
    return ngettext("%(n)s geste", "%(n)s gestes", number) % {"n": number}


def _shared(figures: Figures, people: dict[int, Person]) -> list[Section]:
    at_door = _(
        "En trois mois, %(n)s comptes ou plus. Un immeuble en a souvent autant\u202f: regardez les noms."
    )
    on_card = _("En trois mois, %(n)s comptes ou plus.")
    return [
        Section(title, looked_for % {"n": least}, tuple(_together(pks, people) for pks in groups))
        for title, looked_for, least, groups in (
            (_("Plusieurs comptes à une adresse"), at_door, abuse.MANY_AT_ONE_DOOR, figures.doors),
            (_("Plusieurs comptes sur une carte"), on_card, abuse.MANY_ON_ONE_CARD, figures.cards),
        )
    ]


def _together(pks: list[int], people: dict[int, Person]) -> Row:
    said = ngettext("%(n)s compte", "%(n)s comptes", len(pks)) % {"n": len(pks)}
    shown = pks[: abuse.MOST_NAMED]
    if len(shown) < len(pks):
        said = _("%(accounts)s, dont ceux-ci") % {"accounts": said}
    return Row(said, tuple(people[pk] for pk in shown))


def _tries() -> Section:
    """Whose tries they were is not kept. Three queries."""
    watched = (
        (CODES_BY_MACHINE, _("Codes de bons, depuis une machine")),
        (CODES_BY_CUSTOMER, _("Codes de bons, depuis un compte")),
        (WRONG_CODES, _("Liens d’invitation, depuis une machine")),
    )
    rows = [row for limit, what in watched if (row := _overrun(limit, what))]
    looked_for = _(
        "Plus d’essais en une heure que la limite\u202f: les suivants sont refusés. Qui essaie n’est pas enregistré."
    )
    return Section(_("Codes essayés en série"), looked_for, tuple(rows))


def _overrun(limit: Limit, what: str) -> Row | None:
    values, tries = limit.overrun()
    if not values:
        return None
    return Row(_("%(what)s\u202f: %(values)s au-dessus de %(most)s par heure, %(tries)s essais") % {
        "what": what, "values": values, "most": limit.most, "tries": tries,
    })  # fmt: skip
