"""Reads of referrals. A customer's start from the customer; an invitation is looked up by its code."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from loyalty.referrals.models import Device, Invitation, Referral, ReferralTerms, Sponsor
from loyalty.referrals.rules import MANY_WITHIN, Traces, canonical, year_of

State = Referral.State
# The page of a sponsor shows so many.
MOST_SHOWN = 100


def terms_at(at: datetime) -> ReferralTerms | None:
    """The rules in force then; None before there were any. One query."""
    return ReferralTerms.objects.filter(starts_at__lte=at).first()


def by_code(typed: str) -> Invitation | None:
    """Whatever its state, with whose it is and what it promises. One query; none for what cannot be a code."""
    code = canonical(typed)
    if code is None:
        return None
    found = Invitation.objects.select_related("sponsor__customer", "terms")
    return found.filter(code=code).first()


def sponsor_of(customer_id: int) -> Sponsor | None:
    """One query."""
    return Sponsor.objects.select_related("customer").filter(pk=customer_id).first()


def live_invitation(customer_id: int, now: datetime) -> Invitation | None:
    """The link this customer hands out now. One query."""
    found = Invitation.objects.select_related("terms").filter(sponsor=customer_id, expires_at__gt=now)
    return found.order_by("-expires_at", "-pk").first()


def referral_of(friend_id: int) -> Referral | None:
    """By whose invitation somebody came. One query."""
    return Referral.objects.select_related("terms").filter(friend=friend_id).first()


def referrals_by(customer_id: int) -> QuerySet[Referral]:
    """Who came by a customer's invitations, the latest first. One query when read."""
    return Referral.objects.select_related("friend", "terms").filter(sponsor=customer_id)[:MOST_SHOWN]


def rewarded_in_year(customer_id: int, now: datetime) -> int:
    """Friends a sponsor was rewarded for in this year of Paris. One query."""
    first, after = year_of(now)
    return Referral.objects.filter(
        sponsor=customer_id, state=State.REWARDED, settled_at__gte=first, settled_at__lt=after
    ).count()


def awaited_sponsor(friend_id: int, placed_at: datetime | None) -> int | None:
    """The sponsor of somebody whose first order is still awaited, for one placed then: none once their time is over. One query
    at most.
    """
    if placed_at is None:
        return None
    found = Referral.objects.filter(friend=friend_id, state__in=Referral.OPEN, ends_at__gt=placed_at)
    return found.values_list("sponsor_id", flat=True).first()


def device_digest(value: str) -> str:
    """What is kept of a browser's own number."""
    return salted_hmac("referrals.device", value, algorithm="sha256").hexdigest()


def devices_of(customer_ids: Iterable[int]) -> frozenset[str]:
    """One query."""
    return frozenset(Device.objects.filter(customer__in=customer_ids).values_list("digest", flat=True))


def traces_of_others(referral: Referral) -> Traces:
    """Where the sponsor's other friends, whose first order came, live, pay and read. Two queries."""
    others = Referral.objects.filter(sponsor=referral.sponsor_id, state__in=[State.REWARDED, State.REVIEW])
    rows = list(others.exclude(pk=referral.pk).values_list("friend", "address_digest", "card_digests"))
    return Traces(
        addresses=frozenset(address for _friend, address, _cards in rows if address),
        cards=frozenset(card for _friend, _address, cards in rows for card in cards),
        devices=devices_of([friend for friend, _address, _cards in rows]),
    )


def friends_lately(referral: Referral) -> int:
    """Friends who accepted the sponsor's invitation in the days before this one, and this one. One query."""
    at = referral.accepted_at
    return Referral.objects.filter(
        sponsor=referral.sponsor_id, accepted_at__gt=at - MANY_WITHIN, accepted_at__lte=at
    ).count()


def under_review() -> QuerySet[Referral]:
    """What staff have to look at, the longest waiting first. One query when read."""
    waiting = Referral.objects.filter(state=State.REVIEW).select_related(
        "friend", "sponsor__customer", "terms"
    )
    return waiting.order_by("settled_at", "pk")
