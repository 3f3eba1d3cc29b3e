"""One process manager for `make run`: servers, preparation, then every line of the Procfile until Ctrl-C."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.embedded import Postgres, ServerFailed, Valkey, reachable_home

ROOT = Path(__file__).resolve().parents[1]
FREE_BYTES_NEEDED = 500 * 1024 * 1024
CRASHES_ALLOWED = 5
CALM_SECONDS = 60.0


class CannotStart(RuntimeError):
    """Why nothing was started: one line, with the cure."""


@dataclass
class Child:
    """A process of the Procfile: restarted with a growing pause, given up after five crashes in a row."""

    name: str
    command: list[str]
    crashes: int = 0
    started_at: float = 0.0
    restart_at: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        environment = os.environ | {"CABAS_PROCESS": self.name}
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(self.command, cwd=ROOT, env=environment, start_new_session=True)

    def check(self, now: float) -> None:
        """Restart when it has ended. Raises CannotStart after too many crashes."""
        if self.process is None:
            if now >= self.restart_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.crashes = 1 if now - self.started_at > CALM_SECONDS else self.crashes + 1
        if self.crashes >= CRASHES_ALLOWED:
            raise CannotStart(
                f"« {self.name} » s’est arrêté {self.crashes} fois de suite (code {code}) : "
                "la raison est dans les dernières lignes ci-dessus. Tout est arrêté."
            )
        pause = 2.0 ** (self.crashes - 1)
        print(f"« {self.name} » s’est arrêté (code {code}), nouvel essai dans {pause:.0f} s.", flush=True)
        self.process, self.restart_at = None, now + pause

    def signal(self, number: int) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def end(self, limit: float) -> None:
        if not self.process:
            return
        try:
            self.process.wait(max(0.1, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def check_machine(port: int, state: Path) -> None:
    """Raises CannotStart for what can be known before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as busy:
            raise CannotStart(
                f"Le port {port} est déjà pris : arrêtez l’autre programme, ou lancez « PORT={port + 1} make run »."
            ) from busy
    try:
        state.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(state).free
    except OSError as refused:
        raise CannotStart(f"Impossible d’écrire dans {state} ({refused.strerror}).") from refused
    if free < FREE_BYTES_NEEDED:
        raise CannotStart(
            f"Il reste {free // 2**20} Mo sur le disque de {state} : libérez-en 500, puis relancez."
        )


def start_servers(state: Path) -> list[Postgres | Valkey]:
    """Start what the environment does not already name, and note the addresses for `manage.py`."""
    home = reachable_home(state)
    started: list[Postgres | Valkey] = []
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(home)
        postgres.start()
        started.append(postgres)
        os.environ["DATABASE_URL"] = postgres.url()
    if "REDIS_URL" not in os.environ:
        valkey = Valkey(home)
        valkey.start()
        started.append(valkey)
        os.environ["REDIS_URL"] = valkey.url()
    addresses = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    note = state / "servers.json"
    note.touch(mode=0o600)
    note.write_text(json.dumps(addresses))
    return started


def prepare() -> None:
    """Bring the database, the static files and the demonstration up to date, in this one process."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    _collect_static()
    call_command("seed_defaults", verbosity=0)
    if settings.DEMONSTRATION:
        call_command("demo", verbosity=0)


def _collect_static() -> None:
    """Hash and compress static files when one of them, or a package, has changed."""
    from django.conf import settings
    from django.core.management import call_command

    sources = [*(ROOT / "static").rglob("*"), ROOT / "requirements" / "run.lock"]
    newest = f"{max(path.stat().st_mtime_ns for path in sources)} {len(sources)}"
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == newest:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(newest)


def procfile(port: int) -> list[Child]:
    """The Procfile's processes, run from this virtual environment."""
    variables = {"PORT": str(port), "CABAS_STATE": os.environ["CABAS_STATE"]}
    binaries = Path(sys.executable).parent
    children = []
    for line in (ROOT / "Procfile").read_text().splitlines():
        name, _, text = line.partition(":")
        for variable, value in variables.items():
            text = text.replace(f"${variable}", value)
        command = shlex.split(text)
        children.append(Child(name.strip(), [str(binaries / command[0]), *command[1:]]))
    return children


def run(children: list[Child], servers: list[Postgres | Valkey], stopping: list[bool]) -> None:
    while not stopping:
        for server in servers:
            if not server.is_running():
                print(f"« {type(server).__name__} » s’est arrêté : nous le relançons.", flush=True)
                server.start()
        for child in children:
            child.check(time.monotonic())
        time.sleep(0.2)


def stop(children: list[Child], servers: list[Postgres | Valkey]) -> None:
    """Ask everybody to finish, wait, then stop the servers under them."""
    for child in children:
        child.signal(signal.SIGTERM)
    limit = time.monotonic() + 15
    for child in children:
        child.end(limit)
    for server in reversed(servers):
        server.stop()
    Path(os.environ["CABAS_STATE"], "servers.json").unlink(missing_ok=True)


def welcome(port: int) -> None:
    from config.demonstration.accounts import ACCOUNTS, PASSWORD

    print(f"\nCabas est ouvert : http://127.0.0.1:{port}/   (équipe : /admin/)\n")
    print(f"Comptes de démonstration, mot de passe « {PASSWORD} » :")
    for account in ACCOUNTS:
        print(f"  {account.email:<32} {account.what}")
    print(
        "\nLes lettres se lisent dans /admin/, rien ne quitte cette machine. Ctrl-C arrête tout.\n",
        flush=True,
    )


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    os.environ.setdefault("CABAS_STATE", str(ROOT / ".run"))
    port = int(os.environ.get("PORT", "8000"))
    os.environ.setdefault("SITE_URL", f"http://127.0.0.1:{port}")
    state = Path(os.environ["CABAS_STATE"])
    stopping: list[bool] = []

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stopping.append(True)

    signal.signal(signal.SIGINT, ask_to_stop)
    signal.signal(signal.SIGTERM, ask_to_stop)
    servers: list[Postgres | Valkey] = []
    children: list[Child] = []
    try:
        check_machine(port, state)
        servers = start_servers(state)
        prepare()
        children = procfile(port)
        if not stopping:
            welcome(port)
            run(children, servers, stopping)
    except (CannotStart, ServerFailed) as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        stop(children, servers)
    print("Tout est arrêté.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
