"""A photograph is shown by a page that asked who reads."""

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase

from config.media import TYPES
from shop.claims.models import Claim


def picture(claim: Claim) -> HttpResponseBase:
    """The file under a type of ours, never its own word for it. Raises Http404. Every view that shows it keeps caches
    from it."""
    kind = TYPES.get(str(claim.photo.name).rpartition(".")[2])
    if kind is None or not claim.photo.storage.exists(str(claim.photo.name)):
        raise Http404
    return FileResponse(
        claim.photo.open("rb"),
        content_type=kind,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
