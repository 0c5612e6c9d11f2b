"""Workers that are killed in the middle of sending: nothing is lost, every order is kept, and doubles are few."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from prep_tracker.store import outbox, webhooks
from prep_tracker.store.message_rows import NewMessage, new_id
from prep_tracker.store.session import Store
from prep_tracker.store.tables import messages
from prep_tracker.store.webhooks import WebhookRow
from tests.store.cast import Cast, settle_aster

LANES, EACH, THREADS = 6, 40, 4
SECONDS = 120


def now() -> datetime:
    """Give the instant: a process that is killed keeps to nobody's clock."""
    return datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC)


def plan(store: Store, cast: Cast, round_: int) -> set[str]:
    """Plan messages in several lanes, numbered in each; give their ids."""
    due = now() - timedelta(seconds=1)
    new = [
        NewMessage(
            new_id(),
            "item.marked",
            "webhook",
            {"version": round_ * EACH + number, "details": {"lane": lane}},
            due,
            cast.procedure,
            f"endpoint-{lane}",
        )
        for number in range(EACH)
        for lane in range(LANES)
    ]
    store.run_write(lambda c: outbox.add(c, cast.clinic, new, now=due))
    return {one.id for one in new}


def settle(store: Store) -> Cast:
    cast = store.run_write(settle_aster)
    for lane in range(LANES):
        secrets = ["whsec_c2VjcmV0"]
        row = WebhookRow(f"endpoint-{lane}", "https://aster.example", [], "full", secrets, True, None, now(), 1)  # noqa: FBT003 - active
        store.run_write(lambda c, row=row: webhooks.add(c, cast.clinic, row))  # type: ignore[misc]
    return cast


@contextmanager
def worker(url: str, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker; it is gone when the block ends."""
    command = [sys.executable, "-m", "tests.worker.sender", url, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def waiting(store: Store) -> int:
    query = select(func.count()).where(messages.c.status == "planned")
    return store.run_read(lambda c: int(c.execute(query).scalar_one()))


def killed_again_and_again(url: str, path: Path, kills: int) -> None:
    """Let two workers compete and kill one at a time at any moment; hold what arrived against what was planned."""
    store, dice = Store.open(url), random.Random(20261204)
    cast = settle(store)
    planned = plan(store, cast, 0)
    with ExitStack() as stack:
        two = [stack.enter_context(worker(url, path)) for _ in range(2)]
        for number in range(1, kills + 1):
            time.sleep(dice.uniform(0.02, 0.3))
            os.kill(two[number % 2].pid, signal.SIGKILL)
            two[number % 2] = stack.enter_context(worker(url, path))
            if waiting(store) < EACH * LANES // 2:
                planned |= plan(store, cast, number)
        deadline = time.monotonic() + SECONDS
        while waiting(store) and time.monotonic() < deadline:
            time.sleep(0.1)
    left, rows = waiting(store), path.read_text().splitlines()
    store.close()
    arrived = [json.loads(row) for row in rows]
    doubles = len(arrived) - len({event["id"] for event in arrived})
    assert left == 0
    assert {event["id"] for event in arrived} == planned
    for lane in range(LANES):
        versions = [event["data"]["version"] for event in arrived if event["data"]["lane"] == lane]
        assert versions == sorted(versions)
    assert doubles <= kills * THREADS
    sys.stdout.write(f"{kills} kills: {len(planned)} planned, {len(arrived)} arrived, {doubles} twice\n")


def test_workers_that_are_killed_lose_nothing(database_url: str, tmp_path: Path) -> None:
    killed_again_and_again(database_url, tmp_path / "arrived", 3)


@pytest.mark.soak
def test_workers_that_are_killed_a_hundred_times_lose_nothing(database_url: str, tmp_path: Path) -> None:
    killed_again_and_again(database_url, tmp_path / "arrived", 100)
