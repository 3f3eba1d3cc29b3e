"""What admin pages of several rooms share."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from unfold.decorators import display

from config.templatetags.cabas import euros


class ReadOnly:
    """Looked at, never typed over: services write, with a reason and a history. For models and inlines."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class Undeletable:
    """Rows that others stand on, or that shipped defaults would bring back: suspended or hidden instead."""

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class KeepsSecret:
    """Fields no filter typed into the address may reach: letter by letter it would guess what no page shows."""

    secret_fields: ClassVar[frozenset[str]] = frozenset()

    def secret_from(self, request: HttpRequest | None) -> frozenset[str]:
        """The fields kept from whoever asks."""
        return self.secret_fields

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Paths through other tables are refused by Django, unless a list filter names them."""
        is_secret = lookup.partition("__")[0] in self.secret_from(request)
        return not is_secret and super().lookup_allowed(lookup, value, request)  # type: ignore[misc]


class Tags(dict[Any, str]):
    """State → colour, for `display(label=…)`: where Unfold is not told a colour it shows the state's code."""

    def __missing__(self, state: object) -> str:
        return ""


def own_id(request: HttpRequest) -> int:
    """Of whoever is signed in, behind a guard that made sure."""
    assert request.user.pk is not None  # noqa: S101 - signed in
    return int(request.user.pk)


def found(model_admin: Any, request: HttpRequest, object_id: object) -> Any:
    """The row that an action of its page is about. Raises Http404, for what is no identifier too. One query."""
    row = model_admin.get_object(request, str(object_id))
    if row is None:
        raise Http404
    return row


def make_sure(
    model_admin: Any, request: HttpRequest, row: object, title: str | Promise, said: str | Promise
) -> HttpResponse:
    """Asks before an action that nobody undoes; its POST does it."""
    context = {
        **model_admin.admin_site.each_context(request), "title": title, "opts": model_admin.opts, "row": row, "said": said,
    }  # fmt: skip
    return TemplateResponse(request, "admin/sure.html", context)


class NothingToSave:
    """A page whose right to change opens actions and no field: without buttons that would do nothing."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        hidden = {"show_save": False, "show_save_and_continue": False}
        page: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **hidden}
        )
        return page


def in_euros(field: str, words: str | Promise) -> Callable[[Any, Any], str]:
    """A column or a read-only field that shows a sum with its sign: « 1 234,50 € »."""

    @display(description=words, ordering=field)
    def shown(_admin: Any, row: Any) -> str:
        return euros(getattr(row, field))

    return shown  # type: ignore[no-any-return]
