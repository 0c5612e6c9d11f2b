"""An operator sees what is sent, sends it once more, and tries whether messages arrive."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prep_tracker.clock import SystemClock
from prep_tracker.demo import open_demo
from prep_tracker.services import protocols
from prep_tracker.store import claims, worklist
from prep_tracker.store.session import Store
from tests.cli.terminal import lines, run, run_json


@pytest.fixture
def demo(store: Store) -> tuple[str, str]:
    """Give the ids of a demo's clinic and of one of its procedures."""
    now = SystemClock().now()
    store.run_write(lambda c: protocols.ship(c, now=now))
    clinic = store.run_write(lambda c: open_demo(c, now=now)).clinic.id
    [first, *_] = store.run_read(lambda c: worklist.booked(c, clinic, "", 1))
    return clinic, first.id


def test_a_test_is_planned_seen_and_sent_once_more(database_url: str, store: Store, demo: tuple[str, str]) -> None:
    clinic, procedure = demo
    where = {"PREP_DATABASE_URL": database_url}
    listed = run_json("messages", "list", procedure, "--clinic", clinic, **where)
    assert listed["procedure_id"] == procedure
    assert run("messages", "list", procedure, "--clinic", clinic, **where).stdout
    planned = run_json("messages", "test", "email", "ada@aster.example", "--clinic", clinic, **where)
    assert planned["status"] == "planned"
    now = SystemClock().now() + timedelta(seconds=1)
    claimed = store.run_write(lambda c: claims.claim(c, now=now, limit=50, lease=timedelta(minutes=1)))
    assert planned["id"] in {row.id for row in claimed}


def test_what_is_not_there_is_said_in_a_line(database_url: str, demo: tuple[str, str]) -> None:
    clinic, procedure = demo
    nobody = "00000000-0000-4000-8000-000000000000"
    for argv in (("list", nobody), ("replay", procedure, "msg_" + "0" * 32)):
        code, said = lines("messages", *argv, "--clinic", clinic, PREP_DATABASE_URL=database_url)
        assert code == 1
        assert len(said) == 1
        assert "has nothing by the name" in said[0]
