"""The baseline of the page figures stays what it was: a bar that moves measures nothing."""

import hashlib
from pathlib import Path

from django.conf import settings

FROZEN = {
    "config/bench/bare.py": "600a878a29077217188297473e4643e583a7db2f8536fdf7c20407b34e0d94ea",
    "templates/bench/bare.html": "e75964a4889300ce304c53d3aaef400beb7d5b8a16015a63ff09c58fe2f20e53",
}


def test_the_baseline_is_frozen():
    found = {
        name: hashlib.sha256((Path(settings.BASE_DIR) / name).read_bytes()).hexdigest() for name in FROZEN
    }

    assert found == FROZEN
