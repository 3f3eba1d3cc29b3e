from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

DISPATCH = "rounds.dispatch"


def must_dispatch(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    if not request.user.has_perm(DISPATCH):
        raise PermissionDenied
