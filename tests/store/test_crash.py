"""A service that is killed under load: nothing that was acknowledged is lost, and nothing is half."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from prep_tracker.clock import SystemClock
from prep_tracker.services import access, protocols
from prep_tracker.store.session import Store
from tests.postgres import temporary_postgres
from tests.store.loaded import Load, faults, kill, lost, rows_of, serving


def settle(url: str) -> str:
    """Make a clinic with a coordinator's key."""
    store = Store.open(url)
    now = SystemClock().now()
    store.run_write(lambda c: protocols.ship(c, now=now))
    clinic = store.run_write(lambda c: access.new_clinic(c, "Aster", "Europe/Amsterdam", now=now))
    made = store.run_write(lambda c: access.add_key(c, clinic.id, "coordinator", "Ana", now=now))
    store.close()
    return made.token


def killed_again_and_again(url: str, kills: int) -> None:
    """Start the service, load it, kill it at any moment; the next start works on what the last one left."""
    key, dice = settle(url), random.Random(20261118)
    acknowledged = 0
    for _ in range(kills):
        with serving(url) as (address, process):
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


def test_a_service_that_is_killed_loses_nothing_that_it_acknowledged(database_url: str) -> None:
    killed_again_and_again(database_url, 3)


@pytest.mark.soak
def test_a_service_that_is_killed_a_hundred_times_loses_nothing(database_url: str) -> None:
    killed_again_and_again(database_url, 100)


@pytest.fixture
def durable_url() -> Iterator[str]:
    """Give a PostgreSQL that keeps what it acknowledged, even when it is killed itself."""
    with temporary_postgres({"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}) as url:
        yield url


@pytest.mark.soak
def test_a_durable_server_keeps_a_hundred_times_what_it_acknowledged(durable_url: str) -> None:
    from prep_tracker.store import migrate

    migrate.upgrade(durable_url)
    killed_again_and_again(durable_url, 100)
