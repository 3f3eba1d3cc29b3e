"""What couriers answer at doors, and what they could not."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from config.admin import NothingToSave, ReadOnly, Tags, found
from delivery.tracking import services
from delivery.tracking.admin.forms import CardForm
from delivery.tracking.models import Card, Question


@admin.register(Card)
class CardAdmin(ModelAdmin):
    list_display = ["question", "position", "is_published"]
    list_editable = ["position", "is_published"]
    search_fields = ["question", "answer"]
    fields = ["question", "answer", "position", "is_published"]


@admin.register(Question)
class QuestionAdmin(NothingToSave, ReadOnly, ModelAdmin):
    """Logged by couriers with one tap; here each becomes a card."""

    list_display = ["at", "courier", "words", "show_state", "card"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "courier"]
    list_select_related = ["courier", "card"]
    date_hierarchy = "at"
    change_form_template = "tracking/admin/question.html"
    fields = readonly_fields = ["at", "courier", "words", "card", "closed_at"]

    @display(description=gettext_lazy("état"), label=Tags({"open": "warning", "closed": "success"}))
    def show_state(self, question: Question) -> tuple[str, str]:
        return ("closed", _("traitée")) if question.closed_at else ("open", _("à traiter"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.card_page)
        return [path("<int:question_id>/fiche/", view, name="tracking_make_card"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        told = {**(extra_context or {}), "may_answer": _may_answer(request)}
        return super().change_view(request, object_id, form_url, told)

    def card_page(self, request: HttpRequest, question_id: int) -> HttpResponse:
        """What couriers will answer next time. Once: a question that has a card leads to it."""
        if not _may_answer(request):
            raise PermissionDenied
        asked: Question = found(self, request, question_id)
        form = CardForm(request.POST or None, initial={"question": asked.words[:160]})
        if request.method == "POST" and form.is_valid():
            card = services.make_card(
                question_id=asked.pk,
                question=form.cleaned_data["question"],
                answer=form.cleaned_data["answer"],
                now=timezone.now(),
            )
            self.log_change(request, asked, _("Devenue une fiche."))
            self.message_user(request, _("La fiche est chez tous les livreurs."), messages.SUCCESS)
            return redirect("admin:tracking_card_change", card.pk)
        context = {
            **self.admin_site.each_context(request), "title": _("En faire une fiche"), "opts": self.opts, "asked": asked,
            "form": form,
        }  # fmt: skip
        return TemplateResponse(request, "tracking/admin/make_card.html", context)


def _may_answer(request: HttpRequest) -> bool:
    return bool(
        request.user.has_perm("tracking.change_question") and request.user.has_perm("tracking.add_card")
    )
