"""Sealing of letters that hold a code or a link that opens a door: useless to whoever reads the table."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes

_PURPOSE = b"crm.outbox.letters:"


class Unreadable(Exception):
    """Sealed under another SECRET_KEY, or altered."""


def _key(secret: str | bytes) -> Fernet:
    digest = hashlib.sha256(_PURPOSE + force_bytes(secret)).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def _box() -> MultiFernet:
    # Old keys still open what waits in the queue while a key is being changed.
    return MultiFernet([_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises Unreadable. Nothing in, nothing out: a purged body stays empty."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as altered:
        raise Unreadable from altered
