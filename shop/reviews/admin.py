from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from config.admin import NothingToSave, Tags, Undeletable, found
from shop.reviews import queries, services
from shop.reviews.forms import AnswerForm, RefusalForm, SeenForm
from shop.reviews.models import ProductReview, Review, ServiceReview, Status

PUBLISH, REFUSE, ANSWER = "publish", "refuse", "reply"


class LateFilter(admin.SimpleListFilter):
    """The list behind the figure on the admin's home."""

    title = _("délai")
    parameter_name = "delai"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("depasse", _("attend depuis plus de 72 heures"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        late = self.value() == "depasse"
        return queryset.filter(queries.overdue(timezone.now())) if late else queryset


class ReviewAdmin(NothingToSave, Undeletable, ModelAdmin):
    """Reviews are read here and decided on a page of their own; nobody edits a customer's words."""

    list_filter = ("status", LateFilter, "rating", "refusal_reason", "written_at")
    list_before_template = "reviews/admin_shares.html"
    ordering = ("-written_at",)
    actions_detail = ("moderate",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shares = {"shares": queries.published_shares(self.model.kind)}
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **shares})
        return page

    @display(description=_("note"), ordering="rating")
    def stars(self, review: Review) -> str:
        return f"{review.rating} / 5"

    @display(description=_("avis"))
    def beginning(self, review: Review) -> str:
        words = " ".join(filter(None, [getattr(review, "title", ""), review.text]))
        return Truncator(words).chars(80) or "—"

    @display(
        description=_("état"),
        label=Tags({"waiting": "warning", "late": "danger", "published": "success", "refused": "info"}),
        ordering="status",
    )
    def shown_status(self, review: Any) -> tuple[str, str]:
        if queries.is_overdue(review, timezone.now()):
            return "late", translate("à relire, délai dépassé")
        return review.status, review.get_status_display()

    @action(description=_("Relire et décider"), url_path="relire", permissions=["change"], icon="rate_review")
    def moderate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        review = found(self, request, object_id)
        if not self.has_change_permission(request, review):
            raise PermissionDenied
        chosen = next((name for name in (PUBLISH, REFUSE, ANSWER) if name in request.POST), "")
        forms = self._forms(request, review, chosen)
        if chosen and forms[chosen].is_valid():
            self._obey(request, review, chosen, forms[chosen].cleaned_data)
            return redirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": translate("Avis n° %(number)d") % {"number": review.pk},
            "original": review,
            "review": review,
            "forms": forms,
            "changelist": f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
            "may_publish": review.status == Status.WAITING,
            "may_refuse": review.status in {Status.WAITING, Status.PUBLISHED},
            "may_answer": review.status == Status.PUBLISHED and not review.answer,
        }
        return TemplateResponse(request, "reviews/admin_moderate.html", context)

    def _forms(self, request: HttpRequest, review: Any, chosen: str) -> dict[str, Any]:
        seen = {"seen_at": review.written_at.strftime("%Y-%m-%dT%H:%M:%S.%f%z")}
        given = {chosen: request.POST}
        return {
            PUBLISH: SeenForm(given.get(PUBLISH), initial=seen, auto_id="publier-%s"),
            REFUSE: RefusalForm(given.get(REFUSE), initial=seen, auto_id="refuser-%s"),
            ANSWER: AnswerForm(given.get(ANSWER), auto_id="repondre-%s"),
        }

    def _obey(self, request: HttpRequest, review: Any, chosen: str, given: dict[str, Any]) -> None:
        which = {"kind": review.kind, "review_id": review.pk, "user_id": request.user.pk}
        try:
            if chosen == PUBLISH:
                services.publish_review(**which, **given)
                messages.success(request, translate("Avis publié."))
            elif chosen == REFUSE:
                services.refuse_review(**which, **given)
                messages.success(request, translate("Avis refusé : son auteur reçoit le motif par e-mail."))
            else:
                services.answer_review(**which, **given)
                messages.success(request, translate("Réponse publiée : l’auteur en est averti."))
        except services.WordsChanged:
            messages.error(
                request, translate("L’auteur vient de changer son texte : relisez-le, rien n’a été décidé.")
            )
        except (services.AlreadyDecided, services.NotAnswerable):
            messages.error(request, translate("Quelqu’un l’a déjà fait : rien n’a changé."))


STANDING = ("status", "published_at", "refusal_reason", "refusal_words", "moderated_at", "moderated_by")
ANSWERED = ("answer", "answer_role", "answered_at", "answered_by")


@admin.register(ProductReview)
class ProductReviewAdmin(ReviewAdmin):
    list_display = ("__str__", "stars", "product", "beginning", "written_at", "shown_status")
    list_select_related = ("product",)
    search_fields = ("product__name", "title", "text", "order_reference")
    fieldsets = (
        (_("Avis"), {"fields": ("product", "stars", "title", "text", "customer", "order_reference")}),
        (_("Dates"), {"fields": ("experienced_on", "created_at", "written_at")}),
        (_("Décision"), {"fields": STANDING}),
        (_("Réponse"), {"fields": ANSWERED}),
    )
    readonly_fields = tuple(field for _name, options in fieldsets for field in options["fields"])


@admin.register(ServiceReview)
class ServiceReviewAdmin(ReviewAdmin):
    list_display = ("__str__", "stars", "order_reference", "beginning", "written_at", "shown_status")
    search_fields = ("text", "order_reference")
    fieldsets = (
        (_("Avis"), {"fields": ("stars", *ServiceReview.DETAILS, "text", "customer", "order_reference")}),
        (_("Dates"), {"fields": ("experienced_on", "created_at", "written_at")}),
        (_("Décision"), {"fields": STANDING}),
        (_("Réponse"), {"fields": ANSWERED}),
    )
    readonly_fields = tuple(field for _name, options in fieldsets for field in options["fields"])
