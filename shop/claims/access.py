"""Who reports: signed in it is one's own order; with its link alone, the order's e-mail address confirms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.limits import Limit, machine_of, too_many
from shop.customers.queries import customer_ids
from shop.customers.services import customer_for_user
from shop.orders.models import Order
from shop.orders.queries import SESSION_ORDERED, order_by_token, orders_of

# Whoever found a link must not find the address that confirms by trying.
CLAIMS_BY_TOKEN = Limit("claims.token", most=20)
CLAIMS_BY_MACHINE = Limit("claims.machine", most=60)
CLAIMS_BY_ORDER = Limit("claims.order", most=40)
# The reference of the order whose address was confirmed in this session.
SESSION_CONFIRMED = "claimed"


@dataclass(frozen=True, slots=True)
class Access:
    """An order, and whether its buyer is known to be here."""

    order: Order
    knows_buyer: bool
    token: str = ""

    def spends(self) -> bool:
        """A decoded picture costs: owners have a limit too."""
        if self.knows_buyer:
            return CLAIMS_BY_ORDER.spend(self.order.reference)
        return CLAIMS_BY_TOKEN.spend(self.token)

    @property
    def page(self) -> str:
        return self._at("tracking", "order")

    @property
    def told(self) -> str:
        return self._at("claims_as_guest", "claims")

    def photo(self, claim_id: int) -> str:
        return self._at("claim_photo_as_guest", "claim_photo", claim_id)

    def report(self, what: str) -> str:
        return self._at("claim_as_guest", "claim", what)

    def _at(self, as_guest: str, as_owner: str, *more: Any) -> str:
        return reverse(as_guest, args=[self.token, *more]) if self.token else reverse(
            as_owner, args=[self.order.reference, *more]
        )  # fmt: skip


Page = Callable[..., HttpResponseBase]


def for_owner(page: Page) -> Page:
    @never_cache
    @login_required
    @require_http_methods(["GET", "HEAD", "POST"])
    def guarded(request: HttpRequest, reference: str, **place: Any) -> HttpResponseBase:
        mine = customer_ids(customer_for_user(request.user))  # type: ignore[arg-type]
        order = get_object_or_404(orders_of(mine), reference=reference)
        return page(request, Access(order, knows_buyer=True), **place)

    return guarded


def for_guest(page: Page) -> Page:
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    def guarded(request: HttpRequest, token: str, **place: Any) -> HttpResponseBase:
        order = order_by_token(token)
        if order is None:
            raise Http404
        if request.method == "POST" and not CLAIMS_BY_MACHINE.spend(machine_of(request)):
            return too_many(request)
        known = (request.session.get(SESSION_ORDERED), request.session.get(SESSION_CONFIRMED))
        answer = page(request, Access(order, knows_buyer=order.reference in known, token=token), **place)
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return guarded
