"""The square pictures of products that pages show, made of a checked one (config/pictures.py)."""

from collections.abc import Iterator
from typing import IO

from PIL import Image

from config.pictures import EXTENSIONS, saved
from shop.catalogue.rules import variant_sides

VARIANT_QUALITY = 80


def variants(original: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Square WebP pictures of one of ours, each with its side in pixels; nothing is enlarged.

    What is not square stands in the middle, on white or on nothing. Raises OSError when the file is gone or spoilt.
    """
    with Image.open(original, formats=list(EXTENSIONS)) as image:
        mode = "RGBA" if "A" in image.getbands() else "RGB"
        whole = image.convert(mode)
    for side in variant_sides(*whole.size):
        small = whole.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        square = Image.new(mode, (side, side), (255, 255, 255, 0)[: len(mode)])
        square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
        yield side, saved(square, "WEBP", quality=VARIANT_QUALITY, method=6)
