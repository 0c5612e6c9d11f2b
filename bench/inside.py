"""Measure what needs no server: the rules by themselves, and how long the commands take to start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.cast import PROTOCOL, ZONE, sqlite_url
from bench.server import ROOT
from prep_tracker.catalog import lexicon, protocol
from prep_tracker.domain import entries as e
from prep_tracker.domain.days import Calendar
from prep_tracker.domain.earliest import earliest
from prep_tracker.domain.plan import Checklist, plan
from prep_tracker.domain.protocol import Protocol
from prep_tracker.domain.record import Record, fold
from prep_tracker.domain.rules import prepare
from prep_tracker.domain.standing import on

STEPS, ENTRIES = 20, 30
BOOKED, DAY = date(2026, 11, 22), date(2026, 12, 18)
SECONDS_TO_START = 20
COMMAND = Path(sys.executable).parent / "prep-tracker"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: the best and the median of several tries, in ``unit``; None was left out."""

    name: str
    must: float
    unit: str
    best: float | None
    middle: float | None


def rules(tries: int) -> list[Figure]:
    """Measure planning and judging: a protocol of 20 steps, a record of 30 entries."""
    checklist, entries, today = example(), example_entries(), date(2026, 12, 4).toordinal()

    def judged() -> object:
        return on(plan(checklist.rules, checklist.record, checklist.calendar), today)

    return [
        _microseconds("plan + on(day): 20 steps, 30 entries", 150, tries, judged),
        _microseconds("earliest_safe_on and earliest_preferred_on", 1000, tries, lambda: earliest(checklist, today)),
        _microseconds("fold of 30 entries", 150, tries, lambda: fold(entries)),
    ]


def example() -> Checklist:
    """Plan a record of 30 entries by the first 20 steps of the longest protocol."""
    whole = protocol(PROTOCOL)
    data = whole.model_dump(by_alias=True, exclude_none=True)
    short = Protocol.model_validate(data | {"steps": data["steps"][:STEPS]}, by_alias=True, by_name=False)
    return plan(prepare(short, lexicon(), 1), example_record(), Calendar(ZONE))


def example_record() -> Record:
    """Fold the entries."""
    return fold(example_entries())


def example_entries() -> list[e.Entry]:
    """Say 30 things about one procedure: a booking, an answer, since when things are kept, contacts, daily marks."""
    new: list[e.Entry] = [e.Booked(**_said(1), on=DAY, start="10:30", protocol=f"{PROTOCOL}@1")]
    new.append(e.Answered(**_said(2), answers={"sedation": True}))
    for step in ("no-sun", "no-retinoids", "no-irritants", "no-alcohol"):
        new.append(e.Marked(**_said(len(new) + 1), step=step, mark="since", on=BOOKED))
    for to in ("sun", "retinoid"):
        new.append(e.Exposed(**_said(len(new) + 1), to=to, on=BOOKED))
    new.append(e.Marked(**_said(len(new) + 1), step="driver", mark="done", on=BOOKED))
    while len(new) < ENTRIES:
        day = BOOKED + timedelta(days=len(new) - 9)
        new.append(e.Marked(**_said(len(new) + 1), step="sunscreen-before", mark="kept", on=day))
    return new


def _said(seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "said_on": BOOKED,
        "at": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        "by": "patient",
        "person": "Pia",
    }


def _microseconds(name: str, must: float, tries: int, work: Callable[[], object]) -> Figure:
    """Take the best and the median of ``tries`` tries of 50 rounds each."""
    rounds, took = 50, []
    for _ in range(tries):
        begun = time.process_time_ns()
        for _ in range(rounds):
            work()
        took.append((time.process_time_ns() - begun) / rounds / 1000)
    return Figure(name, must, "µs", min(took), median(took))


def starts(tries: int) -> tuple[list[Figure], list[str]]:
    """Measure the commands from nothing to their answer, by the clock on the wall."""
    booked, as_of = f"--booked={BOOKED}", "--as-of=2026-12-04"
    wanted: list[tuple[str, float, Callable[[], float | None]]] = [
        ("prep-tracker --help", 0.35, lambda: _command("--help")),
        ("prep-tracker plan", 0.6, lambda: _command("plan", "laser-resurfacing", str(DAY), booked, as_of, "--json")),
        ("prep-tracker serve until it is ready", 2.5, _ready),
    ]
    figures, left_out = [], []
    for name, must, work in wanted:
        took = [seconds for seconds in (work() for _ in range(tries)) if seconds is not None]
        if took:
            figures.append(Figure(name, must, "s", min(took), median(took)))
        else:
            left_out.append(f"{name}: the command does not answer in this version")
    return figures, left_out


def _command(*arguments: str) -> float | None:
    begun = time.perf_counter()
    done = subprocess.run([COMMAND, *arguments], cwd=ROOT, capture_output=True, check=False, timeout=SECONDS_TO_START)
    return time.perf_counter() - begun if done.returncode == 0 else None


def _ready() -> float | None:
    """Serve a database that was migrated before, and ask until it says that it is ready."""
    with tempfile.TemporaryDirectory(prefix="prep-bench-") as folder:
        environment = os.environ | {"PREP_DATABASE_URL": sqlite_url(Path(folder), "ready")}
        quiet = {"cwd": folder, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if subprocess.run([COMMAND, "migrate"], check=False, timeout=SECONDS_TO_START, **quiet).returncode:  # type: ignore[call-overload]
            return None
        port = _free_port()
        begun = time.perf_counter()
        with subprocess.Popen([COMMAND, "serve", "--port", str(port)], **quiet) as process:  # type: ignore[call-overload]
            try:
                while process.poll() is None and time.perf_counter() - begun < SECONDS_TO_START:
                    if _answers(f"http://127.0.0.1:{port}/readyz"):
                        return time.perf_counter() - begun
                    time.sleep(0.01)
                return None
            finally:
                process.terminate()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
