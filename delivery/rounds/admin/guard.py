from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from delivery.rounds.rules import DISPATCH


def must_dispatch(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    if not request.user.has_perm(DISPATCH):
        raise PermissionDenied
