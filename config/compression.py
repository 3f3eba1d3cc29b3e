"""Pages leave compressed, at what a page may cost rather than at what it may gain."""

import gzip
import re
import secrets

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

# Of zlib's nine. Django's six takes three times as long, a tenth of what it takes to answer, for pages an eighth smaller.
LEVEL = 2
WORTH_BYTES = 200
_ACCEPTS_GZIP = re.compile(r"\bgzip\b")
# A gzip file may hold its name, after its first ten bytes; the fourth tells that it does.
_HEADER_BYTES, _FLAGS, _HAS_NAME = 10, 3, 8


class CompressionMiddleware(GZipMiddleware):
    """Django's own, quicker; what is streamed is left to it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, HttpResponse):
            return super().process_response(request, response)
        if len(response.content) < WORTH_BYTES or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if not _ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")):
            return response
        compressed = _compressed(response.content, self.max_random_bytes)
        if len(compressed) < len(response.content):
            response.content = compressed
            response["Content-Length"] = str(len(compressed))
            response["Content-Encoding"] = "gzip"
            if response.get("ETag", "").startswith('"'):
                # The same page in other bytes (RFC 9110, 8.8.1).
                response["ETag"] = "W/" + response["ETag"]
        return response


def _compressed(content: bytes, most_random: int) -> bytes:
    """With a name of random length, as Django's: the size of a page must not tell its token (BREACH)."""
    plain = gzip.compress(content, compresslevel=LEVEL, mtime=0)
    header = bytearray(plain[:_HEADER_BYTES])
    header[_FLAGS] = _HAS_NAME
    return bytes(header) + b"a" * secrets.randbelow(most_random) + b"\0" + plain[_HEADER_BYTES:]
