"""What admin pages of several rooms share."""

from django.http import HttpRequest


class ReadOnly:
    """Looked at, never typed over: services write, with a reason and a history. For models and inlines."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
