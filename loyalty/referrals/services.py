"""The life of a referral: a link, a friend who accepts it, their first order, what both get for it; or a look by somebody.

Whatever moves a referral holds the rows of sponsor and friend in `Sponsor`, in the order of their ids. Lock order of an
order: order → sponsors → vouchers → points. Whoever calls tells an order as it is now: facts may come twice, late and out of order.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from loyalty.points import services as points
from loyalty.referrals import rules
from loyalty.referrals.events import ReferralRewarded
from loyalty.referrals.models import Device, Invitation, Referral, ReferralEntry, Sponsor
from loyalty.referrals.ports import has_ordered
from loyalty.referrals.queries import (
    awaited_sponsor,
    by_code,
    devices_of,
    friends_lately,
    live_invitation,
    rewarded_in_year,
    terms_at,
    traces_of_others,
)
from loyalty.vouchers import services as vouchers
from loyalty.vouchers.models import Voucher

State, Reason, Kind = Referral.State, Referral.Reason, ReferralEntry.Kind


@dataclass(frozen=True, slots=True)
class OrderTold:
    """An order of somebody who was invited, as it is now, in plain values and digests.

    ``stands``: it was placed and neither cancelled nor given back. ``kept_cents`` of ``billed_cents`` of articles were
    not given back.
    """

    reference: str
    placed_at: datetime | None
    stands: bool
    is_delivered: bool
    is_paid: bool
    billed_cents: int
    kept_cents: int
    address: str
    cards: frozenset[str]
    sponsor_addresses: frozenset[str]
    sponsor_cards: frozenset[str]


@transaction.atomic
def make_invitation(*, customer_id: int, device: str = "", now: datetime | None = None) -> Invitation:
    """The link a customer hands out; while one is open it is that one. ``device``: digest of the browser they use.

    Raises NoReferrals, SponsorBlocked. Locks the sponsor; seven queries at most.
    """
    now = now or timezone.now()
    terms = terms_at(now)
    if terms is None:
        raise rules.NoReferrals
    sponsor = _locked(customer_id)[customer_id]
    if sponsor.blocked_at:
        raise rules.SponsorBlocked
    _note_device(customer_id, device, now)
    return live_invitation(customer_id, now) or Invitation.objects.create(
        sponsor=sponsor, terms=terms, made_at=now, expires_at=rules.ends_at(now, terms.lasts_days)
    )


@transaction.atomic
def accept(*, code: str, customer_id: int, device: str = "", now: datetime | None = None) -> Referral:
    """Somebody who never ordered comes by an invitation, and has their voucher for the first order at once. Again is the
    same.

    Raises the InvitationRefused that fits. Locks sponsor and friend; fourteen queries at most.
    """
    now = now or timezone.now()
    invitation = by_code(code)
    if invitation is None:
        raise rules.InvitationUnknown
    if invitation.sponsor_id == customer_id:
        raise rules.OwnInvitation
    sponsor = _locked(invitation.sponsor_id, customer_id)[invitation.sponsor_id]
    known = Referral.objects.filter(friend=customer_id).first()
    if known and known.sponsor_id == sponsor.pk:
        return known
    if known:
        raise rules.AlreadyInvited
    invitation.sponsor = sponsor
    _check(invitation, customer_id, now)
    referral = Referral.objects.create(
        friend_id=customer_id, sponsor=sponsor, invitation=invitation, terms=invitation.terms, accepted_at=now,
        ends_at=rules.ends_at(now, invitation.terms.lasts_days),
    )  # fmt: skip
    _note_device(customer_id, device, now)
    _enter(referral, Kind.ACCEPTED, now)
    _welcome(referral, now)
    return referral


def _check(invitation: Invitation, customer_id: int, now: datetime) -> None:
    if not invitation.is_open_at(now):
        raise rules.InvitationOver
    if Referral.objects.filter(friend=invitation.sponsor_id, sponsor=customer_id).exists():
        raise rules.InTurn
    if has_ordered(customer_id):
        raise rules.NotNew


def _welcome(referral: Referral, now: datetime) -> None:
    terms = referral.terms
    vouchers.grant(
        kind=Voucher.Kind.AMOUNT, value=terms.friend_value, origin=Voucher.Origin.REFERRAL,
        source=f"referral-{referral.pk}-welcome", owner_id=referral.friend_id, minimum_goods=terms.friend_minimum,
        first_order_only=True, valid_from=now, valid_until=referral.ends_at,
    )  # fmt: skip


@transaction.atomic
def tell_order(*, friend_id: int, told: OrderTold, now: datetime | None = None) -> None:
    """Say what has become of an order of somebody who was invited. Once their first one was delivered, paid for and not
    given back whole, sponsor and friend have what was promised; or it is looked at by somebody, where it speaks for one
    person behind both. Nothing for whom no first order is awaited, or one placed too late; again is the same.

    Whoever calls holds the order. Locks sponsor and friend, then vouchers and points; 30 queries at most.
    """
    now = now or timezone.now()
    sponsor_id = awaited_sponsor(friend_id, told.placed_at)
    if sponsor_id is None or told.placed_at is None:
        return
    sponsor = _locked(sponsor_id, friend_id)[sponsor_id]
    referral = Referral.objects.select_related("terms").get(friend=friend_id)
    referral.sponsor = sponsor
    if referral.state not in Referral.OPEN:
        return
    if told.stands and told.placed_at < referral.accepted_at:
        _close(referral, State.REFUSED, now, told=told, reason=Reason.NOT_NEW)
    elif told.placed_at < referral.accepted_at:
        return
    elif not told.stands or (told.is_delivered and told.is_paid and not told.kept_cents):
        _came_to_nothing(referral, told, now)
    elif told.is_delivered and told.is_paid:
        _settle(referral, told, now)
    elif referral.state == State.ACCEPTED:
        referral.state, referral.order_reference = State.ORDERED, told.reference
        referral.save()
        _enter(referral, Kind.ORDERED, now, order_reference=told.reference)


def _came_to_nothing(referral: Referral, told: OrderTold, now: datetime) -> None:
    """The next order is their first one then; what another order is about stays."""
    if referral.state == State.ORDERED and referral.order_reference == told.reference:
        referral.state, referral.order_reference = State.ACCEPTED, ""
        referral.save()
        _enter(referral, Kind.CAME_TO_NOTHING, now, order_reference=told.reference)


def _settle(referral: Referral, told: OrderTold, now: datetime) -> None:
    found = _signals(referral, told)
    referral.address_digest, referral.card_digests = told.address, sorted(told.cards)
    if referral.sponsor.customer.user_id is None:
        _close(referral, State.REFUSED, now, told=told, reason=Reason.GONE, signals=found)
    elif found:
        _close(referral, State.REVIEW, now, told=told, signals=found)
    elif rewarded_in_year(referral.sponsor_id, now) >= referral.terms.yearly_most:
        _close(referral, State.REFUSED, now, told=told, reason=Reason.CEILING)
        _give([_thanks(referral)])
    else:
        _close(referral, State.REWARDED, now, told=told)
        _reward(referral, now)


def _signals(referral: Referral, told: OrderTold) -> list[rules.Signal]:
    """Five queries."""
    friend = rules.Traces(frozenset({told.address} - {""}), told.cards, devices_of([referral.friend_id]))
    sponsor = rules.Traces(told.sponsor_addresses, told.sponsor_cards, devices_of([referral.sponsor_id]))
    return rules.signals(
        friend, sponsor, traces_of_others(referral), recent_friends=friends_lately(referral),
        kept_cents=told.kept_cents, billed_cents=told.billed_cents,
        is_blocked=referral.sponsor.blocked_at is not None,
    )  # fmt: skip


@transaction.atomic
def decide(*, referral_id: int, accepts: bool, reason: str, by_id: int, now: datetime | None = None) -> bool:
    """What staff made of a referral that is looked at, or that a rule refused, for a `Referral.Reason`; False where
    nothing is left to decide. Twice is once.

    Raises YearIsFull, SponsorGone, ValueError of a reason that is none of the answer. Locks sponsor and friend; 24 queries
    at most.
    """
    if reason not in (Referral.FOR_YES if accepts else Referral.FOR_NO):
        raise ValueError(reason)
    now = now or timezone.now()
    sponsor_id, friend_id = Referral.objects.values_list("sponsor_id", "friend_id").get(pk=referral_id)
    sponsor = _locked(sponsor_id, friend_id)[sponsor_id]
    referral = Referral.objects.select_related("terms").get(pk=referral_id)
    referral.sponsor = sponsor
    to = State.REWARDED if accepts else State.REFUSED
    if referral.state in Referral.OPEN or to not in Referral.MOVES[referral.state]:
        return False
    if accepts and sponsor.customer.user_id is None:
        raise rules.SponsorGone
    if accepts and rewarded_in_year(sponsor_id, now) >= referral.terms.yearly_most:
        raise rules.YearIsFull
    _close(referral, to, now, reason=reason, by_id=by_id)
    if accepts:
        _reward(referral, now)
    return True


@transaction.atomic
def block_sponsor(*, customer_id: int, is_blocked: bool, by_id: int, now: datetime | None = None) -> None:
    """Stop a customer's invitations, or let them go on; what is promised to friends stays. Locks the sponsor; three
    queries.
    """
    sponsor = _locked(customer_id)[customer_id]
    sponsor.blocked_at = (sponsor.blocked_at or now or timezone.now()) if is_blocked else None
    sponsor.blocked_by_id = by_id if is_blocked else None
    sponsor.save()


@transaction.atomic
def forget_traces(*, now: datetime) -> int:
    """Digests of addresses, cards and devices older than `rules.TRACES_LAST` go; how many. Two statements."""
    before = now - rules.TRACES_LAST
    old = Referral.objects.filter(settled_at__lt=before).exclude(address_digest="", card_digests=[])
    gone, _by_model = Device.objects.filter(seen_at__lt=before).delete()
    return gone + old.update(address_digest="", card_digests=[])


# --- under the sponsor's lock -----------------------------------------------------------------------------------------


def _locked(*customer_ids: int) -> dict[int, Sponsor]:
    """Rows of these customers, made where there are none, in the order of their ids. Two queries."""
    named = [Sponsor(customer_id=one) for one in sorted(customer_ids)]
    Sponsor.objects.bulk_create(named, ignore_conflicts=True)
    rows = Sponsor.objects.filter(pk__in=customer_ids).select_related("customer").order_by("pk")
    return {row.pk: row for row in rows.select_for_update(no_key=True, of=("self",))}


def _note_device(customer_id: int, digest: str, now: datetime) -> None:
    if digest:
        Device.objects.bulk_create(
            [Device(customer_id=customer_id, digest=digest, seen_at=now)],
            update_conflicts=True, unique_fields=["customer", "digest"], update_fields=["seen_at"],
        )  # fmt: skip


def _close(
    referral: Referral, to: str, now: datetime, *, told: OrderTold | None = None, reason: str = "",
    signals: list[rules.Signal] | None = None, by_id: int | None = None,
) -> None:  # fmt: skip
    kinds: dict[str, str] = {
        State.REVIEW: Kind.FLAGGED,
        State.REWARDED: Kind.REWARDED,
        State.REFUSED: Kind.REFUSED,
    }
    referral.state, referral.reason, referral.settled_at = to, reason, now
    if told:
        referral.order_reference, referral.signals = told.reference, [str(one) for one in signals or []]
    referral.save()
    _enter(
        referral, kinds[to], now, order_reference=referral.order_reference if told else "", reason=reason,
        signals=referral.signals if told else [], by_id=by_id,
    )  # fmt: skip


def _enter(referral: Referral, kind: str, now: datetime, **about: Any) -> None:
    ReferralEntry.objects.create(referral=referral, kind=kind, at=now, **about)


def _thanks(referral: Referral) -> tuple[int, int, str]:
    return referral.friend_id, referral.terms.friend_points, f"referral-{referral.pk}-friend"


def _reward(referral: Referral, now: datetime) -> None:
    """What the terms promise both, and the fact that they have it."""
    terms, sponsor_id = referral.terms, referral.sponsor_id
    if terms.sponsor_value:
        vouchers.grant(
            kind=Voucher.Kind.AMOUNT, value=terms.sponsor_value, origin=Voucher.Origin.REFERRAL,
            source=f"referral-{referral.pk}-sponsor", owner_id=sponsor_id, valid_from=now,
            valid_until=now + rules.EARNED_LASTS,
        )  # fmt: skip
    _give([_thanks(referral), (sponsor_id, terms.sponsor_points, f"referral-{referral.pk}-sponsor")])
    publish(ReferralRewarded(referral.pk, sponsor_id, terms.sponsor_points, int(terms.sponsor_value * 100)))


def _give(gifts: list[tuple[int, int, str]]) -> None:
    """(customer, points, source) in the order of the customers, whose accounts are locked one after another."""
    for customer_id, some, source in sorted(gifts):
        if some:
            points.give(customer_id=customer_id, points=some, source=source)
