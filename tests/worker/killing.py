"""Kill workers in the middle of sending, and count what that did."""

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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from prep_tracker.store import outbox, webhooks
from prep_tracker.store.message_rows import NewMessage, new_id
from prep_tracker.store.session import Store
from prep_tracker.store.tables import messages
from prep_tracker.store.webhooks import WebhookRow
from tests.store.cast import Cast, settle_aster
from tests.worker.sender import BEGUN

THREADS = 4
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Run:
    """How often to kill, and what: ``workers`` compete, with this fault, and are slow by so many seconds.

    This part of first attempts is ``refused``. ``after``: kill when so many messages have arrived and another is being
    sent, instead of at any moment, and plan no more of them.
    """

    kills: int
    workers: int = 2
    lanes: int = 6
    each: int = 40
    seconds: float = 0.03
    fault: str = "none"
    refused: float = 0.02
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of it: messages planned and arrived, lost, those that came twice, and lanes out of their order."""

    kills: int
    planned: int
    arrived: int
    left: int
    lost: int
    doubles: int
    disordered: int

    def faults(self) -> list[str]:
        """Say what is wrong: a kill may double what the worker's threads were at, and nothing else."""
        found = {
            f"{self.left} were never tried": self.left,
            f"{self.lost} were lost": self.lost,
            f"{self.disordered} lanes lost their order": self.disordered,
            f"{self.doubles} came twice": self.doubles > self.kills * THREADS,
        }
        return [what for what, wrong in found.items() if wrong]


def now() -> datetime:
    """Give the instant: a process that is killed keeps to nobody's clock."""
    return datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC)


def plan(store: Store, cast: Cast, run: Run, round_: int) -> set[str]:
    """Plan messages in several lanes, numbered in each; give their ids."""
    due = now() - timedelta(seconds=1)
    new = [
        NewMessage(
            new_id(),
            "item.marked",
            "webhook",
            {"version": round_ * run.each + number, "details": {"lane": lane}},
            due,
            cast.procedure,
            f"endpoint-{lane}",
        )
        for number in range(run.each)
        for lane in range(run.lanes)
    ]
    store.run_write(lambda c: outbox.add(c, cast.clinic, new, now=due))
    return {one.id for one in new}


def settle(store: Store, lanes: int) -> Cast:
    """Settle clinic Aster with an endpoint for each lane."""
    cast = store.run_write(settle_aster)
    for lane in range(lanes):
        secrets = ["whsec_c2VjcmV0"]
        row = WebhookRow(f"endpoint-{lane}", "https://aster.example", [], "full", secrets, True, None, now(), 1)  # noqa: FBT003 - active
        store.run_write(lambda c, row=row: webhooks.add(c, cast.clinic, row))  # type: ignore[misc]
    return cast


@contextmanager
def worker(url: str, path: Path, run: Run) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker; it is gone when the block ends."""
    command = [
        sys.executable,
        "-m",
        "tests.worker.sender",
        url,
        str(path),
        run.fault,
        str(run.seconds),
        str(run.refused),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def waiting(store: Store) -> int:
    """Count what is planned."""
    query = select(func.count()).where(messages.c.status == "planned")
    return store.run_read(lambda c: int(c.execute(query).scalar_one()))


def lines(path: Path) -> list[str]:
    """Give the whole lines of a file that somebody is writing."""
    return path.read_text().split("\n")[:-1] if path.exists() else []


def await_the_middle(path: Path, after: int) -> None:
    """Wait until so many messages have arrived and somebody has begun to send another."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        begun = set(lines(path.with_name(path.name + BEGUN)))
        arrived = {json.loads(line)["id"] for line in lines(path)}
        if len(arrived) >= after and begun - arrived:
            return
        time.sleep(0.002)
    raise TimeoutError


def killed_again_and_again(url: str, path: Path, run: Run) -> Tally:
    """Let workers compete and kill one at a time; hold what arrived against what was planned."""
    store, dice = Store.open(url), random.Random(20261204)
    cast = settle(store, run.lanes)
    planned = plan(store, cast, run, 0)
    with ExitStack() as stack:
        at_work = [stack.enter_context(worker(url, path, run)) for _ in range(run.workers)]
        for number in range(1, run.kills + 1):
            if run.after is None:
                time.sleep(dice.uniform(0.02, 0.3))
            else:
                await_the_middle(path, run.after)
            which = number % run.workers
            os.kill(at_work[which].pid, signal.SIGKILL)
            at_work[which] = stack.enter_context(worker(url, path, run))
            if run.after is None and waiting(store) < run.each * run.lanes // 2:
                planned |= plan(store, cast, run, number)
        deadline = time.monotonic() + SECONDS
        while waiting(store) and time.monotonic() < deadline:
            time.sleep(0.05)
    left = waiting(store)
    store.close()
    arrived = [json.loads(line) for line in lines(path)]
    ids = {event["id"] for event in arrived}
    orders = [[event["data"]["version"] for event in arrived if event["data"]["lane"] == n] for n in range(run.lanes)]
    return Tally(
        run.kills,
        len(planned),
        len(arrived),
        left,
        lost=len(planned - ids),
        doubles=len(arrived) - len(ids),
        disordered=sum(versions != sorted(versions) for versions in orders),
    )
