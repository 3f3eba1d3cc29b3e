"""What the web server's processes take, as it is run (config/gunicorn.py), once they have served every page a while."""

import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from config.bench.pages import shopper_pages
from shop.catalogue.models import Product

HEADING = ("process", "its share MB", "its own MB", "resident MB")
START_SECONDS = 60
CLIENTS = 4
PRODUCTS = 2_000
TURNS = 150


class NotServed(Exception):
    """The server did not start, or did not answer as it should."""


@dataclass(frozen=True)
class Process:
    """Megabytes: ``share`` splits what processes have in common between them (PSS), ``own`` leaves it out (USS)."""

    name: str
    share: float
    own: float
    resident: float

    def cells(self) -> tuple[str, ...]:
        return (self.name, *(f"{megabytes:.0f}" for megabytes in (self.share, self.own, self.resident)))


def measure() -> list[Process]:
    """Start the server on a socket of its own, ask for every page and many products, look. Raises NotServed."""
    addresses = _asked()
    with _serving() as (path, server):
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda address: _get(path, address), addresses))
        workers = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        return [
            _memory("master", server),
            *(_memory(f"worker {place}", int(pid)) for place, pid in enumerate(workers, 1)),
        ]


def _asked() -> list[str]:
    products = Product.objects.published().order_by("-popularity", "id").values_list("slug", flat=True)
    return [
        *list(shopper_pages().values()) * TURNS,
        *(reverse("product", args=[slug]) for slug in products[:PRODUCTS]),
    ]


@contextlib.contextmanager
def _serving() -> Iterator[tuple[Path, int]]:
    """The server's socket and its process."""
    folder = Path(tempfile.mkdtemp(prefix="cabas-"))
    path = folder / "web.sock"
    command = [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi", "--bind", f"unix:{path}"]  # fmt: skip
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | {"CABAS_PROCESS": "bench"})
    try:
        _wait(path, server)
        yield path, server.pid
    finally:
        server.terminate()
        server.wait(START_SECONDS)
        shutil.rmtree(folder)


def _wait(path: Path, server: "subprocess.Popen[bytes]") -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and server.poll() is None:
        with contextlib.suppress(OSError):
            _get(path, "/sante/")
            return
        time.sleep(0.1)
    raise NotServed(f"code {server.poll()}")


def _get(path: Path, address: str) -> None:
    """One page, as a proxy would ask for it. Raises NotServed for anything but a page."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    with contextlib.closing(connection):
        connection.sock.connect(str(path))
        host = urlsplit(settings.SITE_URL).hostname or "localhost"
        connection.request("GET", address, headers={"Host": host, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise NotServed(f"{address}: {answer.status}")


def _memory(name: str, pid: int) -> Process:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {
        line: int(kilobytes) / 1000 * 1.024
        for line, kilobytes in re.findall(r"^(\w+): +(\d+) kB", rollup, re.M)
    }
    return Process(name, sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"], sizes["Rss"])
