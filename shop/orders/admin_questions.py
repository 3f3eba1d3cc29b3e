"""What customers were told will be missing: read here, and answered for whoever chooses on the telephone."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from config.admin import KeepsSecret, ReadOnly, found
from config.templatetags.cabas import slot_label_long
from shop.orders import questions, services, wording
from shop.orders.models import ShortageQuestion


class AnsweredFilter(admin.SimpleListFilter):
    title = _("réponse")
    parameter_name = "reponse"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("attendue", translate("attendue")), ("donnee", translate("donnée"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ShortageQuestion]
    ) -> QuerySet[ShortageQuestion]:
        chosen = {"attendue": Q(answer=""), "donnee": ~Q(answer="")}.get(self.value() or "", Q())
        return queryset.filter(chosen)


@admin.register(ShortageQuestion)
class ShortageQuestionAdmin(KeepsSecret, ReadOnly, ModelAdmin):
    list_display = ["reference", "sentence", "slot_said", "answer_by", "answer", "answered_by"]
    list_filter = [AnsweredFilter, "cause", "answered_by"]
    # A key: whoever has it opens the page without signing in.
    secret_fields = frozenset({"token"})
    search_fields = ["order__reference", "line__name"]
    search_help_text = _("référence de commande ou article")
    list_select_related = ["order__slot", "line"]
    list_per_page = 50
    show_full_result_count = False
    actions_detail: ClassVar[tuple[str, ...]] = ("answer_for_customer",)
    fields = readonly_fields = [
        "order_link", "sentence", "slot_said", "cause", "asked_at", "answer_by", "otherwise", "answer",
        "answered_by", "answered_at", "settled",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShortageQuestion]:
        found: QuerySet[ShortageQuestion] = super().get_queryset(request)
        return found.select_related("order__slot", "line")

    def has_answer_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("orders.answer_shortagequestion")

    @admin.display(description=_("commande"), ordering="order__reference")
    def reference(self, question: ShortageQuestion) -> str:
        return question.order.reference

    @admin.display(description=_("commande"))
    def order_link(self, question: ShortageQuestion) -> SafeString:
        address = reverse("admin:orders_order_change", args=[question.order_id])
        return format_html('<a class="underline" href="{}">{}</a>', address, question.order.reference)

    @admin.display(description=_("manque"))
    def sentence(self, question: ShortageQuestion) -> str:
        return wording.missing(question.line, question.missing, question.cause)

    @admin.display(description=_("créneau"), ordering="order__slot__starts_at")
    def slot_said(self, question: ShortageQuestion) -> str:
        return slot_label_long(question.order.slot)

    @admin.display(description=_("ce qui est fait"))
    def settled(self, question: ShortageQuestion) -> str:
        return questions.settled_words(question) or "—"

    @action(
        description=_("Répondre pour le client"),
        url_path="repondre",
        permissions=["answer"],
        icon="support_agent",
    )
    def answer_for_customer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What its customer says on the telephone, after the deadline too, as long as the order is open."""
        question = found(self, request, object_id)
        if not (self.has_view_permission(request, question) and self.has_answer_permission(request)):
            raise PermissionDenied
        if request.method == "POST" and self._answer(request, question):
            return redirect("admin:orders_shortagequestion_change", question.pk)
        context = {
            **self.admin_site.each_context(request), "title": translate("Répondre pour le client"),
            "opts": self.model._meta, "original": question, "question": question,
            "sentence": wording.missing(question.line, question.missing, question.cause),
            "deadline": wording.deadline(question.answer_by),
            "otherwise": wording.otherwise(question, question.offers.select_related("product").first()),
            "settled": questions.settled_words(question),
            "choices": [] if question.answer else questions.choices(question),
        }  # fmt: skip
        return TemplateResponse(request, "orders/admin/answer.html", context)

    def _answer(self, request: HttpRequest, question: ShortageQuestion) -> bool:
        wished = questions.read_choice(question, request.POST.get("choix", ""))
        if wished is None:
            messages.error(request, translate("Choisissez l’une des possibilités."))
            return False
        answer, offer_id = wished
        try:
            services.answer_shortage(
                token=question.token, answer=answer, offer_id=offer_id, by=ShortageQuestion.By.STAFF
            )
        except services.OfferGone:
            messages.error(request, translate("Cet article n’est plus en rayon\u202f: choisissez autrement."))
            return False
        except services.AlreadyAnswered:
            messages.warning(request, translate("C’était déjà réglé\u202f: rien n’a changé."))
            return True
        except services.MoveRefused:
            messages.error(request, translate("Cette commande n’attend plus de réponse."))
            return True
        self.log_change(
            request, question, translate("Répondu pour le client\u202f: %(answer)s") % {"answer": answer}
        )
        messages.success(request, translate("C’est noté\u202f: le client reçoit une lettre qui le dit."))
        return True
