"""Forms refused by a page that is itself a success: htmx shows no other status in place."""

from django.http import HttpRequest

_MARK = "_cabas_was_refused"


def note_refusal(request: HttpRequest) -> None:
    """Say that what was asked did not happen, whatever the status of the answer."""
    setattr(request, _MARK, True)


def was_refused(request: HttpRequest) -> bool:
    return bool(getattr(request, _MARK, False))
