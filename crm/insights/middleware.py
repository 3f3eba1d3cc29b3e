from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def funnel_counts(get_response: Handler) -> Handler:
    return get_response
