"""A database that goes away while the service runs, and comes back: nobody is told that anything was done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prep_tracker.clock import SetClock
from prep_tracker.store import migrate
from prep_tracker.store.session import Store
from tests.api.house import BOOKED_AT, BOOKING, Caller, House
from tests.postgres import temporary_postgres

HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
"""Another process: locks of one process do not shut it out itself."""


def asked(ana: Caller, procedure: str) -> None:
    """Ask for one thing of each kind: it cannot be answered now, and says when to try again."""
    for answer in (
        ana.get(procedure),
        ana.get("/v1/worklist"),
        ana.post("/v1/procedures", BOOKING | {"on": "2027-01-05"}, Idempotency_Key="while-away"),
        ana.post(f"{procedure}/exposures", {"to": "sun", "on": "2026-11-20"}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (503, "/v1/problems/unavailable")
        assert int(answer.headers["retry-after"]) > 0


def test_a_server_that_was_stopped_is_a_503_everywhere_but_for_health() -> None:
    with temporary_postgres() as url:
        migrate.upgrade(url)
        house = House(Store.open(url), SetClock(BOOKED_AT))
        procedure = house.person("Ana").book()
        assert house.stranger().get("/readyz").status_code == 200
    try:
        asked(house.person("Ana"), procedure)
        assert house.stranger().get("/healthz").status_code == 200
        ready = house.stranger().get("/readyz")
        assert (ready.status_code, int(ready.headers["retry-after"]) > 0) == (503, True)
    finally:
        house.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the place of a migrated SQLite database."""
    path = tmp_path / "away.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


def test_a_file_that_somebody_else_holds_is_a_503_until_it_is_let_go(file: Path) -> None:
    house = House(Store.open(f"sqlite:///{file}"), SetClock(BOOKED_AT))
    try:
        ana = house.person("Ana")
        ana.book()
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            refused = ana.post("/v1/procedures", BOOKING | {"on": "2027-01-05"}, Idempotency_Key="while-held")
            holder.communicate(b"let go")
        assert (refused.status_code, refused.json()["type"]) == (503, "/v1/problems/unavailable")
        assert int(refused.headers["retry-after"]) > 0
        again = ana.post("/v1/procedures", BOOKING | {"on": "2027-01-05"}, Idempotency_Key="while-held")
        assert again.status_code == 201
        assert "idempotent-replayed" not in again.headers
        assert len(house.rows()["procedures"]) == 2
    finally:
        house.close()
