"""The page of the stock list where a supplier's delivery is entered, line by line."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from shop.stock.forms import DeliveryForm, ReceivedLines
from shop.stock.queries import depots
from shop.stock.services import AlreadyReceived, receive_goods


class ReceivingPage:
    """For the admin of stock items."""

    admin_site: Any
    model: Any
    message_user: Any

    def get_urls(self) -> list[URLPattern]:
        own = path("receptionner/", self.admin_site.admin_view(self.receiving_page), name="stock_receiving")
        return [own, *super().get_urls()]  # type: ignore[misc]

    @action(description=_("Réceptionner une livraison"), url_path="reception", permissions=["change"])
    def open_receiving(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:stock_receiving"))

    def receiving_page(self, request: HttpRequest) -> HttpResponse:
        """Enter a delivery, all of its lines or none; what is wrong is named on its line."""
        if not request.user.has_perm("stock.change_stockitem"):
            raise PermissionDenied
        form = DeliveryForm(request.POST or None)
        lines = ReceivedLines(request.POST or None, prefix="l")
        if (
            request.method == "POST"
            and form.is_valid()
            and lines.is_valid()
            and self._enter(request, form, lines)
        ):
            note = urlencode({"q": form.cleaned_data["delivery_note"]})
            return HttpResponseRedirect(f"{reverse('admin:stock_stockmovement_changelist')}?{note}")
        context = {
            **self.admin_site.each_context(request), "title": _("Réceptionner une livraison"), "form": form,
            "lines": lines, "opts": self.model._meta,
        }  # fmt: skip
        return TemplateResponse(request, "stock/admin/receiving.html", context)

    def _enter(self, request: HttpRequest, form: DeliveryForm, lines: Any) -> bool:
        told = form.cleaned_data
        try:
            count = receive_goods(
                depot_id=depots([told["depot"]])[told["depot"]], delivery_note=told["delivery_note"],
                receipts=lines.receipts(), by_id=request.user.pk,
            )  # fmt: skip
        except AlreadyReceived:
            form.add_error(
                "delivery_note",
                _("Ce bon est déjà entré pour l’un de ces articles\u202f: rien n’a été ajouté."),
            )
            return False
        text = ngettext("%(n)s article reçu.", "%(n)s articles reçus.", count) % {"n": count}
        self.message_user(request, text, messages.SUCCESS)
        return True
