"""Recalls as staff open them, follow them and end them; services write, these pages ask."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import ReadOnly, Tags, found, own_id
from config.exports import inert
from shop.recalls import queries, services, wording
from shop.recalls.forms import NoticeForm, RecallForm, ShelfForm
from shop.recalls.models import Recall, RecallShelf
from shop.stock.services import StockRefused

OPEN, CHECK = "recalls.open_recall", "recalls.check_shelf"


def may_call(request: HttpRequest) -> bool:
    """Names and telephones are for whoever answers customers."""
    return request.user.has_perm("orders.read_recipient")


@admin.register(Recall)
class RecallAdmin(ReadOnly, ModelAdmin):
    list_display = ["name", "which", "show_state", "notice_reference", "decided_at", "decided_by"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "hazard"]
    list_select_related = ["decided_by"]
    search_fields = ["ean", "name", "notice_reference"]
    date_hierarchy = "decided_at"
    actions_list = ["open_new"]
    change_form_template = "recalls/admin/recall.html"
    fields = readonly_fields = [
        "ean", "which", "why", "advice", "sold_since", "notice_reference", "notice_url", "decided_at", "decided_by",
        "closed_at", "closed_by",
    ]  # fmt: skip

    @display(description=gettext_lazy("concerne"))
    def which(self, recall: Recall) -> str:
        return wording.which(recall)

    @display(description=gettext_lazy("motif"))
    def why(self, recall: Recall) -> str:
        return wording.why(recall)

    @display(description=gettext_lazy("état"), label=Tags({"open": "danger", "closed": "success"}))
    def show_state(self, recall: Recall) -> tuple[str, str]:
        return ("closed", _("clos")) if recall.closed_at else ("open", _("en cours"))

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            guarded: URLPattern = path(route, self.admin_site.admin_view(view), name=name)
            return guarded

        return [
            own("ouvrir/", self.opening_page, "recalls_open"),
            own("<int:recall_id>/rayons/<int:shelf_id>/", self.check_shelf, "recalls_shelf"),
            own("<int:recall_id>/avis/", self.add_notice, "recalls_notice"),
            own("<int:recall_id>/clore/", self.close, "recalls_close"),
            own("<int:recall_id>/clients.csv", self.export, "recalls_export"),
            *super().get_urls(),
        ]

    def has_open_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(OPEN)

    @action(
        description=gettext_lazy("Ouvrir un rappel"),
        url_path="nouveau",
        permissions=["open"],
        icon="campaign",
    )
    def open_new(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:recalls_open"))

    def opening_page(self, request: HttpRequest) -> HttpResponse:
        """What is recalled and why, then what it will do, to be confirmed, then the recall."""
        _must(request, OPEN)
        form = RecallForm(request.POST or None)
        is_right = request.method == "POST" and "edit" not in request.POST and form.is_valid()
        if is_right and "confirm" in request.POST and (recall := self._open(request, form)):
            return redirect("admin:recalls_recall_change", recall.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("Ouvrir un rappel"), "opts": self.opts, "form": form,
            "is_to_confirm": is_right and not form.errors,
        }  # fmt: skip
        if context["is_to_confirm"]:
            context |= _preview(form)
        return TemplateResponse(request, "recalls/admin/open.html", context)

    def _open(self, request: HttpRequest, form: RecallForm) -> Recall | None:
        try:
            recall = services.open_recall(wanted=form.wanted(), by_id=own_id(request))
        except services.AlreadyRecalled:
            form.add_error(None, _("Ce produit est déjà rappelé sous cet avis. Ouvrez le rappel en cours."))
            return None
        said = _("Rappel ouvert : le produit n’est plus en vente, ses acheteurs sont prévenus.")
        self.log_change(request, recall, said)
        self.message_user(request, said, messages.SUCCESS)
        return recall

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        recall = self.get_object(request, object_id)
        more = self._followed(request, recall) if recall and self.has_view_permission(request) else {}
        told = {**(extra_context or {}), **more}
        page: HttpResponse = super().change_view(request, object_id, form_url, told)
        return page

    def _followed(self, request: HttpRequest, recall: Recall) -> dict[str, Any]:
        """Figures, shelves, crates and whoever is to be called. Eight queries, and two per thousand orders."""
        shelves = queries.shelves_of(recall)
        return {
            "recall": recall,
            "progress": queries.progress(recall),
            "shelves": [(shelf, None if shelf.checked_at else ShelfForm()) for shelf in shelves],
            "to_take_out": list(queries.lines_to_take_out(recall)[: queries.SHOWN]),
            "unreached": queries.unreached(recall) if may_call(request) else [],
            "notice_form": NoticeForm(),
            "may_open": request.user.has_perm(OPEN),
            "may_check": request.user.has_perm(CHECK),
            "may_call": may_call(request),
        }

    def check_shelf(self, request: HttpRequest, recall_id: int, shelf_id: int) -> HttpResponse:
        _must_post(request, CHECK)
        recall = self._found(request, recall_id)
        if not RecallShelf.objects.filter(pk=shelf_id, recall=recall).exists():
            raise Http404
        form = ShelfForm(request.POST)
        if form.is_valid():
            self._checked(request, shelf_id, form.cleaned_data["kept"])
        else:
            self.message_user(request, form.errors["kept"][0], messages.ERROR)
        return redirect("admin:recalls_recall_change", recall_id)

    def _checked(self, request: HttpRequest, shelf_id: int, kept: int) -> None:
        try:
            is_on_sale = services.check_shelf(shelf_id=shelf_id, kept=kept, by_id=own_id(request))
        except services.NothingSafe:
            said = _("Tout le produit est rappelé : rien n’en reste en rayon.")
        except (services.ShelfAlreadyChecked, services.RecallClosed, StockRefused):
            said = _("Ce rayon a déjà été contrôlé. Voici où en est le rappel.")
        else:
            done = (
                _("Rayon contrôlé. Le produit est de nouveau en vente.")
                if is_on_sale
                else _("Rayon contrôlé.")
            )
            self.message_user(request, done, messages.SUCCESS)
            return
        self.message_user(request, said, messages.ERROR)

    def add_notice(self, request: HttpRequest, recall_id: int) -> HttpResponse:
        _must_post(request, OPEN)
        recall, form = self._found(request, recall_id), NoticeForm(request.POST)
        try:
            if not form.is_valid():
                raise services.WrongNotice
            told = form.cleaned_data
            services.add_notice(
                recall_id=recall.pk, reference=told["notice_reference"], url=told["notice_url"]
            )
        except services.WrongNotice:
            wrong = next(
                (errors[0] for errors in form.errors.values()),
                _("Indiquez le numéro et l’adresse de l’avis."),
            )
            self.message_user(request, wrong, messages.ERROR)
        except services.AlreadyRecalled:
            self.message_user(request, _("Un autre rappel de ce produit porte cet avis."), messages.ERROR)
        else:
            self.log_change(request, recall, _("Avis officiel ajouté."))
            self.message_user(request, _("Avis officiel ajouté."), messages.SUCCESS)
        return redirect("admin:recalls_recall_change", recall_id)

    def close(self, request: HttpRequest, recall_id: int) -> HttpResponse:
        _must_post(request, OPEN)
        recall = self._found(request, recall_id)
        try:
            services.close_recall(recall_id=recall.pk, by_id=own_id(request))
        except services.NotReady as not_ready:
            self.message_user(request, _not_ready(not_ready), messages.ERROR)
        except services.RecallClosed:
            self.message_user(request, _("Ce rappel est déjà clos."), messages.WARNING)
        else:
            self.log_change(request, recall, _("Rappel clos."))
            self.message_user(
                request, _("Rappel clos. Publiez le produit quand vous voulez le revendre."), messages.SUCCESS
            )
        return redirect("admin:recalls_recall_change", recall_id)

    def export(self, request: HttpRequest, recall_id: int) -> StreamingHttpResponse:
        """Everyone concerned, as a file that a French spreadsheet opens and that runs nothing."""
        recall = self._found(request, recall_id)
        if not may_call(request):
            raise PermissionDenied
        self.log_change(request, recall, _("Liste des clients exportée."))
        response = StreamingHttpResponse(_rows(recall), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="rappel-{recall.pk}-clients.csv"'
        response["Cache-Control"] = "private, no-store"
        return response

    def _found(self, request: HttpRequest, recall_id: int) -> Recall:
        recall: Recall = found(self, request, recall_id)
        if not self.has_view_permission(request, recall):
            raise PermissionDenied
        return recall


def _must(request: HttpRequest, right: str) -> None:
    if not request.user.has_perm(right):
        raise PermissionDenied


def _must_post(request: HttpRequest, right: str) -> None:
    _must(request, right)
    if request.method != "POST":
        raise Http404


def _preview(form: RecallForm) -> dict[str, Any]:
    asked = form.asked()
    recall = Recall(name=form.product.name, **form.cleaned_data)
    return {
        "figures": queries.figures(**asked),
        "product": form.product,
        "which": wording.which(recall),
        "why": wording.why(recall),
        "advice": recall.get_advice_display(),
        "first_receipt": queries.first_receipt(form.product.pk, asked["lots"]),
        "is_partial": not recall.is_whole,
    }


def _not_ready(why: services.NotReady) -> str:
    if why.shelves:
        text = ngettext(
            "Il reste %(n)s rayon à contrôler.", "Il reste %(n)s rayons à contrôler.", why.shelves
        )
        return text % {"n": why.shelves}
    return _("Des commandes attendent encore d’être traitées : réessayez dans une minute.")


class _Echo:
    """What csv writes to, handed on row by row."""

    @staticmethod
    def write(text: str) -> str:
        return text


def _rows(recall: Recall) -> Iterator[str]:
    writer: Any = csv.writer(_Echo(), delimiter=";")
    yield "\ufeff"
    is_first = True
    for row in queries.buyers(recall):
        if is_first:
            yield writer.writerow([inert(name) for name in row])
            is_first = False
        yield writer.writerow([inert(value) for value in row.values()])
