"""What the pages have in common on which staff act on one order: the right, the frame, the words once it is done."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from config.admin import found
from shop.orders.models import Order

RIGHT = "payments.refund_paymentaccount"


class OrderActions:
    """For an order's admin. Each asks for the right to move money, and shows all of it once more before it is done."""

    def has_refund_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(RIGHT)

    def _order(self, request: HttpRequest, object_id: str) -> Order:
        order: Order = found(self, request, object_id)
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        return order

    def _page(
        self, request: HttpRequest, order: Order, template: str, *, status: int = 200, **shown: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": Order._meta, "original": order, "order": order, **shown,
        }  # fmt: skip
        return TemplateResponse(request, template, context, status=status)

    def _done(self, request: HttpRequest, order: Order, said: str) -> HttpResponse:
        self.log_change(request, order, said)  # type: ignore[attr-defined]
        messages.success(request, said)
        return redirect("admin:orders_order_change", order.pk)
