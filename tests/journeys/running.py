"""`make run` in a state folder of its own, for a test that wants the real processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Shop:
    """`make run` in a state folder of its own."""

    def __init__(self, state):
        self.port = free_port()
        kept = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        self.environment = kept | {
            "PORT": str(self.port),
            "CABAS_STATE": str(state),
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "PYTHONWARNINGS": "ignore",
        }
        self.process = None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"], cwd=ROOT, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        while time.monotonic() - began < 90:
            if self.process.poll() is not None:
                raise AssertionError(self.process.stdout.read())
            with contextlib.suppress(OSError):
                return self.get("/sante/") and time.monotonic() - began
            time.sleep(0.2)
        raise AssertionError("the shop did not open within 90 seconds")

    def get(self, address):
        with urllib.request.urlopen(f"{self.address}{address}", timeout=10) as answer:
            return answer.read().decode()

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        said, _ = self.process.communicate(timeout=40)
        return said


def processes_speaking_of(*words):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                if any(word in command for word in words):
                    found.append(command)
    return found
