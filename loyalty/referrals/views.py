"""A sponsor's page, with the link to hand out; and what a friend finds behind it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.limits import machine_of, too_many
from config.templatetags.cabas import day_said, euros, last_day_said
from loyalty.referrals import services
from loyalty.referrals.devices import digest_of, number_of, remember
from loyalty.referrals.limits import ACCEPTS, WRONG_CODES
from loyalty.referrals.models import Invitation, Referral
from loyalty.referrals.ports import has_ordered
from loyalty.referrals.queries import (
    by_code,
    live_invitation,
    referral_of,
    referrals_by,
    rewarded_in_year,
    sponsor_of,
    terms_at,
)
from loyalty.referrals.rules import InvitationRefused, NoReferrals, SponsorBlocked, shown
from loyalty.referrals.wording import (
    for_friend,
    for_sponsor,
    friend_said,
    refusal_said,
    rule_said,
    settled_said,
    state_said,
)
from shop.customers.models import Customer
from shop.customers.services import customer_for_user

METHODS = ["GET", "HEAD", "POST"]


def _own(request: HttpRequest) -> Customer:
    return customer_for_user(request.user)  # type: ignore[arg-type]


@login_required
@require_http_methods(METHODS)
@never_cache
def my_referrals(request: HttpRequest) -> HttpResponse:
    """The link, the friends, what they brought; sent, it makes the link. Six queries besides those of every page."""
    own = _own(request)
    if request.method == "POST":
        return _link(request, own)
    now = timezone.now()
    sponsor, friends = sponsor_of(own.pk), list(referrals_by(own.pk))
    made = live_invitation(own.pk, now)
    terms = made.terms if made else terms_at(now)
    context = {
        "is_blocked": sponsor is not None and sponsor.blocked_at is not None,
        "code": shown(made.code) if made else "",
        "path": reverse("invitation", args=[made.code]) if made else "",
        "until": last_day_said(made.expires_at) if made else "",
        "rule": rule_said(terms) if terms else "",
        "reward": for_sponsor(terms) if terms else "",
        "friend_gets": euros(terms.friend_value) if terms else "",
        "rewarded": rewarded_in_year(own.pk, now),
        "most": terms.yearly_most if terms else 0,
        "friends": [_row(one, partial(state_said, now=now)) for one in friends],
    }
    return render(request, "referrals/my_referrals.html", context)


def _row(referral: Referral, said: Any) -> dict[str, Any]:
    return {
        "friend": friend_said(referral),
        "said": said(referral),
        "on": settled_said(referral) or day_said(referral.accepted_at),
        "is_rewarded": referral.state == Referral.State.REWARDED,
    }


def _link(request: HttpRequest, own: Customer) -> HttpResponse:
    number = number_of(request)
    try:
        services.make_invitation(customer_id=own.pk, device=digest_of(number))
    except NoReferrals:
        messages.error(request, _("Le parrainage n’est pas ouvert en ce moment."))
    except SponsorBlocked:
        messages.error(request, _("Vos invitations sont suspendues. Une question\u202f? Écrivez-nous."))
    return remember(redirect("my_referrals"), number)


@require_http_methods(METHODS)
@never_cache
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Who invites, to what, until when. Read, it changes nothing; sent, the signed-in friend accepts. At most four queries
    besides those of every page to read it.

    A wrong code counts against the machine, and so does, once too many were wrong, a right one.
    """
    found, machine = by_code(code), machine_of(request)
    if (found is None and not WRONG_CODES.spend(machine)) or (found and WRONG_CODES.is_spent(machine)):
        return too_many(request)
    if found is None:
        return render(request, "referrals/no_invitation.html", {"is_over": False}, status=404)
    if request.method == "POST":
        return _accept(request, found)
    if not found.is_open_at(timezone.now()):
        return render(request, "referrals/no_invitation.html", {"is_over": True}, status=410)
    return render(request, "referrals/invitation.html", _shown(request, found))


def _shown(request: HttpRequest, found: Invitation) -> dict[str, Any]:
    here = {"next": reverse("invitation", args=[found.code])}
    return {
        "sponsor": found.sponsor.customer.first_name,
        "friend_gets": for_friend(found.terms),
        "value": euros(found.terms.friend_value),
        "sponsor_gets": for_sponsor(found.terms),
        "until": last_day_said(found.expires_at),
        "days": found.terms.lasts_days,
        "standing": _standing(request, found),
        "signup": f"{reverse('account_signup')}?{urlencode(here)}",
        "login": f"{reverse('account_login')}?{urlencode(here)}",
    }


def _standing(request: HttpRequest, found: Invitation) -> str:
    """What of it is for whoever reads: "stranger", "own", "accepted", "taken", "known" or "new". Three queries at most."""
    if not request.user.is_authenticated:
        return "stranger"
    own = _own(request)
    if own.pk == found.sponsor_id:
        return "own"
    if known := referral_of(own.pk):
        return "accepted" if known.sponsor_id == found.sponsor_id else "taken"
    return "known" if has_ordered(own.pk) else "new"


def _accept(request: HttpRequest, found: Invitation) -> HttpResponse:
    here = reverse("invitation", args=[found.code])
    if not request.user.is_authenticated:
        return redirect(f"{reverse('account_signup')}?{urlencode({'next': here})}")
    own, number = _own(request), number_of(request)
    if not ACCEPTS.spend(str(own.pk)):
        return too_many(request)
    try:
        referral = services.accept(code=found.code, customer_id=own.pk, device=digest_of(number))
    except InvitationRefused as refused:
        messages.error(request, refusal_said(refused))
        return redirect("my_loyalty")
    said = _(
        "Bienvenue\u202f! Votre bon de %(sum)s vous attend jusqu’au %(day)s\u202f: choisissez-le à la dernière étape de votre commande."
    )
    messages.success(
        request, said % {"sum": euros(referral.terms.friend_value), "day": last_day_said(referral.ends_at)}
    )
    return remember(redirect("my_loyalty"), number)
