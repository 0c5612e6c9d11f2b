"""A service that is killed under load: nothing that was acknowledged is lost, and nothing is half."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest

from prep_tracker.store import migrate
from prep_tracker.store.session import Store
from tests.postgres import DURABLE, temporary_postgres
from tests.store.loaded import Load, Rows, faults, kill, lost, rows_of, serving, settle


def killed_again_and_again(url: str, kills: int, fault: str | None = None) -> str:
    """Start the service, load it, kill it at any moment; the next start works on what the last one left.

    Gives the figures.
    """
    (key,), dice = settle(url), random.Random(20261118)
    acknowledged = 0
    rows: Rows = {}
    for _ in range(kills):
        with serving(url, fault) as (address, process):
            load = Load(address, key)
            load.start()
            deadline = time.monotonic() + 20
            while len(load.booked) < 3 and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(dice.uniform(0, 0.2))
            kill(process)
            load.stop()
        store = Store.open(url)
        rows = rows_of(store)
        store.close()
        assert load.refused == []
        assert len(load.booked) >= 3
        assert lost(load, rows) == []
        assert faults(rows) == []
        acknowledged += len(load.booked) + len(load.said)
        # What was never acknowledged may be there or not, but only what was under way: one act a client.
        assert len(rows["procedures"]) <= acknowledged
    assert acknowledged >= 3 * kills
    counts = ", ".join(f"{len(rows[name])} {name}" for name in ("procedures", "entries", "audit", "messages"))
    return f"{kills} kills, {acknowledged} acknowledged, 0 lost, 0 half: {counts}"


def test_a_service_that_is_killed_loses_nothing_that_it_acknowledged(database_url: str) -> None:
    killed_again_and_again(database_url, 3)


def test_a_procedure_that_is_kept_before_its_entries_is_found(database_url: str) -> None:
    with pytest.raises(AssertionError, match=r"has version 4 and entries \[\]"):
        killed_again_and_again(database_url, 8, "procedure_first")


@pytest.fixture
def sound(database_url: str) -> Rows:
    """Give the rows after a few bookings."""
    (key,) = settle(database_url)
    with serving(database_url) as (address, process):
        load = Load(address, key)
        load.start(1)
        deadline = time.monotonic() + 20
        while len(load.said) < 4 and time.monotonic() < deadline:
            time.sleep(0.005)
        load.stop()
        kill(process)
    store = Store.open(database_url)
    rows = rows_of(store)
    store.close()
    return rows


def test_whatever_is_missing_is_found(sound: Rows) -> None:
    """Every single row that belongs to a booking: when it alone is away, the records are not whole."""
    assert faults(sound) == []
    missing: dict[str, Callable[[dict[str, object]], bool]] = {
        "patients": lambda _: True,
        "procedures": lambda _: True,
        "entries": lambda _: True,
        "audit": lambda row: row["entity"] == "procedure",
        "messages": lambda row: row["topic"] in {"procedure.booked", "item.marked", "exposure.reported"},
    }
    for name, counts in missing.items():
        belonging = [row for row in sound[name] if counts(row)]
        assert belonging
        for row in belonging:
            assert faults(sound | {name: [other for other in sound[name] if other is not row]}), (name, row)


@pytest.mark.soak
def test_a_service_that_is_killed_a_hundred_times_loses_nothing(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = killed_again_and_again(database_url, 100)
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 - the figure of a full run


@pytest.fixture
def durable_url() -> Iterator[str]:
    """Give a PostgreSQL that keeps what it acknowledged, even when it is killed itself."""
    with temporary_postgres(DURABLE) as url:
        yield url


@pytest.mark.soak
def test_a_durable_server_keeps_a_hundred_times_what_it_acknowledged(
    durable_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    migrate.upgrade(durable_url)
    told = killed_again_and_again(durable_url, 100)
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 - the figure of a full run
