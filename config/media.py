"""Pictures served by the shop itself: public ones where no proxy or object storage does (SERVE_MEDIA), private ones always."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

# Only what `config.pictures` writes: a file of any other kind has no business there.
WRITTEN_WITHIN = timedelta(days=1)
TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
# Nothing in it is run, whatever it turns out to hold.
_INERT = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file under MEDIA_ROOT, by the type its name says and never by its content. No query.

    Names are drawn at random and never used twice: a browser may keep the file for good.
    """
    kind = _kind(path)
    answer = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    answer["Content-Type"] = kind
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    for name, value in _INERT.items():
        answer[name] = value
    return answer


def private_storage() -> Storage:
    """Nobody reaches these files by an address of their own."""
    return storages["private"]


def private_picture(file: FieldFile) -> HttpResponseBase:
    """A file of the private storage, for a view that asked who reads and keeps caches from it. Raises Http404. No query."""
    kind = _kind(str(file.name))
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(opened, content_type=kind, headers=_INERT)


def sweep_private(field: models.FileField, *, now: datetime) -> int:
    """Delete the files that no row names, how many: whatever was undone after its file was written leaves one.

    One query for a thousand files; a file of today is left alone, its row may be on its way.
    """
    model, folder, storage = field.model, str(field.upload_to), field.storage
    try:
        names = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
    except FileNotFoundError:
        return 0
    swept = 0
    for start in range(0, len(names), 1000):
        some = names[start : start + 1000]
        named = set(
            model._base_manager.filter(**{f"{field.name}__in": some}).values_list(field.name, flat=True)
        )
        for name in set(some) - named:
            if storage.get_modified_time(name) < now - WRITTEN_WITHIN:
                storage.delete(name)
                swept += 1
    return swept


def _kind(name: str) -> str:
    """By what the name says, never by the content. Raises Http404."""
    kind = TYPES.get(name.rpartition(".")[2])
    if kind is None:
        raise Http404
    return kind
