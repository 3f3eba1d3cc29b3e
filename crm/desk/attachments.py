"""Which files of a mail are kept: few, small, and what they say they are."""

import io
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from config.media import TYPES
from config.pictures import PictureRefused, checked_picture
from crm.desk.card_rules import without_cards
from crm.desk.incoming import IncomingFile
from shop.customers.rules import clean_line

MOST_FILES = 5
MOST_BYTES = 4 * 1024 * 1024


def kept_files(files: Sequence[IncomingFile]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Fields of the attachments to keep, and (name, reason) of the others, in French.

    Pictures are decoded and encoded anew: no place, no cargo, whatever they are called. A PDF must begin like one.
    """
    kept: list[dict[str, Any]] = []
    refused: list[tuple[str, str]] = []
    for one in files:
        name = without_cards(clean_line(one.name))[:120] or _("sans nom")
        if len(kept) >= MOST_FILES:
            refused.append((name, _("plus de %(number)d pièces") % {"number": MOST_FILES}))
            continue
        content_type, data, why = _checked(one)
        if why:
            refused.append((name, why))
        else:
            kept.append({"name": name, "content_type": content_type, "size": len(data), "data": data})
    return kept, refused


def _checked(one: IncomingFile) -> tuple[str, bytes, str]:
    """The real type, the bytes to keep, and why not."""
    if one.data.startswith(b"%PDF-"):
        if len(one.data) > MOST_BYTES:
            return "", b"", _("trop lourde")
        return "application/pdf", one.data, ""
    try:
        picture = checked_picture(io.BytesIO(one.data))
    except PictureRefused as refused:
        return "", b"", _("type non accepté") if refused.reason == "format" else refused.words.rstrip(".")
    data = picture.read()
    if len(data) > MOST_BYTES:
        return "", b"", _("trop lourde")
    return TYPES[str(picture.name).rpartition(".")[2]], data, ""
