"""Pictures served by the shop itself, where no proxy or object storage does (SERVE_MEDIA)."""

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

# Only what `config.pictures` writes: a file of any other kind has no business there.
TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file under MEDIA_ROOT, by the type its name says and never by its content. No query.

    Names are drawn at random and never used twice: a browser may keep the file for good.
    """
    kind = TYPES.get(path.rpartition(".")[2])
    if kind is None:
        raise Http404
    answer = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    answer["Content-Type"] = kind
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
