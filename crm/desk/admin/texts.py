"""Reply texts, written by whoever uses them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from config.admin import Undeletable
from crm.desk.models import ReplyText
from crm.desk.staff_forms import french_text
from crm.desk.text_rules import PLACEHOLDERS


@admin.register(ReplyText)
class ReplyTextAdmin(Undeletable, ModelAdmin):
    list_display = ("title", "position", "is_active")
    list_editable = ("position", "is_active")
    search_fields = ("title", "body")
    fields = ("title", "body", "position", "is_active", "key")
    prepopulated_fields = {"key": ("title",)}

    def get_prepopulated_fields(self, request: HttpRequest, obj: ReplyText | None = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    def get_readonly_fields(self, request: HttpRequest, obj: ReplyText | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "body" and field is not None:
            field.widget = french_text(12)
            names = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            field.help_text = _(
                "Remplis d’après la commande\u202f: %(names)s. Ce qui n’est pas connu reste à compléter."
            ) % {"names": names}
        return field
