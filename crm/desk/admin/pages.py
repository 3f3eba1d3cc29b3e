"""Legal pages and usual questions, as staff write them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from config.admin import ReadOnly, Undeletable
from crm.desk import services
from crm.desk.models import HelpEntry, LegalPage, LegalPageVersion
from crm.desk.rules import blanks


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
