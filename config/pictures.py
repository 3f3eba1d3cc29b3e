"""Pictures that strangers' tools made: decoded, checked, and encoded again by ours."""

import io
import uuid
import warnings
from typing import IO, Any

from django.core.files.base import ContentFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, UnidentifiedImageError

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 2000
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
# A camera's profile weighs a few kilobytes; more is somebody else's cargo.
MOST_PROFILE_BYTES = 1024 * 1024
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip

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
            warnings.simplefilter("ignore")
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
    except PictureRefused:
        raise
    except Exception as broken:  # spoilt bytes make Pillow raise nearly anything
        raise PictureRefused("broken") from broken
    # Some JPEG files announce themselves as MPO (several pictures): the first is a plain JPEG.
    return ("JPEG" if kind == "MPO" else kind), image


def _encoded(image: Image.Image, kind: str) -> bytes:
    clean = _in_plain_colours(_upright(image), keeps_alpha=kind != "JPEG")
    clean.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clean.info = {}
    options: dict[str, Any] = {"JPEG": {"quality": 88, "optimize": True}, "WEBP": {"quality": 88}}.get(
        kind, {}
    )
    return saved(clean, kind, **options)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as the bytes of a file of that kind."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its camera was held; a note of that which cannot be read turns nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
        except Exception:  # whatever Pillow makes of a mangled note, the picture itself was decoded
            turn = None
    return image.transpose(turn) if turn is not None else image


def _in_plain_colours(image: Image.Image, *, keeps_alpha: bool) -> Image.Image:
    """RGB or RGBA in sRGB, whatever came: palette, grey of 16 bits, the four inks of print, a wide gamut."""
    if image.mode.startswith("I"):
        # Pillow would clip 65,536 greys at 255: everything white.
        image = image.convert("I").point([n // 256 for n in range(65536)], "L")
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    if not has_alpha:
        return _in_srgb(image)
    return image.convert("RGBA") if keeps_alpha else image.convert("RGB")


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile") or b""
    if profile and image.mode in {"RGB", "CMYK"} and len(profile) <= MOST_PROFILE_BYTES:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            turned = None
        if turned is not None:
            return turned
    return image.convert("RGB")
