from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import NothingToSave, ReadOnly, Tags, Undeletable, found
from crm.desk import services
from crm.desk.forms import AnswerForm
from crm.desk.models import ContactRequest, HelpEntry, LegalPage, LegalPageVersion
from crm.desk.rules import blanks


def _user_id(request: HttpRequest) -> int:
    assert request.user.pk is not None  # noqa: S101 - the admin let this person in
    return request.user.pk


class VersionInline(ReadOnly, TabularInline):
    model = LegalPageVersion
    fields = ("reading", "published_at", "published_by")
    readonly_fields = fields
    extra = 0
    hide_title = True

    @display(description=_("version"))
    def reading(self, version: LegalPageVersion) -> str:
        address = reverse("legal_page", args=[version.page.slug])
        return format_html('<a href="{}?version={}">{}</a>', address, version.version, version.version)


def _order_link(received: ContactRequest) -> str:
    """To the order that the request is about; the list it leads to finds references however they were typed."""
    if not received.order_reference:
        return ""
    address = reverse("admin:orders_order_changelist", query={"q": received.order_reference})
    return format_html('<a class="underline" href="{}">{}</a>', address, received.order_reference)


@admin.register(LegalPage)
class LegalPageAdmin(Undeletable, ModelAdmin):
    list_display = ("title", "slug", "version", "updated_at", "left_to_fill_in")
    search_fields = ("title", "body")
    fields = ("slug", "title", "body", "version", "updated_at")
    readonly_fields = ("version", "updated_at")
    inlines = (VersionInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: LegalPage | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: LegalPage | None = None) -> tuple[str, ...]:
        """A new page has no version yet."""
        return self.fields if obj else ("title", "slug", "body")

    def get_inlines(self, request: HttpRequest, obj: LegalPage | None) -> tuple[Any, ...]:
        return self.inlines if obj else ()

    @display(description=_("à compléter"))
    def left_to_fill_in(self, page: LegalPage) -> str:
        number = blanks(page.body)
        if not number:
            return "—"
        return ngettext("%(number)d passage", "%(number)d passages", number) % {"number": number}

    def save_model(self, request: HttpRequest, obj: LegalPage, form: Any, change: bool) -> None:
        page = services.publish_page(slug=obj.slug, title=obj.title, body=obj.body, user_id=request.user.pk)
        obj.pk, obj.version, obj.updated_at = page.pk, page.version, page.updated_at


@admin.register(HelpEntry)
class HelpEntryAdmin(Undeletable, ModelAdmin):
    list_display = ("question", "position", "is_published")
    list_editable = ("position", "is_published")
    search_fields = ("question", "answer")
    fields = ("question", "answer", "position", "is_published", "key")
    prepopulated_fields = {"key": ("question",)}

    def get_prepopulated_fields(self, request: HttpRequest, obj: HelpEntry | None = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    def get_readonly_fields(self, request: HttpRequest, obj: HelpEntry | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()


@admin.register(ContactRequest)
class ContactRequestAdmin(NothingToSave, Undeletable, ModelAdmin):
    """Requests are read here and answered on a page of their own; no field is ever edited."""

    list_display = ("__str__", "received_at", "subject", "name", "order_reference", "shown_state")
    list_filter = ("state", "subject", "received_at")
    list_select_related = ("answered_by",)
    search_fields = ("name", "email", "order_reference", "message")
    ordering = ("-received_at",)
    actions_detail = ("reply",)
    fieldsets = (
        (_("Demande"), {"fields": ("received_at", "subject", "message")}),
        (_("De la part de"), {"fields": ("name", "email", "customer", "order_shown")}),
        (_("Suite"), {"fields": ("state", "answer", "answered_at", "answered_by")}),
    )
    readonly_fields = tuple(field for _name, options in fieldsets for field in options["fields"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description=_("numéro de commande"))
    def order_shown(self, received: ContactRequest) -> str:
        return _order_link(received) or "—"

    @display(
        description=_("état"),
        label=Tags({"new": "warning", "answered": "success", "closed": "info"}),
        ordering="state",
    )
    def shown_state(self, request: ContactRequest) -> tuple[str, str]:
        return request.state, request.get_state_display()

    @action(description=_("Répondre"), url_path="repondre", permissions=["change"], icon="reply")
    def reply(self, request: HttpRequest, object_id: str) -> HttpResponse:
        received = found(self, request, object_id)
        if not self.has_change_permission(request, received):
            raise PermissionDenied
        form = AnswerForm(request.POST or None)
        if request.method == "POST" and ("close" in request.POST or form.is_valid()):
            self._handle(request, received, form)
            return redirect("admin:desk_contactrequest_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Répondre à la demande n° %(number)d") % {"number": received.pk},
            "original": received,
            "received": received,
            "order_link": _order_link(received),
            "form": form,
            "is_open": received.state == ContactRequest.State.NEW,
        }
        return TemplateResponse(request, "desk/admin_answer.html", context)

    def _handle(self, request: HttpRequest, received: ContactRequest, form: AnswerForm) -> None:
        try:
            if "close" in request.POST:
                services.close_contact_request(request_id=received.pk)
                messages.success(request, translate("Demande classée sans réponse."))
            else:
                services.answer_contact_request(
                    request_id=received.pk, answer=form.cleaned_data["answer"], user_id=_user_id(request)
                )
                messages.success(request, translate("Réponse enregistrée : elle part par e-mail."))
        except services.RequestAlreadyHandled:
            messages.error(request, translate("Cette demande a déjà été traitée : rien n’a été envoyé."))
