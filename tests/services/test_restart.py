"""A database that goes away under load and comes back: nothing acknowledged is lost, and nobody has to be told."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from prep_tracker.store import migrate
from prep_tracker.store.session import Store
from tests.postgres import DURABLE, Server, running_postgres
from tests.services.crowd import Crowd, Line, first_answer
from tests.store.loaded import faults, lost, rows_of, serving, settle

CLIENTS = 8
SECONDS_AWAY, MOST_SECONDS = 0.3, 20
"""How long the database is away at least; and how long recovery may take on a machine that has much else to do."""
MEGABYTES = 128
"""The size of the small disk, twice what an empty PostgreSQL takes."""
SMALL = {"min_wal_size": "32MB", "max_wal_size": "32MB"}


async def until(condition: object, seconds: float = 60) -> None:
    """Wait until a function gives something true."""
    assert callable(condition)
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline
        await asyncio.sleep(0.005)


def whole(url: str, crowd: Crowd) -> None:
    """Hold what was acknowledged against what is there, and that every answer was one that the crowd can work with."""
    store = Store.open(url)
    rows = rows_of(store)
    store.close()
    gone = lost(crowd, rows)
    assert not gone, f"lost: {gone}"
    assert faults(rows) == []
    assert crowd.odd == []
    assert crowd.broken == 0


async def seen(crowd: Crowd, *paths: str) -> list[int]:
    """Look at these addresses; give their statuses."""
    with closing(Line(crowd.address, crowd.keys[0])) as line:
        return [(await line.send("GET", path)).status for path in paths]


async def restarted(server: Server, crowd: Crowd, times: int) -> list[float]:
    """End the server under load and begin it again, so many times; give the seconds from when it was back."""
    found = []
    async with crowd.at_work(CLIENTS):
        for number in range(times):
            booked = len(crowd.booked)
            await until(lambda booked=booked: len(crowd.booked) > booked + 2 * CLIENTS)
            server.ask_to_end(signal.SIGQUIT if number % 2 else signal.SIGINT)
            await until(lambda: server.is_gone)
            refused, away = crowd.statuses[503], monotonic()
            await until(lambda refused=refused: crowd.odd or crowd.statuses[503] >= refused + CLIENTS)
            assert await seen(crowd, "/healthz", "/readyz") == [200, 503]
            await asyncio.sleep(max(0.0, SECONDS_AWAY - (monotonic() - away)))
            server.begin()
            await until(lambda: server.is_ready)
            found.append(max(await first_answer(crowd.address, crowd.keys[0], MOST_SECONDS)))
    assert await seen(crowd, "/readyz") == [200]
    return found


def restarted_under_load(times: int, fault: str | None = None) -> str:
    """Restart under load, and look whether everything is there; gives the figures."""
    with running_postgres(DURABLE) as server:
        migrate.upgrade(server.url)
        keys = settle(server.url, people=4)
        with serving(server.url, fault, requests_a_minute="0") as (address, _):
            crowd = Crowd(address, keys)
            seconds = asyncio.run(restarted(server, crowd, times))
        whole(server.url, crowd)
    back = f"back after {min(seconds):.2f} to {max(seconds):.2f} s"
    return f"{times} restarts under load: {crowd.counts()}; {back}; {len(crowd.booked)} bookings, 0 lost"


def test_a_server_that_is_restarted_under_load() -> None:
    restarted_under_load(1)


@pytest.mark.parametrize(("fault", "found"), [("told_too_early", "lost"), ("sick_is_a_fault", "500")])
def test_a_fault_is_found(fault: str, found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        restarted_under_load(2, fault)


@pytest.mark.soak
def test_a_server_that_is_restarted_twelve_times(capsys: pytest.CaptureFixture[str]) -> None:
    told = restarted_under_load(12)
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 - the figure of a full run


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Put a small disk in memory at this place. Raises ``PermissionError`` where this user may mount nothing."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=700", "tmpfs", str(folder)]
    owner = folder.stat()
    try:
        subprocess.run(mount, check=True, capture_output=True)
        os.chown(folder, owner.st_uid, owner.st_gid)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PermissionError(str(folder)) from error
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


async def filled(server: Server, crowd: Crowd) -> float:
    """Fill the disk under load, wait until it is felt, make room again; give the seconds until all is well."""
    ballast = server.data / "ballast"
    async with crowd.at_work(CLIENTS):
        await until(lambda: len(crowd.booked) > 2 * CLIENTS)
        with ballast.open("wb") as file, suppress(OSError):
            while True:
                os.write(file.fileno(), bytes(4096))
        refused = crowd.statuses[503]
        await until(lambda: crowd.odd or crowd.statuses[503] >= refused + 3 * CLIENTS)
        ballast.unlink()
        if not server.is_ready:  # without room for its log it may end itself
            server.ask_to_end()
            await until(lambda: server.is_gone)
            server.begin()
            await until(lambda: server.is_ready)
        return max(await first_answer(crowd.address, crowd.keys[0], MOST_SECONDS))


def filled_under_load(server: Server) -> str:
    """Fill the server's disk under load, and look whether everything is there; gives the figures."""
    migrate.upgrade(server.url)
    keys = settle(server.url, people=4)
    with serving(server.url, requests_a_minute="0") as (address, _):
        crowd = Crowd(address, keys)
        seconds = asyncio.run(filled(server, crowd))
    whole(server.url, crowd)
    return f"A full disk: {crowd.counts()}; back after {seconds:.2f} s; {len(crowd.booked)} bookings, 0 lost"


@pytest.mark.soak
def test_a_server_whose_disk_is_full(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        with running_postgres(DURABLE | SMALL, disk=small_disk) as server:
            told = filled_under_load(server)
    except PermissionError:
        told = "A full disk: not run, for this user may not mount a small one."
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 - the figure of a full run
