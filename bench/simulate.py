"""Measure ``protocol simulate`` on many booked procedures: ``python -m bench.simulate [--procedures N]``.

A SQLite database is filled at once, with records that are folded, planned and projected as a booking does it. Then the
command itself runs, in a process of its own: its time, its processor time, and the most memory that it ever had.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import insert

from bench.cast import PROTOCOL, STEP, ZONE, sqlite_url
from bench.inside import COMMAND
from prep_tracker import catalog
from prep_tracker.clock import SystemClock
from prep_tracker.desk.case import Desk, plan_of, projected
from prep_tracker.domain import entries as e
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.record import fold
from prep_tracker.services import access, protocols
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import Connection, migrate
from prep_tracker.store.patients import PatientRow
from prep_tracker.store.procedures import ProcedureRow
from prep_tracker.store.rows import values
from prep_tracker.store.session import Store
from prep_tracker.store.tables import METADATA

if TYPE_CHECKING:
    from datetime import date

BATCH = 2000
WHOLE = 100_000
MUST_SECONDS = 120
DAYS, HABITS, DOSES = 40, 4, 6
"""How the records differ: by the day of the procedure, by what is kept since when, by daily marks."""


@dataclass(frozen=True, slots=True)
class Told:
    """One record as it is kept, and the columns of its row that follow from it."""

    bodies: tuple[dict[str, Any], ...]
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of the command took: seconds by the clock, seconds of the processor, and megabytes at most."""

    done: int
    worse: int
    seconds: float
    processor: float
    megabytes: float


def main() -> int:
    """Fill, simulate, and say what it took; 1 where 100,000 would take longer than they may."""
    asked = _arguments()
    print(f"Python {platform.python_version()}, {platform.machine()}, protocol {PROTOCOL}")
    with tempfile.TemporaryDirectory(prefix="prep-bench-") as folder:
        url = sqlite_url(Path(folder), "simulate")
        begun = time.monotonic()
        fill(url, asked.procedures)
        print(f"filled with {asked.procedures:,} procedures in {time.monotonic() - begun:.1f} s")
        found = simulate(url, write_draft(Path(folder)))
    whole = found.seconds * WHOLE / max(found.done, 1)
    print(f"{found.done:,} tried, {found.worse:,} would stand worse: {found.seconds:.1f} s by the clock,")
    print(f"{found.processor:.1f} s of one processor, {found.megabytes:.0f} MB at most")
    if found.done != WHOLE:
        print(f"reckoned for {WHOLE:,}: {whole:.0f} s")
    return int(whole > MUST_SECONDS or found.done != asked.procedures)


def fill(url: str, procedures: int) -> None:
    """Make a database with a clinic, what ships, and so many booked procedures, each with its patient and record."""
    migrate.upgrade(url)
    now = SystemClock().now()
    store = Store.open(url)

    def settle(connection: Connection) -> Desk:
        protocols.ship(connection, now=now)
        clinic = access.new_clinic(connection, "Aster", ZONE, now=now)
        actor = Actor(clinic.id, "coordinator", "", "Ana")
        return Desk(actor, clinic, calendar_of(clinic), now - timedelta(days=20))

    try:
        desk = store.run_write(settle)
        today = SystemClock().today(ZONE)
        known: dict[int, Told] = {}
        for first in range(0, procedures, BATCH):
            numbers = range(first, min(first + BATCH, procedures))
            store.run_write(lambda connection, numbers=numbers: _add(connection, desk, today, known, numbers))  # type: ignore[misc]
    finally:
        store.close()


def _add(connection: Connection, desk: Desk, today: date, known: dict[int, Told], numbers: range) -> None:
    """Add a batch in three statements. Equal records are planned once; their rows are kept each by itself."""
    rows: dict[str, list[dict[str, Any]]] = {"patients": [], "procedures": [], "entries": []}
    for number in numbers:
        kind = number % (DAYS * HABITS * DOSES)
        told = known.get(kind)
        if told is None:
            told = known[kind] = _tell(connection, desk, today, kind)
        # Spread over the table as random names are, and still the same in every run.
        patient, procedure = (
            str(UUID(int=(number * 2 + odd) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)) for odd in (0, 1)
        )
        of_clinic = {"clinic_id": desk.clinic.id}
        person = PatientRow(patient, f"A-{number}", "Pia Example", "en", None, None, None, None, {}, 1, None, desk.now)
        row = ProcedureRow(
            id=procedure,
            patient_id=patient,
            booking_reference=None,
            booked_on=desk.today,
            created_at=desk.now,
            **told.columns,
        )
        rows["patients"].append(of_clinic | values(person))
        rows["procedures"].append(of_clinic | values(row))
        rows["entries"] += [of_clinic | {"procedure_id": procedure} | body for body in told.bodies]
    for name, new in rows.items():
        connection.execute(insert(METADATA.tables[name]), new)


def _tell(connection: Connection, desk: Desk, today: date, kind: int) -> Told:
    """Tell one record, and plan it as a booking is planned."""
    day, habits, doses = kind % DAYS, kind // DAYS % HABITS, kind // (DAYS * HABITS)
    new: list[e.Entry] = [
        e.Booked(**desk.said(1), on=today + timedelta(days=3 + day), start="10:30", protocol=f"{PROTOCOL}@1"),
        e.Answered(**desk.said(2), answers={"sedation": kind % 2 == 0}),
    ]
    for step, ago in (("no-sun", 5), ("no-retinoids", 2), ("no-smoking", 10))[:habits]:
        new.append(e.Marked(**desk.said(len(new) + 1), step=step, mark="since", on=desk.today - timedelta(days=ago)))
    new.append(e.Marked(**desk.said(len(new) + 1), step=STEP, mark="done", on=desk.today))
    for dose in range(doses):
        on = desk.today + timedelta(days=dose)
        new.append(e.Marked(**desk.said(len(new) + 1), step="sunscreen-before", mark="kept", on=on))
    checklist = plan_of(connection, desk, fold(new))
    bodies = tuple(
        {
            "seq": one.seq,
            "kind": one.kind,
            "said_on": one.said_on,
            "at": one.at,
            "body": e.ENTRY.dump_json(one).decode(),
        }
        for one in new
    )
    return Told(bodies, projected(checklist, today.toordinal()))


def write_draft(folder: Path) -> Path:
    """Write a draft of the protocol that asks for a week more of what it asks four weeks for."""
    draft = folder / "draft.yaml"
    text = catalog.source(PROTOCOL).replace("days_before: 28", "days_before: 35")
    draft.write_text(text.replace("floor_days: 14", "floor_days: 21"), encoding="utf-8")
    return draft


def simulate(url: str, draft: Path) -> Measured:
    """Run the command in a process of its own; what it prints goes into a file, not into memory."""
    report = draft.with_suffix(".json")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    with report.open("wb") as out:
        subprocess.run(
            [COMMAND, "protocol", "simulate", draft, "--json"],
            env=os.environ | {"PREP_DATABASE_URL": url},
            stdout=out,
            check=True,
        )
    seconds = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    document = json.loads(report.read_text(encoding="utf-8"))
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
    return Measured(document["done"], document["worse"], seconds, processor, after.ru_maxrss / unit)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__)
    parser.add_argument("--procedures", type=int, default=20_000, metavar="N", help="how many are booked")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
