"""`make run`: what is said when it cannot start, what it does when a process dies, and the whole of it once."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from config import supervisor
from config.embedded import reachable_home
from config.supervisor import CannotStart, Child, check_machine

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_busy_port_is_one_line_with_the_cure(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(CannotStart) as said:
            check_machine(port, tmp_path)

    assert f"PORT={port + 1} make run" in str(said.value) and "\n" not in str(said.value)


def test_a_full_disk_is_one_line_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "FREE_BYTES_NEEDED", 2**62)

    with pytest.raises(CannotStart, match="libérez-en 500"):
        check_machine(free_port(), tmp_path)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(CannotStart, match="Impossible d’écrire"):
        check_machine(free_port(), file / "below")


def test_an_old_python_is_one_line(tmp_path):
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    done = subprocess.run(["make", "python", f"PYTHON={old}"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode and "Python 3.11" in done.stderr


def ended(child):
    child.process.wait()
    return child


def test_a_crashed_process_is_restarted_after_a_growing_pause(capfd):
    child = Child("essai", [sys.executable, "-c", "raise SystemExit(3)"])
    pauses = []
    now = 1000.0
    for _ in range(4):
        child.start()
        child.started_at = now
        ended(child).check(now)
        pauses.append(child.restart_at - now)

    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert "code 3" in capfd.readouterr().out


def test_five_crashes_in_a_row_stop_everything_and_say_why():
    child = Child("essai", [sys.executable, "-c", "raise SystemExit(3)"], crashes=4)
    child.start()

    with pytest.raises(CannotStart, match="5 fois de suite .code 3."):
        ended(child).check(child.started_at)


def test_a_long_calm_forgives_earlier_crashes():
    child = Child("essai", [sys.executable, "-c", "pass"], crashes=4)
    child.start()

    ended(child).check(child.started_at + supervisor.CALM_SECONDS + 1)

    assert child.crashes == 1


def test_the_procfile_runs_from_this_environment(monkeypatch):
    monkeypatch.setenv("CABAS_STATE", "/etat")
    children = supervisor.procfile(8123)

    assert [child.name for child in children] == ["web", "worker", "beat", "relay"]
    assert "127.0.0.1:8123" in children[0].command
    assert all("$" not in word for child in children for word in child.command)
    assert all(Path(child.command[0]).exists() for child in children)


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
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{address}", timeout=10) as answer:
            return answer.read().decode()

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        said, _ = self.process.communicate(timeout=40)
        return said


@pytest.fixture
def state(tmp_path):
    import shutil

    folder = tmp_path / "etat"
    folder.mkdir()
    yield folder
    home = reachable_home(folder)
    if home != folder:
        shutil.rmtree(home, ignore_errors=True)


def processes_speaking_of(*words):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                if any(word in command for word in words):
                    found.append(command)
    return found


def test_the_shop_opens_twice_keeps_its_data_and_leaves_nothing_running(state):
    shop = Shop(state)
    first = shop.start()
    home = shop.get("/")
    products = shop.get("/recherche/?q=beurre")
    said = shop.stop()

    again = shop.start()
    assert "Ajouter" in shop.get("/recherche/?q=beurre")
    shop.stop()

    assert "Cabas est ouvert" in said and "camille@cabas.example" in said and "Tout est arrêté" in said
    assert "Démonstration" in home or "démonstration" in home
    assert "Ajouter" in products
    assert not processes_speaking_of(str(state), str(reachable_home(state)), f":{shop.port}")
    assert again < first
