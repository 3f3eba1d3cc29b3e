"""A customer's loyalty: points and what they become, gifts to choose, vouchers to use."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.templatetags.cabas import grouped
from loyalty.milestones import services
from loyalty.milestones.forms import ChoiceForm, RedeemForm
from loyalty.milestones.page import loyalty_page
from loyalty.milestones.rules import NotAmong
from loyalty.points.rules import PointsShort
from loyalty.points.wording import points_said
from loyalty.rewards import services as rewards
from loyalty.rewards.models import Present
from loyalty.rewards.queries import own_present
from loyalty.rewards.rules import OutOfStock, RewardChanged, RewardGone, TooLate
from loyalty.rewards.wording import reward_label
from shop.customers.models import Customer
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user


@login_required
@require_safe
@never_cache
def my_loyalty(request: HttpRequest) -> HttpResponse:
    """Fourteen queries besides those of every page."""
    own = _own(request)
    context = loyalty_page(own.pk, customer_ids(own), timezone.now())
    return render(request, "milestones/my_loyalty.html", context)


@login_required
@require_POST
def redeem(request: HttpRequest) -> HttpResponse:
    """Points become a reward, once for each page that was shown."""
    form = RedeemForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nous n’avons pas compris\u202f: choisissez une récompense dans la liste."))
        return _back("recompenses")
    reward_id, points_seen = form.chosen()
    try:
        done = rewards.redeem(
            customer_id=_own(request).pk,
            reward_id=reward_id,
            points_seen=points_seen,
            key=form.cleaned_data["key"],
        )
    except PointsShort as short:
        said = _("Vous avez %(points)s à dépenser\u202f: cette récompense en demande %(wanted)s.")
        messages.error(request, said % {"points": points_said(short.usable), "wanted": grouped(points_seen)})
    except RewardChanged as changed:
        said = _(
            "Cette récompense demande maintenant %(points)s. Rien n’a été dépensé\u202f: à vous de voir."
        )
        messages.error(request, said % {"points": points_said(changed.points)})
    except OutOfStock:
        messages.error(
            request,
            _("Le dernier vient de partir. Vos points sont intacts\u202f: choisissez-en une autre."),
        )
    except RewardGone:
        messages.error(request, _("Cette récompense n’est plus proposée\u202f: choisissez-en une autre."))
    else:
        messages.success(request, _redeemed_said(done))
    return _back("recompenses")


def _redeemed_said(done: rewards.Redeemed) -> str:
    if done.present:
        said = _("C’est noté\u202f: %(name)s part avec votre prochaine livraison.")
        return said % {"name": done.present.name}
    return _("%(name)s\u202f: c’est dans vos bons, à choisir à la dernière étape d’une commande.") % {
        "name": reward_label(done.reward)
    }


@login_required
@require_POST
def choose(request: HttpRequest, present_id: int) -> HttpResponse:
    """Which gift; another one until it is being prepared."""
    form = ChoiceForm(request.POST)
    ids = customer_ids(_own(request))
    if not form.is_valid():
        messages.error(request, _("Choisissez un des cadeaux."))
        return _back("cadeaux")
    try:
        chosen = services.choose(customer_ids=ids, present_id=present_id, item_id=form.cleaned_data["item"])
    except NotAmong:
        messages.error(request, _("Choisissez un des cadeaux."))
    except OutOfStock:
        messages.error(request, _("Le dernier vient de partir\u202f: choisissez-en un autre."))
    except TooLate:
        messages.error(request, _("Votre commande est en préparation\u202f: le cadeau ne change plus."))
    else:
        messages.success(request, _("C’est noté\u202f: %(name)s.") % {"name": chosen.name})
    return _back("cadeaux")


@login_required
@require_POST
def cancel_reward(request: HttpRequest, present_id: int) -> HttpResponse:
    """Points rather than the article, until it is being prepared."""
    present = own_present(customer_ids(_own(request)), present_id)
    if present is None:
        messages.error(request, _("Nous ne retrouvons pas cette récompense."))
        return _back("cadeaux")
    try:
        rewards.cancel(customer_id=present.customer_id, present_id=present.pk)
    except TooLate:
        messages.error(request, _("C’est trop tard\u202f: elle part avec votre commande."))
    except Present.DoesNotExist:
        messages.error(request, _("Nous ne retrouvons pas cette récompense."))
    else:
        messages.success(
            request,
            _("C’est annulé\u202f: %(points)s vous sont rendus.") % {"points": points_said(present.points)},
        )
    return _back("cadeaux")


def _own(request: HttpRequest) -> Customer:
    return customer_for_user(request.user)  # type: ignore[arg-type]


def _back(place: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('my_loyalty')}#{place}")
