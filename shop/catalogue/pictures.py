"""Pictures that strangers' tools made: decoded, checked, and encoded again by ours."""

import io
import uuid
import warnings
from typing import IO, Any

from django.core.files.base import ContentFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 2000
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}

REFUSALS: dict[str, str | Promise] = {
    "size": _("Cette image dépasse 8\u202fMio\u202f: réduisez-la puis recommencez."),
    "pixels": _("Cette image dépasse 40 millions de pixels\u202f: réduisez-la puis recommencez."),
    "format": _("Ce fichier n’est pas une image JPEG, PNG ou WebP."),
    "broken": _("Cette image est abîmée ou incomplète\u202f: exportez-la de nouveau."),
}


class PictureRefused(Exception):
    """``reason`` is a key of REFUSALS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def words(self) -> str:
        return str(REFUSALS[self.reason])


def checked_picture(upload: IO[bytes] | Any) -> "ContentFile[bytes]":
    """A clean copy of an uploaded picture, under a name of our own. Raises PictureRefused.

    The real type decides, never the name or the announced type. Encoding again drops metadata (places,
    faces' coordinates) and whatever was appended to the picture.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PictureRefused("size")
    kind, image = _decoded(data)
    name = f"{uuid.uuid4().hex}.{EXTENSIONS[kind]}"
    return ContentFile(_encoded(image, kind), name=name)


def _decoded(data: bytes) -> tuple[str, Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=list(EXTENSIONS))
            # Before any pixel is decoded: the header alone tells a bomb.
            if image.width * image.height > MAX_PIXELS:
                raise PictureRefused("pixels")
            kind = str(image.format)
            image.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
        raise PictureRefused("pixels") from bomb
    except UnidentifiedImageError as unknown:
        raise PictureRefused("format") from unknown
    except (OSError, ValueError, SyntaxError, EOFError, IndexError) as broken:
        raise PictureRefused("broken") from broken
    # Some JPEG files announce themselves as MPO (several pictures): the first is a plain JPEG.
    return ("JPEG" if kind == "MPO" else kind), image


def _encoded(image: Image.Image, kind: str) -> bytes:
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    has_alpha = "A" in upright.getbands() or "transparency" in upright.info
    clean = upright.convert("RGBA" if has_alpha and kind != "JPEG" else "RGB")
    clean.info = {}
    target = io.BytesIO()
    options: dict[str, Any] = {"JPEG": {"quality": 88, "optimize": True}, "WEBP": {"quality": 88}}.get(
        kind, {}
    )
    clean.save(target, kind, **options)
    return target.getvalue()
