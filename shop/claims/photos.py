"""What a picture is known again by."""

import hashlib
from typing import Any

from PIL import Image


def pixels_hash(picture: Any) -> str:
    """Of the decoded pixels of a checked picture: a new name or other metadata make no new picture."""
    picture.seek(0)
    with Image.open(picture) as image:
        plain = image.convert("RGB")
    picture.seek(0)
    told = f"{plain.width}x{plain.height}".encode()
    return hashlib.sha256(told + plain.tobytes()).hexdigest()
